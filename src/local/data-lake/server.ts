/** ADLS Gen2 over the lake's folder: the DFS and the Blob REST forms on one port, path-style below the account's name. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { requireBearer } from '../http/bearer.ts'
import { HttpError } from '../http/errors.ts'
import { listen } from '../http/server.ts'
import type { Clock } from '../runtime/clock.ts'
import { LOCAL_USER } from '../runtime/session-token.ts'
import { checkSas, type SasContext } from './auth/sas.ts'
import { checkSharedKey, isSharedKey, requireForm } from './auth/shared-key.ts'
import { refuseUnserved } from './operations/table.ts'
import { checkAgent, checkAgentAtSource } from './rest/agent-rights.ts'
import { appendOperations } from './rest/blobs/append-blobs.ts'
import { copyOperations } from './rest/blobs/blob-copy.ts'
import { tierOperations } from './rest/blobs/blob-tier.ts'
import { blobOperations } from './rest/blobs/blobs.ts'
import { blockOperations } from './rest/blobs/blocks.ts'
import { snapshotOperations } from './rest/blobs/snapshots.ts'
import { accountOperations, servicePropertiesOf } from './rest/containers/account.ts'
import { containerOperations } from './rest/containers/containers.ts'
import { answerOrigin } from './rest/cors.ts'
import { keyIn } from './rest/customer-keys.ts'
import { forgetPath, type Handlers, type Lake, requireContainer } from './rest/lake.ts'
import { type LakeCall, openCall } from './rest/lake-call.ts'
import { leaseOperations } from './rest/leasing.ts'
import { accessOperations } from './rest/paths/path-access.ts'
import { pathOperations } from './rest/paths/paths.ts'
import {
  asHttpError,
  lakeError,
  refuseBody,
  refuseSlashAtEnd,
  requireLength,
  unsupported,
} from './rest/refusals.ts'
import { sasNeed } from './rest/sas-needs.ts'
import { requireVersion, requireVersionOfTokens } from './rest/version.ts'
import type { LakeFolder } from './store/folder.ts'
import { Leases } from './store/leases.ts'
import { entryAt } from './store/names.ts'
import { PathProperties } from './store/properties.ts'
import { RecentDeletions } from './store/recent-deletions.ts'
import { Snapshots } from './store/snapshots.ts'
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

/** Two ports: plain for tools without a certificate, TLS as on the service. */
export interface DataLakeServer {
  plainPort: number
  tlsPort: number
  /** Resolves when the ports are free. */
  close(): Promise<void>
}

/** Storage's SDKs read both addresses, and fail on their own without them; nothing is at the first. */
const CHALLENGE =
  'Bearer authorization_uri=https://localhost/local/oauth2/authorize resource_id=https://storage.azure.com'

/** @throws PortTakenError */
export async function startDataLake(options: DataLakeOptions): Promise<DataLakeServer> {
  const { folder, account, accountKey, token, tls, ports, logger, clock } = options
  const kept = new PathProperties(folder)
  const leases = new Leases(clock)
  const [uploads, deletions] = [new Uploads(folder), new RecentDeletions(clock)]
  const snapshots = new Snapshots(folder)
  const own = { account, accountKey, token }
  const lake: Lake = { folder, uploads, kept, leases, snapshots, deletions, clock, ...own }
  const handlers = handlersOf(lake)
  const bearer = requireBearer(token, CHALLENGE, BEARER_CODES)
  const handler = (isTls: boolean) => async (request: IncomingMessage, response: ServerResponse) => {
    if (answerOrigin(request, response, () => servicePropertiesOf(lake).Cors ?? '')) return
    await options.before?.()
    requireVersion(request)
    const proof = authorize(request, isTls ? bearer : undefined, lake)
    const call = openCall(request, response, account)
    call.isByToken = proof === 'token'
    try {
      // A name that the lake cannot have is refused before anything looks at what stands there.
      if (call.container !== '') folder.resolve(call.container, call.path)
      // One that is for a single user comes with the token of that user.
      if (proof === 'signature' || call.query.has('sduoid') || call.query.has('skdutid'))
        admitBySas(call, lake, { isTls, isByToken: proof === 'token' })
      requireLength(request, call.method)
      refuseBody(call)
      if (!call.operation) throw unsupported(call)
      refuseUnserved(call.operation, { ...call, headers: request.headers })
      refuseSlashAtEnd(call)
      takeKey(call)
      requirePlace(call, lake)
      removeExpired(lake)
      checkAgent(lake, call)
      await handlers[call.operation.id as keyof Handlers](call)
    } catch (error) {
      throw asHttpError(error, call.operation?.api)
    }
  }
  const plain = await listen(handler(false), {
    port: ports.plain,
    logger,
    name: 'the data lake',
    errorForm: lakeError,
    admitsPages: true,
  })
  try {
    const secure = await listen(handler(true), {
      port: ports.tls,
      tls,
      logger,
      name: 'the data lake (TLS)',
      errorForm: lakeError,
      admitsPages: true,
    })
    return {
      plainPort: plain.port,
      tlsPort: secure.port,
      close: async () => {
        await Promise.all([plain.close(), secure.close()])
        kept.close()
        snapshots.close()
      },
    }
  } catch (error) {
    await plain.close()
    kept.close()
    snapshots.close()
    throw error
  }
}

