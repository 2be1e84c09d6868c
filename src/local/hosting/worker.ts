/** The worker thread that hosts Azure on loopback, so that the screen never waits for it. */
import { parentPort, workerData } from 'node:worker_threads'
import pino, { type Logger } from 'pino'
import { LakeChanges } from '../../contract/lake-changes.ts'
import { releaseWhenTold } from '../runtime/heap-release.ts'
import { logDestination } from '../storage/log-destination.ts'
import type { FaultChange, FromWorker, ToWorker, WorkerInput } from './host.ts'
import { type LocalServices, startLocalServices } from './services.ts'
import type { WorkerBirth } from './worker-thread.ts'

if ((workerData as WorkerBirth).isEarly) preload()
const { options, logLevel, lakeChanges } = await firstMessage()
const logger = newLogger(options.logFile)
const send = (message: FromWorker) => parentPort?.postMessage(message)

// The thread ends with the error; the log keeps what led to it.
process.on('uncaughtExceptionMonitor', (error) => logger.fatal({ err: error }, 'local Azure broke down'))
// Node's own listener would print past the worker's stderr, onto the screen.
process.removeAllListeners('warning')
process.on('warning', (warning) => logger.warn({ err: warning }, 'Node warns'))

releaseWhenTold()
try {
  const services = await startLocalServices(options, {
    logger,
    lakeChanges: lakeChanges && new LakeChanges(lakeChanges),
  })
  send({ type: 'started', endpoints: services.endpoints })
  parentPort?.on('message', (message: ToWorker) => {
    if (message === 'stop')
      void services
        .close()
        .catch(({ message }: Error) => send({ type: 'closed badly', message }))
        .then(() => parentPort?.close())
    else if (message === 'groups') send({ type: 'groups', groups: services.consumerGroups() })
    else void changeFault(services, message)
  })
} catch (error) {
  const { name, message, hint, path } = error as Error & { hint?: string; path?: string }
  logger.error({ err: error }, 'local Azure did not start')
  send({ type: 'failed', name, message, hint, path })
  parentPort?.close()
}

/** What the first port and the usual engine would load in their turn. */
function preload(): void {
  // Who needs it tells why it cannot be loaded.
  for (const load of [() => import('node:cluster'), () => import('../engine/duckdb-engine.ts')])
    load().catch(() => {})
}

function firstMessage(): Promise<WorkerInput> {
  return new Promise((resolve) => parentPort?.once('message', resolve))
}

async function changeFault({ faults }: LocalServices, { id, name, deed }: FaultChange): Promise<void> {
  try {
    await faults[deed](name)
    send({ type: 'fault', id, error: undefined })
  } catch (error) {
    logger.error({ err: error, fault: name }, 'a fault could not be changed')
    send({ type: 'fault', id, error: (error as Error).message })
  }
}

function newLogger(file: string | undefined): Logger {
  if (file === undefined) return pino({ level: 'silent' })
  return pino(
    { level: logLevel, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    logDestination(file),
  )
}
