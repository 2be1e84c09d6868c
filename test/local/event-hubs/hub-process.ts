/** A hub in a process of its own, until it is killed. Arguments: folder, port for plain connections (0: free). */
import pino from 'pino'
import { HubLog } from '../../../src/local/event-hubs/log/log.ts'
import { startEventHubs } from '../../../src/local/event-hubs/server.ts'
import { createCertificate } from '../../../src/local/runtime/certificate.ts'
import { GROUPS, HUB, KEY, KEY_NAME, TOKEN } from './hub-names.ts'

const [folder = '', port = '0'] = process.argv.slice(2)
const clock = { now: () => Date.now() }
const server = await startEventHubs({
  log: HubLog.open(folder, { partitions: 4, retention: { ms: 3_600_000, bytes: 1e9 }, clock }),
  hubName: HUB,
  consumerGroups: GROUPS,
  tls: await createCertificate(),
  ports: { plain: Number(port), tls: 0 },
  auth: { token: TOKEN, keyName: KEY_NAME, key: KEY },
  logger: pino({ level: 'silent' }),
  clock,
  // Whoever is cut off is cut off for what it sends.
  limits: { authorizationMs: 600_000 },
})
process.stdout.write(`${server.plainPort}\n`)
// Started with an IPC channel and `--expose-gc`: tells what it keeps (bytes), whenever it is asked.
process.on('message', () => {
  gc?.()
  const { arrayBuffers } = process.memoryUsage()
  process.send?.({ arrayBuffers })
})
