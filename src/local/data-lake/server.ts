/** ADLS Gen2 over the lake's folder: the DFS and the Blob REST forms on one port, path-style below the account's name. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { requireBearer } from '../http/bearer.ts'
import { armError, type ErrorForm, HttpError } from '../http/errors.ts'
import { listen } from '../http/server.ts'
import { BlobOperations } from './blob.ts'
import { DfsOperations } from './dfs.ts'
import { AlreadyExistsError, InvalidNameError, LakeFullError } from './errors.ts'
import type { LakeFolder } from './folder.ts'
import { checkSharedKey } from './shared-key.ts'
import { Uploads } from './uploads.ts'

export interface DataLakeOptions {
  folder: LakeFolder
  account: string
  /** base64 */
  accountKey: string
  /** Bearer token of the session. */
  token: string
  tls: { key: string; cert: string }
  ports: { plain: number; tls: number }
  logger: Logger
  clock: Clock
}

export interface DataLakeServer {
  plainPort: number
  tlsPort: number
  close(): Promise<void>
}

/** One request to a container or to a path in it. */
export interface LakeCall {
  request: IncomingMessage
  response: ServerResponse
  container: string
  /** Relative to the container, without slashes at its ends; '' is the container. */
  path: string
  query: URLSearchParams
  headers: Record<string, string>
}

const VERSION = '2023-11-03'

/** @throws PortTakenError */
export async function startDataLake(options: DataLakeOptions): Promise<DataLakeServer> {
  const { folder, account, accountKey, token, tls, ports, logger } = options
  const uploads = new Uploads(folder)
  const dfs = new DfsOperations(folder, uploads)
  const blob = new BlobOperations(folder, uploads)
  const bearer = requireBearer(token)
  const handler = (acceptsBearer: boolean) => async (request: IncomingMessage, response: ServerResponse) => {
    authorize(request, acceptsBearer ? bearer : undefined, account, accountKey)
    const call = openCall(request, response, account)
    try {
      if (!(await dfs.handle(call)) && !(await blob.handle(call)))
        throw new HttpError(
          400,
          'UnsupportedOperation',
          `${request.method} with these parameters is not supported by the local lake.`,
        )
    } catch (error) {
      throw asHttpError(error)
    }
  }
  const errorForm: ErrorForm = (error, request) => lakeError(error, request)
  const plain = await listen(handler(false), { port: ports.plain, logger, name: 'the data lake', errorForm })
  try {
    const secure = await listen(handler(true), {
      port: ports.tls,
      tls,
      logger,
      name: 'the data lake (TLS)',
      errorForm,
    })
    return {
      plainPort: plain.port,
      tlsPort: secure.port,
      close: async () => {
        await Promise.all([plain.close(), secure.close()])
      },
    }
  } catch (error) {
    await plain.close()
    throw error
  }
}

/** A bearer token only where nobody can overhear it; a key's signature anywhere. */
function authorize(
  request: IncomingMessage,
  bearer: ((request: IncomingMessage) => void) | undefined,
  account: string,
  accountKey: string,
): void {
  const given = request.headers.authorization ?? ''
  if (/^SharedKey /i.test(given)) checkSharedKey(request, account, accountKey)
  else if (bearer) bearer(request)
  else if (/[?&]sig=/.test(request.url ?? ''))
    throw new HttpError(
      403,
      'AuthenticationFailed',
      'The local lake takes no SAS: use the account key or the bearer token.',
    )
  else
    throw new HttpError(
      401,
      'NoAuthenticationInformation',
      'Sign with the account key (SharedKey); a bearer token is taken over https only.',
    )
}

function openCall(request: IncomingMessage, response: ServerResponse, account: string): LakeCall {
  const [target = '/', query = ''] = (request.url ?? '/').split('?')
  let decoded: string
  try {
    decoded = decodeURIComponent(target)
  } catch (cause) {
    throw new HttpError(400, 'InvalidUri', 'The request path is not a valid percent encoding.', { cause })
  }
  const [, ...parts] = decoded.split('/')
  // The JavaScript SDK leaves the account out of the address when it renames, and names it in the source.
  if (parts[0] !== account && String(request.headers['x-ms-rename-source']).startsWith(`/${account}/`))
    parts.unshift(account)
  const [name, container = '', ...rest] = parts
  if (name !== account)
    throw new HttpError(
      404,
      'ResourceNotFound',
      `There is no account ${name ?? ''} here; this is ${account}.`,
    )
  const path = rest.join('/').replace(/\/+$/, '')
  const id = crypto.randomUUID()
  const headers = { 'x-ms-request-id': id, 'x-ms-version': VERSION, date: new Date().toUTCString() }
  return {
    request,
    response,
    container,
    path,
    query: new URLSearchParams(query.replaceAll('+', '%2B')),
    headers,
  }
}

function asHttpError(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof AlreadyExistsError)
    return new HttpError(409, 'PathAlreadyExists', message, { cause: error })
  if (error instanceof InvalidNameError)
    return new HttpError(400, 'InvalidResourceName', message, { cause: error })
  if (error instanceof LakeFullError)
    return new HttpError(507, 'InsufficientStorage', message, { cause: error })
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new HttpError(404, 'PathNotFound', 'The specified path does not exist.', { cause: error })
  if (code === 'ENOTEMPTY')
    return new HttpError(409, 'DirectoryNotEmpty', 'The directory is not empty.', { cause: error })
  return error
}

/** JSON for DFS requests, XML for Blob requests; the code stands in a header in both. */
function lakeError(error: HttpError, request: IncomingMessage): ReturnType<ErrorForm> {
  const isDfs = /[?&](resource|action|mode|directory|recursive)=/.test(request.url ?? '')
  const json = armError(error, request)
  const escaped = error.message.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`)
  const form = isDfs
    ? json
    : {
        headers: { 'content-type': 'application/xml' },
        body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${error.code}</Code><Message>${escaped}</Message></Error>`,
      }
  return { ...form, headers: { ...form.headers, 'x-ms-error-code': error.code, 'x-ms-version': VERSION } }
}
