/** What the lake refuses, in the service's codes: https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes */
import type { IncomingMessage } from 'node:http'
import { type ErrorForm, HttpError } from '../../http/errors.ts'
import type { Operation } from '../operations/operation.ts'
import { invalidParameter } from '../operations/table.ts'
import { invalidHeader } from '../store/invalid-header.ts'
import {
  AlreadyExistsError,
  BelowFileError,
  InvalidNameError,
  LakeFullError,
  OtherKindError,
} from '../store/storage-errors.ts'
import { answerHeaders, JSON_TYPE, type LakeCall, methodOf, word } from './lake-call.ts'
import { elements, inXml, XML_HEAD } from './xml.ts'

const METHODS = new Set(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'])

/** A request that the local lake does not support, and why. */
export function unsupported({ request, method, query, path }: LakeCall): HttpError {
  if (!METHODS.has(method) && !(method === 'POST' && query.has('comp')))
    return new HttpError(
      405,
      'UnsupportedHttpVerb',
      `The resource doesn't support the HTTP verb ${method.slice(0, 20)}.`,
    )
  // Seen of a list in orgrim/pg_back's issue 126.
  if (path !== '' && word({ query }, 'restype') === 'container')
    return new HttpError(
      400,
      'InvalidUri',
      'The requested URI does not represent any resource on the server: with restype=container it ends with the container.',
    )
  // A file or folder without a name: so told by Arrow's issue 38782 and AzureStorageExplorer's 2765.
  if (method === 'PUT' && path === '' && ['file', 'directory'].includes(word({ query }, 'resource') ?? ''))
    return new HttpError(400, 'InvalidUri', 'The request URI is invalid: it names no file or directory.')
  for (const name of ['comp', 'restype', 'resource', 'action'])
    if (query.has(name))
      return invalidParameter(name, query.get(name) ?? '', `The lake has no such operation with ${method}.`)
  const type = request.headers['x-ms-blob-type']
  if (method === 'PUT' && path !== '')
    return type === undefined
      ? new HttpError(400, 'MissingRequiredHeader', 'A blob needs the header x-ms-blob-type.')
      : invalidHeader(
          'x-ms-blob-type',
          String(type),
          'is BlockBlob or AppendBlob: the local lake has no others',
        )
  return new HttpError(
    400,
    'MissingRequiredQueryParameter',
    `The request lacks the query parameter that says what to do, as resource= or comp=.`,
  )
}

/** The service tells a body that is empty from one that was forgotten. @throws HttpError 411 */
export function requireLength({ headers }: IncomingMessage, method: string): void {
  const isSending = method === 'PUT' || method === 'PATCH' || method === 'POST'
  if (!isSending || headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined)
    return
  throw new HttpError(
    411,
    'MissingContentLengthHeader',
    'The Content-Length header was not specified; a request without a body says Content-Length: 0.',
  )
}

/** Of the Data Lake's interface, which documents it: these have no body, and one that comes was meant for an append. */
const WITHOUT_BODY = [
  'createFile',
  'createDirectory',
  'renamePath',
  'flushData',
  'setAccessControl',
  'leasePath',
]

/** Of the Blob interface: their data is that of the source, and their references ask for a length of 0. */
const FROM_SOURCE = ['putBlobFromUrl', 'putBlockFromUrl', 'appendBlockFromUrl']

/** @throws HttpError 400 */
export function refuseBody({ request, operation }: Pick<LakeCall, 'request' | 'operation'>): void {
  const id = operation?.id ?? ''
  if (!(Number(request.headers['content-length']) > 0)) return
  // The code is that of Azurite's tests of sources with a body.
  if (FROM_SOURCE.includes(id))
    throw invalidHeader(
      'Content-Length',
      String(request.headers['content-length']),
      'must be 0, as the data comes from x-ms-copy-source',
    )
  if (!WITHOUT_BODY.includes(id)) return
  throw new HttpError(
    400,
    'ContentLengthMustBeZero',
    'The Content-Length request header must be zero: data comes with action=append.',
  )
}

/** With a hierarchical namespace a slash at the end is refused by what makes or deletes a path: clients cut it off themselves. */
const WITHOUT_SLASH = [
  ...['createFile', 'createDirectory', 'renamePath', 'deletePath', 'deleteBlob'],
  // Measured of Put Blob and Put Block (borink-org/object-tests, azure-hns/put-created-key-trailing-slash, stage-key-trailing-slash).
  ...[
    'putBlob',
    'putAppendBlob',
    'putBlobFromUrl',
    'copyBlob',
    'putBlock',
    'putBlockFromUrl',
    'putBlockList',
  ],
]
/** By which a blob is a folder: rclone ends the names of these with a slash. */
const FOLDER_MARK = 'x-ms-meta-hdi_isfolder'

/** @throws HttpError 400 */
export function refuseSlashAtEnd({ request, operation, path }: LakeCall): void {
  const [address = ''] = (request.url ?? '').split('?')
  if (path === '' || !WITHOUT_SLASH.includes(operation?.id ?? '') || !/(\/|%2f|\\|%5c)$/i.test(address))
    return
  if (request.headers[FOLDER_MARK] !== undefined) return
  throw new HttpError(400, 'InvalidUri', 'The request URI is invalid: the path ends in a slash.')
}

/**
 * A blob is not deleted before its snapshots, by neither interface. The Blob one's words are in its reference, the other's were told by users
 * (Storage Explorer's issue 7438); they leave its code open.
 */
export const hasSnapshots = (what: 'blob' | 'file'): HttpError =>
  new HttpError(409, 'SnapshotsPresent', `This operation is not permitted because the ${what} has snapshots.`)

const FILE_ABOVE = 'an element of its path is a file, and a hierarchical namespace has nothing below one'

/** Of what acts on a blob, and finds a folder. */
export const notOfDirectories = (): HttpError =>
  new HttpError(
    400,
    'OperationNotSupportedOnDirectory',
    'The requested operation is not supported on a directory.',
  )

/**
 * Errors of the store and of the file system as the service tells them; any other is given back as it is.
 * @param api of the request: a blob below a file is none that can be found, for the Blob interface (borink-org/object-tests,
 * azure-hns/put-key-under-object).
 */
export function asHttpError(error: unknown, api?: Operation['api']): unknown {
  if (error instanceof HttpError) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof BelowFileError && api === 'Blob')
    return new HttpError(404, 'BlobNotFound', `The specified blob does not exist: ${FILE_ABOVE}.`, {
      cause: error,
    })
  if (error instanceof OtherKindError) return new HttpError(409, 'PathConflict', message, { cause: error })
  if (error instanceof AlreadyExistsError)
    return new HttpError(409, 'PathAlreadyExists', message, { cause: error })
  if (error instanceof InvalidNameError) return new HttpError(400, error.code, message, { cause: error })
  if (error instanceof LakeFullError)
    return new HttpError(507, 'InsufficientStorage', message, { cause: error })
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new HttpError(404, 'PathNotFound', 'The specified path does not exist.', { cause: error })
  if (code === 'ENOTEMPTY')
    return new HttpError(
      409,
      'DirectoryNotEmpty',
      'The recursive query parameter value must be true to delete a non-empty directory.',
      { cause: error },
    )
  return error
}

