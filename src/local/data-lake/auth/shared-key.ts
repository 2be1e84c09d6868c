/** Storage's SharedKey and SharedKeyLite signatures, https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key */
import { createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { sameSecret } from '../../http/bearer.ts'
import { HttpError } from '../../http/errors.ts'

/** In the order of the string to sign. */
const SIGNED_HEADERS = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'if-modified-since',
  'if-match',
  'if-none-match',
  'if-unmodified-since',
  'range',
] as const

/** How old the date of a signed request may be, so that nobody sends it again later. */
const LONGEST_ON_ITS_WAY_MS = 15 * 60_000

const SCHEME = /^SharedKey(Lite)? +/i

/** Is the proof in an `Authorization` header one of these? */
export const isSharedKey = (authorization: string): boolean => SCHEME.test(authorization)

/** The two forms that an `Authorization` header has; users report how the service refuses others (roapi, issue 311). */
const FORM = /^(?:SharedKey(?:Lite)? +[^:\s]+:\S+|Bearer +\S+)$/i

/** @param authorization '': none was sent. @throws HttpError 400 */
export function requireForm(authorization: string): void {
  if (authorization === '' || FORM.test(authorization)) return
  throw new HttpError(
    400,
    'InvalidAuthenticationInfo',
    'Authentication information is not given in the correct format. Check the value of Authorization header: it is SharedKey account:signature, or Bearer and a token.',
  )
}

/** @param now epoch ms. @throws HttpError 403 AuthenticationFailed, with the string that was to be signed, as the service tells it */
export function checkSharedKey(
  request: IncomingMessage,
  { account, accountKey, now }: { account: string; accountKey: string; now: number },
): void {
  checkDate(request, now)
  const given = request.headers.authorization ?? ''
  const [name, signature = ''] = given.replace(SCHEME, '').split(':')
  const textOf = /^SharedKeyLite/i.test(given) ? liteStringToSign : stringToSign
  const key = Buffer.from(accountKey, 'base64')
  const texts = [...canonicalHeaders(request)].map((headers) => textOf(request, account, headers))
  const isSigned = texts.some((text) =>
    sameSecret(signature, createHmac('sha256', key).update(text, 'utf8').digest('base64')),
  )
  if (name === account && isSigned) return
  const detail = isSigned
    ? `The account is ${account}, not ${String(name).slice(0, 100)}.`
    : `The MAC signature found in the HTTP request is not the same as any computed signature. Server used following string to sign: '${texts[0]}'.`
  throw new HttpError(
    403,
    'AuthenticationFailed',
    'The SharedKey signature does not match: check the account name and its key (rtstream-tui endpoints).',
    { details: { AuthenticationErrorDetail: detail } },
  )
}

/** The service looks at it before the signature; one that lies ahead it takes. */
function checkDate({ headers }: IncomingMessage, now: number): void {
  const text = headers['x-ms-date'] || headers.date
  const failed = (reason: string) => new HttpError(403, 'AuthenticationFailed', reason)
  if (!text) throw failed('Request date header not specified')
  const date = Date.parse(String(text))
  if (Number.isNaN(date)) throw failed('The Date header in the request is incorrect.')
  if (date < now - LONGEST_ON_ITS_WAY_MS)
    throw failed(`Request date header too old: '${new Date(date).toUTCString()}'`)
}

/**
 * The `x-ms-` headers as clients sign them. The documentation has names in the order of their characters and blanks drawn
 * together; the SDKs sort as .NET does, where `_` comes before digits and `-` is passed over, and leave blanks alone.
 */
function canonicalHeaders({ headers }: IncomingMessage): Set<string> {
  const names = Object.keys(headers).filter((name) => name.startsWith('x-ms-'))
  const dotNet = (name: string) => name.replaceAll('-', '').replaceAll('_', ' ')
  const orders = [names.toSorted(), names.toSorted((a, b) => (dotNet(a) < dotNet(b) ? -1 : 1))]
  const values = [(value: string) => value, (value: string) => value.replace(/\s+/g, ' ')]
  return new Set(
    orders.flatMap((order) =>
      values.map((told) => order.map((name) => `${name}:${told(String(headers[name]).trim())}\n`).join('')),
    ),
  )
}

function stringToSign({ headers, method, url }: IncomingMessage, account: string, canonical: string): string {
  const values = SIGNED_HEADERS.map((name) => {
    const value = signedValue(headers, name)
    return name === 'content-length' && value === '0' ? '' : value
  })
  const [path = '/', query = ''] = (url ?? '/').split('?')
  const parameters = new Map<string, string[]>()
  for (const [name, value] of new URLSearchParams(query)) {
    const key = name.toLowerCase()
    parameters.set(key, [...(parameters.get(key) ?? []), value])
  }
  // Nothing between two ampersands is a parameter too, without name and value: so found of object_store 0.12.0 (Azurite, issue 2548).
  const nothing = query === '' ? '' : '\n:'.repeat(query.split('&').filter((one) => one === '').length)
  const resource = [...parameters]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, list]) => `\n${name}:${list.sort().join(',')}`)
  return `${method}\n${values.join('\n')}\n${canonical}/${account}${path}${nothing}${resource.join('')}`
}

/** Without the headers and the parameters that the other form has. */
function liteStringToSign(
  { headers, method, url }: IncomingMessage,
  account: string,
  canonical: string,
): string {
  const values = ['content-md5', 'content-type', 'date'].map((name) => signedValue(headers, name))
  const [path = '/', query = ''] = (url ?? '/').split('?')
  const [, comp] = [...new URLSearchParams(query)].find(([name]) => name.toLowerCase() === 'comp') ?? []
  const resource = `/${account}${path}${comp === undefined ? '' : `?comp=${comp}`}`
  return `${method}\n${values.join('\n')}\n${canonical}${resource}`
}

/** A date that travels in x-ms-date is signed among those headers. */
const signedValue = (headers: IncomingMessage['headers'], name: string): string =>
  name === 'date' && headers['x-ms-date'] !== undefined ? '' : String(headers[name] ?? '')
