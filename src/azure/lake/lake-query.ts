/** SQL over the layers: the files that a query needs are fetched into a temporary folder, and DuckDB sees them as views. */
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import { BRONZE, isHidden } from '../../contract/bronze-layout.ts'
import { FROM_FILES_ALONE, quotedPaths } from '../../contract/duckdb-paths.ts'
import { type DeltaType, TABLES, type TableName } from '../../contract/tables.ts'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import {
  type LakeQuery,
  type QueryLimits,
  type QueryResult,
  type QueryTable,
  tablesIn,
} from '../../pipeline/ports/query.ts'
import { deletedRowsOf } from './data-file.ts'
import type { LakeClient } from './data-lake.ts'
import { DeltaTable } from './delta-table.ts'
import { ParquetFile } from './parquet.ts'
import { writeReadCopy } from './read-copy.ts'
import { relation } from './table-audit.ts'

const MEMORY = '512MB'
/** How many bronze files a query sees: the newest ones. */
const BRONZE_FILES = 500
/** Tables change while they are read: when a file is gone, the table is read again. */
const TRIES = 3

/** Views and the tables behind them. */
const DELTA: Readonly<Record<Exclude<QueryTable, 'bronze'>, TableName>> = {
  silver: 'silver',
  quarantine: 'quarantine',
  gold: 'gold',
  by_minute: 'byMinute',
  aggregated: 'aggregated',
}

/**
 * @throws ServiceError. Of bronze only the newest files are fetched, of tables all. The folder is removed when
 * the query ends.
 */
export function createLakeQuery({ client }: { client: LakeClient }): LakeQuery {
  return {
    async size(tables, signal) {
      let files = 0
      let bytes = 0
      for (const name of tables) {
        const found =
          name === 'bronze' ? await newestBronze(client, signal) : (await look(client, name, signal)).files
        files += found.length
        bytes += found.reduce((sum, one) => sum + one.bytes, 0)
      }
      return { files, bytes }
    },
    run: (sql, limits, signal) =>
      withDatabase(client, tablesIn(sql), signal, async (database) => ({
        ...(await select(database.connection, sql, limits, signal)),
        files: database.files,
        bytes: database.bytes,
      })),
    export: (table, format, file, signal) =>
      withDatabase(client, [table], signal, async ({ connection, folder }) => {
        const made = join(folder, `export.${format}`)
        const result = await connection.run(
          `COPY (SELECT * FROM ${table}) TO '${made.replaceAll("'", "''")}' (FORMAT ${format})`,
        )
        // A pipe and /dev/stdout take it too.
        await pipeline(createReadStream(made), createWriteStream(file))
        return result.rowsChanged
      }),
  }
}

interface Opened {
  connection: DuckDBConnection
  folder: string
  files: number
  bytes: number
}

async function withDatabase<T>(
  client: LakeClient,
  tables: readonly QueryTable[],
  signal: AbortSignal | undefined,
  use: (database: Opened) => Promise<T>,
): Promise<T> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const folder = mkdtempSync(join(tmpdir(), 'rtstream-sql-'))
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  process.once('exit', remove)
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: MEMORY,
    threads: '2',
    temp_directory: join(folder, 'spill'),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  const connection = await instance.connect()
  const interrupt = () => connection.interrupt()
  signal?.addEventListener('abort', interrupt, { once: true })
  try {
    await connection.run("SET TimeZone = 'UTC'")
    let files = 0
    let bytes = 0
    for (const name of tables) {
      const loaded = await load(connection, client, folder, name, signal)
      files += loaded.files
      bytes += loaded.bytes
    }
    // From here on, only the fetched files can be reached.
    await connection.run(`SET allowed_directories = ['${folder.replaceAll("'", "''")}']`)
    await connection.run('SET enable_external_access = false')
    await connection.run('SET lock_configuration = true')
    return await use({ connection, folder, files, bytes })
  } finally {
    signal?.removeEventListener('abort', interrupt)
    connection.closeSync()
    instance.closeSync()
    remove()
    process.off('exit', remove)
  }
}

async function load(
  connection: DuckDBConnection,
  client: LakeClient,
  folder: string,
  name: QueryTable,
  signal: AbortSignal | undefined,
): Promise<{ files: number; bytes: number }> {
  if (name === 'bronze') return loadBronze(connection, client, folder, signal)
  for (let attempt = 1; ; attempt++) {
    const table = await look(client, name, signal)
    const parts: string[] = []
    let bytes = 0
    let isWhole = true
    for (const [index, file] of table.files.entries()) {
      signal?.throwIfAborted()
      const data = await client.read(table.container, file.path, signal)
      if (!data) {
        isWhole = false
        break
      }
      bytes += data.length
      const copy = join(folder, `${name}-${attempt}-${index}.parquet`)
      writeReadCopy(`${table.container}/${file.path}`, copy, data)
      const deleted = await deletedRowsOf(client, table.place, file, signal)
      parts.push(relation(table, file, new ParquetFile(data), copy, deleted))
    }
    if (!isWhole && attempt < TRIES) continue
    if (!isWhole)
      throw new ServiceError(
        'not-found',
        'the data lake',
        `Files of ${name} went away while they were read.`,
        {
          hint: 'Ask again.',
        },
      )
    const empty = `SELECT ${TABLES[DELTA[name]].columns.map(([column, type]) => `CAST(NULL AS ${SQL_TYPES[type]}) AS "${column}"`).join(', ')} WHERE false`
    await connection.run(`CREATE VIEW ${name} AS ${[empty, ...parts].join(' UNION ALL BY NAME ')}`)
    return { files: parts.length, bytes }
  }
}

