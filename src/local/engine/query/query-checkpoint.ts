/**
 * A query's checkpoint, `checkpoints/<query>/`: `offsets/` says, before a micro-batch, what it will read; `commits/` says
 * that it is done; `metadata.json` names the tables that it belongs to.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BatchCounts } from '../../../contract/tables.ts'
import type { NotebookName } from '../api/engine.ts'
import type { EngineContext } from '../api/options.ts'
import { removeLakeFile, writeLakeFile } from '../delta/lake-files.ts'

const CONTAINER = 'checkpoints'

/** How many finished batches stay on disk, for people who want to look. */
const KEPT = 10

export interface OffsetEntry<Input, Position> {
  batchId: number
  /** Epoch ms. */
  plannedAt: number
  input: Input
  /** How far the source is read once this batch is done. */
  position: Position
}

interface CommitEntry {
  batchId: number
  /** Over the life of the tables. */
  totals: BatchCounts
}

interface MetadataFile {
  format: 1
  /** Delta table ids by table, e.g. `silver/weather`. */
  tables: Record<string, string>
}

export class QueryCheckpoint<Input, Position> {
  readonly #context: EngineContext
  readonly #query: NotebookName
  readonly #folder: string
  /** The newest planned batch, done or not. */
  offset: OffsetEntry<Input, Position> | undefined
  /** Position and totals after the newest finished batch. */
  committed: { batchId: number; position: Position; totals: BatchCounts } | undefined
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

  async writeTables(tables: Record<string, string>): Promise<void> {
    await this.#write('metadata.json', { format: 1, tables } satisfies MetadataFile)
    this.tables = tables
  }

  async plan(entry: OffsetEntry<Input, Position>): Promise<void> {
    await this.#write(`offsets/${entryName(entry.batchId)}`, entry)
    this.offset = entry
  }

  /** The planned batch is done. */
  async commit(totals: BatchCounts): Promise<void> {
    if (!this.offset) throw new Error(`${this.#query} has no planned batch to commit.`)
    const { batchId, position } = this.offset
    await this.#write(`commits/${entryName(batchId)}`, { batchId, totals } satisfies CommitEntry)
    this.committed = { batchId, position, totals }
    const old = batchId - KEPT
    if (old < 0) return
    for (const kind of ['offsets', 'commits']) {
      removeLakeFile(this.#context, {
        container: CONTAINER,
        path: `${this.#query}/${kind}/${entryName(old)}`,
      })
    }
  }

  /** A file of the query's own beside its logs. */
  path(name: string): { container: string; path: string } {
    return { container: CONTAINER, path: `${this.#query}/${name}` }
  }

  async #write(name: string, content: unknown): Promise<void> {
    await writeLakeFile(this.#context, this.path(name), `${JSON.stringify(content)}\n`, { overwrite: true })
  }

  #load(): void {
    const offsets = this.#entries('offsets')
    const commits = this.#entries('commits')
    const offset = offsets.at(-1)
    const done = commits.at(-1)
    this.tables = (this.#read('metadata.json') as MetadataFile | undefined)?.tables
    this.offset = offset === undefined ? undefined : this.#entry('offsets', offset)
    if (done === undefined) return
    const { totals } = this.#entry<CommitEntry>('commits', done)
    const { position } = this.#entry<OffsetEntry<Input, Position>>('offsets', done)
    this.committed = { batchId: done, position, totals }
  }

  #entries(kind: 'offsets' | 'commits'): number[] {
    const folder = join(this.#folder, kind)
    let names: string[]
    try {
      names = readdirSync(folder)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
    return names
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
      throw new Error(`${join(this.#folder, name)} is missing: the checkpoint has a hole.`)
    return entry as Entry
  }

  #read(name: string): unknown {
    const file = join(this.#folder, name)
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    try {
      return JSON.parse(text)
    } catch (error) {
      throw new Error(
        `${file} is damaged: it is no JSON. Delete the checkpoint and its tables to build them anew.`,
        {
          cause: error,
        },
      )
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
