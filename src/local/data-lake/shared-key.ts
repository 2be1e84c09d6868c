/** Storage's SharedKey signatures, https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key */
import { createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { sameSecret } from '../http/bearer.ts'
import { HttpError } from '../http/errors.ts'

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
  const [name, signature] = (request.headers.authorization ?? '').replace(/^SharedKey +/i, '').split(':')
  const expected = createHmac('sha256', Buffer.from(accountKey, 'base64'))
    .update(stringToSign(request, account), 'utf8')
    .digest('base64')
  if (name === account && signature !== undefined && sameSecret(signature, expected)) return
  throw new HttpError(
    403,
    'AuthenticationFailed',
    'The SharedKey signature does not match: check the account name and its key (rtstream-tui endpoints).',
  )
}

function stringToSign(request: IncomingMessage, account: string): string {
  const { headers, method } = request
  const values = SIGNED_HEADERS.map((name) => {
    const value = String(headers[name] ?? '')
    return name === 'content-length' && value === '0' ? '' : value
  })
  // The date travels in x-ms-date, which is signed among those headers.
  if (headers['x-ms-date'] !== undefined) values[SIGNED_HEADERS.indexOf('date')] = ''
  const ms = Object.keys(headers)
    .filter((name) => name.startsWith('x-ms-'))
    .sort()
    .map((name) => `${name}:${String(headers[name]).trim().replace(/\s+/g, ' ')}\n`)
  const [path = '/', query = ''] = (request.url ?? '/').split('?')
  const parameters = new Map<string, string[]>()
  for (const [name, value] of new URLSearchParams(query.replaceAll('+', '%2B'))) {
    const key = name.toLowerCase()
    parameters.set(key, [...(parameters.get(key) ?? []), value])
  }
  const resource = [...parameters]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, list]) => `\n${name}:${list.sort().join(',')}`)
  return `${method}\n${values.join('\n')}\n${ms.join('')}/${account}${path}${resource.join('')}`
}
