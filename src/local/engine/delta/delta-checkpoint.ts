/** Checkpoints of a Delta log: all actions that make up the table in one Parquet file, so that readers need not replay a day of commits. */
import { readFile } from 'node:fs/promises'
import { FROM_FILES_ALONE, quotedPath } from '../../../contract/duckdb-paths.ts'
import { type Action, type AddFile, parseActions } from '../../../delta/actions.ts'
import { checkpointName, LAST_CHECKPOINT, LOG_FOLDER } from '../../../delta/log-names.ts'
import type { TableState } from '../../../delta/replay.ts'
import { type ParsedStatistics, statisticsText, timeIn } from '../../../delta/statistics.ts'
import type { EngineContext } from '../api/options.ts'
import type { Connection } from '../duckdb/database.ts'
import { isOwnFile, parquetFile, type SchemaNode } from '../parquet/file.ts'
import { withParquet } from '../parquet/read.ts'
import { shred } from '../parquet/shred.ts'
import { type LakePlace, removeLakeFile, writeLakeFile } from './lake-files.ts'

/** What tables have that name their features. */
const OF_FEATURES = {
  protocol: columns({ readerFeatures: 'list', writerFeatures: 'list' }),
  add: columns({ clusteringProvider: 'string' }),
  more: [struct('domainMetadata', { domain: 'string', configuration: 'string', removed: 'boolean' })],
}
const PLAIN: Record<keyof typeof OF_FEATURES, SchemaNode[]> = { protocol: [], add: [], more: [] }

type Kinds = Record<string, Exclude<SchemaNode['kind'], 'struct'>>

function columns(kinds: Kinds): SchemaNode[] {
  return Object.entries(kinds).map(([name, kind]): SchemaNode => ({ name, kind }))
}

function struct(name: string, kinds: Kinds, more: readonly SchemaNode[] = []): SchemaNode {
  return { name, kind: 'struct', fields: [...columns(kinds), ...more] }
}

/** The protocol's checkpoint schema. */
const schemaWith = ({ protocol, add, more }: typeof PLAIN): SchemaNode[] => [
  struct('txn', { appId: 'string', version: 'long', lastUpdated: 'long' }),
  struct(
    'add',
    {
      path: 'string',
      partitionValues: 'map',
      size: 'long',
      modificationTime: 'long',
      dataChange: 'boolean',
      tags: 'map',
      stats: 'string',
    },
    add,
  ),
  struct('remove', {
    path: 'string',
    deletionTimestamp: 'long',
    dataChange: 'boolean',
    extendedFileMetadata: 'boolean',
    partitionValues: 'map',
    size: 'long',
  }),
  struct('metaData', { id: 'string', name: 'string', description: 'string' }, [
    struct('format', { provider: 'string', options: 'map' }),
    ...columns({
      schemaString: 'string',
      partitionColumns: 'list',
      configuration: 'map',
      createdTime: 'long',
    }),
  ]),
  struct('protocol', { minReaderVersion: 'integer', minWriterVersion: 'integer' }, protocol),
  ...more,
]

/** Writes the checkpoint of the state's version, then points `_last_checkpoint` at it. */
export async function writeCheckpoint(
  context: EngineContext,
  table: LakePlace,
  state: TableState,
): Promise<void> {
  const { readerFeatures, writerFeatures } = state.protocol ?? {}
  const schema = schemaWith(readerFeatures || writerFeatures ? OF_FEATURES : PLAIN)
  const inLog = (name: string) => ({
    container: table.container,
    path: `${table.path}/${LOG_FOLDER}/${name}`,
  })
  let count = 0
  function* rows() {
    for (const action of actionsOf(state)) {
      count++
      yield action as Record<string, unknown>
    }
  }
  const leaves = shred(schema, rows())
  const { parts, size } = parquetFile(schema, leaves, count)
  await writeLakeFile(context, inLog(checkpointName(state.version)), parts, { overwrite: true })
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

/** @returns a function that reads a checkpoint's actions, whoever wrote it. */
export function checkpointReader(connection: Connection): (file: string) => Promise<Action[]> {
  return async (file) => {
    if (file.endsWith('.json')) return parseActions(await readFile(file, 'utf8'))
    const own = await ownActions(file)
    if (own) return own
    const rows = await connection.rows<{ action: string }>(
      `SELECT to_json(one)::VARCHAR AS action FROM read_parquet(${quotedPath(file)}, ${FROM_FILES_ALONE}) AS one`,
    )
    return rows.map(({ action }) => withStatistics(withoutNulls(rowIn(action)) as CheckpointRow))
  }
}

/** Of a checkpoint that this engine wrote; undefined for any other, and for what cannot be read. */
async function ownActions(file: string): Promise<Action[] | undefined> {
  const rows = await withParquet(file, async (open) =>
    isOwnFile(open.metadata.created_by) ? open.rows() : undefined,
  ).catch(() => undefined)
  return rows?.map((row) => withoutNulls(row) as Action)
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
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== null && one !== undefined)
      .map(([key, one]) => [key, withoutNulls(one)]),
  )
}
