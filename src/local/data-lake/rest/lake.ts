/** What the operations of the lake share: its parts, how they look at what stands there, and how they answer. */
import { type Stats, statSync } from 'node:fs'
import { HttpError } from '../../http/errors.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { OperationId } from '../operations/table.ts'
import { defaultAccess } from '../store/access-control.ts'
import { alreadyThere, checkConditions, entryHeaders, notFound } from '../store/entry.ts'
import type { LakeFolder } from '../store/folder.ts'
import { type Leases, leaseHeaders } from '../store/leases.ts'
import { entryAt } from '../store/names.ts'
import type { PathProperties, Properties } from '../store/properties.ts'
import type { RecentDeletions } from '../store/recent-deletions.ts'
import type { Snapshot, Snapshots } from '../store/snapshots.ts'
import type { Uploads } from '../store/uploads.ts'
import { requireKey } from './customer-keys.ts'
import { given, type LakeCall } from './lake-call.ts'
import { propertyHeaders } from './property-headers.ts'
import { isDfs } from './refusals.ts'
import { snapshotIn } from './snapshot-time.ts'
import { requireOnline, tierHeaders } from './tiers.ts'

/** What every handler works on. */
export interface Lake {
  folder: LakeFolder
  uploads: Uploads
  kept: PathProperties
  leases: Leases
  snapshots: Snapshots
  deletions: RecentDeletions
  clock: Clock
  account: string
  /** base64 */
  accountKey: string
  /** Of the session. */
  token: string
}

/** Answers the call, or throws: HttpError, or an error of the store that {@link asHttpError} knows. */
export type Handler = (call: LakeCall) => void | Promise<void>
/** One for each operation of the table, so that none can be forgotten. */
export type Handlers = Record<OperationId, Handler>

