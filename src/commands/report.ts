/** `rtstream-tui report FILE`: the report of a recorded session. */
import { writeFileSync } from 'node:fs'
import { namingFile } from '../local/storage/naming-file.ts'
import { openRecording } from '../recording/recording.ts'
import { formatOf, modelOf, type ReportFormat, reportText } from '../report/report.ts'

export interface ReportOptions {
  file: string
  /** Undefined: by the end of `out`'s name. */
  format: ReportFormat | undefined
  /** Undefined: to standard output. */
  out: string | undefined
  write: (text: string) => void
}

/** @returns 0. @throws RecordingError */
export async function runReport({ file, format, out, write }: ReportOptions): Promise<number> {
  const model = modelOf(await openRecording(file))
  const text = await reportText(model, format ?? (out === undefined ? 'html' : formatOf(out)))
  if (out === undefined) write(text)
  else {
    namingFile(out, () => writeFileSync(out, text))
    write(`${out}\n`)
  }
  return 0
}