/**
 * Is it a request in the form of the DFS endpoint? Reads are the same in both, and so are deletes of a file, but for the form that
 * a client accepts: the Data Lake SDK's wants JSON.
 */
export const isDfs = (request: IncomingMessage): boolean =>
  methodOf(request) === 'PATCH' ||
  (methodOf(request) === 'DELETE' && request.headers.accept === 'application/json') ||
  request.headers['x-ms-rename-source'] !== undefined ||
  (request.method === 'POST' && request.headers['x-ms-lease-action'] !== undefined) ||
  /[?&](resource|action|mode|directory|recursive)=/i.test(request.url ?? '')

const UNPROVEN = 'Server failed to authenticate the request.'
const ASK_CHALLENGE = `${UNPROVEN} Please refer to the information in the www-authenticate header.`

const UNALLOWED = 'This request is not authorized to perform this operation'

/**
 * With what the service refuses a proof; what is wrong with this one follows. Those of what a proof does not allow are in the recordings of
 * azure-sdk-for-js. Those of tokens are recorded of live accounts
 * (borink-org/object-storage, tests/fixtures/azure-get, get-unauthenticated).
 */
const PROOF_WORDS: Readonly<Record<string, string>> = {
  '403 AuthenticationFailed': `${UNPROVEN} Make sure the value of Authorization header is formed correctly including the signature.`,
  '401 InvalidAuthenticationInfo': ASK_CHALLENGE,
  '401 NoAuthenticationInformation': ASK_CHALLENGE,
  '403 AuthorizationFailure': `${UNALLOWED}.`,
  '403 AuthorizationPermissionMismatch': `${UNALLOWED} using this permission.`,
  '403 AuthorizationProtocolMismatch': `${UNALLOWED} using this protocol.`,
  '403 AuthorizationResourceTypeMismatch': `${UNALLOWED} using this resource type.`,
  '403 AuthorizationServiceMismatch': `${UNALLOWED} using this service.`,
  '403 AuthorizationSourceIPMismatch': `${UNALLOWED} using this source IP.`,
}

