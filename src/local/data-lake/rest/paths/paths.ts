/** Operations on paths that change what stands there: create, append, flush, properties, delete, rename. */
import { rmdirSync, type Stats, writeFileSync } from 'node:fs'
import { HttpError } from '../../../http/errors.ts'
import { existing } from '../../store/entry.ts'
import { listFolder } from '../../store/listing.ts'
import { entryAt } from '../../store/names.ts'
import type { Properties } from '../../store/properties.ts'
import { diskError } from '../../store/storage-errors.ts'
import { readPiece } from '../checked-body.ts'
import { keyOf } from '../customer-keys.ts'
import { expiryIn } from '../expiry.ts'
import {
  answer,
  forgetPath,
  found,
  guardWrite,
  type Handlers,
  keep,
  keptOf,
  type Lake,
  requireUsable,
  writtenHeaders,
} from '../lake.ts'
import { given, type LakeCall, truth, word } from '../lake-call.ts'
import { leaseAround, leaseOfNew } from '../leasing.ts'
import { prepareAccess } from '../new-access.ts'
import { makeFolder } from '../new-folder.ts'
import { contentIn, propertiesIn } from '../property-headers.ts'
import { hasSnapshots } from '../refusals.ts'
import { renamePath } from './rename.ts'
import { transactionIn } from './transaction.ts'

const MAX_APPEND_BYTES = 100 * 1024 * 1024
const MAX_CONTEXT_CHARACTERS = 1024
const CONDITIONS = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']

type Operations = Pick<
  Handlers,
  | 'createFile'
  | 'createDirectory'
  | 'renamePath'
  | 'appendData'
  | 'flushData'
  | 'setPathProperties'
  | 'deletePath'
>

export function pathOperations(lake: Lake): Operations {
  return {
    createFile: (call) => createFile(lake, call),
    createDirectory: (call) => createDirectory(lake, call),
    renamePath: (call) => {
      const lease = leaseOfNew(lake, call)
      const stats = renamePath(call, lake)
      lease()
      answer(call, 201, writtenHeaders(stats))
    },
    appendData: (call) => append(lake, call),
    flushData: (call) => {
      const headers = leaseAround(lake, call, { isFlush: true }, (leased) => {
        const before = found(lake, leased)
        guardWrite(lake, leased, before)
        if (!before.isFile()) throw new HttpError(409, 'PathConflict', 'A directory takes no data.')
        return writtenHeaders(makeVisible(lake, leased, position(leased)))
      })
      answer(call, 200, headers)
    },
    setPathProperties: (call) => {
      const stats = found(lake, call)
      guardWrite(lake, call, stats)
      const kept = keptOf(lake, call, stats)
      const { metadata, content } = propertiesIn(call.request)
      const changed = { ...kept, metadata, content: { ...kept.content, ...content } }
      const after = keep(lake, call, changed, lake.folder.touch(call.container, call.path))
      answer(call, 200, writtenHeaders(after))
    },
    deletePath: (call) => {
      const stats = found(lake, call)
      guardWrite(lake, call, stats)
      remove(lake, call, stats)
      answer(call, 200, { 'x-ms-delete-type-permanent': 'true' })
    },
  }
}

function createFile(lake: Lake, call: LakeCall): void {
  const lease = leaseOfNew(lake, call)
  const { container, path } = call
  const before = entryAt(lake.folder.resolve(container, path))
  guardWrite(lake, call, before)
  if (before?.isDirectory()) throw conflict('A directory stands at this path.', before)
  const properties = ofNew(lake, call, false)
  const empty = lake.folder.unfinishedFile()
  try {
    writeFileSync(empty, '')
  } catch (error) {
    throw diskError(error, lake.folder.resolve(container, path))
  }
  lake.uploads.forget(container, path)
  lake.folder.adoptOrDrop(empty, container, path, { overwrite: true })
  const stats = keep(lake, call, properties)
  lease()
  answer(call, 201, writtenHeaders(stats))
}

function createDirectory(lake: Lake, call: LakeCall): void {
  const lease = leaseOfNew(lake, call)
  const before = entryAt(lake.folder.resolve(call.container, call.path))
  guardWrite(lake, call, before)
  const stats = makeFolder(lake, call, before, () => ofNew(lake, call, true))
  lease()
  answer(call, 201, writtenHeaders(stats))
}

const conflict = (message: string, before: Stats) =>
  new HttpError(409, 'PathConflict', message, { headers: existing(before) })

/** Properties that a request sets on the path it creates. */
function ofNew(lake: Lake, call: LakeCall, isDirectory: boolean): Properties {
  const now = lake.clock.now()
  const expiry = expiryIn(call, now, now)
  if (isDirectory && expiry.expiresAt !== undefined)
    throw new HttpError(400, 'ExpiryNotSupportedForDirectory', 'Set Expiry is not supported for a directory')
  const context = given(call, 'x-ms-encryption-context')
  if (context !== undefined && context.length > MAX_CONTEXT_CHARACTERS)
    throw new HttpError(
      400,
      'InvalidHeaderValue',
      `x-ms-encryption-context has at most ${MAX_CONTEXT_CHARACTERS} characters.`,
    )
  return {
    ...propertiesIn(call.request),
    ...(!isDirectory && { isOfLake: true }),
    ...(context !== undefined && { encryptionContext: context }),
    ...transactionIn(call),
    ...keyOf(call),
    ...expiry,
    ...prepareAccess(lake, call, { isDirectory }),
  }
}

