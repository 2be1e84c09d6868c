/** Block blobs in blocks: Put Block, Put Block List, Get Block List. */
import type { Stats } from 'node:fs'
import { HttpError } from '../../../http/errors.ts'
import { invalidParameter } from '../../operations/table.ts'
import { entryAt } from '../../store/names.ts'
import type { CommittedBlock, Properties } from '../../store/properties.ts'
import { type ListedBlock, MAX_BLOCKS } from '../../store/staged-blocks.ts'
import { type CheckedBody, readChecked, readPiece, textOf } from '../checked-body.ts'
import { keyOf, requireSame } from '../customer-keys.ts'
import {
  answer,
  answerXml,
  found,
  guardRead,
  guardWrite,
  type Handlers,
  keep,
  keptOf,
  type Lake,
  requireContainer,
  requireUsable,
  writtenHeaders,
} from '../lake.ts'
import { given, type LakeCall, word } from '../lake-call.ts'
import { prepareAccess } from '../new-access.ts'
import { contentIn, metadataHeaders } from '../property-headers.ts'
import { snapshotIn } from '../snapshot-time.ts'
import { tierOf } from '../tiers.ts'
import { element, elements, fromXml, invalidXml, isDocument, XML_HEAD } from '../xml.ts'
import { sourcePiece } from './blob-copy.ts'
import { requireType } from './blob-type.ts'
import { MAX_BLOB_BYTES } from './blobs.ts'

const MAX_BLOCK_LIST_BYTES = 8 * 1024 * 1024
/** Decoded; the service's own. */
const MAX_ID_BYTES = 64

type Operations = Pick<Handlers, 'putBlock' | 'putBlockFromUrl' | 'putBlockList' | 'getBlockList'>

/** The handlers of blocks and block lists. Staged blocks are not visible before a list commits them. */
export function blockOperations(lake: Lake): Operations {
  const stage = async (call: LakeCall, content: () => Promise<CheckedBody>) => {
    const { container, path } = call
    const id = blockId(call)
    const place = lake.folder.resolve(container, path)
    guardStage(lake, call, place)
    const { pieces, headers } = await content()
    guardStage(lake, call, place)
    requireBlocks(lake, call, entryAt(place))
    lake.uploads.blocks.put(container, path, id, pieces, call.key)
    answer(call, 201, headers)
  }
  return {
    putBlock: (call) => stage(call, () => readPiece(call.request, MAX_BLOB_BYTES)),
    putBlockFromUrl: (call) => stage(call, () => sourcePiece(lake, call)),
    putBlockList: (call) => putBlockList(lake, call),
    getBlockList: (call) => getBlockList(lake, call),
  }
}

function guardStage(lake: Lake, call: LakeCall, place: string): void {
  const stats = entryAt(place)
  if (!stats) requireContainer(lake, call)
  lake.leases.check(call, given(call, 'x-ms-lease-id'), { isWrite: true })
  requireUsable(lake, call, stats)
  requireType(lake, call, stats, 'BlockBlob')
}

function guardList(lake: Lake, call: LakeCall, place: string): Properties {
  const stats = entryAt(place)
  guardWrite(lake, call, stats)
  if (!stats) requireChange(lake, call)
  return requireType(lake, call, stats, 'BlockBlob')
}

/**
 * A blob of which only blocks wait was changed when the first of them came: `If-Modified-Since` of a later time fails, as azblob's recorded
 * tests of Put Block List have it. @throws HttpError 412
 */
function requireChange({ uploads }: Lake, call: LakeCall): void {
  const since = Date.parse(given(call, 'if-modified-since') ?? '')
  const begunAt = uploads.blocks.begunAt(call.container, call.path)
  if (begunAt === undefined || Math.floor(begunAt / 1000) * 1000 > since || Number.isNaN(since)) return
  throw new HttpError(
    412,
    'ConditionNotMet',
    'The condition specified using HTTP conditional header(s) is not met.',
  )
}

/**
 * With a hierarchical namespace a file of the Data Lake's interface is written anew by Put Blob only. Told once the body is there, as
 * of an append: Hadoop's driver cannot read an answer that comes before. @throws HttpError 409
 */
function requireBlocks(lake: Lake, call: LakeCall, stats: Stats | undefined): void {
  if (keptOf(lake, call, stats).isOfLake)
    throw new HttpError(
      409,
      'BlobOperationNotSupported',
      'Blob operation is not supported. The Data Lake’s interface made this file: write it by that one, or as a whole (Put Blob).',
    )
}

