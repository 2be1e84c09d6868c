/**
 * A hub in a process of its own, until it is killed. Arguments: folder, port for plain connections (0: free); optionally that of a Kafka
 * endpoint beside it. Prints the ports.
 */
import { randomUUID } from 'node:crypto'
import pino from 'pino'
import { startKafka } from '../../../src/local/event-hubs/kafka/server.ts'
import { HubLog } from '../../../src/local/event-hubs/log/log.ts'
import { startEventHubs } from '../../../src/local/event-hubs/server.ts'
import { createCertificate } from '../../../src/local/runtime/certificate.ts'
import { GROUPS, HUB, KEY, KEY_NAME, TOKEN } from './hub-names.ts'

const [folder = '', port = '0', kafkaPort] = process.argv.slice(2)
const clock = { now: () => Date.now() }
const options = {
  log: HubLog.open(folder, { partitions: 4, retention: { ms: 3_600_000, bytes: 1e9 }, clock }),
  hubName: HUB,
  consumerGroups: GROUPS,
  tls: await createCertificate(),
  auth: { token: TOKEN, keyName: KEY_NAME, key: KEY },
  logger: pino({ level: 'silent' }),
  clock,
  // Whoever is cut off is cut off for what it sends.
  limits: { authorizationMs: 600_000 },
}
const server = await startEventHubs({ ...options, ports: { plain: Number(port), tls: 0 } })
const kafka =
  kafkaPort === undefined
    ? undefined
    : await startKafka({
        ...options,
        stateFolder: folder,
        retentionMs: 3_600_000,
        ports: { plain: Number(kafkaPort), tls: 0 },
        newId: randomUUID,
      })
process.stdout.write(`${[server.plainPort, kafka?.plainPort].filter(Boolean).join(' ')}\n`)
// Started with an IPC channel and `--expose-gc`: tells what it keeps (bytes), whenever it is asked.
process.on('message', () => {
  gc?.()
  const { arrayBuffers, heapUsed, external } = process.memoryUsage()
  process.send?.({ arrayBuffers, heapUsed, external })
})
