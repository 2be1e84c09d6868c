/** What a request copies from: a file of this lake, named by a URL. */
import type { Stats } from 'node:fs'
import { sameSecret } from '../../../http/bearer.ts'
import { HttpError } from '../../../http/errors.ts'
import { isLoopback } from '../../../http/origin.ts'
import { checkConditions } from '../../store/entry.ts'
import { entryAt } from '../../store/names.ts'
import type { Properties } from '../../store/properties.ts'
import { tierAt } from '../../store/tiers.ts'
import { keyIn, requireSame } from '../customer-keys.ts'
import type { Lake } from '../lake.ts'
import { decodeAddress, given, type LakeCall, pathOf, queryOf } from '../lake-call.ts'
import { snapshotIn } from '../snapshot-time.ts'
import { archived, tierIn } from '../tiers.ts'

/** A file that is there, and that the client may read. */
export interface CopySource {
  container: string
  path: string
  /** Absolute; of the snapshot, where the URL names one. */
  place: string
  stats: Stats
  properties: Properties
  isSnapshot: boolean
}

/**
 * A source of the same account needs no proof but the request's own, says Copy Blob of `x-ms-copy-source`; an account is all there is here.
 * @param options.isRead the lake reads it as the client would: with the request's token, else with a signature or a token for the source alone.
 * @throws HttpError 400 for a URL of somewhere else, 401 to 412 for a source that may not be read.
 */
export function copySource(lake: Lake, call: LakeCall, { isRead }: { isRead: boolean }): CopySource {
  const from = sourceOf(call)
  call.checkSource(from, 'r')
  const proof = given(call, 'x-ms-copy-source-authorization')
  if (proof !== undefined && !sameSecret(proof.replace(/^Bearer +/i, ''), lake.token))
    throw sourceError(
      401,
      'InvalidAuthenticationInfo',
      'x-ms-copy-source-authorization is not the session’s token.',
    )
  // Within one tenant the service reads the source as the caller (borink-org/object-tests, azure-hns/copy-sync, put-from-url, append-block-from-url).
  if (isRead && proof === undefined && !call.isByToken && !from.query.has('sig'))
    throw sourceError(
      401,
      'NoAuthenticationInformation',
      'The source is read with a proof of its own: a SAS in its URL, or x-ms-copy-source-authorization.',
    )
  const { place, stats, properties } = standing(lake, from)
  // No folders: clients that copy a tree create their own, and continue when a folder is not a blob.
  if (!stats?.isFile()) throw noSource(stats !== undefined, isRead)
  try {
    checkConditions(call.request, stats, { isRead, prefix: 'x-ms-source-' })
  } catch (error) {
    if (!isRead || !(error instanceof HttpError) || isFormless(given(call, 'x-ms-source-if-match')))
      throw error
    throw sourceError(error.status, 'ConditionNotMet', error.message)
  }
  requireReadable(lake, call, properties, isRead)
  const { container, path } = from
  return { container, path, place, stats, properties, isSnapshot: snapshotIn(from.query) !== undefined }
}

/** What is read as any client would read it has a code of its own (borink-org/object-tests, azure-hns/copy-missing-source, copy-sync-missing-source). */
function noSource(isFolder: boolean, isRead: boolean): HttpError {
  const message = isFolder
    ? 'The source of the copy is a folder, which is no blob to copy: rename it by the Data Lake’s interface.'
    : 'The source of the copy does not exist.'
  return isRead ? sourceError(404, 'BlobNotFound', message) : new HttpError(404, 'BlobNotFound', message)
}

/** What the URL names. @throws HttpError 400 for a snapshot of no time. */
function standing(
  { folder, kept, snapshots }: Lake,
  { container, path, query }: Pick<CopySource, 'container' | 'path'> & { query: URLSearchParams },
): { place: string; stats: Stats | undefined; properties: Properties } {
  const time = snapshotIn(query)
  const place = folder.resolve(container, path)
  if (time === undefined) {
    const stats = entryAt(place)
    return { place, stats, properties: kept.of(container, path, stats) }
  }
  const snapshot = snapshots.at({ container, path }, time)
  return snapshot ?? { place, stats: undefined, properties: {} }
}

/**
 * An archived blob is copied to an online tier that the request names, and read by nobody. One with a key of its client's is read with
 * that key, which Copy Blob cannot bring. @throws HttpError 409
 */
function requireReadable(
  { clock }: Lake,
  call: LakeCall,
  { tier, keySha256 }: Properties,
  isRead: boolean,
): void {
  try {
    requireSame(keyIn(call, 'x-ms-source-encryption'), keySha256)
  } catch (error) {
    if (!isRead || !(error instanceof HttpError)) throw error
    throw sourceError(error.status, error.code, error.message)
  }
  if (tierAt(tier, clock.now())?.name !== 'Archive') return
  const to = tierIn(call)
  if (isRead) throw sourceError(409, 'BlobArchived', archived().message)
  if (to === undefined || to === 'Archive') throw archived()
}

/** A tag that no blob has by its form is refused before the source is read: azblob's live tests and those of JavaScript have it so. */
const isFormless = (tag: string | undefined): boolean => tag !== undefined && !/^"?0x[0-9A-F]+"?$/i.test(tag)

/** Clients look at what the source had answered, beside what this request is answered; the status is the source's own. */
const sourceError = (status: number, code: string, message: string) =>
  new HttpError(status, 'CannotVerifyCopySource', message, {
    headers: { 'x-ms-copy-source-status-code': String(status), 'x-ms-copy-source-error-code': code },
    details: {
      CopySourceStatusCode: String(status),
      CopySourceErrorCode: code,
      CopySourceErrorMessage: message,
    },
  })

/**
 * Behind the name of an account. Some clients write its address as on Azure, whatever address they were given (Azure CLI's `copy start`,
 * Apache Beam); of an account there it is the same.
 */
const AZURE_HOSTS = ['.blob.core.windows.net', '.dfs.core.windows.net']

function sourceOf({ request, account }: LakeCall) {
  const url = URL.parse(String(request.headers['x-ms-copy-source']))
  const elsewhere = new HttpError(
    400,
    'InvalidHeaderValue',
    `The local lake copies only what it holds: x-ms-copy-source must be a URL of the account ${account} on this machine.`,
  )
  if (!url) throw elsewhere
  const isAsOnAzure = AZURE_HOSTS.some((host) => url.hostname === `${account}${host}`)
  if (!isAsOnAzure && !isLoopback(url.hostname)) throw elsewhere
  let parts: string[]
  try {
    parts = url.pathname.split('/').slice(1).map(decodeAddress)
  } catch (cause) {
    throw new HttpError(400, 'InvalidHeaderValue', 'x-ms-copy-source is not valid percent-encoding.', {
      cause,
    })
  }
  const [name, container = '', ...path] = isAsOnAzure ? [account, ...parts] : parts
  if (name !== account || path.length === 0) throw elsewhere
  const query = queryOf(url.search.slice(1))
  if (query.has('versionid'))
    throw new HttpError(400, 'InvalidHeaderValue', 'The local lake keeps no versions to copy.')
  return { container, path: pathOf(path), query }
}
