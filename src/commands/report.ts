/** `rtstream-tui report [FILE]`: the report of a recorded session, or of what lies in the data folder. */
import { writeFileSync } from 'node:fs'
import type { Config } from '../config/schema.ts'
import { namingFile } from '../local/storage/naming-file.ts'
import type { ReportFormat } from '../report/format.ts'
import { reportText } from '../report/report.ts'
import { requireFormat, requireOther } from './reports/report-file.ts'
import { requireWritable } from './reports/session-files.ts'

/** As the command line gives them. */
export interface ReportOptions {
  config: Config
  /** A recording; undefined: the data folder. */
  file: string | undefined
  /** Undefined: by the end of `out`'s name. */
  format: ReportFormat | undefined
  /** Undefined: to standard output. */
  out: string | undefined
  write: (text: string) => void
  writeError: (text: string) => void
  /** Standard error is a terminal: a person waits there. */
  isWatched: boolean
  signal: AbortSignal
}

/** @returns 0. @throws RecordingError, UserError */
export async function runReport(options: ReportOptions): Promise<number> {
  const { config, file, out, write, signal } = options
  const format = options.format ?? (out === undefined ? 'html' : requireFormat(out))
  if (file !== undefined && out !== undefined) requireOther('The report', file, out)
  requireWritable(out)
  // Who asks for JSON is a program.
  if (options.isWatched && format !== 'json') options.writeError(`${workOf(config, file)} …\n`)
  const model = await (file === undefined ? ofFolder(config, signal) : ofRecording(file))
  const text = await reportText(model, format)
  if (out === undefined) write(text)
  else {
    namingFile(out, () => writeFileSync(out, text))
    write(`${out}\n`)
  }
  return 0
}

const workOf = ({ target, dataDir }: Config, file: string | undefined): string =>
  file !== undefined
    ? `Reading the recording ${file}`
    : target === 'azure'
      ? 'Reading the hub and the lake on Azure, which may take a minute'
      : `Reading the hub and the lake in ${dataDir}`

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
