/** `rtstream-tui report [FILE]`: the report of a recorded session, or of what lies in the data folder. */
import { writeFileSync } from 'node:fs'
import type { Config } from '../config/schema.ts'
import { namingFile } from '../local/storage/naming-file.ts'
import { formatOf, type ReportFormat, reportText } from '../report/report.ts'

export interface ReportOptions {
  config: Config
  /** A recording; undefined: the data folder. */
  file: string | undefined
  /** Undefined: by the end of `out`'s name. */
  format: ReportFormat | undefined
  /** Undefined: to standard output. */
  out: string | undefined
  write: (text: string) => void
  signal: AbortSignal
}

/** @returns 0. @throws RecordingError, UserError */
export async function runReport({
  config,
  file,
  format,
  out,
  write,
  signal,
}: ReportOptions): Promise<number> {
  const model = await (file === undefined ? ofFolder(config, signal) : ofRecording(file))
  const text = await reportText(model, format ?? (out === undefined ? 'html' : formatOf(out)))
  if (out === undefined) write(text)
  else {
    namingFile(out, () => writeFileSync(out, text))
    write(`${out}\n`)
  }
  return 0
}

async function ofRecording(file: string) {
  const [{ openRecording }, { modelOf }] = await Promise.all([
    import('../recording/recording.ts'),
    import('../report/report.ts'),
  ])
  return modelOf(await openRecording(file))
}

async function ofFolder(config: Config, signal: AbortSignal) {
  const { reportOfFolder } = await import('./reports/folder-report.ts')
  return reportOfFolder(config, signal)
}
