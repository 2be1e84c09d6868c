/** Get Blob, https://learn.microsoft.com/rest/api/storageservices/get-blob, whole or in part. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { HttpError } from '../http/errors.ts'
import { checkConditions, entryHeaders } from './entry.ts'
import { diskError } from './errors.ts'
import type { LakeFolder } from './folder.ts'
import type { PathProperties } from './properties.ts'
import { overrides, propertyHeaders } from './property-headers.ts'
import type { LakeCall } from './server.ts'

/** Everything is of the one file that was opened, whatever replaces it meanwhile. */
export async function readBlob(
  call: LakeCall,
  folder: LakeFolder,
  properties: PathProperties,
): Promise<void> {
  const place = folder.resolve(call.container, call.path)
  const file = await open(place, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch((error) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      throw new HttpError(404, 'BlobNotFound', 'The specified blob does not exist.', { cause: error })
    throw diskError(error)
  })
  try {
    const stats = await file.stat()
    if (stats.isDirectory()) throw new HttpError(409, 'ResourceTypeMismatch', 'A directory has no content.')
    checkConditions(call.request, stats, { isRead: true })
    const { headers } = call.request
    const range = rangeOf(String(headers['x-ms-range'] ?? headers.range ?? ''), stats.size)
    const length = range ? range.end - range.start + 1 : stats.size
    call.response.writeHead(range ? 206 : 200, {
      ...call.headers,
      ...entryHeaders(stats),
      ...propertyHeaders(properties.of(call.container, call.path, stats), { isPart: range !== undefined }),
      ...overrides(call.query),
      'accept-ranges': 'bytes',
      'content-length': length,
      ...(range ? { 'content-range': `bytes ${range.start}-${range.end}/${stats.size}` } : {}),
    })
    // Up to the length that was told: the file itself may only have been appended to.
    const span = range ?? { start: 0, end: stats.size - 1 }
    if (length === 0) call.response.end()
    else await pipeline(file.createReadStream({ ...span, autoClose: false }), call.response)
  } finally {
    await file.close()
  }
}

/**
 * @returns undefined for the whole file, also when the header is no range of bytes.
 * @throws HttpError 416 when the range begins behind the end.
 */
export function rangeOf(header: string, size: number): { start: number; end: number } | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(size - 1, Number(last))
  if (start >= size)
    throw new HttpError(
      416,
      'InvalidRange',
      'The range specified is invalid for the current size of the resource.',
      { headers: { 'content-range': `bytes */${size}` } },
    )
  return { start, end }
}
