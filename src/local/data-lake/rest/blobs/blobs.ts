/** Operations on blobs: properties, Put Blob, delete, expiry. Reads, copies, blocks and appends have files of their own. */
import { rmdirSync, rmSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { HttpError } from '../../../http/errors.ts'
import type { Operation } from '../../operations/operation.ts'
import { operationOf, refuseUnserved } from '../../operations/table.ts'
import { checkConditions } from '../../store/entry.ts'
import { writeFilePieces } from '../../store/file-pieces.ts'
import { entryAt } from '../../store/names.ts'
import type { Properties } from '../../store/properties.ts'
import { diskError } from '../../store/storage-errors.ts'
import { checkAgent } from '../agent-rights.ts'
import { checkMd5, md5Of, readChecked, textOf } from '../checked-body.ts'
import { keyOf } from '../customer-keys.ts'
import { expiryIn } from '../expiry.ts'
import {
  answer,
  answerProperties,
  forgetPath,
  found,
  guardRead,
  guardWrite,
  type Handlers,
  keep,
  keptOf,
  type Lake,
  writtenHeaders,
} from '../lake.ts'
import { given, type LakeCall } from '../lake-call.ts'
import { prepareAccess } from '../new-access.ts'
import { makeFolder } from '../new-folder.ts'
import { contentIn, metadataHeaders, metadataOut, overrides } from '../property-headers.ts'
import { asHttpError, isDfs } from '../refusals.ts'
import { snapshotIn } from '../snapshot-time.ts'
import { tierOf } from '../tiers.ts'
import { answerBatch, type BatchDelete, MAX_BATCH_BYTES } from './blob-batch.ts'
import { readBlob } from './blob-read.ts'
import { checkTierConditions } from './blob-tier.ts'
import { requireType } from './blob-type.ts'
import { removeSnapshots } from './snapshots.ts'

/** Of one request: a whole blob, or one block. It is kept in memory until it is written. */
export const MAX_BLOB_BYTES = 256 * 1024 * 1024

type Operations = Pick<
  Handlers,
  | 'getBlob'
  | 'getProperties'
  | 'getMetadata'
  | 'putBlob'
  | 'setBlobMetadata'
  | 'setBlobProperties'
  | 'setExpiry'
  | 'deleteBlob'
  | 'containerBatch'
  | 'accountBatch'
>

export function blobOperations(lake: Lake): Operations {
  /** Replaces either all metadata or all content headers; the other stays. */
  const change = (call: LakeCall, changed: (kept: Properties) => Properties) => {
    const stats = found(lake, call)
    guardWrite(lake, call, stats)
    const properties = changed(keptOf(lake, call, stats))
    const after = keep(lake, call, properties, lake.folder.touch(call.container, call.path))
    answer(call, 200, writtenHeaders(after))
  }
  return {
    getBlob: (call) => readBlob(call, lake),
    getProperties: (call) => {
      const stats = found(lake, call)
      guardRead(lake, call, stats)
      answerProperties(lake, call, stats, overrides(call.query))
    },
    getMetadata: (call) => {
      const stats = found(lake, call)
      guardRead(lake, call, stats)
      const mark = stats.isDirectory() ? { hdi_isfolder: 'true' } : {}
      const metadata = { ...keptOf(lake, call, stats).metadata, ...mark }
      answer(call, 200, { ...writtenHeaders(stats), ...metadataOut(metadata) })
    },
    putBlob: (call) => putBlob(lake, call),
    setBlobMetadata: (call) => change(call, (kept) => ({ ...kept, metadata: metadataHeaders(call.request) })),
    setBlobProperties: (call) => change(call, (kept) => ({ ...kept, content: setContent(call) })),
    setExpiry: (call) => {
      const stats = found(lake, call)
      if (stats.isDirectory())
        throw new HttpError(409, 'ResourceTypeMismatch', 'A directory has no time at which it expires.')
      guardWrite(lake, call, stats)
      const { expiresAt: _, ...kept } = keptOf(lake, call, stats)
      const properties = { ...kept, ...expiryIn(call, lake.clock.now(), stats.birthtimeMs) }
      // The ETag stays, as recorded of a live account (azure-cli, test_adls_file_set_expiry_scenarios).
      answer(call, 200, writtenHeaders(keep(lake, call, properties, stats)))
    },
    deleteBlob: (call) => {
      const stats = found(lake, call)
      if (snapshotIn(call.query) === undefined) guardWrite(lake, call, stats)
      else checkConditions(call.request, stats, { isRead: false })
      removeBlob(lake, call, call.request.headers)
      answer(call, 202, { 'x-ms-delete-type-permanent': 'true' })
    },
    containerBatch: (call) => batch(lake, call),
    accountBatch: (call) => batch(lake, call),
  }
}

/** What Set Blob Properties leaves out is cleared, the type too: azblob's recorded test of it reads none afterwards. */
function setContent(call: LakeCall): Record<string, string> {
  const content = contentIn(call.request)
  return given(call, 'x-ms-blob-content-type') === undefined ? { ...content, 'content-type': '' } : content
}

async function putBlob(lake: Lake, call: LakeCall): Promise<void> {
  const { container, path, request } = call
  const place = lake.folder.resolve(container, path)
  const properties = {
    metadata: metadataHeaders(request),
    content: contentIn(request, { plain: true }),
    ...keyOf(call),
  }
  const crc64 = given(call, 'x-ms-content-crc64')
  // Checked before the body too: there is no need to read a body that is refused anyway.
  guardPut(lake, call, place)
  const body = await readChecked(request, MAX_BLOB_BYTES, { needsMd5: true, isBlob: true })
  const { pieces, bytes, headers } = body
  const md5 = body.md5 ?? md5Of(pieces)
  checkMd5(md5, given(call, 'x-ms-blob-content-md5'))
  const standing = guardPut(lake, call, place)
  const { isFolder, metadata } = folderMark(properties.metadata)
  if (isFolder && bytes === 0) {
    const ofFolder = () => ({ ...properties, metadata, ...prepareAccess(lake, call, { isDirectory: true }) })
    answer(call, 201, writtenHeaders(makeFolder(lake, call, entryAt(place), ofFolder)))
    return
  }
  const release = lake.folder.reserve(bytes)
  let access = {}
  try {
    const whole = lake.folder.unfinishedFile()
    try {
      writeFilePieces(whole, pieces)
    } catch (error) {
      rmSync(whole, { force: true })
      throw diskError(error, place)
    }
    access = prepareAccess(lake, call)
    lake.folder.adoptOrDrop(whole, container, path, { overwrite: true })
    lake.uploads.forget(container, path)
  } finally {
    release()
  }
  const stats = keep(lake, call, {
    ...properties,
    ...access,
    ...tierOf(lake, call, standing),
    isOfBlobs: true,
    content: { ...properties.content, 'content-md5': md5 },
    ...(crc64 !== undefined && { crc64 }),
  })
  answer(call, 201, { ...writtenHeaders(stats), ...headers, 'content-md5': md5 })
}

/** With a hierarchical namespace an empty blob of this metadata makes a folder: rclone and azcopy make theirs so. */
function folderMark(metadata: Record<string, string>) {
  const isMark = (name: string) => name.toLowerCase() === 'hdi_isfolder'
  const all = Object.entries(metadata)
  return {
    isFolder: all.some(([name, value]) => isMark(name) && value.toLowerCase() === 'true'),
    metadata: Object.fromEntries(all.filter(([name]) => !isMark(name))),
  }
}

function guardPut(lake: Lake, call: LakeCall, place: string): Properties {
  const stats = entryAt(place)
  guardWrite(lake, call, stats)
  return requireType(lake, call, stats, 'BlockBlob')
}

function removeBlob(lake: Lake, call: LakeCall, headers: IncomingHttpHeaders): void {
  const { container, path } = call
  checkTierConditions(lake, call, headers)
  if (!removeSnapshots(lake, call, headers)) return
  if (found(lake, call).isDirectory()) removeDirectory(lake, call)
  else lake.folder.remove(container, path)
  forgetPath(lake, container, path)
}

/** Clients without DFS delete what is in a folder, and then the folder. */
function removeDirectory({ folder }: Lake, { container, path, request }: LakeCall): void {
  try {
    rmdirSync(folder.resolve(container, path))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw cause
    // The other interface has another word for it, and its clients may leave `recursive` out.
    const code = isDfs(request) ? 'DirectoryNotEmpty' : 'DirectoryIsNotEmpty'
    throw new HttpError(409, code, 'This operation is not permitted on a non-empty directory.', { cause })
  }
}

async function batch(lake: Lake, call: LakeCall): Promise<void> {
  const text = textOf(await readChecked(call.request, MAX_BATCH_BYTES))
  const { type, body } = answerBatch(call, text, ({ container, path, query, headers }) => {
    try {
      const operation = operationOfPart({ query, headers })
      const one: LakeCall = { ...call, method: 'DELETE', container, path, query, operation }
      checkAgent(lake, one)
      const stats = found(lake, one)
      checkConditions({ headers }, stats, { isRead: false })
      if (snapshotIn(query) === undefined) lake.leases.check(one, headers['x-ms-lease-id'], { isWrite: true })
      removeBlob(lake, one, headers)
    } catch (error) {
      throw asHttpError(error)
    }
  })
  answer(call, 202, { 'content-type': type }, body)
}

/** A part may carry what a delete by itself may: one of a version must not delete the blob. @throws HttpError 400 */
function operationOfPart({ query, headers }: Pick<BatchDelete, 'query' | 'headers'>): Operation {
  const asked = { method: 'DELETE', level: 'path', query, headers } as const
  const operation = operationOf(asked)
  if (operation?.id !== 'deleteBlob')
    throw new HttpError(400, 'InvalidInput', 'A part of a batch deletes one blob.')
  refuseUnserved(operation, asked)
  return operation
}
