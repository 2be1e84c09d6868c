/**
 * Whose a new path is, and who may use it: what its request says, what the folder hands down, and whom the access lists bind.
 * https://learn.microsoft.com/azure/storage/blobs/data-lake-storage-access-control#default-permissions-on-new-files-and-directories
 */
import { mkdirSync, type Stats } from 'node:fs'
import { type Access, accessOfNew, defaultAccess } from '../store/access-control.ts'
import { entryAt } from '../store/names.ts'
import type { Properties } from '../store/properties.ts'
import type { Lake } from './lake.ts'
import type { LakeCall } from './lake-call.ts'

type NewAccess = Pick<Properties, 'access'>

/**
 * Of what a request is about to make or to overwrite; folders on the way to it are made here when they have an access of their own.
 * Call it in the turn that makes the path, after all checks and before anything changes.
 */
export function prepareAccess(lake: Lake, call: LakeCall, { isDirectory = false } = {}): NewAccess {
  const { container, path, agent, request } = call
  const before = agent === undefined ? undefined : entryAt(lake.folder.resolve(container, path))
  // Who may write a file does not own it by that. What the service does then is not documented.
  if (before) return { access: accessAt(lake, container, path, before) }
  const parent = prepareWay(lake, call)
  const access = accessOfNew(request.headers, { isDirectory, user: agent, parent })
  return access === undefined ? {} : { access }
}

/** @returns the access of the folder in which the path will be. */
function prepareWay({ folder, kept }: Lake, { container, path, agent }: LakeCall): Access {
  const segments = path.split('/').slice(0, -1)
  let depth = segments.length
  const at = (length: number) => segments.slice(0, length).join('/')
  while (depth > 0 && !entryAt(folder.resolve(container, at(depth)))) depth--
  const standing = entryAt(folder.resolve(container, at(depth)))
  let access = accessAt({ kept }, container, at(depth), standing)
  // The write itself says that a file stands where a folder must be.
  if (!standing?.isDirectory()) return access
  for (depth++; depth <= segments.length; depth++) {
    const own = accessOfNew({}, { isDirectory: true, user: agent, parent: access })
    // Without one of its own it is as the write makes it, and so are those below.
    if (own === undefined) return access
    const place = folder.resolve(container, at(depth))
    mkdirSync(place)
    kept.set(container, at(depth), entryAt(place) as Stats, { access: own })
    access = own
  }
  return access
}

const accessAt = ({ kept }: Pick<Lake, 'kept'>, container: string, path: string, stats: Stats | undefined) =>
  kept.of(container, path, stats).access ?? defaultAccess(stats?.isDirectory() ?? true)
