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

/** Names hold characters that a header cannot. In the service's form, by which a text that is none is known: how long the rest is, and that. */
export function writeMarker(name: string): string {
  const text = Buffer.from(name, 'utf8').toString('base64url')
  return `2!${text.length}!${text}`
}

/**
 * What is none is refused, and what is cut has a code of its own: so measured on live accounts (borink-org/object-storage,
 * docs/AZURE-TESTING.md), and told of other stores' markers (noobaa-core's issue 6270).
 * @param code of one that is none. @throws HttpError 400
 */
export function readMarker(text: string | null, code = 'InvalidQueryParameterValue'): string {
  if (text === null || text === '') return ''
  const [, length, rest = ''] = /^2!(\d{1,5})!(.*)$/.exec(text) ?? []
  const name = Buffer.from(rest, 'base64url').toString('utf8')
  if (writeMarker(name) === text) return name
  if (rest.length < Number(length))
    throw new HttpError(400, 'InvalidInput', 'One of the request inputs is not valid: the marker is cut.')
  throw new HttpError(400, code, 'The marker is none of this lake: it is what the page before told.')
}
