/** List Blobs, https://learn.microsoft.com/rest/api/storageservices/list-blobs: what readers without DFS find files by. */
import type { Stats } from 'node:fs'
import { etagOf } from './entry.ts'
import type { LakeFolder } from './folder.ts'
import { type Listed, listFolder } from './listing.ts'
import { entryAt } from './names.ts'

const PAGE = 5000

/** One page, as XML. Folders stand in it only as prefixes, when the caller asks for `delimiter=/`. */
export function listBlobs(lake: LakeFolder, container: string, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? ''
  const isFlat = query.get('delimiter') !== '/'
  const most = Math.min(PAGE, Math.max(1, Number(query.get('maxresults')) || PAGE))
  // Nothing outside the prefix's folder can match.
  const folder = prefix.slice(0, Math.max(0, prefix.lastIndexOf('/')))
  const marker = Buffer.from(query.get('marker') ?? '', 'base64url').toString('utf8')
  // Inclusive, and a whole name, where the marker is relative to the folder.
  const start = query.get('startFrom') ?? ''
  const from = marker === '' && start.startsWith(`${folder}/`) ? start.slice(folder.length + 1) : marker
  const root = lake.resolve(container, '')
  const items: string[] = []
  let next = ''
  if (entryAt(lake.resolve(container, folder))?.isDirectory())
    for (const entry of listFolder({ root, folder, recursive: isFlat, from })) {
      if (entry.path < start || !entry.path.startsWith(prefix) || (isFlat && entry.isDirectory)) continue
      if (items.length === most) {
        next = Buffer.from(folder === '' ? entry.path : entry.path.slice(folder.length + 1)).toString(
          'base64url',
        )
        break
      }
      const stats = entryAt(lake.resolve(container, entry.path))
      // It may have gone since it was listed.
      if (stats) items.push(describe(entry, stats))
    }
  return (
    `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="${inXml(container)}">` +
    `<Prefix>${inXml(prefix)}</Prefix><MaxResults>${most}</MaxResults><Blobs>${items.join('')}</Blobs>` +
    `<NextMarker>${next}</NextMarker></EnumerationResults>`
  )
}

function describe({ path, isDirectory }: Listed, stats: Stats): string {
  if (isDirectory) return `<BlobPrefix><Name>${inXml(path)}/</Name></BlobPrefix>`
  const properties = {
    'Creation-Time': stats.birthtime.toUTCString(),
    'Last-Modified': stats.mtime.toUTCString(),
    Etag: etagOf(stats).replaceAll('"', ''),
    'Content-Length': stats.size,
    'Content-Type': 'application/octet-stream',
    BlobType: 'BlockBlob',
    LeaseStatus: 'unlocked',
    LeaseState: 'available',
    ServerEncrypted: false,
    ResourceType: 'file',
  }
  const texts = Object.entries(properties).map(([name, value]) => `<${name}>${value}</${name}>`)
  return `<Blob><Name>${inXml(path)}</Name><Properties>${texts.join('')}</Properties></Blob>`
}

const inXml = (text: string) =>
  text.replace(/[<>&"'\u0000-\u001f]/g, (character) => `&#${character.charCodeAt(0)};`)
