/** The parameter by which a request names a snapshot of the blob that its address names. */
import { invalidParameter } from '../operations/table.ts'

/** @returns in the form in which the lake has it; undefined: the request is about the blob itself. @throws HttpError 400 for what is no time. */
export function snapshotIn(query: URLSearchParams): string | undefined {
  const given = query.get('snapshot') ?? ''
  if (given === '') return undefined
  const [, second, fraction = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?Z$/.exec(given) ?? []
  if (second === undefined || Number.isNaN(Date.parse(`${second}Z`)))
    throw invalidParameter('snapshot', given, 'Expected is a time such as 2026-01-31T12:00:00.0000000Z.')
  return `${second}.${fraction.padEnd(7, '0')}Z`
}
