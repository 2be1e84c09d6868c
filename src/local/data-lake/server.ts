/** ADLS Gen2 over the lake's folder: the DFS and the Blob REST forms on one port, path-style below the account's name. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { requireBearer } from '../http/bearer.ts'
import { HttpError } from '../http/errors.ts'
import { listen } from '../http/server.ts'
import { BlobOperations } from './blob.ts'
import { DfsOperations } from './dfs.ts'
import type { LakeFolder } from './folder.ts'
import { entryAt } from './names.ts'
import { asHttpError, isDfs, lakeError, unsupported, VERSION } from './refusals.ts'
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
  account: string
  container: string
  /** Relative to the container, without slashes at its ends; '' is the container. */
  path: string
  query: URLSearchParams
  headers: Record<string, string>
}

/** Storage's SDKs read both addresses, and fail on their own without them; nothing is at the first. */
const CHALLENGE =
  'Bearer authorization_uri=https://localhost/local/oauth2/authorize resource_id=https://storage.azure.com'

/** @throws PortTakenError */
export async function startDataLake(options: DataLakeOptions): Promise<DataLakeServer> {
  const { folder, account, accountKey, token, tls, ports, logger } = options
  const uploads = new Uploads(folder)
  const dfs = new DfsOperations(folder, uploads)
  const blob = new BlobOperations(folder, uploads)
  const bearer = requireBearer(token, CHALLENGE)
  const handler = (acceptsBearer: boolean) => async (request: IncomingMessage, response: ServerResponse) => {
    authorize(request, acceptsBearer ? bearer : undefined, account, accountKey)
    const call = openCall(request, response, account)
    try {
      requirePlace(call, folder)
      if (!(await dfs.handle(call)) && !(await blob.handle(call))) throw unsupported(call)
    } catch (error) {
      throw asHttpError(error)
    }
  }
  const plain = await listen(handler(false), {
    port: ports.plain,
    logger,
    name: 'the data lake',
    errorForm: lakeError,
  })
  try {
    const secure = await listen(handler(true), {
      port: ports.tls,
      tls,
      logger,
      name: 'the data lake (TLS)',
      errorForm: lakeError,
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
    account,
    container,
    path,
    query: new URLSearchParams(query.replaceAll('+', '%2B')),
    headers,
  }
}

/** No operation sees a name that the lake cannot have, and only those that make containers one that does not exist. */
function requirePlace({ container, path, request, query }: LakeCall, folder: LakeFolder): void {
  if (container === '') return
  folder.resolve(container, path)
  const makes = query.get('restype') === 'container' || query.get('resource') === 'filesystem'
  if (path === '' && makes && request.method === 'PUT') return
  if (entryAt(folder.resolve(container, ''))?.isDirectory()) return
  if (isDfs(request))
    throw new HttpError(404, 'FilesystemNotFound', 'The specified filesystem does not exist.')
  throw new HttpError(404, 'ContainerNotFound', 'The specified container does not exist.')
}
