/** Listings of a container: in the order of names, from a name on, page by page; nothing before the start is looked at. */
import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'

export interface Listed {
  /** Relative to the container. */
  path: string
  isDirectory: boolean
}

export interface ListOptions {
  /** Absolute folder of the container. */
  root: string
  /** Relative to the container; '' is all of it. */
  folder: string
  recursive: boolean
  /** Inclusive, relative to the folder. */
  from: string | undefined
}

/** @throws with code ENOENT when the folder does not exist. */
export function* listFolder({ root, folder, recursive, from }: ListOptions): Generator<Listed> {
  yield* walk(root, folder, recursive, from === undefined || from === '' ? [] : from.split('/'))
}

/** @param from what is left of the start's path at this depth: entries before its first part are left out unread. */
function* walk(root: string, folder: string, recursive: boolean, from: readonly string[]): Generator<Listed> {
  const [first, ...rest] = from
  for (const entry of entries(join(root, folder))) {
    if (first !== undefined && entry.name < first) continue
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    const isStart = entry.name === first && rest.length > 0
    // A folder on the way to the start lies before it.
    if (!(isStart && entry.isDirectory())) yield { path, isDirectory: entry.isDirectory() }
    if (recursive && entry.isDirectory()) yield* walk(root, path, recursive, isStart ? rest : [])
  }
}

function entries(folder: string): Dirent[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
