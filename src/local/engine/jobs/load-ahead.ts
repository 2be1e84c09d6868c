/** Fills the work tables of silver's next batches while the present one is written: behind a backlog both cores have something to do then. */
import type { Connection, Database } from '../duckdb/database.ts'
import type { BronzePiece } from '../query/bronze-text.ts'
import { insertMany, makeShared, putInPlace, type WorkTables } from './work-table.ts'

interface Loading {
  pieces: readonly BronzePiece[]
  tables: WorkTables
  /** Of silver's connection when it began: DuckDB may have been closed since, and with it the tables. */
  life: number
  connection: Connection
  /** It never fails: whether it is there. */
  done: Promise<boolean>
}

/** Each by a connection of its own, in the order of the batches. What goes wrong here is told by whoever loads the same lines again. */
export class LoadAhead {
  /** Tables of a run that was ended may still be there when the next one makes its own. */
  static #made = 0
  readonly #database: Pick<Database, 'connect' | 'disconnect'>
  readonly #own: Connection
  readonly #loading: Loading[] = []

  /** @param own silver's connection. */
  constructor(database: Pick<Database, 'connect' | 'disconnect'>, own: Connection) {
    this.#database = database
    this.#own = own
  }

  get isEmpty(): boolean {
    return this.#loading.length === 0
  }

  /** @param pieces that are loaded. @param lines SQL of them, as of {@link insertMany}. */
  begin(pieces: readonly BronzePiece[], lines: string): void {
    const number = ++LoadAhead.#made
    const tables = { batch: `ahead_${number}`, irregular: `ahead_irregular_${number}` }
    const connection = this.#database.connect()
    const load = async () => {
      await makeShared(connection, tables)
      await insertMany(connection, lines, tables)
      return true
    }
    const done = load().catch(() => false)
    this.#loading.push({ pieces, tables, life: this.#own.life, connection, done })
  }

  /**
   * Puts what was loaded in the place of the table `batch`, which is no temporary one then.
   * @returns false when these are not loaded, or have changed since: then the caller loads them.
   */
  async take(pieces: readonly BronzePiece[]): Promise<boolean> {
    const [loading] = this.#loading
    // What is loaded may be a later batch's.
    if (!loading || loading.pieces[0]?.path !== pieces[0]?.path) return false
    const isThere = (await loading.done) && loading.life === this.#own.life
    this.#loading.shift()
    if (!isThere || !isSame(loading.pieces, pieces)) {
      void this.#drop(loading)
      return false
    }
    this.#database.disconnect(loading.connection)
    await putInPlace(this.#own, loading.tables)
    return true
  }

  /** What was loaded is not needed. */
  close(): void {
    for (const loading of this.#loading.splice(0)) void this.#drop(loading)
  }

  async #drop({ connection, tables, done }: Loading): Promise<void> {
    await done
    try {
      await connection.run(`DROP TABLE IF EXISTS ${tables.batch}; DROP TABLE IF EXISTS ${tables.irregular}`)
    } catch {
      // DuckDB is closed, and with it they are gone.
    } finally {
      this.#database.disconnect(connection)
    }
  }
}

const isSame = (some: readonly BronzePiece[], others: readonly BronzePiece[]) =>
  some.length === others.length &&
  some.every(({ path, from, to }, index) => {
    const other = others[index]
    return path === other?.path && from === other.from && to === other.to
  })
