/** Starts Azure on loopback in its worker thread, and makes this process trust it. */
import tls from 'node:tls'
import { Worker } from 'node:worker_threads'
import type { LocalAzureEndpoints, LocalAzureOptions } from './options.ts'

export interface WorkerInput {
  options: LocalAzureOptions
  logLevel: string
}

export type FromWorker =
  | { type: 'started'; endpoints: LocalAzureEndpoints }
  | { type: 'failed'; name: string; message: string; hint: string | undefined }
  | { type: 'stopped' }

export interface LocalAzure {
  endpoints: LocalAzureEndpoints
  /** The worker died: nothing local answers any more. Called at most once, not after close. */
  onFailure(listener: (error: Error) => void): void
  /** Resolves when everything is written and stopped. Safe to call twice. */
  close(): Promise<void>
}

/** The heap of the worker (MB): services and small results only; DuckDB's memory is its own. */
const WORKER_HEAP_MB = 256
/** A stop that takes longer is cut off; the data is safe at any moment. */
const CLOSE_TIMEOUT_MS = 10_000

/** In the bundle the worker lies beside this file's bundle; from source, beside this file. */
const workerFile = () =>
  new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

/** @throws with the message and hint of whatever did not start: folder in use, port taken, disk full, … */
export async function startLocalAzure(options: LocalAzureOptions, logLevel = 'info'): Promise<LocalAzure> {
  bypassProxies()
  const input: WorkerInput = { options, logLevel }
  const worker = new Worker(workerFile(), {
    workerData: input,
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
    // What a library prints must not reach the screen.
    stdout: true,
    stderr: true,
  })
  let closing = false
  let failure: Error | undefined
  let listener: ((error: Error) => void) | undefined
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  const fail = (error: Error) => {
    failure ??= error
    if (!closing) listener?.(failure)
  }
  worker.on('error', (error: Error) =>
    fail(new Error(`The local services ended unexpectedly: ${error.message}.`, { cause: error })),
  )
  worker.on('exit', (code) => fail(new Error(`The local services ended unexpectedly (code ${code}).`)))
  const endpoints = await new Promise<LocalAzureEndpoints>((resolve, reject) => {
    worker.once('exit', (code) =>
      reject(failure ?? new Error(`The local services ended with code ${code} before they had started.`)),
    )
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'started') resolve(message.endpoints)
      if (message.type === 'failed') {
        const error = new Error(message.message)
        error.name = message.name
        reject(Object.assign(error, { hint: message.hint }))
      }
    })
  })
  trust(endpoints.certificate)
  return {
    endpoints,
    onFailure: (callback) => {
      listener = callback
      if (failure && !closing) callback(failure)
    },
    close: async () => {
      if (!closing) {
        closing = true
        worker.postMessage('stop')
      }
      const timer = setTimeout(() => void worker.terminate(), CLOSE_TIMEOUT_MS)
      await exited
      clearTimeout(timer)
    },
  }
}

/** Every TLS client of this process trusts the session's certificate from now on, Event Hubs' own too. */
export function trust(certificate: string): void {
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), certificate])
}

/** The HTTP clients would send even loopback requests to a proxy that the environment names. */
function bypassProxies(): void {
  for (const name of ['NO_PROXY', 'no_proxy']) {
    const hosts = (process.env[name] ?? '').split(',').filter(Boolean)
    process.env[name] = [...new Set([...hosts, 'localhost', '127.0.0.1'])].join(',')
  }
}
