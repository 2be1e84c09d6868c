/**
 * A user delegation SAS may name a user whom the account does not let do everything (`suoid`): beside the signature's permissions the
 * access lists decide then. Everybody else, with the key, the token or another signature, is above them, as on the service.
 * What each operation needs: https://learn.microsoft.com/azure/storage/blobs/data-lake-storage-access-control#common-scenarios-related-to-acl-permissions
 */
import { join } from 'node:path'
import { HttpError } from '../../http/errors.ts'
import { type Access, defaultAccess, isSticky } from '../store/access-control.ts'
import { listFolder } from '../store/listing.ts'
import { entryAt } from '../store/names.ts'
import { isOwner, mayDo } from '../store/posix-rights.ts'
import type { Lake } from './lake.ts'
import { type LakeCall, word } from './lake-call.ts'

interface Place {
  container: string
  path: string
}

/** Those that only look at a path, for which it is enough to come to it; of a tree of lists each path decides for itself. */
const LOOKING = ['getProperties', 'getMetadata', 'getStatus', 'getAccessControl', 'setAccessControlRecursive']
const LISTING = ['listPaths', 'listBlobs']
const DELETING = ['deleteBlob', 'deletePath']

/** @throws HttpError 403 */
export function checkAgent(lake: Lake, call: LakeCall): void {
  const { agent: user, operation, path } = call
  const id = operation?.id ?? ''
  if (user === undefined) return
  if (LISTING.includes(id)) checkListing(lake, user, call, id)
  else if (path !== '' || id.startsWith('setAccessControl')) {
    reach(lake, user, call)
    if (!LOOKING.includes(id)) checkOperation(lake, user, call, id)
  }
}

function checkListing(lake: Lake, user: string, call: LakeCall, id: string): void {
  const { query, container } = call
  const named = query.get('directory') ?? (query.get('prefix') ?? '').replace(/[^/]*$/, '')
  const folder = { container, path: named.replace(/^\/+|\/+$/g, '') }
  const isWhole = id === 'listBlobs' ? query.get('delimiter') !== '/' : word(call, 'recursive') === 'true'
  reach(lake, user, folder)
  need(lake, user, folder, 'rx')
  if (isWhole) needBelow(lake, user, folder, 'rx')
}

function checkOperation(lake: Lake, user: string, call: LakeCall, id: string): void {
  const stands = entryAt(lake.folder.resolve(call.container, call.path)) !== undefined
  if (id === 'setAccessControl') needOwner(lake, user, call)
  else if (id === 'checkAccess') need(lake, user, call, (word(call, 'fsaction') ?? '').replaceAll('-', ''))
  else if (call.method === 'GET') need(lake, user, call, 'r')
  else if (DELETING.includes(id)) {
    needToRemove(lake, user, call)
    needBelow(lake, user, call, 'rwx', { itself: true })
  } else if (id === 'renamePath' || !stands) need(lake, user, parentOf(call), 'wx')
  else need(lake, user, call, 'w')
}

/** Of what is copied or renamed. @throws HttpError 403 */
export function checkAgentAtSource(
  lake: Lake,
  user: string,
  source: Place,
  { moves }: { moves: boolean },
): void {
  reach(lake, user, source)
  if (moves) needToRemove(lake, user, source)
  else need(lake, user, source, 'r')
}

/** From a folder with the sticky bit only its owner takes a path away, and the path's own. */
function needToRemove(lake: Lake, user: string, place: Place): void {
  const parent = parentOf(place)
  need(lake, user, parent, 'wx')
  const folder = accessOf(lake, parent)
  if (isSticky(folder) && !isOwner(folder, user) && !isOwner(accessOf(lake, place), user))
    throw mismatch(user)
}

/** @returns whether the list of this path is the user's to change. */
export const mayChangeList = (lake: Lake, user: string | undefined, place: Place): boolean =>
  user === undefined || isOwner(accessOf(lake, place), user)

function needOwner(lake: Lake, user: string, place: Place): void {
  if (!mayChangeList(lake, user, place)) throw mismatch(user)
}

/** Every folder on the way must let the user through. */
function reach(lake: Lake, user: string, { container, path }: Place): void {
  const segments = path.split('/')
  for (let depth = 0; depth < segments.length; depth++) {
    const folder = { container, path: segments.slice(0, depth).join('/') }
    if (entryAt(lake.folder.resolve(container, folder.path))) need(lake, user, folder, 'x')
  }
}

function need(lake: Lake, user: string, place: Place, rights: string): void {
  const nearest = standing(lake, place)
  if (!mayDo(accessOf(lake, nearest), user, rights)) throw mismatch(user)
}

function needBelow(
  lake: Lake,
  user: string,
  { container, path }: Place,
  rights: string,
  { itself = false } = {},
): void {
  const place = lake.folder.resolve(container, path)
  if (!entryAt(place)?.isDirectory()) return
  if (itself) need(lake, user, { container, path }, rights)
  const root = lake.folder.resolve(container, '')
  for (const one of listFolder({ root, folder: path, recursive: true, from: undefined }))
    if (one.isDirectory) need(lake, user, { container, path: one.path }, rights)
}

/** Folders on the way to a new path are made with it, in the last one that stands. */
function standing({ folder }: Lake, { container, path }: Place): Place {
  const segments = path.split('/')
  while (segments.length > 0 && !entryAt(folder.resolve(container, segments.join('/')))) segments.pop()
  return { container, path: segments.join('/') }
}

const parentOf = ({ container, path }: Place): Place => ({
  container,
  path: path.split('/').slice(0, -1).join('/'),
})

function accessOf({ folder, kept }: Lake, { container, path }: Place): Access {
  const stats = entryAt(join(folder.resolve(container, ''), path))
  return kept.of(container, path, stats).access ?? defaultAccess(stats?.isDirectory() ?? true)
}

const mismatch = (user: string) =>
  new HttpError(
    403,
    'AuthorizationPermissionMismatch',
    `The access lists do not let the user ${user.slice(0, 64)} do this, for whom the SAS was made (suoid).`,
  )
