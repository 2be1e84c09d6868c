/**
 * DuckDB, in a process of its own: all memory that it took is the system's again when that ends, its library's pages too, and a
 * crash of native code is a statement that failed. Answers its parent's questions, and ends with it.
 */
import { mkdirSync } from 'node:fs'
import {
  BIGINT,
  blobValue,
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBMaterializedResult,
  type DuckDBPreparedStatement,
  type DuckDBType,
  JSDuckDBValueConverter,
  LIST,
  listValue,
  VARCHAR,
} from '@duckdb/node-api'
import {
  type Answer,
  type Asked,
  type DuckDbSettings,
  MAINTENANCE,
  type Question,
  type SqlParameter,
  type SqlRow,
  type Statement,
} from './messages.ts'

/**
 * The settings that keep DuckDB a good neighbour: no downloads, a bounded memory that is given back, one thread, no cache of
 * its own. And plans that may be kept: what a table's statistics say at planning would stand in them for good, and rows
 * outside of the ranges of then would be left out (duckdb/duckdb issues 23704 and 24182).
 */
const settingsOf = ({ temporaryFolder, memoryLimit }: DuckDbSettings) => ({
  threads: '1',
  memory_limit: memoryLimit,
  temp_directory: temporaryFolder,
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
  enable_external_file_cache: 'false',
  allocator_flush_threshold: '1MB',
  allocator_background_threads: 'true',
  disabled_optimizers: 'statistics_propagation',
})

interface Connected {
  connection: DuckDBConnection
  prepared: Map<string, DuckDBPreparedStatement>
}

let instance: DuckDBInstance | undefined
const connections = new Map<number, Connected>()
let running = 0

async function open(settings: DuckDbSettings): Promise<void> {
  mkdirSync(settings.temporaryFolder, { recursive: true })
  instance = await DuckDBInstance.create(':memory:', settingsOf(settings))
  await connect(MAINTENANCE)
}

async function connect(number: number): Promise<void> {
  if (!instance) throw new Error('DuckDB is not open.')
  const connection = await instance.connect()
  // Dates and hours are UTC, wherever the laptop stands.
  await connection.run("SET TimeZone = 'UTC'")
  connections.set(number, { connection, prepared: new Map() })
}

function connected(number: number): Connected {
  const found = connections.get(number)
  if (!found) throw new Error('The connection is closed.')
  return found
}

async function run({ connection: number, sql, parameters, isKept, isRead }: Statement): Promise<SqlRow[]> {
  const { connection, prepared } = connected(number)
  let result: DuckDBMaterializedResult
  if (isKept) {
    const statement = prepared.get(sql) ?? (await connection.prepare(sql))
    prepared.set(sql, statement)
    statement.bind(...boundBy(parameters ?? []))
    result = await statement.run()
  } else {
    // Without parameters, not even an empty list of them: preparing would be two trips more to another thread.
    result = await (parameters ? connection.run(sql, ...boundBy(parameters)) : connection.run(sql))
  }
  return isRead ? rowsIn(result) : []
}

function forgetPlans(number: number): void {
  const { prepared } = connections.get(number) ?? {}
  for (const statement of prepared?.values() ?? []) statement.destroySync()
  prepared?.clear()
}

function disconnect(number: number): void {
  forgetPlans(number)
  connections.get(number)?.connection.closeSync()
  connections.delete(number)
}

function boundBy(parameters: readonly SqlParameter[]): [values: never, types: never] {
  const bound = parameters.map(bind)
  return [bound.map(({ value }) => value) as never, bound.map(({ type }) => type) as never]
}

/** A parameter as the library takes it; without a type it chooses that by the value. */
function bind(parameter: SqlParameter): { value: unknown; type?: DuckDBType } {
  if (parameter instanceof Uint8Array) return { value: blobValue(parameter) }
  if (typeof parameter !== 'object') return { value: parameter }
  return parameter.of === 'texts'
    ? { value: listValue(parameter.values), type: LIST(VARCHAR) }
    : { value: listValue(parameter.values.map(BigInt)), type: LIST(BIGINT) }
}

/** All is there already: asking for each piece by itself would be a trip to another thread each. */
function rowsIn(result: DuckDBMaterializedResult): SqlRow[] {
  const names = result.deduplicatedColumnNames()
  const rows: SqlRow[] = []
  for (let index = 0; index < result.chunkCount; index++) {
    const chunk = result.getChunk(index)
    for (let row = 0; row < chunk.rowCount; row++) {
      const values = chunk.convertRowValues(row, JSDuckDBValueConverter)
      rows.push(Object.fromEntries(names.map((name, column) => [name, numberOf(values[column])])))
    }
  }
  return rows
}

const numberOf = (value: unknown) => (typeof value === 'bigint' ? Number(value) : value)

async function answer(question: Question): Promise<SqlRow[]> {
  if (question.kind === 'open') await open(question.settings)
  else if (question.kind === 'connect') await connect(question.connection)
  else return run(question)
  return []
}

async function reply(question: Question & { id: number }): Promise<void> {
  running++
  const { id } = question
  let said: Answer
  try {
    said = { id, rows: await answer(question) }
  } catch (error) {
    said = { id, rows: [], error: (error as Error).message }
  } finally {
    running--
  }
  if (process.connected) process.send?.(said)
}

process.on('message', (asked: Asked) => {
  if (asked.kind === 'forget plans') forgetPlans(asked.connection)
  else if (asked.kind === 'disconnect') disconnect(asked.connection)
  else void reply(asked)
})

/** The parent has closed DuckDB, or is gone, killed perhaps: whatever still ran for it must not touch the lake any more. */
process.once('disconnect', () => {
  if (running > 0) process.kill(process.pid, 'SIGKILL')
  for (const number of connections.keys()) disconnect(number)
  instance?.closeSync()
  process.exit(0)
})

// A terminal sends these to all processes in front; the parent decides when this one ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.title = 'rtstream-tui duckdb'
