/** The worker thread that hosts Azure on loopback, so that the screen never waits for it. */
import { parentPort, workerData } from 'node:worker_threads'
import pino from 'pino'
import type { FromWorker, WorkerInput } from './host.ts'
import type { LocalAzureOptions } from './options.ts'
import { startLocalServices } from './services.ts'

const { options, logLevel } = workerData as WorkerInput
const send = (message: FromWorker) => parentPort?.postMessage(message)

const logger = newLogger(options, logLevel)
try {
  const services = await startLocalServices(options, { logger })
  send({ type: 'started', endpoints: services.endpoints })
  parentPort?.once('message', () => {
    void services
      .close()
      .catch((error: Error) => logger.error({ reason: error.message }, 'local Azure did not stop in order'))
      .finally(() => {
        send({ type: 'stopped' })
        parentPort?.close()
      })
  })
} catch (error) {
  const { name, message, hint } = error as Error & { hint?: string }
  logger.error({ err: error }, 'local Azure did not start')
  send({ type: 'failed', name, message, hint })
  parentPort?.close()
}

function newLogger({ logFile }: LocalAzureOptions, level: string) {
  if (logFile === undefined) return pino({ level: 'silent' })
  return pino(
    { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: logFile, sync: true, append: true }),
  )
}
