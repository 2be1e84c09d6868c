/** What an operation needs of a blob that stands there already, and of the piece that it adds. */
import type { Stats } from 'node:fs'
import { HttpError } from '../../../http/errors.ts'
import type { Properties } from '../../store/properties.ts'
import { keptOf, type Lake } from '../lake.ts'
import type { LakeCall } from '../lake-call.ts'

/** Page blobs are not served. */
export type BlobType = 'BlockBlob' | 'AppendBlob'

/**
 * A blob keeps its type for life: neither another operation nor a new upload changes it.
 * @param stats undefined: nothing stands there, and any type may.
 * @returns the properties of what stands there. @throws HttpError 409
 */
export function requireType(
  lake: Lake,
  call: LakeCall,
  stats: Stats | undefined,
  type: BlobType,
): Properties {
  if (!stats || stats.isDirectory()) return {}
  const standing = keptOf(lake, call, stats)
  const found: BlobType = standing.append ? 'AppendBlob' : 'BlockBlob'
  if (found !== type) throw invalidType()
  return standing
}

/** In the service's words. */
export const invalidType = (): HttpError =>
  new HttpError(409, 'InvalidBlobType', 'The blob type is invalid for this operation.')