async function append(lake: Lake, call: LakeCall): Promise<void> {
  const { container, path } = call
  if (CONDITIONS.some((name) => given(call, name) !== undefined))
    throw new HttpError(
      400,
      'ConditionHeadersNotSupported',
      'Condition headers are not supported: an append has none; give them to the flush.',
    )
  checkLease(lake, call)
  const { pieces, bytes, headers } = await readPiece(call.request, MAX_APPEND_BYTES)
  const isFlush = word(call, 'flush') === 'true'
  const done = leaseAround(lake, call, { isFlush }, (leased) => {
    checkLease(lake, leased)
    requireAppendable(lake, leased)
    lake.uploads.append(container, path, position(call), pieces)
    // Recorded of a live account (azure-sdk-for-js, append_with_acquire_lease): the type of what is sent becomes the file's.
    const type = call.request.headers['content-type']
    return isFlush ? writtenHeaders(makeVisible(lake, leased, position(call) + bytes, type)) : {}
  })
  answer(call, 202, { ...done, ...headers })
}

/**
 * Told once the body is there: Hadoop's driver, which waits with it, cannot read the code of an answer that comes before, and turns to
 * the other interface by it. Nothing need stand there yet: what takes the data says so. @throws HttpError 409
 */
function requireAppendable(lake: Lake, call: LakeCall): void {
  const stats = entryAt(lake.folder.resolve(call.container, call.path))
  requireUsable(lake, call, stats)
  if (keptOf(lake, call, stats).isOfBlobs)
    throw new HttpError(
      409,
      'InvalidAppendOperation',
      'The resource was created or modified by the Azure Blob Service API and cannot be appended to by the Azure Data Lake Storage Service API.',
    )
}

/** One that is about to be taken cannot be shown yet, and one that is about to be renewed may have ended. */
function checkLease({ leases }: Lake, call: LakeCall): void {
  const id = given(call, 'x-ms-lease-id')
  const action = given(call, 'x-ms-lease-action')?.toLowerCase()
  const takes = action === 'auto-renew' || (id === undefined && action?.startsWith('acquire'))
  if (!takes) leases.check(call, id, { isWrite: true })
}

/**
 * Keeps the file's properties, except its content, the headers that the request sets for it, and its type: without one it has the default
 * again, as recorded of live accounts (azure-cli, test_adls_file_scenarios; told too in azure-sdk-for-python's pull request 10066).
 */
function makeVisible(
  lake: Lake,
  call: LakeCall,
  upTo: number,
  type: string | undefined = given(call, 'x-ms-content-type'),
): Stats {
  const { container, path, request } = call
  const kept = keptOf(lake, call, found(lake, call))
  if (kept.isOfBlobs)
    throw new HttpError(
      409,
      'InvalidFlushOperation',
      'The resource was created or modified by the Blob Service API and cannot be written to by the Data Lake Storage Service API.',
    )
  const { 'content-md5': _, 'content-type': __, ...content } = kept.content ?? {}
  lake.uploads.flush(container, path, upTo, { isRetaining: word(call, 'retainuncommitteddata') === 'true' })
  const headers = { ...request.headers, ...(type !== undefined && { 'x-ms-content-type': type }) }
  return keep(lake, call, { ...kept, content: { ...content, ...contentIn({ headers }) } })
}

function remove(lake: Lake, call: LakeCall, stats: Stats): void {
  const { folder, uploads, kept, leases, snapshots } = lake
  const { container, path } = call
  if (stats.isFile() && snapshots.of(call).length > 0) throw hasSnapshots('file')
  const isRecursive = truth(call, 'recursive') === true
  if (stats.isFile()) folder.remove(container, path)
  else if (isRecursive) removeTree(lake, container, path)
  else rmdirSync(folder.resolve(container, path))
  forgetPath(lake, container, path)
  uploads.forgetBelow(container, path)
  kept.forgetBelow(container, path)
  snapshots.forgetBelow({ container, path })
  leases.forgetBelow({ container, path })
}

function removeTree({ folder }: Lake, container: string, path: string): void {
  const root = folder.resolve(container, '')
  const all = [...listFolder({ root, folder: path, recursive: true, from: undefined })]
  for (const { path: file, isDirectory } of all) if (!isDirectory) folder.remove(container, file)
  for (const { path: one, isDirectory } of all.reverse())
    if (isDirectory) rmdirSync(folder.resolve(container, one))
  rmdirSync(folder.resolve(container, path))
}

function position({ query }: LakeCall): number {
  const value = Number(query.get('position') || Number.NaN)
  if (!Number.isSafeInteger(value) || value < 0)
    throw new HttpError(
      400,
      'InvalidQueryParameterValue',
      'position must be a whole number that is not negative.',
    )
  return value
}
