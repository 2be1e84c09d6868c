/** Runs of notebooks as a service keeps them: those under way, and a bounded history that outlives the process. */
import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { writeJsonAtomically } from '../state-file.ts'
import type { NotebookEngine, NotebookName, NotebookRun } from './engine.ts'

/** How a run ended. `lost`: the process ended under it. */
export type RunEnd = 'cancelled' | 'failed' | 'lost'

export interface RunRecord {
  id: string
  /** Name of the job or pipeline that it is a run of. */
  owner: string
  notebook: NotebookName
  /** Epoch ms. */
  startedAt: number
  endedAt: number | undefined
  end: RunEnd | undefined
  error: string | undefined
  /** Present while the run is under way in this process. */
  live?: NotebookRun
  idempotencyToken?: string | undefined
}

const KEPT = 60

export interface RunHistoryOptions {
  engine: NotebookEngine
  stateFile: string
  clock: Clock
  logger: Logger
  nextId: () => string
}

export class RunHistory {
  readonly #options: RunHistoryOptions
  /** Newest first. */
  #records: RunRecord[]

  constructor(options: RunHistoryOptions) {
    this.#options = options
    this.#records = readRecords(options.stateFile).map((record) =>
      record.endedAt === undefined
        ? {
            ...record,
            endedAt: options.clock.now(),
            end: 'lost',
            error: 'The driver ended with the process that ran it.',
          }
        : record,
    )
  }

  /** Newest first. */
  list(owner?: string): readonly RunRecord[] {
    return owner === undefined ? this.#records : this.#records.filter((record) => record.owner === owner)
  }

  find(id: string): RunRecord | undefined {
    return this.#records.find((record) => record.id === id)
  }

  active(owner: string): RunRecord | undefined {
    return this.#records.find((record) => record.owner === owner && record.endedAt === undefined)
  }

  start(owner: string, notebook: NotebookName, idempotencyToken?: string): RunRecord {
    const { engine, clock, nextId, logger } = this.#options
    const live = engine.run(notebook)
    const record: RunRecord = {
      id: nextId(),
      owner,
      notebook,
      startedAt: clock.now(),
      endedAt: undefined,
      end: undefined,
      error: undefined,
      live,
      idempotencyToken,
    }
    this.#records = [record, ...this.#records].slice(0, KEPT)
    this.#save()
    void live.ended.then(() => {
      record.endedAt = clock.now()
      record.end = live.state === 'failed' ? 'failed' : 'cancelled'
      record.error = live.error
      delete record.live
      if (record.error !== undefined)
        logger.error({ run: record.id, notebook, reason: record.error }, 'a notebook run failed')
      this.#save()
    })
    return record
  }

  #save(): void {
    try {
      writeJsonAtomically(
        this.#options.stateFile,
        this.#records.map(({ live: _, ...record }) => record),
      )
    } catch (error) {
      // The runs themselves go on; only their history would be shorter after a restart.
      this.#options.logger.warn({ reason: (error as Error).message }, 'the history of runs was not written')
    }
  }
}

function readRecords(file: string): RunRecord[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunRecord[]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
