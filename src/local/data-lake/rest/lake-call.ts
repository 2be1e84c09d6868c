/** One request to the lake, taken apart once for everything that looks at it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { HttpError } from '../../http/errors.ts'
import type { SasTarget } from '../auth/sas.ts'
import { CONTROL_CHARACTER, type Operation, SELECTORS } from '../operations/operation.ts'
import { operationOf } from '../operations/table.ts'
import { isVersion } from './version.ts'

/** The version of the REST interface that answers name when none was asked for; else they name that, as on the service. */
const VERSION = '2023-11-03'

/** Of answers of the DFS interface, without the blank that other services have. */
export const JSON_TYPE = 'application/json;charset=utf-8'

/** What every handler gets. */
export interface LakeCall {
  request: IncomingMessage
  response: ServerResponse
  /** The requested method; clients that cannot send PATCH put it in a header. */
  method: string
  account: string
  /** '' is the account. */
  container: string
  /** Relative to the container, without slashes at its ends; '' is the container. */
  path: string
  /** Names in lower case. */
  query: URLSearchParams
  /** Of every answer to it. */
  headers: Record<string, string>
  /** Undefined when the table does not have it. */
  operation: Operation | undefined
  /** Whether the client signed in with the session's token, not the key. */
  isByToken: boolean
  /** For whom the access lists decide, since a signature says so; undefined: for nobody. */
  agent: string | undefined
  /** base64, of the SHA-256 of the key that the request brings; undefined: none. */
  key: string | undefined
  /** Checks that a SAS also allows reading what is copied or renamed. @throws HttpError 403 */
  checkSource(source: SasTarget, anyOf: string): void
}

/** Hadoop's driver sends every PATCH as a PUT with this header, since Java's client has no PATCH. */
const OVERRIDE = 'x-http-method-override'

/** PUT and POST may carry another method in a header, as some clients cannot send PATCH. */
export const methodOf = ({ method = '', headers }: IncomingMessage): string =>
  method === 'PUT' || method === 'POST' ? String(headers[OVERRIDE] ?? method).toUpperCase() : method

/** @throws HttpError 400 for an invalid address, 404 for another account. */
export function openCall(request: IncomingMessage, response: ServerResponse, account: string): LakeCall {
  const [target = '/', query = ''] = splitUrl(request.url ?? '/')
  let decoded: string
  try {
    decoded = decodeAddress(target)
  } catch (cause) {
    const why = (cause as Error).message
    throw new HttpError(
      400,
      'InvalidUri',
      `The requested URI does not represent any resource on the server: ${why}.`,
      { cause },
    )
  }
  const [, ...parts] = decoded.split('/')
  // The JavaScript SDK leaves the account out of the address when it renames, and names it in the source.
  if (parts[0] !== account && String(request.headers['x-ms-rename-source']).startsWith(`/${account}/`))
    parts.unshift(account)
  const source = parts.length === 2 ? renamedFrom(request, account) : undefined
  // Go's takes the account for the container, and leaves out the container, which is that of the source.
  if (source !== undefined && parts[0] === account) parts.splice(1, 0, source)
  const [name, container = '', ...rest] = parts
  if (name !== account)
    throw new HttpError(
      404,
      'ResourceNotFound',
      `There is no account ${name ?? ''} here; this is ${account}.`,
    )
  const path = pathOf(rest).replace(/\/$/, '')
  const method = methodOf(request)
  const parameters = queryOf(query)
  // JavaScript's client takes an account in the path for a container where it deletes many blobs of the account.
  if (container === '' && parameters.get('comp') === 'batch') parameters.delete('restype')
  // What is renamed to a container's root is moved into it.
  const isRenaming = request.headers['x-ms-rename-source'] !== undefined && method === 'PUT'
  const isOfPath = path !== '' || isRenaming || isRootLookedAt(method, rest, parameters)
  const level = container === '' ? 'account' : isOfPath ? 'path' : 'container'
  const operation = operationOf({ method, level, query: parameters, headers: request.headers })
  return {
    request,
    response,
    method,
    account,
    container,
    path,
    query: parameters,
    headers: {
      ...answerHeaders(request),
      date: new Date().toUTCString(),
      ...encryptionTold(operation?.id),
    },
    operation,
    isByToken: false,
    agent: undefined,
    key: undefined,
    // The key and the token allow everything.
    checkSource: () => {},
  }
}

/** Which bring something to encrypt; some clients reject an answer to them that does not tell that it was. */
const ENCRYPTED = new Set([
  ...['putBlob', 'putBlobFromUrl', 'putAppendBlob', 'putBlock', 'putBlockFromUrl', 'putBlockList'],
  ...['appendBlock', 'appendBlockFromUrl', 'setBlobMetadata'],
  ...['createFile', 'createDirectory', 'appendData', 'setPathProperties'],
])

