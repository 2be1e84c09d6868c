/** The thread of the local services: its code may be loaded before it is known what they shall be. */
import { Worker } from 'node:worker_threads'
import { bypassProxies } from '../runtime/proxies.ts'

/** The heap of the worker (MB): services and small results only; DuckDB's memory is its own. */
export const WORKER_HEAP_MB = 256
/** Its space for new objects (MB), of which V8 gives each half a third: as the first thread's (commands/shared/memory.ts). */
const WORKER_NEW_SPACE_MB = 48

/** What a thread is given at its birth. */
export interface WorkerBirth {
  /** Nobody waits for it yet: it may load what it will need later. */
  isEarly: boolean
}

let early: Worker | undefined
let earlyHasCode: Promise<void> = Promise.resolve()

/** In the bundle the worker lies beside this file's bundle; from source, beside this file. */
const ownWorker = () =>
  new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

/** Begins to load it, for {@link takeWorker}. It keeps no process alive. @returns it, for tests. */
export function loadWorker(file: URL = ownWorker()): Worker {
  const worker = born(file, { isEarly: true })
  worker.unref()
  early = worker
  // The next one to be taken is a new worker, which reports the same error.
  const forget = () => {
    if (early === worker) early = undefined
  }
  worker.once('error', forget)
  worker.once('exit', forget)
  const { promise, resolve } = Promise.withResolvers<void>()
  for (const event of ['message', 'error', 'exit']) worker.once(event, () => resolve())
  earlyHasCode = promise
  return worker
}

/**
 * Settles once a thread that {@link loadWorker} has begun says its first word, and so has all its code; at once without one. V8's
 * flags hold for every thread, and compiled code is only taken from the cache under those that it was kept under: whoever changes
 * one waits for this.
 */
export const codeOfWorker = (): Promise<void> => earlyHasCode

/** The thread that {@link loadWorker} has begun, or a new one. It waits for its first message. */
export function takeWorker(file?: URL): Worker {
  if (file || !early) return born(file ?? ownWorker(), { isEarly: false })
  const worker = early
  early = undefined
  worker.removeAllListeners('error').removeAllListeners('exit').ref()
  return worker
}

function born(file: URL, birth: WorkerBirth): Worker {
  // It has the environment of this moment.
  bypassProxies()
  const worker = new Worker(file, {
    workerData: birth,
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB, maxYoungGenerationSizeMb: WORKER_NEW_SPACE_MB },
    // What a library prints must not reach the screen.
    stdout: true,
    stderr: true,
  })
  worker.stdout.resume()
  worker.stderr.resume()
  return worker
}