const BEARER_CODES = { none: 'NoAuthenticationInformation', wrong: 'InvalidAuthenticationInfo' }

/**
 * A bearer token only over TLS; a key's signature anywhere.
 * @returns what was shown: `signature` is still to be looked at, with what the request is about.
 */
function authorize(
  request: IncomingMessage,
  bearer: ((request: IncomingMessage) => void) | undefined,
  { account, accountKey, clock }: Lake,
): 'key' | 'token' | 'signature' {
  const given = request.headers.authorization ?? ''
  requireForm(given)
  if (given === '' && /[?&]sig=/i.test(request.url ?? '')) return 'signature'
  if (isSharedKey(given)) {
    checkSharedKey(request, { account, accountKey, now: clock.now() })
    return 'key'
  }
  if (!bearer)
    throw new HttpError(
      401,
      'NoAuthenticationInformation',
      'Sign with the account key (SharedKey or a SAS); a bearer token is taken over https only.',
      { headers: { 'www-authenticate': CHALLENGE } },
    )
  bearer(request)
  requireVersionOfTokens(request)
  return 'token'
}

function admitBySas(
  call: LakeCall,
  lake: Lake,
  { isTls, isByToken }: { isTls: boolean; isByToken: boolean },
): void {
  const { container, path, query, request } = call
  const { folder, kept, account, accountKey, clock } = lake
  const policyOf = (of: string, id: string) =>
    kept.of(of, '', entryAt(folder.resolve(of, ''))).policies?.find((one) => one.id === id)
  const address = request.socket.remoteAddress
  const user = isByToken ? { user: LOCAL_USER } : {}
  const { host } = request.headers
  const context: SasContext = {
    account,
    accountKey,
    isTls,
    now: clock.now(),
    address,
    host,
    policyOf,
    ...user,
  }
  // Listings are of a folder, which is given in the query alone.
  const listed = query.get('directory') ?? (query.get('prefix') ?? '').replace(/[^/]*$/, '')
  checkSas(
    { container, path: path || listed, query, headers: request.headers },
    sasNeed(call, folder),
    context,
  )
  const agent = query.get('suoid') || undefined
  call.agent = agent
  call.checkSource = (source, anyOf) => {
    const hasOwn = source.query.has('sig')
    checkSas(hasOwn ? source : { ...source, query }, { level: 'object', anyOf }, context)
    const moves = call.operation?.id === 'renamePath'
    if (agent !== undefined) checkAgentAtSource(lake, agent, source, { moves })
  }
}

/** Answers that use a key name it by its SHA-256, and say then of a flush too that it was encrypted. */
function takeKey(call: LakeCall): void {
  call.key = keyIn(call, 'x-ms-encryption')
  if (call.key === undefined) return
  call.headers['x-ms-encryption-key-sha256'] = call.key
  if (call.operation?.id === 'flushData') call.headers['x-ms-request-server-encrypted'] = 'true'
}

/** Expired files are gone for every later request. */
function removeExpired(lake: Lake): void {
  for (const { container, path } of lake.kept.expired(lake.clock.now())) {
    lake.folder.remove(container, path)
    forgetPath(lake, container, path)
  }
}

function handlersOf(lake: Lake): Handlers {
  return {
    ...accountOperations(lake),
    ...containerOperations(lake),
    ...blobOperations(lake),
    ...tierOperations(lake),
    ...copyOperations(lake),
    ...blockOperations(lake),
    ...snapshotOperations(lake),
    ...appendOperations(lake),
    ...pathOperations(lake),
    ...accessOperations(lake),
    ...leaseOperations(lake),
  }
}

/** Those that create containers, and those that ask about the account, wherever their address stands. */
const ANYWHERE = ['createContainer', 'createFilesystem', 'containerAccount', 'blobAccount']
const DELETING = ['deleteContainer', 'deleteFilesystem']

/** Only such operations may name a container that does not exist. */
function requirePlace(call: LakeCall, lake: Lake): void {
  const { container, operation } = call
  const id = operation?.id ?? ''
  if (container === '' || ANYWHERE.includes(id)) return
  if (DELETING.includes(id) && lake.deletions.has(container)) return
  requireContainer(lake, call)
}
