/**
 * A query's checkpoint, `checkpoints/<query>/`: `offsets/` says, before a micro-batch, what it will read; `commits/` says
 * that it is done; `metadata.json` names the tables that it belongs to.
 */
import { mkdirSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { BatchCounts } from '../../../contract/tables.ts'
import { namesIfThere, textIfThere } from '../../storage/if-there.ts'
import type { NotebookName } from '../api/engine.ts'
import type { EngineContext } from '../api/options.ts'
import { RECOVERY } from '../api/recovery.ts'
import { type LakePlace, writeLakeFile } from '../delta/lake-files.ts'

class DamagedEntryError extends Error {}

const CONTAINER = 'checkpoints'

/** How many finished batches stay on disk, for people who want to look. */
const KEPT = 10

/** One file of `offsets/`. */
export interface OffsetEntry<Input, Position> {
  batchId: number
  /** Epoch ms. */
  plannedAt: number
  input: Input
  /** How far the source is read once this batch is done. */
  position: Position
}

interface CommitEntry<Position> {
  batchId: number
  /** Over the life of the tables. */
  totals: BatchCounts
  /** That of the batch's offset entry, once more: either of the two may be damaged. Older versions left it out. */
  position?: Position
}

interface MetadataFile {
  format: 1
  /** Delta table ids by table, e.g. `silver/weather`. */
  tables: Record<string, string>
}

/** Read when it is made; written ahead of each batch and behind it. */
export class QueryCheckpoint<Input, Position> {
  readonly #context: EngineContext
  readonly #query: NotebookName
  readonly #folder: string
  /** The newest planned batch, done or not. */
  offset: OffsetEntry<Input, Position> | undefined
  /** Position and totals after the newest finished batch. */
  committed: { batchId: number; position: Position; totals: BatchCounts } | undefined
  /**
   * Id of each output table by its name; undefined before the first batch. Another id means that the table was
   * made anew.
   */
  tables: Readonly<Record<string, string>> | undefined

  constructor(context: EngineContext, query: NotebookName) {
    this.#context = context
    this.#query = query
    this.#folder = context.lake.resolve(CONTAINER, query)
    this.#load()
  }

  /** The batch that was planned and never finished. */
  get unfinished(): OffsetEntry<Input, Position> | undefined {
    return this.offset && this.offset.batchId > (this.committed?.batchId ?? -1) ? this.offset : undefined
  }

  /** Before the first batch. */
  async writeTables(tables: Record<string, string>): Promise<void> {
    await this.#write('metadata.json', { format: 1, tables } satisfies MetadataFile)
    this.tables = tables
  }

  /** Before the batch runs: from now on it must run with this input. */
  async plan(entry: OffsetEntry<Input, Position>): Promise<void> {
    await this.#writeEntry('offsets', entry)
    this.offset = entry
  }

  /** The planned batch is done. */
  async commit(totals: BatchCounts): Promise<void> {
    if (!this.offset) throw new Error(`${this.#query} has no planned batch to commit.`)
    const { batchId, position } = this.offset
    await this.#writeEntry('commits', { batchId, totals, position } satisfies CommitEntry<Position>)
    this.committed = { batchId, position, totals }
  }

  /** A file of the query's own beside its logs. */
  path(name: string): { container: string; path: string } {
    return { container: CONTAINER, path: `${this.#query}/${name}` }
  }

  /** The entry that is the first to be forgotten gives its file: to make one and to delete one costs more than to write it. */
  async #writeEntry(
    kind: 'offsets' | 'commits',
    entry: OffsetEntry<Input, Position> | CommitEntry<Position>,
  ): Promise<void> {
    const old = entry.batchId - KEPT
    const inFileOf = old >= 0 ? this.path(`${kind}/${entryName(old)}`) : undefined
    await this.#write(`${kind}/${entryName(entry.batchId)}`, entry, inFileOf)
  }

  async #write(name: string, content: unknown, inFileOf?: LakePlace): Promise<void> {
    await writeLakeFile(this.#context, this.path(name), `${JSON.stringify(content)}\n`, {
      overwrite: true,
      ...(inFileOf && { inFileOf }),
    })
  }

  #load(): void {
    const offsets = this.#entries('offsets')
    const commits = this.#entries('commits')
    this.tables = this.#readTables()
    // Without the newest note of what is done, its batch runs again on the same input: its tables leave out what they have.
    const done = this.#newestWhole<CommitEntry<Position>>('commits', commits)
    const offset = this.#newestWhole<OffsetEntry<Input, Position>>('offsets', offsets)
    this.offset = offset
    if (!done) return
    const { batchId, totals } = done
    const position =
      done.position ?? (offset?.batchId === batchId ? offset : this.#entry('offsets', batchId)).position
    this.committed = { batchId, position, totals }
    // The plan of a batch that is done says no more than that; the batches behind it need its number.
    if ((offset?.batchId ?? -1) < batchId)
      this.offset = { batchId, plannedAt: 0, input: undefined as Input, position }
  }

  /** Undefined also when the file is damaged: it is then written from the tables that are there. */
  #readTables(): MetadataFile['tables'] | undefined {
    try {
      return (this.#read('metadata.json') as MetadataFile | undefined)?.tables
    } catch (error) {
      if (!(error instanceof DamagedEntryError)) throw error
      this.#context.logger.warn({ reason: error.message }, 'a damaged file of a checkpoint is written anew')
      return undefined
    }
  }

  /** The newest entry; a damaged one is set aside, and the one before it counts. Older ones are not checked. */
  #newestWhole<Entry>(kind: 'offsets' | 'commits', batches: readonly number[]): Entry | undefined {
    const [newest, before] = [batches.at(-1), batches.at(-2)]
    if (newest === undefined) return undefined
    try {
      return this.#entry<Entry>(kind, newest)
    } catch (error) {
      // Going back further than one batch would leave the tables' content unknown.
      if (!(error instanceof DamagedEntryError) || (before ?? -1) !== newest - 1) throw error
      const entry = before === undefined ? undefined : this.#entry<Entry>(kind, before)
      this.#setAside(kind, newest, error)
      return entry
    }
  }

  /** Kept for people who want to look; not among the entries, where nothing else may lie. */
  #setAside(kind: 'offsets' | 'commits', batchId: number, error: DamagedEntryError): void {
    const name = entryName(batchId)
    const { lake, logger } = this.#context
    const file = lake.resolve(CONTAINER, `${this.#query}/${kind}/${name}`)
    const aside = lake.resolve(CONTAINER, `${this.#query}/damaged/${kind}-${name}`)
    mkdirSync(dirname(aside), { recursive: true })
    renameSync(file, aside)
    logger.warn({ file, aside, reason: error.message }, 'a damaged entry of a checkpoint was set aside')
  }

  #entries(kind: 'offsets' | 'commits'): number[] {
    const folder = join(this.#folder, kind)
    return namesIfThere(folder)
      .map((name) => {
        const match = ENTRY.exec(name)
        // Spark keeps its checkpoints in folders of the same names.
        if (!match) throw this.#foreign(join(folder, name))
        return Number(match[1])
      })
      .sort((a, b) => a - b)
  }

  #entry<Entry = OffsetEntry<Input, Position>>(kind: 'offsets' | 'commits', batchId: number): Entry {
    const name = `${kind}/${entryName(batchId)}`
    const entry = this.#read(name)
    if (entry === undefined)
      throw new Error(`${join(this.#folder, name)} is missing: the checkpoint has a hole. ${RECOVERY}`)
    if ((entry as { batchId?: unknown }).batchId !== batchId)
      throw new DamagedEntryError(
        `${join(this.#folder, name)} is damaged: it is no entry of that number. ${RECOVERY}`,
      )
    return entry as Entry
  }

  #read(name: string): unknown {
    const file = join(this.#folder, name)
    const text = textIfThere(file)
    if (text === undefined) return undefined
    try {
      const value: unknown = JSON.parse(text)
      if (typeof value !== 'object' || value === null) throw new TypeError('no object')
      return value
    } catch (error) {
      throw new DamagedEntryError(`${file} is damaged: it is not JSON. ${RECOVERY}`, { cause: error })
    }
  }

  #foreign(file: string): Error {
    return new Error(
      `The checkpoint of ${this.#query} was written by another engine (${file}). Run it with that engine, or use ` +
        'another data folder.',
    )
  }
}

const ENTRY = /^(\d{20})\.json$/
const entryName = (batchId: number) => `${String(batchId).padStart(20, '0')}.json`
