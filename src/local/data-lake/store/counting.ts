/** Tells the reader of the lake what came in, so that it need not list everything. */
import { BRONZE } from '../../../contract/bronze-layout.ts'
import type { LakeChanges, LakePart } from '../../../contract/lake-changes.ts'
import { TABLES, type TableName } from '../../../contract/tables.ts'
import { LOG_FOLDER, versionIn } from '../../../delta/log-names.ts'
import type { LakeFolder } from './folder.ts'

/** By the folder that its files are in; of a table those of its log. */
const FOLDERS = new Map<string, TableName>(
  (Object.keys(TABLES) as TableName[]).map((name) => [
    `${TABLES[name].container}/${TABLES[name].path}/${LOG_FOLDER}`,
    name,
  ]),
)
const BRONZE_FOLDER = `${BRONZE.path}/`

/** Counts the files that come into the lake, whoever puts them there through this process. */
export function countChanges(folder: LakeFolder, changes: LakeChanges): void {
  folder.onPlaced((container, path) => {
    const part = partOf(container, path)
    if (part) changes.note(part)
  })
}

/** @returns undefined for what no watcher asks for: files of a table become part of it by a commit. */
export function partOf(container: string, path: string): LakePart | undefined {
  if (container === BRONZE.container) return path.startsWith(BRONZE_FOLDER) ? 'bronze' : undefined
  if (versionIn(path) === undefined) return undefined
  return FOLDERS.get(`${container}/${path.slice(0, path.lastIndexOf('/'))}`)
}
