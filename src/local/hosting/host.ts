/** Starts Azure on loopback in its worker thread, and makes this process trust it. */
import type { Worker } from 'node:worker_threads'
import { LakeChanges } from '../../contract/lake-changes.ts'
import type { GroupProgress } from '../event-hubs/links/group-progress.ts'
import type { LocalAzureEndpoints, LocalAzureOptions } from '../runtime/options.ts'
import { takeWorker, WORKER_HEAP_MB } from './worker-thread.ts'

/** The first that it is told. */
export interface WorkerInput {
  options: LocalAzureOptions
  logLevel: string
  /** Of {@link LakeChanges}. */
  lakeChanges?: SharedArrayBuffer | undefined
}

export type FromWorker =
  | { type: 'started'; endpoints: LocalAzureEndpoints }
  /** The answer to a {@link FaultChange}. */
  | { type: 'fault'; id: number; error: string | undefined }
  /** The answer to `groups`. */
  | { type: 'groups'; groups: GroupProgress[] }
  /** Everything was stopped, as far as it could be. */
  | { type: 'closed badly'; message: string }
  | {
      type: 'failed'
      name: string
      message: string
      hint: string | undefined
      /** Of the file, when it is the system's error. */
      path: string | undefined
    }

/** Injects a fault into a service, or ends it. */
export interface FaultChange {
  id: number
  name: string
  deed: 'inject' | 'mend'
}

/** Messages to the worker. `stop` is answered by its end. */
export type ToWorker = 'stop' | 'groups' | FaultChange

/** The services as this process sees them. */
export interface LocalAzure {
  endpoints: LocalAzureEndpoints
  /** The worker died: no local service answers any more. Called at most once, never after close. */
  onFailure(listener: (error: Error) => void): void
  /** Breaks services on purpose. Each resolves once it is so; rejects for an unknown name. */
  faults: { inject(name: string): Promise<void>; mend(name: string): Promise<void> }
  /** What comes into the lake. Undefined: Spark's processes write into its folder themselves. */
  lakeChanges: LakeChanges | undefined
  /** Who reads the hub, over both protocols. Rejects once the services have ended. */
  consumerGroups(): Promise<GroupProgress[]>
  /** Resolves when everything is written and stopped. Safe to call twice. @throws Error that says what did not stop in order. */
  close(): Promise<void>
}

/** A start that takes longer never ends: the services open files and ports, and nothing else. */
const START_TIMEOUT_MS = 180_000
/** A stop that takes longer is cut off; the data is safe at any moment. */
const CLOSE_TIMEOUT_MS = 15_000

export interface StartOptions {
  logLevel?: string
  /** Will this process be a client of the services over TLS? Default: yes. */
  isTrusted?: boolean
  /** What the thread runs; another one in tests. */
  workerFile?: URL
  startTimeoutMs?: number
}

/** @throws an error with name, message and hint of whatever did not start: folder in use, port taken, disk full, … */
export async function startLocalAzure(
  options: LocalAzureOptions,
  { logLevel = 'info', isTrusted = true, workerFile, startTimeoutMs = START_TIMEOUT_MS }: StartOptions = {},
): Promise<LocalAzure> {
  const lakeChanges = options.engine === 'spark' ? undefined : new LakeChanges()
  const worker = takeWorker(workerFile)
  const life = new WorkerLife(worker)
  worker.postMessage({ options, logLevel, lakeChanges: lakeChanges?.memory } satisfies WorkerInput)
  const timer = setTimeout(() => life.giveUp(startTimeoutMs), startTimeoutMs)
  const endpoints = await life.started.finally(() => clearTimeout(timer))
  if (isTrusted) (await import('./trust.ts')).trust(endpoints.certificate)
  return {
    endpoints,
    onFailure: (listener) => life.onFailure(listener),
    faults: {
      inject: (name) => life.change(name, 'inject'),
      mend: (name) => life.change(name, 'mend'),
    },
    consumerGroups: () => life.groups(),
    lakeChanges,
    close: () => life.close(),
  }
}

