/** What is remembered of a table's recent rows, read from its files when a run begins. */
import type { AddFile } from '../../../delta/actions.ts'
import type { EngineContext } from '../api/options.ts'
import type { DeltaTable } from '../delta/delta-writer.ts'
import { enqueuedIn } from '../delta/enqueued-in.ts'
import { inRowOrder, parseDataFileName } from '../delta/parquet-file.ts'
import { withParquet } from '../parquet/read.ts'
import { noLines, readLines } from './lines.ts'
import { BatchIds, type KeepingOfIds, SeenIds } from './seen-ids.ts'

/** More ids than this are DuckDB's. */
const MOST_ROWS = 2_000_000

/**
 * The ids of rows since some time ago.
 * @param before rows of this batch and later ones do not count as being in the tables.
 * @returns undefined when DuckDB has to read them: files of other writers, lines of other forms, or very many rows.
 */
export async function recall(
  context: EngineContext,
  tables: { silver: DeltaTable; quarantine: DeltaTable },
  keeping: KeepingOfIds,
  before: number,
): Promise<SeenIds | undefined> {
  const all = [tables.silver, tables.quarantine].map((table) => inRowOrder(table.state.files.values()))
  const files = all.flat()
  const newest = Math.max(...files.map((file) => enqueuedIn(file).latest).filter(Number.isFinite))
  if (!Number.isFinite(newest)) return files.length === 0 ? new SeenIds(keeping) : undefined
  const from = Math.min(newest, context.clock.now()) - keeping.kept / 1000
  const isRecent = (file: AddFile) =>
    enqueuedIn(file).latest >= from && (parseDataFileName(file.path)?.lastBatch ?? -1) < before
  // What others have written may be of any form.
  if (files.some((file) => !parseDataFileName(file.path) && enqueuedIn(file).latest >= from)) return undefined
  const seen = new SeenIds(keeping, from * 1000)
  // In the order of time, as they came: else one generation would reach over all of it.
  const recent = [tables.silver, tables.quarantine].flatMap((table, index) =>
    (all[index] ?? []).filter(isRecent).map((file) => ({ table, file, latest: enqueuedIn(file).latest })),
  )
  recent.sort((one, other) => one.latest - other.latest)
  for (const { table, file } of recent) {
    const isKnown = await rememberFile(seen, table.pathOf(file), file, table === tables.silver)
    if (!isKnown || seen.size > MOST_ROWS) return undefined
  }
  return seen
}

/** A row group at a time: a file may have hundreds of thousands of rows. @returns false when a line is of another form. */
async function rememberFile(seen: SeenIds, path: string, file: AddFile, isValid: boolean): Promise<boolean> {
  return withParquet(path, async (reading) => {
    for await (const values of reading.textsByRowGroup(isValid ? 'eventId' : 'raw')) {
      const ids = isValid ? values.map(String) : refusedIn(values.map(String))
      if (!ids) return false
      remember(seen, file, ids, isValid)
    }
    return true
  })
}

/** Undefined when a line is of another form. */
function refusedIn(lines: readonly string[]): string[] | undefined {
  const into = noLines()
  const isRead = lines.every((line) => !line.includes('\n') && readLines(line, into))
  const { eventId } = into.refused
  return isRead && eventId.length === lines.length ? eventId : undefined
}

function remember(seen: SeenIds, file: AddFile, eventIds: readonly string[], isValid: boolean): void {
  const { earliest, latest } = enqueuedIn(file)
  const ids = new BatchIds(eventIds, () => isValid)
  seen.remember(ids, undefined, { earliest: earliest * 1000, latest: latest * 1000 }, latest * 1000)
}
