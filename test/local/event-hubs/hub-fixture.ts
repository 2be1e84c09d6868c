/** A hub on loopback over a temporary folder, as the tests and their clients see it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import type { HubConnection } from '../../../src/azure/event-hubs/connection.ts'
import { HubLog } from '../../../src/local/event-hubs/log/log.ts'
import {
  type EventHubsServer,
  type ServerLimits,
  startEventHubs,
} from '../../../src/local/event-hubs/server.ts'
import { type Certificate, createCertificate } from '../../../src/local/runtime/certificate.ts'
import { memoryLogger } from '../../support/memory-logger.ts'
import { GROUPS, HUB, KEY, KEY_NAME, TOKEN } from './hub-names.ts'

export { HUB, KEY, KEY_NAME, TOKEN } from './hub-names.ts'

let certificate: Certificate | undefined

/** One certificate for all hubs of a test file, trusted by its process. */
export async function trustedCertificate(): Promise<Certificate> {
  if (!certificate) {
    certificate = await createCertificate()
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), certificate.cert])
  }
  return certificate
}

export interface HubFixtureOptions {
  partitions?: number
  now?: () => number
  /** For durations; else `now`. */
  monotonic?: () => number
  limitBytes?: number
  limits?: Partial<ServerLimits>
}

export class HubFixture {
  readonly folder = mkdtempSync(join(tmpdir(), 'rtstream-hub-'))
  log: HubLog
  readonly logged = memoryLogger()
  certificate: Certificate | undefined
  server: EventHubsServer | undefined
  readonly #options: HubFixtureOptions
  readonly #clients: { close(): unknown }[] = []

  static async start(options: HubFixtureOptions = {}): Promise<HubFixture> {
    const fixture = new HubFixture(options)
    fixture.certificate = await trustedCertificate()
    await fixture.listen()
    return fixture
  }

  private constructor(options: HubFixtureOptions) {
    this.#options = options
    this.log = this.#openLog()
  }

  #openLog(): HubLog {
    const { partitions = 4, now = Date.now, limitBytes } = this.#options
    return HubLog.open(this.folder, {
      partitions,
      retention: { ms: 3_600_000, bytes: 1e9 },
      clock: { now },
      ...(limitBytes === undefined ? {} : { limitBytes }),
    })
  }

  /** The same folder, opened again, on the same ports. */
  async restart(ports = this.ports): Promise<void> {
    await this.server?.close()
    this.log.close()
    this.log = this.#openLog()
    await this.listen(ports)
  }

  async listen(ports = { plain: 0, tls: 0 }): Promise<void> {
    this.server = await startEventHubs({
      log: this.log,
      hubName: HUB,
      consumerGroups: GROUPS,
      tls: this.certificate as Certificate,
      ports,
      auth: { token: TOKEN, keyName: KEY_NAME, key: KEY },
      logger: this.logged.logger,
      clock: {
        now: this.#options.now ?? Date.now,
        ...(this.#options.monotonic && { monotonic: this.#options.monotonic }),
      },
      ...(this.#options.limits ? { limits: this.#options.limits } : {}),
    })
  }

  get ports(): { plain: number; tls: number } {
    const { plainPort: plain = 0, tlsPort: tls = 0 } = this.server ?? {}
    return { plain, tls }
  }

  connectionString(key = KEY, keyName = KEY_NAME): string {
    return `Endpoint=sb://localhost:${this.ports.plain};SharedAccessKeyName=${keyName};SharedAccessKey=${key};UseDevelopmentEmulator=true`
  }

  readonly fullyQualifiedNamespace = 'rtstream-local.servicebus.windows.net'

  credential(token = TOKEN) {
    return { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 86_400_000 }) }
  }

  /** TLS and token, as the product's own adapters come. */
  get connection(): HubConnection {
    return {
      fullyQualifiedNamespace: this.fullyQualifiedNamespace,
      hub: HUB,
      consumerGroup: 'monitor',
      credential: this.credential(),
      customEndpointAddress: `sb://localhost:${this.ports.tls}`,
    }
  }

  /** Bodies of a partition as text, in order. */
  stored(partition: number, from = 0): { sequenceNumber: number; message: Uint8Array }[] {
    return this.log.read(partition, from, 1e6, 1e9)
  }

  get lastSequenceNumbers(): number[] {
    return Array.from(
      { length: this.log.partitionCount },
      (_, partition) => this.log.properties(partition).lastEnqueuedSequenceNumber,
    )
  }

  /** Closes what a test has opened before it closes the hub, the last first. */
  keep<T extends { close(): unknown }>(client: T): T {
    this.#clients.push(client)
    return client
  }

  async close(): Promise<void> {
    for (const client of this.#clients.splice(0).reverse()) await client.close()
    await this.server?.close()
    this.log.close()
    rmSync(this.folder, { recursive: true })
  }
}