/** As recorded of live accounts (azure-sdk-for-js, of storage-blob and storage-file-datalake): a flush brings no data, and others say nothing of it. */
function encryptionTold(id: string | undefined): Record<string, string> {
  if (id === 'flushData') return { 'x-ms-request-server-encrypted': 'false' }
  return id !== undefined && ENCRYPTED.has(id) ? { 'x-ms-request-server-encrypted': 'true' } : {}
}

/**
 * A part of an address as the service reads it: a backslash is a slash, as its clients for JavaScript say, and users of the Blob interface
 * and of Storage Explorer on a hierarchical namespace (versitygw's issue 845, AzureStorageExplorer's 3381). Of a query it is none.
 * No name has a control character of ASCII: so measured on live accounts (borink-org/object-storage, docs/AZURE-TESTING.md), and told
 * of a tab and of others (azure-sdk-for-go's issue 24562, azure-sdk-for-python's 11577).
 * @throws URIError for such a character, and for another percent encoding than of UTF-8; it says which.
 */
export function decodeAddress(text: string): string {
  let decoded: string
  try {
    decoded = decodeURIComponent(text)
  } catch (cause) {
    throw new URIError('it is not the percent encoding of UTF-8', { cause })
  }
  if (CONTROL_CHARACTER.test(decoded)) throw new URIError('it has a control character')
  return decoded.replaceAll('\\', '/')
}

/**
 * `HEAD /container//`: with a hierarchical namespace the root folder is there as the blob `/`, and without one nothing is. Trino tells
 * accounts apart by it (its pull requests 20897 and 27278).
 */
const isRootLookedAt = (method: string, rest: readonly string[], query: URLSearchParams): boolean =>
  method === 'HEAD' && /^\/+$/.test(rest.join('/')) && !SELECTORS.some((name) => query.has(name))

/**
 * With a hierarchical namespace the service drops empty segments and the dots that a segment ends in: `a//b.` is stored as `a/b`, as
 * measured on live accounts (borink-org/object-storage, docs/AZURE-TESTING.md). A slash at the end stays, for what refuses it.
 * @param parts of an address, below the container; each may have slashes in it, which were encoded
 */
export function pathOf(parts: readonly string[]): string {
  const names = parts.join('/').split('/').map(withoutLastDots)
  const kept = names.filter((name, index) => name !== '' || (index > 0 && index === names.length - 1))
  return kept.join('/')
}

/** What has nothing but dots is refused elsewhere, or a name: what the service makes of it is not known. */
const withoutLastDots = (name: string): string => (/^\.*$/.test(name) ? name : name.replace(/\.+$/, ''))

/** @returns the container of what is renamed, when the account stands before it. */
function renamedFrom({ headers }: IncomingMessage, account: string): string | undefined {
  const [, name, container, path] = String(headers['x-ms-rename-source'] ?? '').split('/')
  return name === account && path !== undefined ? container : undefined
}

/** Of every answer, refusals too. */
export function answerHeaders({ headers }: IncomingMessage): Record<string, string> {
  const given = headers['x-ms-client-request-id']
  const version = headers['x-ms-version']
  return {
    'x-ms-request-id': crypto.randomUUID(),
    'x-ms-version': isVersion(version) ? version : VERSION,
    ...(typeof given === 'string' && /^[\x21-\x7e]{1,1024}$/.test(given)
      ? { 'x-ms-client-request-id': given }
      : {}),
  }
}

/** Names in lower case, as the service ignores their case. A plus is a blank, as there: clients of Rust and .NET write it so. */
export function queryOf(text: string): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of new URLSearchParams(text)) query.append(name.toLowerCase(), value)
  return query
}

/** A word of the query in lower case, as the service ignores its case. */
export const word = ({ query }: Pick<LakeCall, 'query'>, name: string): string | undefined =>
  query.get(name)?.toLowerCase()

/** `true` or `false` of the query. @returns undefined when it is not there. @throws HttpError 400 for anything else. */
export function truth(call: Pick<LakeCall, 'query'>, name: string): boolean | undefined {
  const value = word(call, name)
  if (value === undefined || value === 'true' || value === 'false')
    return value === undefined ? undefined : value === 'true'
  throw new HttpError(400, 'InvalidQueryParameterValue', `The parameter ${name} is true or false.`)
}

/** A non-empty header: some clients send empty ones for options that they do not use. */
export function given({ request }: Pick<LakeCall, 'request'>, name: string): string | undefined {
  const value = request.headers[name]
  return value === undefined || value === '' ? undefined : String(value)
}

/** The account's address as the client wrote it, with a slash at its end. HTTP/1.0 need not name a host. */
export function endpointOf({ request: { headers, socket }, account }: Pick<LakeCall, 'request' | 'account'>) {
  const scheme = 'encrypted' in socket ? 'https' : 'http'
  return `${scheme}://${headers.host ?? `localhost:${socket.localPort}`}/${account}/`
}

/** @returns the path as it stands in the address, and the query. */
function splitUrl(url: string): [string, string] {
  const mark = url.indexOf('?')
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)]
}
