/** DuckDB as the engine uses it: loaded lazily, small, off the event loop, its statements in turn. */
import { mkdirSync } from 'node:fs'
import type {
  DuckDBConnection,
  DuckDBInstance,
  DuckDBMaterializedResult,
  DuckDBPreparedStatement,
  DuckDBType,
} from '@duckdb/node-api'
import { Turns } from './turns.ts'

/** Values of a list parameter; whole numbers are 64 bits wide. Its type is told, since a plan is made anew for another one. */
export type SqlList =
  | { of: 'whole numbers'; values: readonly number[] }
  | { of: 'texts'; values: readonly string[] }
/** What a `?` may stand for. */
export type SqlParameter = string | number | Uint8Array | SqlList
/** By column name. */
export type SqlRow = Record<string, unknown>

/**
 * The settings that keep DuckDB a good neighbour: no downloads, a bounded memory that is given back, one thread, no cache of
 * its own. And plans that may be kept: what a table's statistics say at planning would stand in them for good, and rows
 * outside of the ranges of then would be left out (duckdb/duckdb issues 23704 and 24182).
 */
const settings = (temporaryFolder: string, memoryLimit: string) => ({
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

/** One for all queries of the engine: they share its memory limit, and take turns. */
export class Database {
  readonly #instance: DuckDBInstance
  readonly #values: Values
  readonly #memoryLimit: string
  readonly #connections = new Set<Connection>()
  /** Belongs to no query, so no query can close it while it is in use. */
  readonly #maintenance: DuckDBConnection
  /** Statements take turns: the queries share one core, and the memory limit, fairly. */
  readonly #turns = new Turns()
  #parallel = 1
  #isForgetting = false

  private constructor(
    instance: DuckDBInstance,
    maintenance: DuckDBConnection,
    values: Values,
    memoryLimit: string,
  ) {
    this.#instance = instance
    this.#values = values
    this.#memoryLimit = memoryLimit
    this.#maintenance = maintenance
  }

  /** @param temporaryFolder where DuckDB spills; made when missing. */
  static async open(options: { temporaryFolder: string; memoryLimit: string }): Promise<Database> {
    mkdirSync(options.temporaryFolder, { recursive: true })
    const library = await import('@duckdb/node-api')
    const { DuckDBInstance } = library
    const instance = await DuckDBInstance.create(
      ':memory:',
      settings(options.temporaryFolder, options.memoryLimit),
    )
    return new Database(instance, await instance.connect(), valuesOf(library), options.memoryLimit)
  }

  /** In UTC. The caller gives it back with {@link disconnect}. */
  async connect(): Promise<Connection> {
    const connection = this.#wrap(await this.#instance.connect())
    this.#connections.add(connection)
    // Dates and hours are UTC, wherever the laptop stands.
    await connection.run("SET TimeZone = 'UTC'")
    return connection
  }

  /**
   * Gives freed memory back to the system, the C library's too: setting the limit, to what it is, makes DuckDB do both. Node
   * cannot ask the C library itself, whose arenas (one for each thread) keep tens of megabytes that nobody uses.
   */
  async returnMemory(): Promise<void> {
    await this.#turns.take(() => this.#limitTo(this.#memoryLimit))
  }

  async #limitTo(limit: string): Promise<void> {
    await this.#maintenance.run(`SET memory_limit = ${quoted(limit)}`)
  }

  /**
   * Frees what DuckDB keeps of buffers that are long gone. Each of its queues of what it may evict holds tens of thousands of
   * them, some hundred bytes each, until more memory is asked for than there is: asking for that, in vain, is what empties
   * them. What can be evicted is written to the temporary folder, and read again when it is needed. No other statement may
   * run meanwhile, so this waits for a time when they run one by one.
   * @returns whether it was done.
   */
  async forgetBuffers(): Promise<boolean> {
    return this.#turns.take(async () => {
      if (this.#parallel > 1) return false
      this.#isForgetting = true
      try {
        await this.#limitTo('1B').catch(() => {})
      } finally {
        await this.#limitTo(this.#memoryLimit)
        this.#isForgetting = false
        this.#turns.places = this.#parallel
      }
      return true
    })
  }

  /** How many statements may run at once; those that run already go on. */
  set parallel(count: number) {
    this.#parallel = count
    if (!this.#isForgetting) this.#turns.places = count
  }

  disconnect(connection: Connection): void {
    this.#connections.delete(connection)
    connection.close()
  }

  /** Also its connections; what runs on them fails. */
  close(): void {
    for (const connection of this.#connections) connection.close()
    this.#connections.clear()
    this.#maintenance.closeSync()
    this.#instance.closeSync()
  }

  #wrap(connection: DuckDBConnection): Connection {
    return new Connection(connection, this.#turns, this.#values)
  }
}

const CHANGES_CATALOG = /\b(CREATE|DROP|ALTER)\b/

/** One query's connection: its temporary tables are its own. */
export class Connection {
  readonly #connection: DuckDBConnection
  readonly #turns: Turns
  /** A connection runs one statement at a time, whatever the database allows. */
  readonly #own = new Turns()
  readonly #values: Values
  readonly #prepared = new Map<string, DuckDBPreparedStatement>()
  #open = true

  constructor(connection: DuckDBConnection, turns: Turns, values: Values) {
    this.#connection = connection
    this.#turns = turns
    this.#values = values
  }

  /** @param sql one statement or more. Whatever creates or drops tables must come through here. */
  async run(sql: string, parameters?: readonly SqlParameter[]): Promise<void> {
    await this.#inTurn(async () => {
      // A plan that was made before the catalog changed is not only made anew once: DuckDB then plans at every run.
      if (CHANGES_CATALOG.test(sql)) this.forgetPlans()
      await this.#run(sql, parameters)
    })
  }

  /** Runs a statement whose plan is kept: for those that take longer to plan than to run. */
  async runPrepared(sql: string, parameters: readonly SqlParameter[] = []): Promise<void> {
    await this.#inTurn(async () => (await this.#statement(sql, parameters)).run())
  }

  /** Gives back the space of rows that were deleted from temporary tables. Making the tables anew would end every plan that is kept. */
  async reclaim(): Promise<void> {
    await this.#inTurn(() => this.#run('CHECKPOINT temp', undefined))
  }

  /** A plan that is kept keeps what its last run has built, as the ids that it grouped: after many rows that is not worth it. */
  forgetPlans(): void {
    for (const statement of this.#prepared.values()) statement.destroySync()
    this.#prepared.clear()
  }

  /** For small results only: rows are turned into objects on the event loop. 64-bit integers come as numbers. */
  async rows<Row extends SqlRow>(sql: string, parameters?: readonly SqlParameter[]): Promise<Row[]> {
    return this.#rowsIn(await this.#inTurn(() => this.#run(sql, parameters)))
  }

  /** As {@link rows}, for a statement whose plan is kept. */
  async rowsPrepared<Row extends SqlRow>(
    sql: string,
    parameters: readonly SqlParameter[] = [],
  ): Promise<Row[]> {
    return this.#rowsIn(await this.#inTurn(async () => (await this.#statement(sql, parameters)).run()))
  }

  /** Safe to call twice. */
  close(): void {
    this.forgetPlans()
    if (this.#open) this.#connection.closeSync()
    this.#open = false
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#own.take(() => this.#turns.take(work))
  }

  async #statement(sql: string, parameters: readonly SqlParameter[]): Promise<DuckDBPreparedStatement> {
    const statement = this.#prepared.get(sql) ?? (await this.#connection.prepare(sql))
    this.#prepared.set(sql, statement)
    statement.bind(...this.#bound(parameters))
    return statement
  }

  /** Without parameters, not even an empty list of them: preparing would be two trips more to another thread. */
  #run(sql: string, parameters: readonly SqlParameter[] | undefined): Promise<DuckDBMaterializedResult> {
    return parameters ? this.#connection.run(sql, ...this.#bound(parameters)) : this.#connection.run(sql)
  }

  #bound(parameters: readonly SqlParameter[]): [values: never, types: never] {
    const bound = parameters.map(this.#values.bind)
    return [bound.map(({ value }) => value) as never, bound.map(({ type }) => type) as never]
  }

  /** All is there already: asking for each piece by itself would be a trip to another thread each. */
  #rowsIn<Row extends SqlRow>(result: DuckDBMaterializedResult): Row[] {
    const names = result.deduplicatedColumnNames()
    const rows: Row[] = []
    for (let index = 0; index < result.chunkCount; index++) {
      const chunk = result.getChunk(index)
      for (let row = 0; row < chunk.rowCount; row++) {
        const values = chunk.convertRowValues(row, this.#values.read)
        rows.push(withNumbers(Object.fromEntries(names.map((name, column) => [name, values[column]]))) as Row)
      }
    }
    return rows
  }
}

type Library = typeof import('@duckdb/node-api')

interface Values {
  /** A parameter as the library takes it; without a type it chooses that by the value. */
  bind(parameter: SqlParameter): { value: unknown; type?: DuckDBType }
  read: Library['JSDuckDBValueConverter']
}

const valuesOf = ({
  blobValue,
  listValue,
  LIST,
  BIGINT,
  VARCHAR,
  JSDuckDBValueConverter,
}: Library): Values => ({
  bind(parameter) {
    if (parameter instanceof Uint8Array) return { value: blobValue(parameter) }
    if (typeof parameter !== 'object') return { value: parameter }
    return parameter.of === 'texts'
      ? { value: listValue(parameter.values), type: LIST(VARCHAR) }
      : { value: listValue(parameter.values.map(BigInt)), type: LIST(BIGINT) }
  },
  read: JSDuckDBValueConverter,
})

function withNumbers(row: SqlRow): SqlRow {
  for (const [key, value] of Object.entries(row)) if (typeof value === 'bigint') row[key] = Number(value)
  return row
}

/** @param select SQL of the rows. */
export async function countRows(connection: Connection, select: string): Promise<number> {
  const [found] = await connection.rows<{ count: number }>(`SELECT count(*) AS count FROM (${select})`)
  return found?.count ?? 0
}

/** A string literal. */
export const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`
