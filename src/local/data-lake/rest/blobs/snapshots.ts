/** Snapshot Blob, https://learn.microsoft.com/rest/api/storageservices/snapshot-blob, and what Delete Blob does about snapshots. */
import type { Stats } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { checkConditions } from '../../store/entry.ts'
import { invalidHeader } from '../../store/invalid-header.ts'
import { entryAt } from '../../store/names.ts'
import { keyOf } from '../customer-keys.ts'
import {
  answer,
  found,
  type Handlers,
  keptOf,
  type Lake,
  requireUsable,
  snapshotOf,
  writtenHeaders,
} from '../lake.ts'
import { given, type LakeCall } from '../lake-call.ts'
import { metadataHeaders } from '../property-headers.ts'
import { hasSnapshots, isDfs, notOfDirectories } from '../refusals.ts'

export function snapshotOperations(lake: Lake): Pick<Handlers, 'snapshotBlob'> {
  return { snapshotBlob: (call) => snapshotBlob(lake, call) }
}

async function snapshotBlob(lake: Lake, call: LakeCall): Promise<void> {
  const metadata = metadataHeaders(call.request)
  const isChanged = Object.keys(metadata).length > 0
  const check = (): Stats => {
    const stats = found(lake, call)
    if (stats.isDirectory()) throw notOfDirectories()
    checkConditions(call.request, stats, { isRead: false })
    lake.leases.check(call, given(call, 'x-ms-lease-id'), { isWrite: false })
    requireUsable(lake, call, stats)
    return stats
  }
  const propertiesOf = (stats: Stats) => ({ ...keptOf(lake, call, stats), ...(isChanged && { metadata }) })
  // Without it no key is used, nor told (azure-sdk-for-js, recorded as …_createsnapshot_with_cpk).
  if (!isChanged) delete call.headers['x-ms-encryption-key-sha256']
  const { time, stats } = await lake.snapshots.take(call, check, propertiesOf, { isChanged })
  answer(call, 201, {
    ...writtenHeaders(stats),
    'x-ms-snapshot': time,
    // Only metadata came with the request.
    'x-ms-request-server-encrypted': String(isChanged && keyOf(call).keySha256 !== undefined),
  })
}

/**
 * The part of Delete Blob that is about snapshots: one that the address names, or those that `x-ms-delete-snapshots` takes along.
 * @param headers of the request, or of a batch's part. @returns whether the blob itself is to go.
 * @throws HttpError 400, 404, 409, 412
 */
export function removeSnapshots(lake: Lake, call: LakeCall, headers: IncomingHttpHeaders): boolean {
  const which = String(headers['x-ms-delete-snapshots'] ?? '').toLowerCase()
  const one = snapshotOf(lake, call)
  if (one) {
    if (which !== '')
      throw invalidHeader(
        'x-ms-delete-snapshots',
        which,
        'is for a request about the blob itself, not about one of its snapshots',
      )
    lake.snapshots.remove(call, one.time)
    return false
  }
  if (entryAt(lake.folder.resolve(call.container, call.path))?.isDirectory()) {
    // Redpanda, and others that send this header with every delete, know the refusal. Its status is that of public logs
    // (azure-storage-fuse's issue 1068, azure-sdk-for-net's 39065).
    if (which !== '') throw notOfDirectories()
    return true
  }
  if (which === '' && lake.snapshots.of(call).length > 0)
    throw hasSnapshots(isDfs(call.request) ? 'file' : 'blob')
  if (which !== '') lake.snapshots.forget(call)
  return which !== 'only'
}
