/** The forms of a report, and the names of files that stand for them. */
import { extname } from 'node:path'

const REPORT_FORMATS = ['html', 'md', 'json'] as const
/** Also the end of the file's name. */
export type ReportFormat = (typeof REPORT_FORMATS)[number]
const OTHER_ENDS: Readonly<Record<string, ReportFormat>> = { '.htm': 'html', '.markdown': 'md' }

/** The form by a file's extension; html without one. Undefined: the extension stands for something else. */
export function formatOf(file: string): ReportFormat | undefined {
  const end = extname(file).toLowerCase()
  return end === '' ? 'html' : (REPORT_FORMATS.find((format) => end === `.${format}`) ?? OTHER_ENDS[end])
}
