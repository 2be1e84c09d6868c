/** Storage's SharedKey signatures, https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key */
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

/** @throws HttpError 403 AuthenticationFailed */
export function checkSharedKey(request: IncomingMessage, account: string, accountKey: string): void {
  const [name, signature = ''] = (request.headers.authorization ?? '').replace(/^SharedKey +/i, '').split(':')
  const key = Buffer.from(accountKey, 'base64')
  const isSigned = [...canonicalHeaders(request)].some((headers) => {
    const text = stringToSign(request, account, headers)
    return sameSecret(signature, createHmac('sha256', key).update(text, 'utf8').digest('base64'))
  })
  if (name === account && isSigned) return
  throw new HttpError(
    403,
    'AuthenticationFailed',
    'The SharedKey signature does not match: check the account name and its key (rtstream-tui endpoints).',
  )
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
    const value = String(headers[name] ?? '')
    return name === 'content-length' && value === '0' ? '' : value
  })
  // The date travels in x-ms-date, which is signed among those headers.
  if (headers['x-ms-date'] !== undefined) values[SIGNED_HEADERS.indexOf('date')] = ''
  const [path = '/', query = ''] = (url ?? '/').split('?')
  const parameters = new Map<string, string[]>()
  for (const [name, value] of new URLSearchParams(query.replaceAll('+', '%2B'))) {
    const key = name.toLowerCase()
    parameters.set(key, [...(parameters.get(key) ?? []), value])
  }
  const resource = [...parameters]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, list]) => `\n${name}:${list.sort().join(',')}`)
  return `${method}\n${values.join('\n')}\n${canonical}/${account}${path}${resource.join('')}`
}
