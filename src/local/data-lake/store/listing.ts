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
   * `blobs`: the order of whole names, in which `a-b` comes before `a/b`; folders are always listed then, those on the way
   * to the start too. Default: the order of names within each folder.
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
  for (const { entry, key } of entries(join(root, folder), how.isByBlob)) {
    if (start !== undefined && key < start) continue
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    const isDirectory = entry.isDirectory()
    const leadsToStart = entry.name === first && rest.length > 0 && isDirectory
    // A folder on the way to the start lies before it.
    if (!leadsToStart || how.isByBlob) yield { path, isDirectory }
    if (how.recursive && isDirectory) yield* walk(root, path, how, leadsToStart ? rest : [])
  }
}

function entries(folder: string, isByBlob: boolean): { entry: Dirent; key: string }[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => (entry.isFile() || entry.isDirectory()) && !isUnfinished(entry.name))
    .map((entry) => ({ entry, key: isByBlob && entry.isDirectory() ? `${entry.name}/` : entry.name }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
}
