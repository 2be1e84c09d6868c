/** What an operation needs of a blob that stands there already, and of the piece that it adds. */
import type { Stats } from 'node:fs'
import { HttpError } from '../../../http/errors.ts'
import { keptOf, type Lake } from '../lake.ts'
import type { LakeCall } from '../lake-call.ts'

/** Page blobs are not served. */
export type BlobType = 'BlockBlob' | 'AppendBlob'

/**
 * A blob keeps its type for life: neither another operation nor a new upload changes it.
 * @param stats undefined: nothing stands there, and any type may. @throws HttpError 409
 */
export function requireType(lake: Lake, call: LakeCall, stats: Stats | undefined, type: BlobType): void {
  if (!stats || stats.isDirectory()) return
  const standing: BlobType = keptOf(lake, call, stats).append ? 'AppendBlob' : 'BlockBlob'
  if (standing !== type)
    throw new HttpError(409, 'InvalidBlobType', 'The blob type is invalid for this operation.')
}