const proofWords = ({ status, code }: HttpError): string | undefined => PROOF_WORDS[`${status} ${code}`]

/** What a status line cannot carry. */
const UNWRITABLE = /[^\x20-\x7e]+/g
const MAX_REASON_CHARACTERS = 300

/**
 * JSON for DFS requests, XML for Blob requests; the code stands in a header in both. The message ends with the request's id and the
 * time, as every one of the service does: what shows one to a person has to cut it. It stands in the status line too, where Hadoop's
 * driver and others read it.
 */
export const lakeError: ErrorForm = (thrown, request) => {
  const error = isDfs(request) ? inPathWords(thrown) : inBlobWords(thrown, request.url ?? '')
  const headers = answerHeaders(request)
  const id = headers['x-ms-request-id'] as string
  return {
    reason: reasonOf(error),
    body: isDfs(request)
      ? JSON.stringify({ error: { code: error.code, message: messageOf(error) + toldAt(id) } })
      : errorXml(error, id),
    headers: {
      'content-type': isDfs(request) ? JSON_TYPE : 'application/xml',
      ...headers,
      'x-ms-error-code': error.code,
    },
  }
}

/** What stands in a status line. */
export const reasonOf = (error: HttpError): string =>
  (proofWords(error) ?? error.message).replace(UNWRITABLE, ' ').slice(0, MAX_REASON_CHARACTERS)

/** The Blob interface says what a lease is on, where the Data Lake's says "resource"; programs are known to look for the words. */
export function inBlobWords(error: HttpError, url: string): HttpError {
  const { status, code, headers, details } = error
  if (!code.includes('Lease')) return error
  const what = /[?&]restype=container/i.test(url) ? 'container' : 'blob'
  const message = error.message.replaceAll('the resource', `the ${what}`)
  return new HttpError(status, code, message, { headers, details, cause: error })
}

/** Recordings of the SDK for .NET (`AppendDataAsync_InvalidLease`); no other code of a lease was found recorded of the Data Lake's interface. */
function inPathWords(error: HttpError): HttpError {
  const { status, code, message, headers, details } = error
  if (code !== 'LeaseNotPresentWithBlobOperation') return error
  return new HttpError(status, 'LeaseNotPresent', message, { headers, details, cause: error })
}

const messageOf = (error: HttpError): string => {
  const words = proofWords(error)
  return words === undefined ? error.message : `${words} ${error.message}`
}

/** Two more lines of a message: where and when it was told. Times of the service have tenths of a microsecond. */
const toldAt = (requestId: string): string =>
  `\nRequestId:${requestId}\nTime:${new Date().toISOString().replace('Z', '0000Z')}`

/** The Blob form of an error; the DFS form is JSON. */
export const errorXml = (error: HttpError, requestId: string): string =>
  `${XML_HEAD}<Error><Code>${error.code}</Code><Message>${inXml(messageOf(error))}${toldAt(requestId)}</Message>${elements(detailsOf(error))}</Error>`

/** Some clients look for the reason of a refused proof in an element of its own. */
const detailsOf = (error: HttpError): Readonly<Record<string, string>> =>
  proofWords(error)?.startsWith(UNPROVEN)
    ? { AuthenticationErrorDetail: error.message, ...error.details }
    : error.details
