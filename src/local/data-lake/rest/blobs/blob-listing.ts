/** List Blobs, https://learn.microsoft.com/rest/api/storageservices/list-blobs: what readers without DFS find files by. */
import type { Stats } from 'node:fs'
import { join } from 'node:path'
import { HttpError } from '../../../http/errors.ts'
import { defaultAccess } from '../../store/access-control.ts'
import { etagOf } from '../../store/entry.ts'
import { listFolder } from '../../store/listing.ts'
import { entryAt, isPath } from '../../store/names.ts'
import type { Properties } from '../../store/properties.ts'
import type { Snapshot } from '../../store/snapshots.ts'
import type { Lake } from '../lake.ts'
import { type LakeCall, word } from '../lake-call.ts'
import { askedXml, pageSize, readMarker, writeMarker } from '../paging.ts'
import { copyTold } from '../property-headers.ts'
import { tierTold } from '../tiers.ts'
import { element, elements, inXml, listWords, metadataXml, nameXml, XML_HEAD } from '../xml.ts'

/** A blob, or the group of names that begin alike up to a delimiter. */
interface Item {
  name: string
  /** Undefined for one of which only blocks were put, and for a group of such ones alone. */
  stats: Stats | undefined
  isGroup: boolean
  /** Of a blob that the item is a snapshot of. */
  snapshot?: Snapshot
  /** The blob itself, behind its snapshots. */
  isLast?: boolean
}

/** What a listing needs of the lake. */
type Listed = Pick<Lake, 'folder' | 'kept' | 'uploads' | 'leases' | 'snapshots' | 'clock'>
type Asked = Pick<LakeCall, 'container' | 'query'>

/**
 * One page, as XML. With a hierarchical namespace a flat list has the folders too, told by their `ResourceType` and by `hdi_isfolder` in
 * their metadata; `showonly=files` leaves them out. With `delimiter=/` they are prefixes, with their properties. Elements, their order
 * and the empty ones are those of live accounts (borink-org/object-storage, tests/fixtures/azure-listing, of September 2026).
 * @param endpoint the account's address.
 * @throws HttpError 400 for another delimiter.
 */
