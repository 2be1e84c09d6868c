/** Listings of a container: in the order of names, from a name on, page by page; nothing before the start is looked at. */
import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isUnfinished } from './moving.ts'

export interface Listed {
  /** Relative to the container. */
  path: string
  isDirectory: boolean
}

/** Where a listing begins, and in which order it goes. */
export interface ListOptions {
  /** Absolute folder of the container. */
  root: string
  /** Relative to the container; '' is all of it. */
  folder: string
  recursive: boolean
  /** Inclusive, relative to the folder. */
  from: string | undefined
  /**
   * `blobs`: the order of whole names, in which `a-b` comes between the folder `a` and what is in it; of one level, behind it, as the
   * folder's prefix does. Default: the order of names within each folder, each folder before what is in it.
   */
  order?: 'paths' | 'blobs'
}

/** @throws with code ENOENT when the folder does not exist. */
export function* listFolder({
  root,
  folder,
  recursive,
  from,
  order = 'paths',
}: ListOptions): Generator<Listed> {
  const start = from === undefined || from === '' ? [] : from.split('/')
  yield* walk(root, folder, { recursive, isByBlob: order === 'blobs' }, start)
}

/** @param from what is left of the start's path at this depth: entries before its first part are left out unread. */
function* walk(
  root: string,
  folder: string,
  how: { recursive: boolean; isByBlob: boolean },
  [first, ...rest]: readonly string[],
): Generator<Listed> {
  const start = first !== undefined && how.isByBlob && rest.length > 0 ? `${first}/` : first
  for (const { entry, key, isTold, isEntered } of entries(join(root, folder), how)) {
    if (start !== undefined && key < start) continue
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    const isDirectory = entry.isDirectory()
    const leadsToStart = entry.name === first && rest.length > 0 && isDirectory
    // A folder on the way to the start lies before it.
    if (isTold && (!leadsToStart || how.isByBlob)) yield { path, isDirectory }
    if (isEntered) yield* walk(root, path, how, leadsToStart ? rest : [])
  }
}

/** A place in the order: of a file, of a folder itself, of what is in it, or of both. */
interface Place {
  entry: Dirent
  key: string
  isTold: boolean
  isEntered: boolean
}

function entries(
  folder: string,
  { recursive, isByBlob }: { recursive: boolean; isByBlob: boolean },
): Place[] {
  const placesOf = (entry: Dirent): Place[] => {
    const { name } = entry
    const isEntered = recursive && entry.isDirectory()
    if (!isByBlob || !entry.isDirectory()) return [{ entry, key: name, isTold: true, isEntered }]
    const inside = { entry, key: `${name}/`, isTold: !recursive, isEntered }
    return recursive ? [{ entry, key: name, isTold: true, isEntered: false }, inside] : [inside]
  }
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => (entry.isFile() || entry.isDirectory()) && !isUnfinished(entry.name))
    .flatMap(placesOf)
    .sort((a, b) => (a.key < b.key ? -1 : 1))
}