/** Follows the worker from its start to its end, however it ends. */
class WorkerLife {
  readonly started: Promise<LocalAzureEndpoints>
  readonly #worker: Worker
  readonly #ended = Promise.withResolvers<void>()
  readonly #changes = new Map<number, { resolve: () => void; reject: (error: Error) => void }>()
  #nextChange = 0
  /** Those who asked for the groups; answered in their order. */
  #askedForGroups: PromiseWithResolvers<GroupProgress[]>[] = []
  #isClosing = false
  #closedBadly: Error | undefined
  #failure: Error | undefined
  #listener: ((error: Error) => void) | undefined

  constructor(worker: Worker) {
    this.#worker = worker
    const { promise, resolve, reject } = Promise.withResolvers<LocalAzureEndpoints>()
    this.started = promise
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'started') resolve(message.endpoints)
      else if (message.type === 'fault') this.#changed(message)
      else if (message.type === 'groups') this.#askedForGroups.shift()?.resolve(message.groups)
      else if (message.type === 'failed') reject(namedError(message))
      else this.#closedBadly = new Error(message.message)
    })
    worker.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#isClosing) this.#closedBadly = breakdown(error)
      this.#fail(breakdown(error))
    })
    worker.on('exit', (code) => {
      this.#ended.resolve()
      // No answer will come any more, and no fault is active any more.
      for (const { resolve } of this.#changes.values()) resolve()
      for (const { reject } of this.#askedForGroups.splice(0))
        reject(new Error('The local services have ended.'))
      this.#fail(new Error(`The local services ended unexpectedly (exit code ${code}).`))
      reject(this.#failure)
    })
  }

  /** It did not start in time. */
  giveUp(afterMs: number): void {
    this.#fail(new Error(`The local services did not start within ${afterMs / 1000} s; see the log.`))
    void this.#worker.terminate()
  }

  onFailure(listener: (error: Error) => void): void {
    this.#listener = listener
    if (this.#failure && !this.#isClosing) listener(this.#failure)
  }

  change(name: string, deed: FaultChange['deed']): Promise<void> {
    if (this.#isClosing || this.#failure) return Promise.resolve()
    const id = this.#nextChange++
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#changes.set(id, { resolve, reject })
    this.#worker.postMessage({ id, name, deed } satisfies FaultChange)
    return promise
  }

  groups(): Promise<GroupProgress[]> {
    if (this.#isClosing || this.#failure) return Promise.reject(new Error('The local services have ended.'))
    const asked = Promise.withResolvers<GroupProgress[]>()
    this.#askedForGroups.push(asked)
    this.#worker.postMessage('groups' satisfies ToWorker)
    return asked.promise
  }

  #changed({ id, error }: Extract<FromWorker, { type: 'fault' }>): void {
    const change = this.#changes.get(id)
    this.#changes.delete(id)
    if (error === undefined) change?.resolve()
    else change?.reject(new Error(error))
  }

  async close(): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true
      this.#worker.postMessage('stop')
    }
    const timer = setTimeout(() => {
      this.#closedBadly = new Error(
        `The local services did not stop within ${CLOSE_TIMEOUT_MS / 1000} s and were cut off. What they hold is safe.`,
      )
      void this.#worker.terminate()
    }, CLOSE_TIMEOUT_MS)
    await this.#ended.promise
    clearTimeout(timer)
    if (this.#closedBadly) throw this.#closedBadly
  }

  #fail(error: Error): void {
    if (this.#failure || this.#isClosing) return
    this.#failure = error
    this.#listener?.(error)
  }
}

function breakdown(error: NodeJS.ErrnoException): Error {
  const message =
    error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      ? `The local services ran out of memory (${WORKER_HEAP_MB} MB).`
      : `The local services ended unexpectedly: ${error.message}.`
  return new Error(message, { cause: error })
}

function namedError({ name, message, hint, path }: Extract<FromWorker, { type: 'failed' }>): Error {
  const error = Object.assign(
    new Error(message),
    hint === undefined ? {} : { hint },
    path === undefined ? {} : { path },
  )
  error.name = name
  return error
}
