/** The hub in a worker thread, as in the product. Answers `cpu` with the thread's CPU time, and stops on `stop`. */
import { parentPort, workerData } from 'node:worker_threads'
import pino from 'pino'
import type { HubLog as Log } from '../../src/local/event-hubs/log/log.ts'
import type { startEventHubs as start } from '../../src/local/event-hubs/server.ts'
import { subjectModule } from './subject-modules.ts'

const { root, folder, certificate, token } = workerData as {
  /** The checkout whose hub it is. */
  root: string
  folder: string
  certificate: { key: string; cert: string }
  token: string
}
const { HubLog } = await subjectModule<{ HubLog: typeof Log }>(root, 'hubLog')
const { startEventHubs } = await subjectModule<{ startEventHubs: typeof start }>(root, 'hubServer')
const clock = { now: () => Date.now() }
const log = HubLog.open(folder, { partitions: 4, retention: { ms: 3_600_000, bytes: 2e9 }, clock })
const server = await startEventHubs({
  log,
  hubName: 'weather',
  consumerGroups: ['$Default', 'monitor'],
  tls: certificate,
  ports: { plain: 0, tls: 0 },
  auth: { token, keyName: 'none', key: token },
  logger: pino({ level: 'silent' }),
  clock,
})
parentPort?.on('message', async (message: 'cpu' | 'stop') => {
  if (message === 'cpu') {
    const { user, system } = process.threadCpuUsage()
    parentPort?.postMessage({ cpuMs: (user + system) / 1000 })
    return
  }
  await server.close()
  log.close()
  parentPort?.close()
})
parentPort?.postMessage({ port: server.tlsPort })
