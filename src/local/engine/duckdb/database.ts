/** DuckDB as the engine uses it: started lazily, small, in a process of its own, its statements in turn. */
import { type DuckDbSettings, MAINTENANCE, type SqlParameter, type SqlRow } from './messages.ts'
import { DuckDbProcess } from './process.ts'
import { Turns } from './turns.ts'

export type { SqlParameter, SqlRow } from './messages.ts'

/**
 * One for all queries of the engine: they share its memory limit, and take turns. DuckDB itself is started with the first statement,
 * and ended again when it has had none for a while: batches of the present need none.
 */
export class Database {
  readonly #settings: DuckDbSettings
  readonly #connections = new Set<Connection>()
  /** Statements take turns: the queries share one core, and the memory limit, fairly. */
  readonly #turns = new Turns()
  #opened: Promise<DuckDbProcess> | undefined
  #parallel = 1
  #isAlone = false
  #isClosed = false
  /** Beginnings and ends of statements so far, and at the last look. */
  #statements = 0
  #statementsSeen = 0

  constructor(settings: DuckDbSettings) {
    this.#settings = settings
  }

  /** In UTC. The caller gives it back with {@link disconnect}. */
  connect(): Connection {
    const make = async () => {
      const duckDb = await this.#open()
      return { duckDb, number: await duckDb.connect() }
    }
    const connection = new Connection(make, this.#turns, () => {
      this.#statements++
    })
    this.#connections.add(connection)
    return connection
  }

  /** Of DuckDB's process; undefined while there is none. */
  get processId(): Promise<number | undefined> {
    return Promise.resolve(this.#opened).then((duckDb) => duckDb?.pid)
  }

  #open(): Promise<DuckDbProcess> {
    if (this.#isClosed) throw new Error('The database is closed.')
    this.#opened ??= this.#start()
    return this.#opened
  }

  async #start(): Promise<DuckDbProcess> {
    try {
      return await DuckDbProcess.start(this.#settings, () => this.#rest())
    } catch (error) {
      this.#opened = undefined
      throw new Error(`DuckDB could not be opened: ${(error as Error).message}`, { cause: error })
    }
  }

  /** The next statement starts it again. */
  #rest(): void {
    this.#opened = undefined
    for (const connection of this.#connections) connection.rest()
  }

  /** Gives freed memory back to the system: setting the limit, to what it is, makes DuckDB do that. */
  async returnMemory(): Promise<void> {
    if (!this.#opened) return
    await this.#turns.take(async () => {
      // It may have been closed while this waited.
      const duckDb = await this.#opened
      if (duckDb) await limitTo(duckDb, this.#settings.memoryLimit)
    })
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
      const duckDb = await this.#opened
      if (!duckDb) return
      try {
        await limitTo(duckDb, '1B').catch(() => {})
      } finally {
        await limitTo(duckDb, this.#settings.memoryLimit)
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
   * Ends DuckDB when there was no statement since the last call, and no batch that needs it is under way: its memory is the system's again, and
   * temporary tables are gone.
   * @returns whether it was ended.
   */
  async closeIfIdle(): Promise<boolean> {
    const isIdle = this.#statements === this.#statementsSeen
    this.#statementsSeen = this.#statements
    if (!isIdle || !this.#opened) return false
    let isEnded = false
    await this.#alone(async () => {
      if (this.#statements !== this.#statementsSeen) return
      if ([...this.#connections].some(({ isNeeded }) => isNeeded)) return
      const duckDb = await this.#opened
      this.#rest()
      await duckDb?.close()
      isEnded = duckDb !== undefined
    })
    return isEnded
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
    const duckDb = await this.#opened?.catch(() => undefined)
    await duckDb?.close()
  }
}

async function limitTo(duckDb: DuckDbProcess, limit: string): Promise<void> {
  const sql = `SET memory_limit = ${quoted(limit)}`
  await duckDb.ask({ kind: 'statement', connection: MAINTENANCE, sql, isKept: false, isRead: false })
}

const CHANGES_CATALOG = /\b(CREATE|DROP|ALTER)\b/

/** What a connection is made of. */
interface Made {
  duckDb: DuckDbProcess
  number: number
}

/** One query's connection: its temporary tables are its own. Opened with its first statement. */
export class Connection {
  readonly #make: () => Promise<Made>
  readonly #turns: Turns
  readonly #onStatement: () => void
  /** A connection runs one statement at a time, whatever the database allows. */
  readonly #own = new Turns()
  #made: Made | undefined
  #isClosed = false
  #isInBatch = false
  #hasAsked = false
  #hadAsked = false
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
    this.#hadAsked = this.#hasAsked
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

  /**
   * DuckDB is there, and this batch has asked it something, or the one before. What can be done without it leaves it alone otherwise: else the files
   * that are made one, behind a burst, would keep it for as long as there are some.
   */
  get isInUse(): boolean {
    return this.isOpen && (this.#hasAsked || this.#hadAsked)
  }

  /** Opens it, if it is not open: after that, {@link life} tells whether temporary tables are there. */
  async open(): Promise<void> {
    await this.#inTurn(async () => {})
  }

  /** @param sql one statement or more. Whatever creates or drops tables must come through here. */
  async run(sql: string, parameters?: readonly SqlParameter[]): Promise<void> {
    await this.#inTurn(async (made) => {
      // A plan that was made before the catalog changed is not only made anew once: DuckDB then plans at every run.
      if (CHANGES_CATALOG.test(sql)) this.forgetPlans()
      await ask(made, sql, parameters)
    })
  }

  /** Runs a statement whose plan is kept: for those that take longer to plan than to run. */
  async runPrepared(sql: string, parameters: readonly SqlParameter[] = []): Promise<void> {
    await this.#inTurn((made) => ask(made, sql, parameters, { isKept: true }))
  }

  /** Gives back the space of rows that were deleted from temporary tables. Making the tables anew would end every plan that is kept. */
  async reclaim(): Promise<void> {
    await this.#inTurn((made) => ask(made, 'CHECKPOINT temp'))
  }

  /** A plan that is kept keeps what its last run has built, as the ids that it grouped: after many rows that is not worth it. */
  forgetPlans(): void {
    this.#made?.duckDb.tell({ kind: 'forget plans', connection: this.#made.number })
  }

  /** For small results only: rows come as messages. 64-bit integers come as numbers. */
  async rows<Row extends SqlRow>(sql: string, parameters?: readonly SqlParameter[]): Promise<Row[]> {
    return this.#inTurn((made) => ask<Row>(made, sql, parameters, { isRead: true }))
  }

  /** As {@link rows}, for a statement whose plan is kept. */
  async rowsPrepared<Row extends SqlRow>(
    sql: string,
    parameters: readonly SqlParameter[] = [],
  ): Promise<Row[]> {
    return this.#inTurn((made) => ask<Row>(made, sql, parameters, { isKept: true, isRead: true }))
  }

  /** DuckDB is closed; the next statement opens it again. */
  rest(): void {
    this.#made?.duckDb.tell({ kind: 'disconnect', connection: this.#made.number })
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
}

async function ask<Row extends SqlRow>(
  { duckDb, number: connection }: Made,
  sql: string,
  parameters?: readonly SqlParameter[],
  { isKept = false, isRead = false } = {},
): Promise<Row[]> {
  const statement = { kind: 'statement', connection, sql, isKept, isRead } as const
  return (await duckDb.ask(parameters ? { ...statement, parameters } : statement)) as Row[]
}

/** @param select SQL of the rows. */
export async function countRows(connection: Connection, select: string): Promise<number> {
  const [found] = await connection.rows<{ count: number }>(`SELECT count(*) AS count FROM (${select})`)
  return found?.count ?? 0
}

/** A string literal. */
export const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`
