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

/** DuckDB while it is open. */
interface Opened {
  instance: DuckDBInstance
  values: Values
  /** Belongs to no query, so no query can close it while it is in use. */
  maintenance: DuckDBConnection
}

/**
 * One for all queries of the engine: they share its memory limit, and take turns. DuckDB itself is loaded with the first statement,
 * and closed again when it has had none for a while: batches of the present need none.
 */
export class Database {
  readonly #options: { temporaryFolder: string; memoryLimit: string }
  readonly #connections = new Set<Connection>()
  /** Statements take turns: the queries share one core, and the memory limit, fairly. */
  readonly #turns = new Turns()
  #opened: Promise<Opened> | undefined
  #parallel = 1
  #isAlone = false
  #isClosed = false
  /** Beginnings and ends of statements so far, and at the last look. */
  #statements = 0
  #statementsSeen = 0

  /** @param options.temporaryFolder where DuckDB spills; made when missing. */
  constructor(options: { temporaryFolder: string; memoryLimit: string }) {
    this.#options = options
  }

  /** In UTC. The caller gives it back with {@link disconnect}. */
  connect(): Connection {
    const make = async () => {
      const { instance, values } = await this.#open()
      const connection = await instance.connect()
      // Dates and hours are UTC, wherever the laptop stands.
      await connection.run("SET TimeZone = 'UTC'")
      return { connection, values }
    }
    const connection = new Connection(make, this.#turns, () => {
      this.#statements++
    })
    this.#connections.add(connection)
    return connection
  }

  #open(): Promise<Opened> {
    if (this.#isClosed) throw new Error('The database is closed.')
    this.#opened ??= this.#load()
    return this.#opened
  }

  async #load(): Promise<Opened> {
    try {
      return await this.#create()
    } catch (error) {
      this.#opened = undefined
      throw new Error(`DuckDB could not be opened: ${(error as Error).message}`, { cause: error })
    }
  }

  async #create(): Promise<Opened> {
    const { temporaryFolder, memoryLimit } = this.#options
    mkdirSync(temporaryFolder, { recursive: true })
    const library = await import('@duckdb/node-api')
    const instance = await library.DuckDBInstance.create(':memory:', settings(temporaryFolder, memoryLimit))
    return { instance, values: valuesOf(library), maintenance: await instance.connect() }
  }

  /**
   * Gives freed memory back to the system, the C library's too: setting the limit, to what it is, makes DuckDB do both. Node
   * cannot ask the C library itself, whose arenas (one for each thread) keep tens of megabytes that nobody uses.
   */
  async returnMemory(): Promise<void> {
    if (!this.#opened) return
    await this.#turns.take(async () => {
      // It may have been closed while this waited.
      const opened = await this.#opened
      if (opened) await this.#limitTo(opened, this.#options.memoryLimit)
    })
  }

  async #limitTo({ maintenance }: Opened, limit: string): Promise<void> {
    await maintenance.run(`SET memory_limit = ${quoted(limit)}`)
  }

  /**
   * Frees what DuckDB keeps of buffers that are long gone. Each of its queues of what it may evict holds tens of thousands of
   * them, some hundred bytes each, until more memory is asked for than there is: asking for that, in vain, is what empties
   * them. What can be evicted is written to the temporary folder, and read again when it is needed. No other statement may
   * run meanwhile, so this waits for a time when they run one by one.
   * @returns whether it was done.
   */
  async forgetBuffers(): Promise<boolean> {
    if (!this.#opened) return true
    return this.#alone(async () => {
      const opened = await this.#opened
      if (!opened) return
      try {
        await this.#limitTo(opened, '1B').catch(() => {})
      } finally {
        await this.#limitTo(opened, this.#options.memoryLimit)
      }
    })
  }

  /** While no other statement runs, or may begin. @returns false when several may run just now: then nothing is done. */
  #alone(work: () => Promise<void>): Promise<boolean> {
    return this.#turns.take(async () => {
      if (this.#parallel > 1) return false
      this.#isAlone = true
      try {
        await work()
      } finally {
        this.#isAlone = false
        this.#turns.places = this.#parallel
      }
      return true
    })
  }

  /**
   * Closes DuckDB when there was no statement since the last call, and no batch that needs it is under way: its memory is the system's again, and
   * temporary tables are gone.
   * @param before is done first: what it frees goes back to the system too.
   */
  async closeIfIdle(before = () => {}): Promise<void> {
    const isIdle = this.#statements === this.#statementsSeen
    this.#statementsSeen = this.#statements
    if (!isIdle || !this.#opened) return
    await this.#alone(async () => {
      if (this.#statements !== this.#statementsSeen) return
      if ([...this.#connections].some(({ isNeeded }) => isNeeded)) return
      const opened = await this.#opened
      this.#opened = undefined
      for (const connection of this.#connections) connection.rest()
      if (!opened) return
      close(opened)
      before()
      // Whoever needs it next says why it cannot be opened.
      await this.#returnLast().catch(() => {})
    })
  }

  /** What the end of one has freed: only DuckDB can tell its own allocator, and the C library, to give that back. */
  async #returnLast(): Promise<void> {
    const last = await this.#create()
    try {
      await this.#limitTo(last, this.#options.memoryLimit)
    } finally {
      close(last)
    }
  }

  /** How many statements may run at once; those that run already go on. */
  set parallel(count: number) {
    this.#parallel = count
    if (!this.#isAlone) this.#turns.places = count
  }

  disconnect(connection: Connection): void {
    this.#connections.delete(connection)
    connection.close()
  }

  /** Also its connections; what runs on them fails. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const connection of this.#connections) connection.close()
    this.#connections.clear()
    const opened = await this.#opened?.catch(() => undefined)
    if (opened) close(opened)
  }
}

function close({ maintenance, instance }: Opened): void {
  maintenance.closeSync()
  instance.closeSync()
}

const CHANGES_CATALOG = /\b(CREATE|DROP|ALTER)\b/

/** What a connection is made of. */
interface Made {
  connection: DuckDBConnection
  values: Values
}

/** One query's connection: its temporary tables are its own. Opened with its first statement. */
export class Connection {
  readonly #make: () => Promise<Made>
  readonly #turns: Turns
  readonly #onStatement: () => void
  /** A connection runs one statement at a time, whatever the database allows. */
  readonly #own = new Turns()
  readonly #prepared = new Map<string, DuckDBPreparedStatement>()
  #made: Made | undefined
  #isClosed = false
  #isInBatch = false
  #hasAsked = false
  /** Grows each time that it is opened: temporary tables of an earlier life are gone. */
  life = 0

  constructor(make: () => Promise<Made>, turns: Turns, onStatement: () => void) {
    this.#make = make
    this.#turns = turns
    this.#onStatement = onStatement
  }

  /**
   * Runs a batch. From its first statement on DuckDB is not closed for being idle: its temporary tables stay, however long the disk lets it
   * wait between two statements, and while the machine sleeps.
   */
  async inBatch<T>(batch: () => Promise<T>): Promise<T> {
    this.#isInBatch = true
    this.#hasAsked = false
    try {
      return await batch()
    } finally {
      this.#isInBatch = false
    }
  }

  /** A batch is under way that has asked something. */
  get isNeeded(): boolean {
    return this.#isInBatch && this.#hasAsked
  }

  /** Whether DuckDB is there already. */
  get isOpen(): boolean {
    return this.#made !== undefined
  }

  /** Opens it, if it is not open: after that, {@link life} tells whether temporary tables are there. */
  async open(): Promise<void> {
    await this.#inTurn(async () => {})
  }

  /** @param sql one statement or more. Whatever creates or drops tables must come through here. */
  async run(sql: string, parameters?: readonly SqlParameter[]): Promise<void> {
    await this.#inTurn(async ({ connection, values }) => {
      // A plan that was made before the catalog changed is not only made anew once: DuckDB then plans at every run.
      if (CHANGES_CATALOG.test(sql)) this.forgetPlans()
      await runOn(connection, values, sql, parameters)
    })
  }

  /** Runs a statement whose plan is kept: for those that take longer to plan than to run. */
  async runPrepared(sql: string, parameters: readonly SqlParameter[] = []): Promise<void> {
    await this.#inTurn(async (made) => (await this.#statement(made, sql, parameters)).run())
  }

  /** Gives back the space of rows that were deleted from temporary tables. Making the tables anew would end every plan that is kept. */
  async reclaim(): Promise<void> {
    await this.#inTurn(({ connection }) => connection.run('CHECKPOINT temp'))
  }

  /** A plan that is kept keeps what its last run has built, as the ids that it grouped: after many rows that is not worth it. */
  forgetPlans(): void {
    for (const statement of this.#prepared.values()) statement.destroySync()
    this.#prepared.clear()
  }

  /** For small results only: rows are turned into objects on the event loop. 64-bit integers come as numbers. */
  async rows<Row extends SqlRow>(sql: string, parameters?: readonly SqlParameter[]): Promise<Row[]> {
    return this.#inTurn(async ({ connection, values }) =>
      rowsIn(await runOn(connection, values, sql, parameters), values),
    )
  }

  /** As {@link rows}, for a statement whose plan is kept. */
  async rowsPrepared<Row extends SqlRow>(
    sql: string,
    parameters: readonly SqlParameter[] = [],
  ): Promise<Row[]> {
    return this.#inTurn(async (made) =>
      rowsIn(await (await this.#statement(made, sql, parameters)).run(), made.values),
    )
  }

  /** DuckDB is closed; the next statement opens it again. */
  rest(): void {
    this.forgetPlans()
    this.#made?.connection.closeSync()
    this.#made = undefined
  }

  /** Safe to call twice. */
  close(): void {
    this.rest()
    this.#isClosed = true
  }

  #inTurn<T>(work: (made: Made) => Promise<T>): Promise<T> {
    return this.#own.take(() =>
      this.#turns.take(async () => {
        if (this.#isClosed) throw new Error('The connection is closed.')
        this.#onStatement()
        this.#hasAsked = true
        if (!this.#made) {
          this.#made = await this.#make()
          this.life++
        }
        try {
          return await work(this.#made)
        } finally {
          // Whoever has waited for a long one is only now about to go on.
          this.#onStatement()
        }
      }),
    )
  }

  async #statement(
    { connection, values }: Made,
    sql: string,
    parameters: readonly SqlParameter[],
  ): Promise<DuckDBPreparedStatement> {
    const statement = this.#prepared.get(sql) ?? (await connection.prepare(sql))
    this.#prepared.set(sql, statement)
    statement.bind(...boundBy(values, parameters))
    return statement
  }
}

/** Without parameters, not even an empty list of them: preparing would be two trips more to another thread. */
const runOn = (
  connection: DuckDBConnection,
  values: Values,
  sql: string,
  parameters: readonly SqlParameter[] | undefined,
): Promise<DuckDBMaterializedResult> =>
  parameters ? connection.run(sql, ...boundBy(values, parameters)) : connection.run(sql)

function boundBy(values: Values, parameters: readonly SqlParameter[]): [values: never, types: never] {
  const bound = parameters.map(values.bind)
  return [bound.map(({ value }) => value) as never, bound.map(({ type }) => type) as never]
}

/** All is there already: asking for each piece by itself would be a trip to another thread each. */
function rowsIn<Row extends SqlRow>(result: DuckDBMaterializedResult, { read }: Values): Row[] {
  const names = result.deduplicatedColumnNames()
  const rows: Row[] = []
  for (let index = 0; index < result.chunkCount; index++) {
    const chunk = result.getChunk(index)
    for (let row = 0; row < chunk.rowCount; row++) {
      const values = chunk.convertRowValues(row, read)
      rows.push(withNumbers(Object.fromEntries(names.map((name, column) => [name, values[column]]))) as Row)
    }
  }
  return rows
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
