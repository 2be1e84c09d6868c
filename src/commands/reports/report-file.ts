/** Where a report goes: its name says its form, and it takes the place of no recording. */
import { statSync } from 'node:fs'
import { extname } from 'node:path'
import { formatOf, type ReportFormat } from '../../report/format.ts'
import { UserError } from '../shared/user-error.ts'

/** @throws UserError for a name whose end stands for another form: what opens it would not understand it. */
export function requireFormat(file: string): ReportFormat {
  const format = formatOf(file)
  if (format !== undefined) return format
  throw new UserError(
    `${file} would be a report, and a report is .html, .md or .json, not ${extname(file)}.`,
    'Name it so; a browser prints the .html one as PDF.',
    { exitCode: 2 },
  )
}

/**
 * @param made what would be written, as a sentence begins.
 * @throws UserError where it would be written over the file that it is made of, by whatever path.
 */
export function requireOther(made: string, source: string, target: string): void {
  const [from, to] = [source, target].map((file) => statSync(file, { throwIfNoEntry: false }))
  if (!from || !to || from.dev !== to.dev || from.ino !== to.ino) return
  throw new UserError(
    `${made} would take the place of the recording that it is made of: ${target}.`,
    'Name another file.',
    { exitCode: 2 },
  )
}
