/** Makes many small files of an appended table one, in tiers, keeping the order of the rows (Delta: `OPTIMIZE`). */

import type { AddFile } from '../../../delta/actions.ts'
import { statisticsOf } from '../../../delta/statistics.ts'
import type { EngineContext } from '../api/options.ts'
import type { Connection } from '../duckdb/database.ts'
import { ConflictError, type DeltaTable } from './delta-writer.ts'
import { mergeFiles } from './merge-files.ts'
import {
  dataFileName,
  inRowOrder,
  parseDataFileName,
  rowsIn,
  type WrittenFile,
  writeParquet,
} from './parquet-file.ts'

/** A file with this many rows or bytes is large enough. This also limits how long one compaction takes. */
const LARGE = { rows: 300_000, bytes: 48_000_000 }
/** The same where it is done without DuckDB. */
const LARGE_HERE = { rows: 100_000, bytes: 16_000_000 }

/** Merges one run of neighbours when there is one; another waits for the next call. */
export async function compactAppended(
  context: EngineContext,
  connection: Connection,
  table: DeltaTable,
): Promise<void> {
  const { filesPerCompaction } = context.tuning
  if (table.state.files.size < filesPerCompaction) return
  const runTo = (large: typeof LARGE) => runToCompact(table.state.files.values(), filesPerCompaction, large)
  const byDuckDb =
    context.tuning.liveBytes === 0 || connection.isInUse || (connection.isOpen && isLong(runTo(LARGE)))
  const group = runTo(byDuckDb ? LARGE : LARGE_HERE)
  if (!group) return
  const { files, tier } = group
  const [first, last] = [files[0], files.at(-1)].map((file) => file && parseDataFileName(file.path))
  if (!first || !last) return
  const name = dataFileName(first.firstBatch, last.lastBatch, 'l', tier)
  const paths = files.map((file) => table.pathOf(file))
  const written = byDuckDb
    ? await writeParquet(context, connection, table.contract, {
        select: `SELECT * FROM ${rowsIn(paths)}`,
        name,
      })
    : await mergeFiles(context, table.contract, paths, name)
  if (!written) return
  await context.tuning.failpoint(`${table.title}: compacted file written`)
  await commitCompaction(context, table, files, [written])
}

/** Replaces files by others with the same rows; when another writer has touched them, the table stays as that one left it. */
export async function commitCompaction(
  context: EngineContext,
  table: DeltaTable,
  files: readonly AddFile[],
  written: readonly WrittenFile[],
): Promise<void> {
  try {
    await table.commit({
      operation: 'OPTIMIZE',
      operationMetrics: { numRemovedFiles: files.length, numAddedFiles: written.length },
      add: written.map(({ add }) => add),
      remove: files.map(({ path }) => path),
      dataChange: false,
    })
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    context.logger.warn(
      { table: table.title, reason: error.message },
      'a compaction gave way to another writer',
    )
  }
  await context.tuning.failpoint(`${table.title}: compaction committed`)
}

/** Of `atLeast` neighbours so many do when they make a large file already, as in a burst: after it nobody has to wait for more of them. */
const FEW = 1 / 4

/**
 * The first run of at least `atLeast` neighbours of one tier, or of fewer long ones, cut where it would grow large.
 * @returns the files in row order, and the tier that the merged one belongs to; undefined: nothing to merge.
 */
export function runToCompact(
  active: Iterable<AddFile>,
  atLeast: number,
  large = LARGE,
): { files: AddFile[]; tier: number } | undefined {
  let run: AddFile[] = []
  let rows = 0
  let level = -1
  for (const file of inRowOrder(active)) {
    const tier = tierOf(file)
    if (tier === undefined || tier !== level) {
      run = []
      rows = 0
    }
    level = tier ?? -1
    if (tier === undefined) continue
    run.push(file)
    rows += recordsIn(file)
    const isEnough = run.length >= atLeast || (run.length >= atLeast * FEW && rows > large.rows)
    if (isEnough) return { files: upToLarge(run, large), tier: level + 1 }
  }
  return undefined
}

/** What a burst has left: DuckDB may as well make that one while it is there. Here it took some twenty seconds of a core. */
const isLong = (run: { files: readonly AddFile[] } | undefined): boolean =>
  run !== undefined && rowsOf(run.files) > LARGE_HERE.rows

const rowsOf = (files: readonly AddFile[]): number => files.reduce((sum, file) => sum + recordsIn(file), 0)

/** Each batch looks at all files of a table: their statistics are read once. */
const counted = new WeakMap<AddFile, number>()

function recordsIn(file: AddFile): number {
  const known = counted.get(file)
  if (known !== undefined) return known
  const rows = statisticsOf(file)?.numRecords ?? 0
  counted.set(file, rows)
  return rows
}

/** Undefined: large enough, or another writer's. */
function tierOf(file: AddFile): number | undefined {
  const name = parseDataFileName(file.path)
  if (!name || file.size >= LARGE.bytes / 2) return undefined
  return name.kind === 'l' ? name.number : 0
}

function upToLarge(run: readonly AddFile[], large: typeof LARGE): AddFile[] {
  const files: AddFile[] = []
  let rows = 0
  let bytes = 0
  for (const file of run) {
    rows += recordsIn(file)
    bytes += file.size
    if (files.length >= 2 && (rows > large.rows || bytes > large.bytes)) break
    files.push(file)
  }
  return files
}
