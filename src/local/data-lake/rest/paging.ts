/** Pages of listings: their length, and where the next one begins. */
import { HttpError } from '../../http/errors.ts'
import { element, nameXml } from './xml.ts'

/** The service's own. */
const PAGE = 5000

/** @throws HttpError 400 unless it is a count. */
export function pageSize(text: string | null): number {
  if (text === null || text === '') return PAGE
  if (!/^-?\d{1,9}$/.test(text))
    throw new HttpError(400, 'InvalidQueryParameterValue', 'The number of results must be a whole number.')
  if (Number(text) <= 0)
    throw new HttpError(
      400,
      'OutOfRangeQueryParameterValue',
      'The number of results must be a whole number above 0.',
    )
  return Math.min(PAGE, Number(text))
}

/**
 * What a listing says again of its request: only what that named, say the references of List Blobs and List Containers.
 * @param most of {@link pageSize}.
 */
export function askedXml(query: URLSearchParams, most: number): string {
  const named = (name: string, xml: (value: string) => string) => {
    const value = query.get(name)
    return value === null || value === '' ? '' : xml(value)
  }
  return (
    named('prefix', (prefix) => nameXml(prefix, 'Prefix')) +
    named('marker', (marker) => element('Marker', marker)) +
    named('maxresults', () => element('MaxResults', most)) +
    named('delimiter', (delimiter) => nameXml(delimiter, 'Delimiter'))
  )
}

/** Names hold characters that a header cannot. */
export const writeMarker = (name: string): string => Buffer.from(name, 'utf8').toString('base64url')

/** @throws HttpError 400 for a marker that is not ours. */
export function readMarker(text: string | null): string {
  if (text === null || text === '') return ''
  const name = Buffer.from(text, 'base64url').toString('utf8')
  if (writeMarker(name) === text) return name
  throw new HttpError(400, 'InvalidQueryParameterValue', 'The continuation is none of this lake.')
}
