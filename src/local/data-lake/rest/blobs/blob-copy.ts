/** Copy Blob, Put Blob From URL and the pieces of Put Block and Append Block From URL, within the lake: https://learn.microsoft.com/rest/api/storageservices/copy-blob */
import { createHash } from 'node:crypto'
import { constants, createReadStream, lstatSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs'
import { copyFile, open } from 'node:fs/promises'
import { HttpError } from '../../../http/errors.ts'
import { Crc64, crc64 } from '../../checksums/crc64.ts'
import { invalidParameter } from '../../operations/table.ts'
import { invalidHeader } from '../../store/invalid-header.ts'
import { entryAt } from '../../store/names.ts'
import type { Properties } from '../../store/properties.ts'
import { diskError } from '../../store/storage-errors.ts'
import { type OnlineTier, rehydrating, tierAt } from '../../store/tiers.ts'
import { type CheckedBody, checkCrc64, checkForms, checkMd5, md5Of } from '../checked-body.ts'
import { keyOf } from '../customer-keys.ts'
import { answer, found, guardWrite, type Handlers, keep, keptOf, type Lake, writtenHeaders } from '../lake.ts'
import { given, type LakeCall, queryOf } from '../lake-call.ts'
import { prepareAccess } from '../new-access.ts'
import { contentIn, metadataHeaders } from '../property-headers.ts'
import { priorityIn, tierIn, tierOf } from '../tiers.ts'
import { rangeOf } from './blob-read.ts'
import { invalidType, requireType } from './blob-type.ts'
import { MAX_BLOB_BYTES } from './blobs.ts'
import { copySource } from './copy-source.ts'

const GUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** The handlers of copies; a copy is done before it is answered, so nothing is pending but copies of archived blobs. */
export function copyOperations(lake: Lake): Pick<Handlers, 'copyBlob' | 'putBlobFromUrl' | 'abortCopy'> {
  return {
    copyBlob: (call) => copy(lake, call, { isPut: false }),
    putBlobFromUrl: (call) => copy(lake, call, { isPut: true }),
    abortCopy: (call) => abortCopy(lake, call),
  }
}

async function copy(lake: Lake, call: LakeCall, { isPut }: { isPut: boolean }): Promise<void> {
  const { container, path, request } = call
  const metadata = metadataHeaders(request)
  const place = lake.folder.resolve(container, path)
  const { source, checksums, kept } = await copyFrom(lake, call, isPut)
  const hasOwn = Object.keys(metadata).length > 0
  const made = statSync(place)
  const done = {
    id: crypto.randomUUID(),
    source: sourceTold(String(request.headers['x-ms-copy-source'])),
    completedAt: made.mtime.toUTCString(),
    bytes: made.size,
    // The copy is read when the archived source has been: clients ask until then.
    ...(kept.tier?.rehydration && { pendingUntil: kept.tier.rehydration.doneAt }),
  }
  // Without the header the copy is sealed if its source is.
  const seal = given(call, 'x-ms-seal-blob')?.toLowerCase()
  const isSealed = seal === undefined ? source.append?.isSealed === true : seal === 'true'
  const withContent = given(call, 'x-ms-copy-source-blob-properties')?.toLowerCase() !== 'false'
  const stats = keep(lake, call, {
    ...(hasOwn ? { metadata } : source.metadata && { metadata: source.metadata }),
    content: {
      ...(withContent ? source.content : {}),
      ...contentIn(request),
      ...(isPut && checksums && { 'content-md5': checksums.md5 }),
    },
    ...kept,
    ...keyOf(call),
    ...(source.append && !isPut ? { append: { ...source.append, isSealed } } : {}),
    // Put Blob From URL leaves no trace of its source (azure-sdk-for-js, recorded as syncuploadfromurl_with_public_source_should_work).
    ...(!isPut && { copy: done }),
    isOfBlobs: true,
  })
  const md5 = given(call, 'x-ms-source-content-md5')
  answer(call, isPut ? 201 : 202, {
    ...writtenHeaders(stats),
    ...(isPut
      ? {}
      : { 'x-ms-copy-id': done.id, 'x-ms-copy-status': done.pendingUntil ? 'pending' : 'success' }),
    ...(md5 && checksums ? { 'content-md5': md5 } : {}),
    // Recorded of a live account (azure-sdk-for-js, sync_copy_with_cold_tier): only of what is copied at once.
    ...(checksums && { 'x-ms-content-crc64': checksums.crc64, 'x-ms-request-server-encrypted': 'true' }),
  })
}

/** Of the query only the snapshot is told: it may contain a signature. */
function sourceTold(url: string): string {
  const [address = '', query = ''] = url.split('?')
  const snapshot = queryOf(query).get('snapshot')
  return snapshot ? `${address}?snapshot=${snapshot}` : address
}

/** Copy Blob From URL; clients write the word in any case. */
const isAtOnce = (call: LakeCall): boolean => given(call, 'x-ms-requires-sync')?.toLowerCase() === 'true'

interface Checksums {
  /** base64 */
  md5: string
  crc64: string
}

/**
 * Copies a file; what becomes visible is whole.
 * @returns the source's properties, the content's checksums where something is made of them, and what the copy has of its own.
 */
async function copyFrom(
  lake: Lake,
  call: LakeCall,
  isPut: boolean,
): Promise<{
  source: Properties
  checksums: Checksums | undefined
  kept: Pick<Properties, 'access' | 'tier'>
}> {
  const { folder, uploads } = lake
  const { container, path } = call
  const target = folder.resolve(container, path)
  const from = copySource(lake, call, { isRead: isPut || isAtOnce(call) })
  const source = from.properties
  const type = source.append && !isPut ? 'AppendBlob' : 'BlockBlob'
  const guard = () => {
    const stats = entryAt(target)
    guardTarget(lake, call, stats)
    if (!isPut && !isAtOnce(call)) requireEndless(lake, call)
    return requireType(lake, call, stats, type)
  }
  if (type === 'AppendBlob' && tierIn(call)) throw invalidType()
  guard()
  if (!from.isSnapshot) lake.leases.check(from, given(call, 'x-ms-source-lease-id'), { isWrite: false })
  const expected = given(call, 'x-ms-source-content-md5')
  let checksums: Checksums | undefined
  let own: Pick<Properties, 'access' | 'tier'> = {}
  const release = folder.reserve(from.stats.size)
  const unfinished = folder.unfinishedFile()
  try {
    await copyFile(from.place, unfinished, constants.COPYFILE_FICLONE)
    if (lstatSync(unfinished).size !== from.stats.size)
      throw new HttpError(409, 'CopySourceChanged', 'The source of the copy has changed meanwhile.')
    if (isPut || isAtOnce(call) || expected !== undefined) checksums = await checksumsOf(unfinished)
    if (checksums) checkMd5(checksums.md5, expected)
    const standing = guard()
    own = {
      ...prepareAccess(lake, call),
      ...(type === 'BlockBlob' && tierOfCopy(lake, call, source, standing)),
    }
    folder.adopt(unfinished, container, path, { overwrite: true })
    uploads.forget(container, path)
  } catch (error) {
    throw diskError(error, folder.resolve(container, path))
  } finally {
    // Gone already when the copy has been placed.
    rmSync(unfinished, { force: true })
    release()
  }
  return { source, checksums: isPut || isAtOnce(call) ? checksums : undefined, kept: own }
}

/** A copy of an archived blob stays archived until the tier that the request names has been reached. */
function tierOfCopy(
  lake: Lake,
  call: LakeCall,
  source: Properties,
  standing: Properties,
): Pick<Properties, 'tier'> {
  const [now, to] = [lake.clock.now(), tierIn(call)]
  const isArchived = tierAt(source.tier, now)?.name === 'Archive'
  return isArchived
    ? { tier: rehydrating(now, to as OnlineTier, priorityIn(call), now) }
    : tierOf(lake, call, standing)
}

/** What a pending copy has made is left empty, with its metadata. @throws HttpError 409 */
function abortCopy(lake: Lake, call: LakeCall): void {
  const id = call.query.get('copyid') ?? ''
  if (!GUID.test(id))
    throw invalidParameter('copyid', id, 'Expected is the id that the copy was answered with.')
  const stats = found(lake, call)
  lake.leases.check(call, given(call, 'x-ms-lease-id'), { isWrite: true })
  const { tier: _, blocks: __, ...properties } = keptOf(lake, call, stats)
  const { copy } = properties
  if (copy?.pendingUntil === undefined || copy.isAborted || lake.clock.now() >= copy.pendingUntil)
    throw new HttpError(409, 'NoPendingCopyOperation', 'There is currently no pending copy operation.')
  if (id !== copy.id)
    throw new HttpError(
      409,
      'CopyIdMismatch',
      'The specified copy ID did not match the copy ID for the pending copy operation.',
    )
  const empty = lake.folder.unfinishedFile()
  try {
    writeFileSync(empty, '')
  } catch (error) {
    throw diskError(error)
  }
  lake.folder.adoptOrDrop(empty, call.container, call.path, { overwrite: true })
  keep(lake, call, { ...properties, copy: { ...copy, pendingUntil: lake.clock.now(), isAborted: true } })
  answer(call, 204)
}

/** The first version that tells conditions on a copy's target as any others: azblob's recorded tests of 1.4.1 and 1.5.0 differ in it. */
const WITH_ONE_CODE = '2024-11-04'

/** Beside conditions on the source, those on the target had a code of their own. */
function guardTarget(lake: Lake, call: LakeCall, stats: Stats | undefined): void {
  try {
    guardWrite(lake, call, stats)
  } catch (error) {
    const isOfTarget = error instanceof HttpError && error.code === 'ConditionNotMet'
    if (!isOfTarget || (call.headers['x-ms-version'] as string) >= WITH_ONE_CODE) throw error
    throw new HttpError(
      412,
      'TargetConditionNotMet',
      'The target condition specified using HTTP conditional header(s) is not met.',
      { cause: error },
    )
  }
}

/** A copy that goes on after its answer, as the service's may, would outlive any other lease. @throws HttpError 412 */
function requireEndless({ leases }: Lake, call: LakeCall): void {
  if (leases.status(call).duration !== 'fixed') return
  throw new HttpError(
    412,
    'InfiniteLeaseDurationRequired',
    'The lease ID matched, but the specified lease must be an infinite-duration lease.',
  )
}

/** Read piece by piece: a source may be larger than what memory should hold. */
async function checksumsOf(file: string): Promise<Checksums> {
  const [md5, crc] = [createHash('md5'), new Crc64()]
  for await (const piece of createReadStream(file)) {
    md5.update(piece as Buffer)
    crc.update(piece as Buffer)
  }
  return { md5: md5.digest('base64'), crc64: crc.digest().toString('base64') }
}

/**
 * A range of a file of the lake, for a block. Live answers tell the MD5 of what is appended, and else the CRC-64, and the other one where
 * one was sent (azure-sdk-for-js, appendblockfromurl, stageblockfromurl_copy_source_blob_as_single_block; both of what is appended with its MD5,
 * says azure-sdk-for-python's test_append_block_from_url_and_validate_content_md5, where answers of 2019 told one). @throws HttpError 400 to 416
 */
export async function sourcePiece(lake: Lake, call: LakeCall): Promise<CheckedBody> {
  const expected = given(call, 'x-ms-source-content-md5')
  const expectedCrc = given(call, 'x-ms-source-content-crc64')
  checkForms('x-ms-source-content-crc64', expected, expectedCrc)
  const { place, stats } = copySource(lake, call, { isRead: true })
  const data = await pieceOf(place, stats.size, given(call, 'x-ms-source-range') ?? '')
  const isAppend = call.operation?.id === 'appendBlockFromUrl'
  const md5 = md5Of([data])
  checkMd5(md5, expected)
  checkCrc64(data, expectedCrc)
  return {
    pieces: [data],
    bytes: data.length,
    headers: {
      ...((isAppend || expected !== undefined) && { 'content-md5': md5 }),
      ...((!isAppend || expected !== undefined || expectedCrc !== undefined) && {
        'x-ms-content-crc64': crc64(data).toString('base64'),
      }),
    },
  }
}

async function pieceOf(place: string, size: number, range: string): Promise<Buffer> {
  const span = rangeOf(range, size)
  if (range !== '' && !span)
    throw invalidHeader('x-ms-source-range', range, 'is bytes=FIRST-LAST or bytes=FIRST-')
  const { start, end } = span ?? { start: 0, end: size - 1 }
  if (end - start >= MAX_BLOB_BYTES)
    throw new HttpError(413, 'RequestBodyTooLarge', `A piece has at most ${MAX_BLOB_BYTES} bytes.`)
  const bytes = Buffer.alloc(end - start + 1)
  const file = await open(place, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  try {
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start)
    return bytes.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
