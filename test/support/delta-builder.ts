/** Writes Delta tables commit by commit: the Parquet by DuckDB, the log by hand, so that a test says what stands in it. */
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

export type Action = Record<string, unknown>
export interface AddOptions {
  rows?: number
  dataChange?: boolean
  newestAt?: string
  stats?: string
  deleted?: number
  /** As it stands in the log; default: the file's own name. */
  path?: string
}

export const pad = (version: number) => String(version).padStart(20, '0')

export class DeltaBuilder {
  readonly folder: string
  readonly log: string
  version = -1
  #connection: DuckDBConnection | undefined

  /** @param folder absolute; made anew. */
  constructor(folder: string) {
    this.folder = folder
    this.log = join(folder, '_delta_log')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(this.log, { recursive: true })
  }

  async connection(): Promise<DuckDBConnection> {
    this.#connection ??= await (await DuckDBInstance.create(':memory:')).connect()
    return this.#connection
  }

  close(): void {
    this.#connection?.closeSync()
  }

  /** Writes the result of a query as one Parquet file, with a codec as DuckDB names them. */
  async parquet(name: string, select: string, codec = 'snappy'): Promise<void> {
    const place = join(this.folder, name).replaceAll("'", "''")
    await (await this.connection()).run(
      `COPY (${select}) TO '${place}' (FORMAT parquet, COMPRESSION ${codec})`,
    )
  }

  /** An `add` for a file; one that was not written has a size of 100. */
  add(
    name: string,
    { rows = 1, dataChange = true, newestAt, stats, deleted, path = name }: AddOptions = {},
  ): Action {
    const size = statSync(join(this.folder, name), { throwIfNoEntry: false })?.size ?? 100
    const maxValues = newestAt === undefined ? {} : { enqueuedAt: newestAt }
    return {
      add: {
        path,
        partitionValues: {},
        size,
        modificationTime: 1_000,
        dataChange,
        stats: stats ?? JSON.stringify({ numRecords: rows, maxValues }),
        ...(deleted === undefined ? {} : { deletionVector: { cardinality: deleted } }),
      },
    }
  }

  remove(path: string, dataChange = true): Action {
    return { remove: { path, deletionTimestamp: 1, dataChange } }
  }

  /** Writes the next commit. @param at epoch ms of its commitInfo; undefined: it has none. */
  commit(actions: readonly Action[], at?: number, info: Action = {}): number {
    this.version++
    const lines = [...(at === undefined ? [] : [{ commitInfo: { timestamp: at, ...info } }]), ...actions]
    writeFileSync(
      join(this.log, `${pad(this.version)}.json`),
      lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    )
    return this.version
  }

  /**
   * Writes a checkpoint of these adds, in as many parts as asked for.
   * @param pointer whether `_last_checkpoint` names it.
   */
  async checkpoint(
    version: number,
    adds: readonly Action[],
    { parts = 1, pointer = true }: { parts?: number; pointer?: boolean } = {},
  ): Promise<void> {
    for (let part = 0; part < parts; part++) {
      const rows = adds
        .filter((_, index) => index % parts === part)
        .map(({ add }) => {
          const { path, size, stats } = add as { path: string; size: number; stats: string }
          return `({'path': '${path}', 'size': ${size}::BIGINT, 'modificationTime': 1000::BIGINT, 'dataChange': false, 'stats': '${stats}'}, NULL)`
        })
      const protocol = `(NULL, {'minReaderVersion': 1, 'minWriterVersion': 2})`
      const two = (number: number) => String(number).padStart(10, '0')
      const name = parts === 1 ? '' : `.${two(part + 1)}.${two(parts)}`
      await this.parquet(
        `_delta_log/${pad(version)}.checkpoint${name}.parquet`,
        `SELECT * FROM (VALUES ${[...rows, protocol].join(', ')}) AS actions("add", protocol)`,
      )
    }
    if (pointer) this.point({ version, size: adds.length + parts, ...(parts > 1 ? { parts } : {}) })
  }

  point(pointer: object | string): void {
    const text = typeof pointer === 'string' ? pointer : JSON.stringify(pointer)
    writeFileSync(join(this.log, '_last_checkpoint'), text)
  }

  /** Deletes commits as a log's clean-up does. */
  forgetCommits(...versions: number[]): void {
    for (const version of versions) rmSync(join(this.log, `${pad(version)}.json`))
  }
}
