/** A Delta table's log as it lies on the disk, read without the product's own readers. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CommitMetadata } from '../../src/contract/tables.ts'

export interface LogAction {
  add?: { path: string } & Record<string, unknown>
  remove?: { path: string }
  metaData?: { schemaString: string; configuration: Record<string, string> } & Record<string, unknown>
  commitInfo?: { userMetadata?: string }
}

/** Names of the commits, oldest first; none when there is no table. @param table its folder, absolute. */
export function commitNames(table: string): string[] {
  const log = join(table, '_delta_log')
  if (!existsSync(log)) return []
  return readdirSync(log)
    .filter((name) => /^\d{20}\.json$/.test(name))
    .sort()
}

/** In the order of the commit. */
export const actionsIn = (table: string, commit: string): LogAction[] =>
  readFileSync(join(table, '_delta_log', commit), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

/** Of the newest commit that has some. */
export function newestCommitMetadata(table: string): CommitMetadata | undefined {
  for (const commit of commitNames(table).reverse())
    for (const { commitInfo } of actionsIn(table, commit))
      if (commitInfo?.userMetadata) return JSON.parse(commitInfo.userMetadata)
  return undefined
}
