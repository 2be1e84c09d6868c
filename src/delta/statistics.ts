/** Statistics of a data file, as an `add` action carries them. */
import type { AddFile, FileStatistics } from './actions.ts'

/** Statistics of a file; undefined when its writer left none. */
export function statisticsOf(file: AddFile): FileStatistics | undefined {
  return file.stats === undefined ? undefined : (JSON.parse(file.stats) as FileStatistics)
}
