/** Get Blob, https://learn.microsoft.com/rest/api/storageservices/get-blob, whole or in part. */
import { constants, type Stats } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { HttpError } from '../../http/errors.ts'
import { readSmallFile } from '../../storage/sync-io.ts'
import { checkConditions, entryHeaders } from '../store/entry.ts'
import type { LakeFolder } from '../store/folder.ts'
import type { PathProperties } from '../store/properties.ts'
import { diskError } from '../store/storage-errors.ts'
import type { LakeCall } from './lake-call.ts'
import { overrides, propertyHeaders } from './property-headers.ts'

const NO_FOLLOW = constants.O_NOFOLLOW ?? 0

/** Everything is of the one file that was opened, whatever replaces it meanwhile. */
export async function readBlob(
  call: LakeCall,
  folder: LakeFolder,
  properties: PathProperties,
): Promise<void> {
  const place = folder.resolve(call.container, call.path)
  try {
    const small = readSmallFile(place, NO_FOLLOW)
    if (small) {
      const { start, end } = writeHead(call, properties, small.stats)
      call.response.end(small.bytes.subarray(start, end + 1))
      return
    }
    const file = await open(place, constants.O_RDONLY | NO_FOLLOW)
    try {
      const span = writeHead(call, properties, await file.stat())
      // Another file may stand there since the first look: one without content.
      if (span.end < span.start) call.response.end()
      else await pipeline(file.createReadStream({ ...span, autoClose: false }), call.response)
    } finally {
      await file.close()
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw diskError(error)
    throw new HttpError(404, 'BlobNotFound', 'The specified blob does not exist.', { cause: error })
  }
}

/**
 * Judges the request by the file as it is, and answers with everything but the content.
 * @returns first and last byte to send, both included. The file may be appended to meanwhile: what was told is sent.
 */
function writeHead(call: LakeCall, properties: PathProperties, stats: Stats): { start: number; end: number } {
  if (stats.isDirectory()) throw new HttpError(409, 'ResourceTypeMismatch', 'A directory has no content.')
  checkConditions(call.request, stats, { isRead: true })
  const { headers } = call.request
  const range = rangeOf(String(headers['x-ms-range'] ?? headers.range ?? ''), stats.size)
  const span = range ?? { start: 0, end: stats.size - 1 }
  call.response.writeHead(range ? 206 : 200, {
    ...call.headers,
    ...entryHeaders(stats),
    ...propertyHeaders(properties.of(call.container, call.path, stats), { isPart: range !== undefined }),
    ...overrides(call.query),
    'accept-ranges': 'bytes',
    'content-length': span.end - span.start + 1,
    ...(range ? { 'content-range': `bytes ${range.start}-${range.end}/${stats.size}` } : {}),
  })
  return span
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
