/** The hub with both its protocols over one log, and Kafka clients that know how to sign in. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import {
  type KafkaOptions,
  type KafkaServer,
  startKafka,
} from '../../../../src/local/event-hubs/kafka/server.ts'
import { FaultSwitch } from '../../../../src/local/faults/fault-switch.ts'
import { hubFaults } from '../../../../src/local/faults/service-faults.ts'
import { memoryLogger } from '../../../support/memory-logger.ts'
import { HUB, HubFixture, KEY, KEY_NAME, TOKEN, trustedCertificate } from '../hub-fixture.ts'

export interface KafkaFixture {
  hub: HubFixture
  ports: { plain: number; tls: number }
  /** As the service: over TLS, the connection string as password. */
  client(config?: Partial<KafkaConfig>): Kafka
  /** PEM, of the endpoint over TLS. */
  certificate: string
  faults: FaultSwitch
  /** Who reads the hub over Kafka. */
  groups(): ReturnType<KafkaServer['groups']>
  logged: ReturnType<typeof memoryLogger>
  /** Stops the endpoint and opens it again on the same ports, over the same folder. */
  restart(): Promise<void>
  close(): Promise<void>
}

export async function startKafkaFixture(
  options: { partitions?: number; after?: KafkaOptions['after']; now?: () => number } = {},
): Promise<KafkaFixture> {
  const hub = await HubFixture.start(options)
  const certificate = await trustedCertificate()
  const stateFolder = mkdtempSync(join(tmpdir(), 'rtstream-kafka-'))
  const logged = memoryLogger()
  const faults = new FaultSwitch()
  let ids = 0
  const start = (ports: { plain: number; tls: number }) =>
    startKafka({
      log: hub.log,
      hubName: HUB,
      auth: { token: TOKEN, keyName: KEY_NAME, key: KEY, isExpired: () => faults.isActive('token-expired') },
      faults: hubFaults(faults),
      stateFolder,
      retentionMs: 3_600_000,
      tls: certificate,
      ports,
      newId: () => `id-${ids++}`,
      clock: { now: options.now ?? Date.now },
      logger: logged.logger,
      ...(options.after && { after: options.after }),
    })
  let server: KafkaServer = await start({ plain: 0, tls: 0 })
  const ports = { plain: server.plainPort, tls: server.tlsPort }
  return {
    hub,
    ports,
    certificate: certificate.cert,
    faults,
    groups: () => server.groups(),
    logged,
    client: (config = {}) =>
      new Kafka({
        clientId: 'test',
        brokers: [`localhost:${ports.tls}`],
        ssl: { ca: [certificate.cert] },
        sasl: { mechanism: 'plain', username: '$ConnectionString', password: hub.connectionString() },
        logLevel: logLevel.NOTHING,
        ...config,
      }),
    restart: async () => {
      await server.close()
      server = await start(ports)
    },
    close: async () => {
      await server.close()
      await hub.close()
      rmSync(stateFolder, { recursive: true, force: true })
    },
  }
}
