/** Path - List, https://learn.microsoft.com/rest/api/storageservices/datalakestoragegen2/path/list */
import { join } from 'node:path'
import { HttpError } from '../../../http/errors.ts'
import { defaultAccess } from '../../store/access-control.ts'
import { etagOf, notFound } from '../../store/entry.ts'
import { type Listed, listFolder } from '../../store/listing.ts'
import { entryAt } from '../../store/names.ts'
import { answer, type Lake } from '../lake.ts'
import { JSON_TYPE, type LakeCall, truth } from '../lake-call.ts'
import { pageSize, readMarker, writeMarker } from '../paging.ts'

/**
 * Answers one page. @throws HttpError 404 when the folder is not there, 400 for a query that the service would
 * not take.
 */
export function listPaths(lake: Lake, call: LakeCall): void {
  const { folder: folders } = lake
  const { container, query } = call
  const root = folders.resolve(container, '')
  const recursive = truth(call, 'recursive')
  if (recursive === undefined)
    throw new HttpError(400, 'MissingRequiredQueryParameter', 'A list of paths says recursive=true or false.')
  const folder = (query.get('directory') ?? '').replace(/^\/+|\/+$/g, '')
  const stats = entryAt(folders.resolve(container, folder))
  if (!stats) throw notFound()
  const most = pageSize(query.get('maxresults'))
  const begin = query.get('beginfrom') ?? undefined
  if (!recursive && begin?.includes('/'))
    throw new HttpError(
      400,
      'InvalidQueryParameterValue',
      'A list with recursive=false begins at one level: beginFrom has no slash.',
    )
  const from = startOf(query.get('continuation')) || begin
  const page: Listed[] = []
  let next: string | undefined
  // A file in place of the folder is listed itself.
  const all = stats.isFile()
    ? [{ path: folder, isDirectory: false }]
    : listFolder({ root, folder, recursive, from })
  for (const entry of all) {
    if (page.length === most) {
      next = folder === '' ? entry.path : entry.path.slice(folder.length + 1)
      break
    }
    page.push(entry)
  }
  const paths = page.flatMap((entry) => describe(lake, container, root, entry))
  const more: Record<string, string> = next === undefined ? {} : { 'x-ms-continuation': writeMarker(next) }
  answer(call, 200, { ...more, 'content-type': JSON_TYPE }, JSON.stringify({ paths }))
}

/**
 * A client may make a continuation of a name that it wants to begin from, in the service's own form: a hash, 0, and the name.
 * Hadoop's driver does, for lists from a name on.
 */
function startOf(continuation: string | null): string {
  const [, name] =
    /^-?\d{1,20} 0 ([^\u0000-\u001f]+)$/.exec(Buffer.from(continuation ?? '', 'base64').toString('utf8')) ??
    []
  return name ?? readMarker(continuation)
}

/** A file that went away since it was listed is left out. */
function describe({ kept }: Lake, container: string, root: string, { path, isDirectory }: Listed): object[] {
  const stats = entryAt(join(root, path))
  if (!stats) return []
  const { access, expiresAt, encryptionContext } = kept.of(container, path, stats)
  const { owner, group, permissions } = access ?? defaultAccess(isDirectory)
  return [
    {
      name: path,
      ...(isDirectory ? { isDirectory: 'true' } : {}),
      contentLength: isDirectory ? '0' : String(stats.size),
      lastModified: stats.mtime.toUTCString(),
      creationTime: fileTime(stats.birthtimeMs),
      // One that never comes is 0.
      expiryTime: expiresAt === undefined ? '0' : fileTime(expiresAt),
      // Without its quotes here, though every header has them.
      etag: etagOf(stats).replaceAll('"', ''),
      owner,
      group,
      permissions,
      ...(encryptionContext !== undefined && { EncryptionContext: encryptionContext }),
    },
  ]
}

/** Tenths of a microsecond since 1601, as Windows counts time. @param time epoch ms */
const fileTime = (time: number): string =>
  ((BigInt(Math.round(time)) + 11_644_473_600_000n) * 10_000n).toString()