export function listBlobs(lake: Listed, call: Asked, endpoint: string): string {
  const { container, query } = call
  const most = pageSize(query.get('maxresults'))
  const include = listWords(query.get('include'))
  requireSlash(query.get('delimiter') ?? '')
  const prefix = prefixOf(query)
  const xml: string[] = []
  let next = ''
  for (const item of withSnapshots(lake, call, include)) {
    if (xml.length === most) {
      next = writeMarker(placeOf(item).slice(folderOf(prefix).length).replace(/^\//, ''))
      break
    }
    xml.push((item.isGroup ? groupXml : blobXml)(lake, container, item, new Set(include)))
  }
  return (
    `${XML_HEAD}<EnumerationResults ServiceEndpoint="${inXml(endpoint)}" ContainerName="${inXml(container)}">` +
    `${askedXml(query, most)}${xml.length === 0 ? element('Blobs', '') : `<Blobs>${xml.join('')}</Blobs>`}` +
    `${element('NextMarker', next)}</EnumerationResults>`
  )
}

/** The code is recorded (borink-org/object-tests, azure-hns/list-other-delimiter), the words are ours. */
function requireSlash(delimiter: string): void {
  if (delimiter === '' || delimiter === '/') return
  throw new HttpError(
    400,
    'DelimiterIsInvalidForHNS',
    'The delimiter is invalid for an account with a hierarchical namespace, whose names are divided by slashes alone.',
  )
}

/**
 * Slashes that it begins with say nothing, as in a name: Daft writes one before every prefix, and reads accounts with a hierarchical
 * namespace alone (its issue 1852).
 */
const prefixOf = (query: URLSearchParams): string => (query.get('prefix') ?? '').replace(/^\/+/, '')

/** Nothing outside the prefix's folder can match. */
const folderOf = (prefix: string) => prefix.slice(0, Math.max(0, prefix.lastIndexOf('/')))

/** Between the name and the time of a snapshot in a marker: no name has it. */
const IN_MARKER = '\0'
/** In place of a time, of the blob itself: behind all of them. */
const ITSELF = '~'

/** By which a marker knows an item again. */
const placeOf = ({ name, snapshot, isLast }: Item): string =>
  `${name}${snapshot || isLast ? IN_MARKER + (snapshot?.time ?? ITSELF) : ''}`

/** Before each blob its snapshots, from the oldest to the newest, where they are asked for. */
function* withSnapshots(lake: Listed, call: Asked, include: readonly string[]): Generator<Item> {
  const [marked = '', from = ''] = readMarker(call.query.get('marker')).split(IN_MARKER)
  const inFolder = folderOf(prefixOf(call.query))
  const first = [inFolder, marked].filter(Boolean).join('/')
  const isWanted = include.includes('snapshots') && !lake.snapshots.isEmpty
  for (const item of itemsOf(lake, call, marked, include.includes('uncommittedblobs'))) {
    const { name, stats } = item
    const path = { container: call.container, path: name }
    const snapshots = isWanted && stats?.isFile() ? lake.snapshots.of(path) : []
    for (const snapshot of snapshots)
      if (name !== first || snapshot.time >= from) yield { ...item, stats: snapshot.stats, snapshot }
    yield snapshots.length > 0 ? { ...item, isLast: true } : item
  }
}

/** In the order of their names, from the marker on. */
function* itemsOf(lake: Listed, call: Asked, marker: string, withUncommitted: boolean): Generator<Item> {
  const { container, query } = call
  const prefix = prefixOf(query)
  const delimiter = query.get('delimiter') ?? ''
  const only = word(call, 'showonly') || undefined
  // Nothing is kept of deleted files.
  if (only === 'deleted') return
  const folder = folderOf(prefix)
  // A prefix is no address: one with which no name begins, as `a//b/`, finds nothing.
  if (!isPath(folder)) return
  const inFolder = folder === '' ? '' : `${folder}/`
  // Inclusive, and a whole name, where the marker is relative to the folder; the other end is exclusive.
  const start = query.get('startfrom') ?? ''
  const end = query.get('endbefore') ?? undefined
  const from = marker === '' && start.startsWith(inFolder) ? start.slice(inFolder.length) : marker
  const root = lake.folder.resolve(container, '')
  const itself = entryAt(join(root, folder))
  // With `a/` a file `a` is found too, as by the Data Lake's interface: Daft, which tells it from a folder by this, says that the service does so.
  if (itself?.isFile() && prefix === inFolder) {
    if (only !== 'directories') yield { name: folder, stats: itself, isGroup: false }
    return
  }
  const waiting = withUncommitted ? uncommitted(lake, container, prefix, `${inFolder}${marker}`) : []
  let group: string | undefined
  for (const { name, isDirectory } of namesOf(lake, container, folder, delimiter === '/', from, waiting)) {
    if (end !== undefined && name >= end) return
    if (name < start || !name.startsWith(prefix)) continue
    const at = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length)
    if (at >= 0) {
      const grouped = name.slice(0, at + 1)
      if (grouped === group || only === 'files') continue
      group = grouped
      yield { name: grouped, stats: entryAt(join(root, grouped)), isGroup: true }
    } else if (only === undefined || only === (isDirectory ? 'directories' : 'files')) {
      const stats = entryAt(join(root, name))
      // It may have gone since it was listed.
      if (stats || waiting.includes(name)) yield { name, stats, isGroup: false }
    }
  }
}

interface Named {
  /** Of a folder on a list of one level with a slash at its end. */
  name: string
  isDirectory: boolean
}

/** @param waiting sorted names of which only blocks were put. */
function* namesOf(
  lake: Listed,
  container: string,
  folder: string,
  isOneLevel: boolean,
  from: string,
  waiting: readonly string[],
): Generator<Named> {
  const left = [...waiting]
  const root = lake.folder.resolve(container, '')
  if (entryAt(lake.folder.resolve(container, folder))?.isDirectory())
    for (const { path, isDirectory } of listFolder({
      root,
      folder,
      recursive: !isOneLevel,
      from,
      order: 'blobs',
    })) {
      const name = isDirectory && isOneLevel ? `${path}/` : path
      while (left[0] !== undefined && left[0] < name)
        yield { name: left.shift() as string, isDirectory: false }
      yield { name, isDirectory }
    }
  for (const name of left) yield { name, isDirectory: false }
}

function uncommitted({ uploads, folder }: Listed, container: string, prefix: string, from: string): string[] {
  return uploads.blocks
    .pathsIn(container)
    .filter((path) => path.startsWith(prefix) && path >= from && !entryAt(folder.resolve(container, path)))
    .sort()
}

function groupXml(
  lake: Listed,
  container: string,
  { name, stats }: Item,
  include: ReadonlySet<string>,
): string {
  const path = name.slice(0, -1)
  const described = stats
    ? describe(lake, { container, path }, stats, lake.kept.of(container, path, stats), include)
    : {}
  const properties = stats ? `<Properties>${elements(described)}</Properties>` : ''
  return `<BlobPrefix>${nameXml(name)}${properties}</BlobPrefix>`
}

/** Of a blob of which only blocks wait (azure-sdk-for-js, recorded as listblobsbyhierarchy_to_list_uncommitted_blobs). */
const UNCOMMITTED = {
  'Content-Length': 0,
  BlobType: 'BlockBlob',
  ...tierTold(undefined, 0),
  LeaseStatus: 'unlocked',
  LeaseState: 'available',
  ServerEncrypted: false,
}

function blobXml(
  lake: Listed,
  container: string,
  { name, stats, snapshot }: Item,
  include: ReadonlySet<string>,
): string {
  const properties = snapshot?.properties ?? (stats ? lake.kept.of(container, name, stats) : {})
  const target = snapshot ? undefined : { container, path: name }
  const described = stats ? describe(lake, target, stats, properties, include) : UNCOMMITTED
  const mark = stats?.isDirectory() ? { hdi_isfolder: 'true' } : {}
  const metadata = include.has('metadata') ? metadataOf(properties, mark) : ''
  const time = snapshot ? element('Snapshot', snapshot.time) : ''
  return `<Blob>${nameXml(name)}${time}<Properties>${elements(described)}</Properties>${metadata}${element('OrMetadata', '')}</Blob>`
}

/** What a key was given for cannot be read without it, and a listing brings none. */
const metadataOf = ({ metadata = {}, keySha256 }: Properties, mark: Record<string, string>): string =>
  keySha256 !== undefined && Object.keys(metadata).length > 0
    ? metadataXml(mark, { isEncrypted: true })
    : metadataXml({ ...metadata, ...mark })

function describe(
  lake: Listed,
  /** Whose lease it is; a snapshot has none. */
  target: { container: string; path: string } | undefined,
  stats: Stats,
  { content = {}, crc64 = '', copy, append, access, expiresAt, tier, keySha256 }: Properties,
  include: ReadonlySet<string>,
): Record<string, string | number | boolean> {
  const now = lake.clock.now()
  const { state, status, duration } = target ? lake.leases.status(target) : {}
  const { owner, group, permissions, acl } = access ?? defaultAccess(stats.isDirectory())
  return {
    'Creation-Time': stats.birthtime.toUTCString(),
    'Last-Modified': stats.mtime.toUTCString(),
    Etag: etagOf(stats).replaceAll('"', ''),
    ResourceType: stats.isDirectory() ? 'directory' : 'file',
    'Content-Length': stats.isDirectory() ? 0 : stats.size,
    'Content-Type': content['content-type'] ?? (stats.isDirectory() ? '' : 'application/octet-stream'),
    'Content-Encoding': content['content-encoding'] ?? '',
    'Content-Language': content['content-language'] ?? '',
    // Of a blob that was put with one, and not where blocks made it (borink-org/object-tests, azure-hns/list-written-with-hashes).
    'Content-CRC64': crc64,
    'Content-MD5': content['content-md5'] ?? '',
    'Cache-Control': content['cache-control'] ?? '',
    'Content-Disposition': content['content-disposition'] ?? '',
    BlobType: append ? 'AppendBlob' : 'BlockBlob',
    ...(!append && tierTold(tier, now)),
    ...(status && { LeaseStatus: status }),
    ...(state && { LeaseState: state }),
    ...(duration && { LeaseDuration: duration }),
    ...(append?.isSealed && { Sealed: true }),
    ...(copy && include.has('copy') && copyTold(copy, now)),
    ...(expiresAt !== undefined && { 'Expiry-Time': new Date(expiresAt).toUTCString() }),
    ServerEncrypted: true,
    ...(keySha256 !== undefined && { CustomerProvidedKeySha256: keySha256 }),
    ...(include.has('permissions') && { Owner: owner, Group: group, Permissions: permissions, Acl: acl }),
  }
}
