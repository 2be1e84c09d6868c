/** ADLS Gen2 over the lake's folder: the DFS and the Blob REST forms on one port, path-style below the account's name. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { requireBearer } from '../http/bearer.ts'
import { HttpError } from '../http/errors.ts'
import { listen } from '../http/server.ts'
import type { Clock } from '../runtime/clock.ts'
import { checkSas, type SasContext } from './auth/sas.ts'
import { checkSharedKey } from './auth/shared-key.ts'
import { BlobOperations } from './rest/blob.ts'
import { DfsOperations } from './rest/dfs.ts'
import type { LakeCall } from './rest/lake-call.ts'
import { asHttpError, isDfs, lakeError, unsupported, VERSION } from './rest/refusals.ts'
import { sasNeed } from './rest/sas-needs.ts'
import { refuseUnsupported } from './rest/unsupported-features.ts'
import type { LakeFolder } from './store/folder.ts'
import { entryAt } from './store/names.ts'
import { PathProperties } from './store/properties.ts'
import { Uploads } from './store/uploads.ts'

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
  /** Before a request is looked at: what goes wrong on purpose. */
  before?: () => Promise<void>
}

export interface DataLakeServer {
  plainPort: number
  tlsPort: number
  close(): Promise<void>
}

/** Storage's SDKs read both addresses, and fail on their own without them; nothing is at the first. */
const CHALLENGE =
  'Bearer authorization_uri=https://localhost/local/oauth2/authorize resource_id=https://storage.azure.com'

/** @throws PortTakenError */
export async function startDataLake(options: DataLakeOptions): Promise<DataLakeServer> {
  const { folder, account, accountKey, token, tls, ports, logger, clock } = options
  const uploads = new Uploads(folder)
  const properties = new PathProperties(folder)
  const dfs = new DfsOperations(folder, uploads, properties)
  const blob = new BlobOperations(folder, uploads, properties)
  const bearer = requireBearer(token, CHALLENGE)
  const handler = (isTls: boolean) => async (request: IncomingMessage, response: ServerResponse) => {
    await options.before?.()
    const isBySas = authorize(request, isTls ? bearer : undefined, account, accountKey)
    const call = openCall(request, response, account)
    try {
      // A name that the lake cannot have is refused before anything looks at what stands there.
      if (call.container !== '') folder.resolve(call.container, call.path)
      if (isBySas)
        admitBySas(call, folder, {
          account,
          accountKey,
          isTls,
          now: clock.now(),
          address: request.socket.remoteAddress,
        })
      refuseUnsupported(call)
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
        properties.close()
      },
    }
  } catch (error) {
    await plain.close()
    properties.close()
    throw error
  }
}

/**
 * A bearer token only where nobody can overhear it; a key's signature anywhere.
 * @returns whether a SAS is still to be looked at, with what the request is about.
 */
function authorize(
  request: IncomingMessage,
  bearer: ((request: IncomingMessage) => void) | undefined,
  account: string,
  accountKey: string,
): boolean {
  const given = request.headers.authorization ?? ''
  if (given === '' && /[?&]sig=/.test(request.url ?? '')) return true
  if (/^SharedKey /i.test(given)) checkSharedKey(request, account, accountKey)
  else if (bearer) bearer(request)
  else
    throw new HttpError(
      401,
      'NoAuthenticationInformation',
      'Sign with the account key (SharedKey or a SAS); a bearer token is taken over https only.',
    )
  return false
}

function admitBySas(call: LakeCall, folder: LakeFolder, context: SasContext): void {
  const { container, path, query } = call
  // Listings are of a folder, which only the query tells.
  const listed = query.get('directory') ?? (query.get('prefix') ?? '').replace(/[^/]*$/, '')
  checkSas({ container, path: path || listed, query }, sasNeed(call, folder), context)
  call.checkSource = (source, anyOf) => {
    const hasOwn = source.query.has('sig')
    checkSas(hasOwn ? source : { ...source, query }, { level: 'object', anyOf }, context)
  }
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
  const path = rest.join('/').replace(/\/$/, '')
  const id = crypto.randomUUID()
  const headers = {
    'x-ms-request-id': id,
    'x-ms-version': VERSION,
    date: new Date().toUTCString(),
    // Some clients take no answer to a write without it.
    ...(request.method === 'PUT' || request.method === 'PATCH'
      ? { 'x-ms-request-server-encrypted': 'false' }
      : {}),
  }
  return {
    request,
    response,
    account,
    container,
    path,
    query: new URLSearchParams(query.replaceAll('+', '%2B')),
    headers,
    // Whoever has the key or the token may have everything.
    checkSource: () => {},
  }
}

/** Only those operations that make containers see one that does not exist. */
function requirePlace({ container, path, request, query }: LakeCall, folder: LakeFolder): void {
  if (container === '') return
  const makes = query.get('restype') === 'container' || query.get('resource') === 'filesystem'
  if (path === '' && makes && request.method === 'PUT') return
  if (entryAt(folder.resolve(container, ''))?.isDirectory()) return
  if (isDfs(request))
    throw new HttpError(404, 'FilesystemNotFound', 'The specified filesystem does not exist.')
  throw new HttpError(404, 'ContainerNotFound', 'The specified container does not exist.')
}