function blockId({ query }: LakeCall): string {
  const id = query.get('blockid') ?? ''
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(id) && id.length % 4 === 0
  if (isBase64 && Buffer.from(id, 'base64').length <= MAX_ID_BYTES) return id
  // Recorded of live accounts: borink-org/object-tests, azure-hns/stage-id-too-long.
  if (isBase64)
    throw new HttpError(
      400,
      'OutOfRangeInput',
      `One of the request inputs is out of range: blockid has more than ${MAX_ID_BYTES} bytes.`,
    )
  throw invalidParameter('blockid', id, `Expected is base64, of at most ${MAX_ID_BYTES} bytes.`)
}

/** A file that was not made of blocks has no blocks to list. */
const committedBlocks = (lake: Lake, call: LakeCall, stats: Stats | undefined): CommittedBlock[] =>
  keptOf(lake, call, stats).blocks ?? []

async function putBlockList(lake: Lake, call: LakeCall): Promise<void> {
  const { container, path, request } = call
  const place = lake.folder.resolve(container, path)
  const properties = { metadata: metadataHeaders(request), content: contentIn(request) }
  guardList(lake, call, place)
  const body = await readChecked(request, MAX_BLOCK_LIST_BYTES)
  const list = listIn(textOf(body))
  let made: Pick<Properties, 'access' | 'tier'> = {}
  requireBlocks(lake, call, entryAt(place))
  const stats = await lake.uploads.blocks.commit(container, path, list, {
    committed: () => committedBlocks(lake, call, entryAt(place)),
    check: () => {
      const standing = guardList(lake, call, place)
      requireBlocks(lake, call, entryAt(place))
      requireOneKey(lake, call, list, standing)
      made = { ...prepareAccess(lake, call), ...tierOf(lake, call, standing) }
    },
    placed: (blocks) => {
      lake.uploads.forget(container, path)
      return keep(lake, call, { ...properties, ...made, ...keyOf(call), blocks, isOfBlobs: true })
    },
  })
  answer(call, 201, { ...writtenHeaders(stats), ...body.headers })
}

/** A blob has one key: all of its blocks came with that of the list. @throws HttpError 409 */
function requireOneKey(
  { uploads, kept }: Lake,
  call: LakeCall,
  list: readonly ListedBlock[],
  standing: Properties,
): void {
  if (call.key === undefined && !uploads.blocks.hasKeys && !kept.isGuarded) return
  const staged = uploads.blocks.keysOf(call.container, call.path)
  for (const { from, id } of list)
    requireSame(call.key, from !== 'committed' && staged.has(id) ? staged.get(id) : standing.keySha256)
}

/** @throws HttpError 400 */
function listIn(xml: string): ListedBlock[] {
  if (!isDocument(xml, 'BlockList')) throw invalidXml('The body is not a list of blocks.')
  const list = [...xml.matchAll(/<(Latest|Committed|Uncommitted)>([^<]*)</g)].map(([, from, id]) => ({
    from: (from as string).toLowerCase() as ListedBlock['from'],
    id: fromXml(id ?? '').trim(),
  }))
  if (list.length > MAX_BLOCKS)
    throw new HttpError(400, 'BlockListTooLong', `A blob has at most ${MAX_BLOCKS} blocks.`)
  return list
}

function getBlockList(lake: Lake, call: LakeCall): void {
  const { container, path } = call
  const isOfSnapshot = snapshotIn(call.query) !== undefined
  const stats = isOfSnapshot ? found(lake, call) : entryAt(lake.folder.resolve(container, path))
  // What waits is of the blob, and of none of its snapshots.
  const waiting = isOfSnapshot ? [] : lake.uploads.blocks.of(container, path)
  if (waiting.length === 0) found(lake, call)
  if (stats) guardRead(lake, call, stats)
  else lake.leases.check(call, given(call, 'x-ms-lease-id'), { isWrite: false })
  requireType(lake, call, stats, 'BlockBlob')
  const type = word(call, 'blocklisttype') ?? 'committed'
  const parts = [
    type === 'uncommitted' ? '' : listXml('CommittedBlocks', committedBlocks(lake, call, stats)),
    type === 'committed' ? '' : listXml('UncommittedBlocks', waiting),
  ]
  answerXml(call, `${XML_HEAD}<BlockList>${parts.join('')}</BlockList>`, {
    // Of a blob that is not there yet none is told (azure-sdk-for-js, recorded as stageblockfromurl_copy_source_blob_as_separate_blocks).
    ...(stats && { ...writtenHeaders(stats), 'x-ms-blob-content-length': String(stats.size) }),
  })
}

const listXml = (name: string, blocks: readonly CommittedBlock[]) =>
  blocks.length === 0
    ? element(name, '')
    : `<${name}>${blocks
        .map(({ id, bytes }) => `<Block>${elements({ Name: id, Size: bytes })}</Block>`)
        .join('')}</${name}>`
