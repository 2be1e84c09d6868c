/** The files of a Delta log in the lake: commits, checkpoints of every form, and their content. */
import { createHash } from 'node:crypto'
import { type Action, parseActions } from '../../delta/actions.ts'
import type { Checkpoint } from '../../delta/log-listing.ts'
import { commitName, LOG_FOLDER, SIDECAR_FOLDER } from '../../delta/log-names.ts'
import { type ParsedStatistics, statisticsText } from '../../delta/statistics.ts'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import type { LakeClient } from './data-lake.ts'
import { ParquetFile } from './parquet.ts'

/** The actions that are read from a checkpoint. */
const CHECKPOINT_COLUMNS = ['add', 'protocol', 'metaData', 'sidecar']

/** A commit as stored. */
export interface Commit {
  actions: readonly Action[]
  /** Hash of its text. */
  digest: string
  /** It has no bytes. */
  isEmpty: boolean
}

/** The log of one table. */
export class LogFiles {
  readonly #client: LakeClient
  readonly #container: string
  readonly #folder: string

  /** @param folder of the table. */
  constructor(client: LakeClient, container: string, folder: string) {
    this.#client = client
    this.#container = container
    this.#folder = `${folder}/${LOG_FOLDER}`
  }

  /** Files of the log, starting at a name. */
  list(startFrom: string | undefined, signal: AbortSignal | undefined) {
    return this.#client.list(this.#container, this.#folder, { recursive: false, startFrom, signal })
  }

  /** The text of a file of the log; undefined when it does not exist. */
  async text(name: string, signal: AbortSignal | undefined): Promise<string | undefined> {
    return (await this.#read(name, signal))?.toString('utf8')
  }

  /**
   * @throws ServiceError for a commit that is not JSON, e.g. one half written by a writer without atomic
   * puts.
   */
  async commit(version: number, signal: AbortSignal | undefined): Promise<Commit | undefined> {
    const text = await this.#read(commitName(version), signal)
    if (!text) return undefined
    return commitOf(this.#parse(commitName(version), text), text)
  }

  /** One that a checkpoint or compacted commits stand for: nothing of the table rests on it, so one that is damaged is as good as gone. */
  async replacedCommit(version: number, signal: AbortSignal | undefined): Promise<Commit | undefined> {
    const text = await this.#read(commitName(version), signal)
    if (!text) return undefined
    try {
      return commitOf(parseActions(text.toString('utf8')), text)
    } catch {
      return undefined
    }
  }

  /** Actions of compacted commits, or of a checkpoint in JSON. */
  async json(name: string, signal: AbortSignal | undefined): Promise<Action[] | undefined> {
    const text = await this.#read(name, signal)
    return text && this.#parse(name, text)
  }

  /** @returns the actions of a checkpoint with its sidecars; undefined when one of its files is gone. */
  async checkpoint({ names }: Checkpoint, signal: AbortSignal | undefined): Promise<Action[] | undefined> {
    const actions: Action[] = []
    for (const name of names) {
      const some = name.endsWith('.json') ? await this.json(name, signal) : await this.#parquet(name, signal)
      if (!some) return undefined
      for (const action of some) actions.push(action)
    }
    for (const { sidecar } of [...actions]) {
      if (!sidecar) continue
      // They are all in one folder, whatever path stands before the name.
      const name = decodeURIComponent(sidecar.path.slice(sidecar.path.lastIndexOf('/') + 1))
      const some = await this.#parquet(`${SIDECAR_FOLDER}/${name}`, signal)
      if (!some) return undefined
      for (const action of some) actions.push(action)
    }
    return actions
  }

  async #parquet(name: string, signal: AbortSignal | undefined): Promise<Action[] | undefined> {
    const file = await this.#read(name, signal)
    if (!file) return undefined
    try {
      return (await new ParquetFile(file).rows(CHECKPOINT_COLUMNS)).map(actionOf)
    } catch (cause) {
      throw new ServiceError(
        'service',
        'the data lake',
        `The checkpoint ${this.#place(name)} cannot be read.`,
        {
          hint: 'Delete it, with the file _last_checkpoint beside it, as long as the commits before it are there.',
          cause,
        },
      )
    }
  }

  #read(name: string, signal: AbortSignal | undefined): Promise<Buffer | undefined> {
    return this.#client.read(this.#container, `${this.#folder}/${name}`, signal)
  }

  #parse(name: string, text: Buffer): Action[] {
    try {
      return parseActions(text.toString('utf8'))
    } catch (cause) {
      throw new ServiceError(
        'service',
        'the data lake',
        `The commit ${this.#place(name)} is not complete JSON.`,
        {
          cause,
        },
      )
    }
  }

  #place(name: string): string {
    return `${this.#container}/${this.#folder}/${name}`
  }
}

const commitOf = (actions: readonly Action[], text: Buffer): Commit => ({
  actions,
  digest: digestOf(text),
  isEmpty: text.length === 0,
})

const digestOf = (text: Buffer) => createHash('sha1').update(text).digest('base64')

type CheckpointAdd = NonNullable<Action['add']> & { stats_parsed?: ParsedStatistics | null }

/** Turns a checkpoint row into the action that a commit would have: without nulls, statistics as text. */
function actionOf(row: Record<string, unknown>): Action {
  const add = row.add as CheckpointAdd | null | undefined
  if (!add) return row as Action
  const { stats, stats_parsed: parsed, ...rest } = add
  const text = statisticsText(stats, parsed)
  return { add: { ...rest, ...(text === undefined ? {} : { stats: text }) } }
}
