/** Checkpoints of a Delta log: all actions that make up the table in one Parquet file, so that readers need not replay a day of commits. */
import { open, readFile, rm } from 'node:fs/promises'
import { FROM_FILES_ALONE, quotedPath } from '../../../contract/duckdb-paths.ts'
import { type Action, type AddFile, parseActions } from '../../../delta/actions.ts'
import { checkpointName, LAST_CHECKPOINT, LOG_FOLDER } from '../../../delta/log-names.ts'
import type { TableState } from '../../../delta/replay.ts'
import { type ParsedStatistics, statisticsText, timeIn } from '../../../delta/statistics.ts'
import type { EngineContext } from '../api/options.ts'
import { type Connection, quoted } from '../duckdb/database.ts'
import { adoptWritten, type LakePlace, removeLakeFile, writeLakeFile } from './lake-files.ts'

/** What tables have that name their features. */
const OF_FEATURES = {
  protocol: ', readerFeatures VARCHAR[], writerFeatures VARCHAR[]',
  add: ', clusteringProvider VARCHAR',
  more: ", domainMetadata: 'STRUCT(domain VARCHAR, configuration VARCHAR, removed BOOLEAN)'",
}
const PLAIN = { protocol: '', add: '', more: '' }

/** The protocol's checkpoint schema. */
const columns = ({ protocol, add, more }: typeof PLAIN) => `{
  txn: 'STRUCT(appId VARCHAR, version BIGINT, lastUpdated BIGINT)',
  add: 'STRUCT(path VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, modificationTime BIGINT,
    dataChange BOOLEAN, tags MAP(VARCHAR, VARCHAR), stats VARCHAR${add})',
  remove: 'STRUCT(path VARCHAR, deletionTimestamp BIGINT, dataChange BOOLEAN, extendedFileMetadata BOOLEAN,
    partitionValues MAP(VARCHAR, VARCHAR), size BIGINT)',
  metaData: 'STRUCT(id VARCHAR, name VARCHAR, description VARCHAR,
    format STRUCT(provider VARCHAR, options MAP(VARCHAR, VARCHAR)), schemaString VARCHAR,
    partitionColumns VARCHAR[], configuration MAP(VARCHAR, VARCHAR), createdTime BIGINT)',
  protocol: 'STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER${protocol})'${more}
}`

/** Writes the checkpoint of the state's version, then points `_last_checkpoint` at it. */
export async function writeCheckpoint(
  context: EngineContext,
  connection: Connection,
  table: LakePlace,
  state: TableState,
): Promise<void> {
  const { readerFeatures, writerFeatures } = state.protocol ?? {}
  const features = readerFeatures || writerFeatures ? OF_FEATURES : PLAIN
  const lines = context.lake.unfinishedFile()
  const unfinished = context.lake.unfinishedFile()
  const inLog = (name: string) => ({
    container: table.container,
    path: `${table.path}/${LOG_FOLDER}/${name}`,
  })
  let size: number
  let count: number
  try {
    count = await writeLines(lines, actionsOf(state))
    await connection.run(
      `COPY (SELECT * FROM read_json(${quotedPath(lines)}, ${FROM_FILES_ALONE}, format = 'newline_delimited', columns = ${columns(features)},
        maximum_object_size = 67108864)) TO ${quoted(unfinished)} (FORMAT parquet, COMPRESSION snappy)`,
    )
    size = await adoptWritten(context, unfinished, inLog(checkpointName(state.version)))
  } finally {
    await rm(lines, { force: true })
  }
  await context.tuning.failpoint(`${table.path}: checkpoint written`)
  const pointer = { version: state.version, size: count, sizeInBytes: size }
  // Hadoop's local file system, which others may have written the last one with, would hold its checksum against the new one.
  removeLakeFile(context, inLog(`.${LAST_CHECKPOINT}.crc`))
  await writeLakeFile(context, inLog(LAST_CHECKPOINT), JSON.stringify(pointer), { overwrite: true })
}

function* actionsOf(state: TableState): Generator<Action> {
  if (state.protocol) yield { protocol: state.protocol }
  if (state.metaData) yield { metaData: state.metaData }
  for (const txn of state.transactions.values()) yield { txn }
  for (const domainMetadata of state.domains.values()) yield { domainMetadata }
  for (const add of state.files.values()) yield { add: { ...add, dataChange: false } }
  for (const { removedAt: _, ...remove } of state.tombstones)
    yield { remove: { ...remove, dataChange: false } }
}

/** Lines of a checkpoint in one piece: a day's table has megabytes of them, and a large block costs memory for good (commands/shared/memory.ts). */
const LINES_AT_ONCE = 500

/** @returns how many there were. */
async function writeLines(file: string, actions: Iterable<Action>): Promise<number> {
  const handle = await open(file, 'w')
  try {
    let count = 0
    let piece: string[] = []
    const put = async () => {
      // Unlike `write`, this one goes on when the disk takes only a part, so that the next part tells that it is full.
      if (piece.length > 0) await handle.appendFile(`${piece.join('\n')}\n`)
      piece = []
    }
    for (const action of actions) {
      count++
      if (piece.push(JSON.stringify(action)) >= LINES_AT_ONCE) await put()
    }
    await put()
    return count
  } finally {
    await handle.close()
  }
}

/** @returns a function that reads a checkpoint's actions, whoever wrote it. */
export function checkpointReader(connection: Connection): (file: string) => Promise<Action[]> {
  return async (file) => {
    if (file.endsWith('.json')) return parseActions(await readFile(file, 'utf8'))
    const rows = await connection.rows<{ action: string }>(
      `SELECT to_json(one)::VARCHAR AS action FROM read_parquet(${quotedPath(file)}, ${FROM_FILES_ALONE}) AS one`,
    )
    return rows.map(({ action }) => withStatistics(withoutNulls(rowIn(action)) as CheckpointRow))
  }
}

/** DuckDB writes NaN and infinities, which statistics of other writers may have, as JSON has them not: as bounds they say nothing. */
function rowIn(action: string): unknown {
  try {
    return JSON.parse(action)
  } catch {
    return JSON.parse(action.replaceAll(/(?<=[:[,])(?:NaN|-?Infinity)(?=[,}\]])/g, 'null'))
  }
}

type CheckpointRow = Omit<Action, 'add'> & { add?: AddFile & { stats_parsed?: ParsedStatistics } }

/** Other writers may leave statistics as a struct only. */
function withStatistics(row: CheckpointRow): Action {
  if (!row.add) return row
  const { stats_parsed: parsed, stats, ...add } = row.add
  const text = statisticsText(
    stats,
    parsed && { ...parsed, minValues: isoTimes(parsed.minValues), maxValues: isoTimes(parsed.maxValues) },
  )
  return { add: { ...add, ...(text === undefined ? {} : { stats: text }) } }
}

/** DuckDB's text of a timestamp as statistics have it; no other type's text has that form but by the oddest accident. */
const DUCKDB_TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?(\+00)?$/

function isoTimes(values: object | null | undefined): object {
  return Object.fromEntries(
    Object.entries(values ?? {}).map(([name, value]) => {
      const time = DUCKDB_TIME.test(String(value)) ? timeIn(value) : undefined
      return [name, time === undefined ? value : new Date(time).toISOString()]
    }),
  )
}

/** Parquet has a null where a commit's JSON has nothing. */
function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== null)
      .map(([key, one]) => [key, withoutNulls(one)]),
  )
}