/** Ends the call. @param more headers beside those of every answer to it. */
export function answer(
  { response, headers }: LakeCall,
  status: number,
  more: Record<string, string> = {},
  body: string | Buffer = '',
): void {
  response.writeHead(status, { ...headers, ...more, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

/** With status 200. */
export const answerXml = (call: LakeCall, body: string, more: Record<string, string> = {}): void =>
  answer(call, 200, { ...more, 'content-type': 'application/xml' }, body)

/** @returns the snapshot that the request names, if it names one and it is there. @throws HttpError 400 */
export function snapshotOf({ snapshots }: Pick<Lake, 'snapshots'>, call: LakeCall): Snapshot | undefined {
  const time = snapshotIn(call.query)
  return time === undefined ? undefined : snapshots.at(call, time)
}

/** Of a path, or of the snapshot of it that the request names. @throws HttpError 404, in the words of the interface that was asked. */
export function found(lake: Lake, call: LakeCall): Stats {
  const { operation, request } = call
  const stats = standing(lake, call)
  if (stats) return stats
  if (operation?.api === 'Data Lake' || isDfs(request)) throw notFound()
  throw new HttpError(404, 'BlobNotFound', 'The specified blob does not exist.')
}

const standing = (lake: Lake, call: LakeCall): Stats | undefined =>
  snapshotIn(call.query) === undefined
    ? entryAt(lake.folder.resolve(call.container, call.path))
    : snapshotOf(lake, call)?.stats

/** Also of one that was deleted while the body came: what is placed would make its folder again. @throws HttpError 404 */
export function requireContainer({ folder }: Pick<Lake, 'folder'>, { container, request }: LakeCall): void {
  if (entryAt(folder.resolve(container, ''))?.isDirectory()) return
  if (isDfs(request))
    throw new HttpError(404, 'FilesystemNotFound', 'The specified filesystem does not exist.')
  throw new HttpError(404, 'ContainerNotFound', 'The specified container does not exist.')
}

/** @returns what is kept beside a path, or with the snapshot that the request names. */
export function keptOf(lake: Lake, call: LakeCall, stats: Stats | undefined): Properties {
  const snapshot = call.query.has('snapshot') ? snapshotOf(lake, call) : undefined
  if (snapshot) return snapshot.properties
  const kept = lake.kept.of(call.container, call.path, stats)
  // The root folder has its access list, and nothing of what is kept of its container.
  if (call.operation?.id === 'getProperties' && call.path === '')
    return kept.access ? { access: kept.access } : {}
  return kept
}

/** Keeps properties with what stands there now. */
export function keep(
  { folder, kept }: Lake,
  { container, path }: Pick<LakeCall, 'container' | 'path'>,
  properties: Properties,
  stats: Stats = statSync(folder.resolve(container, path)),
): Stats {
  kept.set(container, path, stats, properties)
  return stats
}

/** Conditions and leases of a read. @throws HttpError 304, 409, 412 */
export function guardRead(lake: Lake, call: LakeCall, stats: Stats): void {
  checkConditions(call.request, stats, { isRead: true })
  // A lease is of the blob alone, and keeps nobody from its snapshots.
  if (snapshotIn(call.query) === undefined)
    lake.leases.check(call, given(call, 'x-ms-lease-id'), { isWrite: false })
  requireUsable(lake, call, stats)
}

/** @param stats undefined: nothing stands there. @throws HttpError 409 for an archived blob, and for another key than that of the blob. */
export function requireUsable(lake: Lake, call: LakeCall, stats: Stats | undefined): void {
  if (!stats || call.path === '' || isUnguarded(lake, call)) return
  const { tier, keySha256 } = keptOf(lake, call, stats)
  requireOnline(call.operation?.id, tier, lake.clock.now())
  requireKey(call, keySha256)
}

const isUnguarded = ({ kept }: Lake, { key, query }: LakeCall): boolean =>
  !kept.isGuarded && key === undefined && !query.has('snapshot')

/** Operations that make what they act on: told by `If-None-Match: *` that it exists already, and others that a condition fails. */
const CREATING = new Set<OperationId>([
  ...(['putBlob', 'putAppendBlob', 'putBlockList', 'putBlobFromUrl', 'copyBlob'] as const),
  // Not a flush, which acts on a file that is there: 412, say azure-sdk-for-java's issue 31248 and stream-reactor's 1962.
  ...(['createFile', 'createDirectory', 'renamePath'] as const),
])

/**
 * Conditions and leases of a write. They hold only within the turn in which they are checked.
 * @param stats undefined: nothing stands there. @throws HttpError 409, 412
 */
export function guardWrite(lake: Lake, call: LakeCall, stats: Stats | undefined): void {
  const { leases } = lake
  if (!stats && call.path !== '') requireContainer(lake, call)
  const id = given(call, 'x-ms-lease-id')
  const { 'if-none-match': none, ...headers } = call.request.headers
  // The Data Lake's interface says that it exists before it asks for its lease, the Blob one after: Hadoop's driver counts on it.
  const isFirst = call.operation?.api === 'Data Lake' && id === undefined && none === '*'
  const exists = CREATING.has(call.operation?.id as OperationId) ? () => thereAlready(call, stats) : undefined
  if (isFirst && stats && exists) throw exists()
  leases.check(call, id, { isWrite: true })
  // As in the service, the lease holder may write an existing file even when the request asks for a new one.
  const isHeld = id !== undefined && none === '*'
  checkConditions({ headers: isHeld ? headers : call.request.headers }, stats, {
    isRead: false,
    ...(exists && { exists }),
  })
  requireUsable(lake, call, stats)
  if (call.path !== '') leases.wrote(call)
}

/** In the words of the interface that was asked. */
function thereAlready({ operation }: LakeCall, stats: Stats | undefined): HttpError {
  if (operation?.api !== 'Data Lake')
    return new HttpError(409, 'BlobAlreadyExists', 'The specified blob already exists.')
  return alreadyThere(stats, operation.id !== 'createFile' || stats?.isDirectory() === true)
}

/** All response headers of a path. */
export function pathHeaders(
  { leases, clock }: Lake,
  target: { container: string; path: string },
  stats: Stats,
  properties: Properties,
  options: { isPart?: boolean; isSnapshot?: boolean } = {},
): Record<string, string> {
  const now = clock.now()
  const { owner, group, permissions, acl } = properties.access ?? defaultAccess(stats.isDirectory())
  return {
    ...entryHeaders(stats),
    ...(!options.isSnapshot && leaseHeaders(leases.status(target))),
    ...propertyHeaders(properties, { ...options, isDirectory: stats.isDirectory(), now }),
    ...(!properties.append && tierHeaders(properties.tier, now)),
    'x-ms-owner': owner,
    'x-ms-group': group,
    'x-ms-permissions': permissions,
    'x-ms-acl': acl,
  }
}

/** Answers a HEAD with all response headers of a path. */
export function answerProperties(
  lake: Lake,
  call: LakeCall,
  stats: Stats,
  more: Record<string, string> = {},
): void {
  call.response.writeHead(200, {
    ...call.headers,
    ...pathHeaders(lake, call, stats, keptOf(lake, call, stats), {
      isSnapshot: snapshotIn(call.query) !== undefined,
    }),
    ...more,
    'accept-ranges': 'bytes',
    'content-length': stats.isDirectory() ? 0 : stats.size,
  })
  call.response.end()
}

/** Of an answer to a write. */
export const writtenHeaders = (stats: Stats): Record<string, string> => {
  const { etag, 'last-modified': modified } = entryHeaders(stats)
  return { etag: etag as string, 'last-modified': modified as string }
}

/** Gives up everything that belongs to a path which is gone. */
export function forgetPath(
  { uploads, kept, leases, snapshots }: Lake,
  container: string,
  path: string,
): void {
  snapshots.forget({ container, path })
  uploads.forget(container, path)
  kept.forget(container, path)
  leases.forget({ container, path })
}
