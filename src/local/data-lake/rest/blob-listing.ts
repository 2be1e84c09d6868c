/** List Blobs, https://learn.microsoft.com/rest/api/storageservices/list-blobs: what readers without DFS find files by. */
import { readdirSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { HttpError } from '../../http/errors.ts'
import { etagOf } from '../store/entry.ts'
import type { LakeFolder } from '../store/folder.ts'
import { type Listed, listFolder } from '../store/listing.ts'
import { entryAt, isContainer } from '../store/names.ts'
import type { PathProperties, Properties } from '../store/properties.ts'
import { pageSize, readMarker, writeMarker } from './paging.ts'
import { inXml } from './refusals.ts'

/** One page, as XML. Folders stand in it only as prefixes, when the caller asks for `delimiter=/`. */
export function listBlobs(
  lake: LakeFolder,
  kept: PathProperties,
  container: string,
  query: URLSearchParams,
): string {
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  if (delimiter !== '' && delimiter !== '/')
    throw new HttpError(
      400,
      'InvalidQueryParameterValue',
      'The local lake groups names by the delimiter / alone.',
    )
  const isFlat = delimiter === ''
  const withMetadata = (query.get('include') ?? '').split(',').includes('metadata')
  const most = pageSize(query.get('maxresults'))
  // Nothing outside the prefix's folder can match.
  const folder = prefix.slice(0, Math.max(0, prefix.lastIndexOf('/')))
  const marker = readMarker(query.get('marker'))
  // Inclusive, and a whole name, where the marker is relative to the folder.
  const start = query.get('startFrom') ?? ''
  const from = marker === '' && start.startsWith(`${folder}/`) ? start.slice(folder.length + 1) : marker
  const root = lake.resolve(container, '')
  const items: string[] = []
  let next = ''
  // Of deleted files nothing is kept.
  if (query.get('showonly') !== 'deleted' && entryAt(lake.resolve(container, folder))?.isDirectory())
    for (const entry of listFolder({ root, folder, recursive: isFlat, from, order: 'blobs' })) {
      const name = entry.isDirectory ? `${entry.path}/` : entry.path
      if (name < start || !name.startsWith(prefix) || (isFlat && entry.isDirectory)) continue
      if (items.length === most) {
        next = writeMarker(folder === '' ? name : name.slice(folder.length + 1))
        break
      }
      const stats = entryAt(join(root, entry.path))
      // It may have gone since it was listed.
      if (stats) items.push(describe(entry, stats, kept.of(container, entry.path, stats), withMetadata))
    }
  return (
    `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="${inXml(container)}">` +
    `<Prefix>${inXml(prefix)}</Prefix><MaxResults>${most}</MaxResults><Blobs>${items.join('')}</Blobs>` +
    `<NextMarker>${next}</NextMarker></EnumerationResults>`
  )
}

/** List Containers, https://learn.microsoft.com/rest/api/storageservices/list-containers2 */
export function listContainers(lake: LakeFolder, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? ''
  const most = pageSize(query.get('maxresults'))
  const from = readMarker(query.get('marker'))
  const names = readdirSync(lake.root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && isContainer(entry.name))
    .map(({ name }) => name)
    .filter((name) => name.startsWith(prefix) && name >= from)
    .sort()
  const items = names.slice(0, most).map((name) => {
    const stats = entryAt(join(lake.root, name))
    if (!stats) return ''
    const properties = `<Last-Modified>${stats.mtime.toUTCString()}</Last-Modified><Etag>${inXml(etagOf(stats))}</Etag>`
    return `<Container><Name>${name}</Name><Properties>${properties}</Properties></Container>`
  })
  const next = names[most]
  return (
    `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Prefix>${inXml(prefix)}</Prefix>` +
    `<MaxResults>${most}</MaxResults><Containers>${items.join('')}</Containers>` +
    `<NextMarker>${next === undefined ? '' : writeMarker(next)}</NextMarker></EnumerationResults>`
  )
}

function describe(
  { path, isDirectory }: Listed,
  stats: Stats,
  { content = {}, metadata = {} }: Properties,
  withMetadata: boolean,
): string {
  if (isDirectory) return `<BlobPrefix><Name>${inXml(path)}/</Name></BlobPrefix>`
  const properties = {
    'Creation-Time': stats.birthtime.toUTCString(),
    'Last-Modified': stats.mtime.toUTCString(),
    Etag: etagOf(stats).replaceAll('"', ''),
    'Content-Length': stats.size,
    'Content-Type': 'application/octet-stream',
    ...Object.fromEntries(
      Object.entries(content).map(([name, value]) => [
        name.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase()),
        value,
      ]),
    ),
    BlobType: 'BlockBlob',
    LeaseStatus: 'unlocked',
    LeaseState: 'available',
    ServerEncrypted: false,
    ResourceType: 'file',
  }
  const metadataXml = withMetadata ? `<Metadata>${elements(metadata)}</Metadata>` : ''
  return `<Blob><Name>${inXml(path)}</Name><Properties>${elements(properties)}</Properties>${metadataXml}</Blob>`
}

const elements = (values: Record<string, string | number | boolean>) =>
  Object.entries(values)
    .map(([name, value]) => `<${name}>${inXml(String(value))}</${name}>`)
    .join('')
