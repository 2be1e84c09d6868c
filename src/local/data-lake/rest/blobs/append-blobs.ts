/** Append blobs, https://learn.microsoft.com/rest/api/storageservices/append-block: files that only grow, where they stand. */
import { type Stats, writeFileSync } from 'node:fs'
import { HttpError } from '../../../http/errors.ts'
import { invalidHeader } from '../../store/invalid-header.ts'
import { entryAt } from '../../store/names.ts'
import type { Properties } from '../../store/properties.ts'
import { diskError } from '../../store/storage-errors.ts'
import { type CheckedBody, readPiece } from '../checked-body.ts'
import { keyOf } from '../customer-keys.ts'
import { answer, found, guardWrite, type Handlers, keep, keptOf, type Lake, writtenHeaders } from '../lake.ts'
import { given, type LakeCall } from '../lake-call.ts'
import { prepareAccess } from '../new-access.ts'
import { contentIn, metadataHeaders } from '../property-headers.ts'
import { sourcePiece } from './blob-copy.ts'
import { invalidType, requireType } from './blob-type.ts'

const MAX_APPEND_BYTES = 100 * 1024 * 1024
const MAX_BLOCKS = 50_000

type Operations = Pick<Handlers, 'putAppendBlob' | 'appendBlock' | 'appendBlockFromUrl' | 'sealBlob'>

/** The handlers of append blobs. An append that a kill cut off is undone at the next start. */
export function appendOperations(lake: Lake): Operations {
  const append = async (call: LakeCall, content: () => Promise<CheckedBody>) => {
    // Checked before the body too: there is no need to read a body that is refused anyway.
    guard(lake, call, 0)
    const { pieces, bytes, headers } = await content()
    const { stats, properties, blocks } = guard(lake, call, bytes)
    const { 'content-md5': _, ...rest } = properties.content ?? {}
    // Noted first: the next start undoes an append that a kill cut off.
    keep(lake, call, { ...properties, append: { blocks, from: stats.size } }, stats)
    const { container, path } = call
    const after = appendOrForget(lake, call, pieces, stats, properties)
    lake.kept.set(container, path, after, { ...properties, content: rest, append: { blocks: blocks + 1 } })
    answer(call, 201, {
      ...writtenHeaders(after),
      ...headers,
      'x-ms-blob-append-offset': String(stats.size),
      'x-ms-blob-committed-block-count': String(blocks + 1),
    })
  }
  return {
    putAppendBlob: (call) => create(lake, call),
    appendBlock: (call) => append(call, () => readPiece(call.request, MAX_APPEND_BYTES)),
    appendBlockFromUrl: (call) => append(call, () => sourcePiece(lake, call)),
    sealBlob: (call) => {
      const stats = found(lake, call)
      guardWrite(lake, call, stats)
      const { properties, append: before } = appendBlobOf(lake, call, stats)
      checkPosition(call, stats)
      const after = lake.folder.touch(call.container, call.path)
      keep(lake, call, { ...properties, append: { ...before, isSealed: true } }, after)
      answer(call, 200, { ...writtenHeaders(after), 'x-ms-blob-sealed': 'true' })
    },
  }
}

function appendOrForget(
  lake: Lake,
  call: LakeCall,
  data: readonly Buffer[],
  stats: Stats,
  properties: Properties,
): Stats {
  try {
    return lake.folder.append(call.container, call.path, data)
  } catch (error) {
    // As it was.
    lake.kept.set(call.container, call.path, stats, properties)
    throw error
  }
}

function create(lake: Lake, call: LakeCall): void {
  const { container, path, request } = call
  const standing = entryAt(lake.folder.resolve(container, path))
  guardWrite(lake, call, standing)
  requireType(lake, call, standing, 'AppendBlob')
  if (Number(request.headers['content-length'] ?? 0) > 0)
    throw new HttpError(400, 'InvalidHeaderValue', 'An append blob is made empty, and then appended to.')
  const properties = {
    metadata: metadataHeaders(request),
    content: contentIn(request, { plain: true }),
    ...keyOf(call),
  }
  const empty = lake.folder.unfinishedFile()
  try {
    writeFileSync(empty, '')
  } catch (error) {
    throw diskError(error, lake.folder.resolve(container, path))
  }
  const access = prepareAccess(lake, call)
  lake.folder.adoptOrDrop(empty, container, path, { overwrite: true })
  lake.uploads.forget(container, path)
  const stats = keep(lake, call, { ...properties, ...access, append: { blocks: 0 }, isOfBlobs: true })
  answer(call, 201, writtenHeaders(stats))
}

/** @throws HttpError 404 to 412 when it must not be appended to. */
function guard(lake: Lake, call: LakeCall, bytes: number) {
  const stats = found(lake, call)
  guardWrite(lake, call, stats)
  const { properties, append } = appendBlobOf(lake, call, stats)
  if (append.isSealed) throw new HttpError(409, 'BlobIsSealed', 'The specified blob is sealed.')
  if (append.blocks >= MAX_BLOCKS)
    throw new HttpError(409, 'BlockCountExceedsLimit', `An append blob has at most ${MAX_BLOCKS} blocks.`)
  checkPosition(call, stats)
  const most = wholeIn(call, 'x-ms-blob-condition-maxsize')
  if (most !== undefined && stats.size + bytes > most)
    throw new HttpError(
      412,
      'MaxBlobSizeConditionNotMet',
      'The max blob size condition specified was not met.',
    )
  return { stats, properties, blocks: append.blocks }
}

function appendBlobOf(lake: Lake, call: LakeCall, stats: Stats) {
  const properties = keptOf(lake, call, stats)
  if (properties.append) return { properties, append: properties.append }
  throw invalidType()
}

function checkPosition(call: LakeCall, stats: Stats): void {
  const position = wholeIn(call, 'x-ms-blob-condition-appendpos')
  if (position !== undefined && position !== stats.size)
    throw new HttpError(
      412,
      'AppendPositionConditionNotMet',
      'The append position condition specified was not met.',
    )
}

/** A header of bytes. @throws HttpError 400 */
function wholeIn(call: LakeCall, name: string): number | undefined {
  const text = given(call, name)
  if (text === undefined || /^\d{1,15}$/.test(text)) return text === undefined ? undefined : Number(text)
  throw invalidHeader(name, text, 'is a whole number that is not negative')
}
