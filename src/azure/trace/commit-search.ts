/**
 * Finds commits of a Delta log by what they say, without reading the table: versions are counted without gaps and what is
 * looked for only grows with them, so a search reads as many commits as the logarithm of its distance from the newest.
 */
import type { CommitMetadata, TableContract } from '../../contract/tables.ts'
import { commitName, LAST_CHECKPOINT, LOG_FOLDER, versionIn } from '../../delta/log-names.ts'
import type { LakeClient } from '../lake/data-lake.ts'
import {
  type Action,
  commitMetadataIn,
  committedAtIn,
  parseCommit,
  pointerIn,
  statsOf,
} from '../lake/delta-log.ts'

export interface Commit {
  version: number
  /** Epoch milliseconds. */
  at: number | undefined
  metadata: CommitMetadata | undefined
  /** Files whose rows are new: rewrites by compaction are none. */
  added: readonly CommittedFile[]
  /** Paths in the container. */
  removed: readonly string[]
}

export interface CommittedFile {
  /** Path in the container. */
  path: string
  bytes: number
  rows: number
  min: Readonly<Record<string, unknown>>
  max: Readonly<Record<string, unknown>>
}

interface Statistics {
  numRecords?: number
  minValues?: Record<string, unknown>
  maxValues?: Record<string, unknown>
}

export class CommitLog {
  readonly #client: LakeClient
  readonly #table: Pick<TableContract, 'container' | 'path'>
  readonly #signal: AbortSignal | undefined
  readonly #read = new Map<number, Commit | undefined>()
  #newest: Promise<number> | undefined

  constructor(client: LakeClient, table: Pick<TableContract, 'container' | 'path'>, signal?: AbortSignal) {
    this.#client = client
    this.#table = table
    this.#signal = signal
  }

  /** −1 while there is no commit. */
  newest(): Promise<number> {
    this.#newest ??= this.#findNewest()
    return this.#newest
  }

  /** Undefined: not there, or cleaned up. */
  async commit(version: number): Promise<Commit | undefined> {
    if (version < 0) return undefined
    if (!this.#read.has(version)) this.#read.set(version, await this.#readCommit(version))
    return this.#read.get(version)
  }

  /**
   * The first commit that passes. What passes must go on passing in all later commits; commits that are cleaned up count as
   * earlier ones.
   */
  async first(passes: (commit: Commit) => boolean): Promise<Commit | undefined> {
    const newest = await this.newest()
    const holds = async (version: number) => {
      const commit = await this.commit(version)
      return commit !== undefined && passes(commit)
    }
    if (newest < 0 || !(await holds(newest))) return undefined
    // From the newest backwards in growing steps: what is asked for is mostly young.
    let passing = newest
    let failing = -1
    for (let step = 1; passing > 0; step *= 2) {
      const version = Math.max(0, newest - step)
      if (!(await holds(version))) {
        failing = version
        break
      }
      passing = version
      if (version === 0) break
    }
    while (passing - failing > 1) {
      const middle = Math.floor((passing + failing) / 2)
      if (await holds(middle)) passing = middle
      else failing = middle
    }
    return this.commit(passing)
  }

  #path(name: string): string {
    return `${this.#table.path}/${LOG_FOLDER}/${name}`
  }

  async #findNewest(): Promise<number> {
    const { container } = this.#table
    const pointer = await this.#client.read(container, this.#path(LAST_CHECKPOINT), this.#signal)
    const from = (pointer && pointerIn(pointer)?.version) ?? 0
    let newest = -1
    const options = {
      recursive: false,
      ...(from > 0 ? { startFrom: commitName(from) } : {}),
      signal: this.#signal,
    }
    for await (const { path } of this.#client.list(container, this.#path('').slice(0, -1), options))
      newest = Math.max(newest, versionIn(path) ?? -1)
    return newest
  }

  async #readCommit(version: number): Promise<Commit | undefined> {
    const { container } = this.#table
    const name = this.#path(commitName(version))
    const text = await this.#client.read(container, name, this.#signal)
    if (!text) return undefined
    const actions = parseCommit(`${container}/${name}`, text)
    return {
      version,
      at: committedAtIn(actions),
      metadata: commitMetadataIn(actions.find(({ commitInfo }) => commitInfo)?.commitInfo?.userMetadata),
      added: actions.flatMap(({ add }) => (add && add.dataChange !== false ? [this.#fileOf(add)] : [])),
      removed: actions.flatMap(({ remove }) =>
        remove && remove.dataChange !== false ? [this.#pathOf(remove.path)] : [],
      ),
    }
  }

  #fileOf(add: NonNullable<Action['add']>): CommittedFile {
    const stats = statsOf(add.stats) as Statistics
    return {
      path: this.#pathOf(add.path),
      bytes: Number(add.size),
      rows: stats.numRecords ?? 0,
      min: stats.minValues ?? {},
      max: stats.maxValues ?? {},
    }
  }

  /** Paths in the log are URL-encoded, and relative to the table unless they are URLs. */
  #pathOf(path: string): string {
    const absolute = /^abfss?:\/\/[^/]+\/(.*)$/.exec(path)?.[1]
    return decodeURIComponent(absolute ?? `${this.#table.path}/${path}`)
  }
}

/** Whether a time (epoch ms) can lie in a file, by its statistics, which may be cut to milliseconds; true where they do not tell. */
export function mayHold(file: CommittedFile, column: string, time: number): boolean {
  const bound = (values: CommittedFile['min']) => Date.parse(String(values[column]))
  const [least, greatest] = [bound(file.min), bound(file.max)]
  return !(time < least - 1) && !(time > greatest + 1)
}
