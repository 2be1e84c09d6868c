/** A question in SQL as the screen asks it: what would fetch much from Azure is left to the command, which asks first. */
import {
  FETCHED_UNASKED_BYTES,
  type LakeQuery,
  type QueryResult,
  tablesIn,
} from '../../pipeline/ports/query.ts'
import { countOf } from '../../pipeline/state/count-of.ts'

/** Of an answer on the screen; more than that is for the command. */
const SCREEN_LIMITS = { rows: 1000, timeoutMs: 30_000 }

/** @throws Error with a sentence for people, also where too much would be fetched. */
export async function askLake(
  query: LakeQuery,
  sql: string,
  isAzure: boolean,
  signal: AbortSignal,
): Promise<QueryResult> {
  if (isAzure) {
    const { files, bytes } = await query.size(tablesIn(sql), signal)
    if (bytes > FETCHED_UNASKED_BYTES)
      throw new Error(
        `This would fetch ${countOf(files, 'file')}, ${Math.round(bytes / 1e6)} MB from Azure.\nrtstream-tui sql --yes does.`,
      )
  }
  return query.run(sql, SCREEN_LIMITS, signal)
}
