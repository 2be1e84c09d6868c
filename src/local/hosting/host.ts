/** Starts Azure on loopback in its worker thread, and makes this process trust it. */
import tls from 'node:tls'
import { Worker } from 'node:worker_threads'
import type { LocalAzureEndpoints, LocalAzureOptions } from '../runtime/options.ts'

export interface WorkerInput {
  options: LocalAzureOptions
  logLevel: string
}

export type FromWorker =
  | { type: 'started'; endpoints: LocalAzureEndpoints }
  | {
      type: 'failed'
      name: string
      message: string
      hint: string | undefined
      /** Of the file, when it is the system's error. */
      path: string | undefined
    }

export interface LocalAzure {
  endpoints: LocalAzureEndpoints
  /** The worker died: nothing local answers any more. Called at most once, never after close. */
  onFailure(listener: (error: Error) => void): void
  /** Resolves when everything is written and stopped. Safe to call twice. */
  close(): Promise<void>
}

/** The heap of the worker (MB): services and small results only; DuckDB's memory is its own. */
const WORKER_HEAP_MB = 256
/** A stop that takes longer is cut off; the data is safe at any moment. */
const CLOSE_TIMEOUT_MS = 15_000

/** In the bundle the worker lies beside this file's bundle; from source, beside this file. */
const ownWorker = () =>
  new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

/**
 * @param workerFile what the thread runs; another one in tests.
 * @throws an error with name, message and hint of whatever did not start: folder in use, port taken, disk full, …
 */
export async function startLocalAzure(
  options: LocalAzureOptions,
  logLevel = 'info',
  workerFile: URL = ownWorker(),
): Promise<LocalAzure> {
  bypassProxies()
  const input: WorkerInput = { options, logLevel }
  const worker = new Worker(workerFile, {
    workerData: input,
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
    // What a library prints must not reach the screen.
    stdout: true,
    stderr: true,
  })
  worker.stdout.resume()
  worker.stderr.resume()
  const life = new WorkerLife(worker)
  const endpoints = await life.started
  trust(endpoints.certificate)
  return {
    endpoints,
    onFailure: (listener) => life.onFailure(listener),
    close: () => life.close(),
  }
}

/** Follows the worker from its start to its end, however it ends. */
class WorkerLife {
  readonly started: Promise<LocalAzureEndpoints>
  readonly #worker: Worker
  readonly #ended = Promise.withResolvers<void>()
  #isClosing = false
  #failure: Error | undefined
  #listener: ((error: Error) => void) | undefined

  constructor(worker: Worker) {
    this.#worker = worker
    const { promise, resolve, reject } = Promise.withResolvers<LocalAzureEndpoints>()
    this.started = promise
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'started') resolve(message.endpoints)
      else reject(namedError(message))
    })
    worker.on('error', (error: NodeJS.ErrnoException) => this.#fail(breakdown(error)))
    worker.on('exit', (code) => {
      this.#ended.resolve()
      this.#fail(new Error(`The local services ended unexpectedly (exit code ${code}).`))
      reject(this.#failure)
    })
  }

  onFailure(listener: (error: Error) => void): void {
    this.#listener = listener
    if (this.#failure && !this.#isClosing) listener(this.#failure)
  }

  async close(): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true
      this.#worker.postMessage('stop')
    }
    const timer = setTimeout(() => void this.#worker.terminate(), CLOSE_TIMEOUT_MS)
    await this.#ended.promise
    clearTimeout(timer)
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

/** Every TLS client of this process trusts the session's certificate from now on, those of AMQP too. */
export function trust(certificate: string): void {
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), certificate])
}

/** The HTTP clients would send even loopback requests to a proxy that the environment names. */
export function bypassProxies(): void {
  for (const name of ['NO_PROXY', 'no_proxy']) {
    const hosts = (process.env[name] ?? '').split(',').filter(Boolean)
    process.env[name] = [...new Set([...hosts, 'localhost', '127.0.0.1'])].join(',')
  }
}