/** The contract's types under DuckDB's names, so that a table without rows still has its columns. */
const SQL_TYPES: Readonly<Record<DeltaType, string>> = {
  string: 'VARCHAR',
  integer: 'INTEGER',
  long: 'BIGINT',
  double: 'DOUBLE',
  timestamp: 'TIMESTAMPTZ',
  date: 'DATE',
  'array<string>': 'VARCHAR[]',
}

async function look(
  client: LakeClient,
  name: Exclude<QueryTable, 'bronze'>,
  signal: AbortSignal | undefined,
): Promise<DeltaTable> {
  const { container, path } = TABLES[DELTA[name]]
  const table = new DeltaTable(client, container, path)
  await table.look(signal)
  return table
}

interface BronzeFile {
  path: string
  bytes: number
}

async function newestBronze(client: LakeClient, signal: AbortSignal | undefined): Promise<BronzeFile[]> {
  const files: BronzeFile[] = []
  for await (const { path, isDirectory, bytes } of client.list(BRONZE.container, BRONZE.path, {
    recursive: true,
    signal,
  })) {
    if (isDirectory || isHidden(path)) continue
    files.push({ path, bytes })
    if (files.length > BRONZE_FILES) files.shift()
  }
  return files
}

/** Lines as stored, with the names of their files. */
async function loadBronze(
  connection: DuckDBConnection,
  client: LakeClient,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<{ files: number; bytes: number }> {
  const root = join(folder, 'bronze')
  const copies: string[] = []
  let bytes = 0
  for (const { path } of await newestBronze(client, signal)) {
    signal?.throwIfAborted()
    const data = await client.read(BRONZE.container, path, signal)
    if (!data || data.length === 0) continue
    bytes += data.length
    const copy = join(root, path)
    writeReadCopy(`${BRONZE.container}/${path}`, copy, data)
    copies.push(copy)
  }
  await connection.run(
    copies.length === 0
      ? 'CREATE VIEW bronze AS SELECT CAST(NULL AS VARCHAR) AS file, CAST(NULL AS VARCHAR) AS line WHERE false'
      : `CREATE VIEW bronze AS SELECT substr(path, ${root.length + 2}) AS file, line FROM read_csv(${quotedPaths(copies)}, ${FROM_FILES_ALONE}, columns = {'line': 'VARCHAR'}, auto_detect = false, header = false, delim = '\x01', quote = '', escape = '', filename = 'path')`,
  )
  return { files: copies.length, bytes }
}

/** Long numbers come as text; only those that a JSON number cannot hold exactly stay text. */
function exactNumber(value: unknown): unknown {
  const number = typeof value === 'string' ? Number(value) : Number.NaN
  return Number.isSafeInteger(number) ? number : value
}

/** What the library puts before the engine's words for a mistake in the SQL. */
const OF_THE_LIBRARY = /^Failed to extract statements: /

/** Of a text without anything else DuckDB says only that something failed. */
const NOTHING = /--[^\r\n]*|\/\*[\s\S]*?\*\/|[\s;]/g

async function select(
  connection: DuckDBConnection,
  sql: string,
  { rows, timeoutMs }: QueryLimits,
  signal: AbortSignal | undefined,
): Promise<Pick<QueryResult, 'columns' | 'rows' | 'isCut'>> {
  const { StatementType, DuckDBTypeId } = await import('@duckdb/node-api')
  if (sql.replace(NOTHING, '') === '') throw new Error('There is no statement: write a single SELECT.')
  const statements = await connection.extractStatements(sql).catch((error: Error) => {
    throw new Error(error.message.replace(OF_THE_LIBRARY, ''), { cause: error })
  })
  if (statements.count !== 1) throw new Error('One statement at a time: a single SELECT.')
  const prepared = await statements.prepare(0)
  if (prepared.statementType !== StatementType.SELECT && prepared.statementType !== StatementType.EXPLAIN)
    throw new Error('Only SELECT is answered here: the layers are read, never written.')
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    connection.interrupt()
  }, timeoutMs)
  try {
    const reader = await prepared.streamAndReadUntil(rows + 1)
    signal?.throwIfAborted()
    const { BIGINT, UBIGINT, HUGEINT, UHUGEINT } = DuckDBTypeId
    const isLong = reader
      .columnTypes()
      .map(({ typeId }) => [BIGINT, UBIGINT, HUGEINT, UHUGEINT].some((long) => long === typeId))
    const found = reader
      .getRowsJson()
      .map((row) => row.map((value, column) => (isLong[column] ? exactNumber(value) : value)))
    return { columns: reader.columnNames(), rows: found.slice(0, rows), isCut: found.length > rows }
  } catch (error) {
    signal?.throwIfAborted()
    if (isLate) throw new Error(`The query took longer than ${Math.round(timeoutMs / 1000)} s and was ended.`)
    throw error
  } finally {
    clearTimeout(timer)
  }
}
