import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probeHub } from '../../../src/azure/event-hubs/hub-probe.ts'
import { HubLog } from '../../../src/local/event-hubs/log/log.ts'
import { type EventHubsServer, startEventHubs } from '../../../src/local/event-hubs/server.ts'
import { createCertificate } from '../../../src/local/runtime/certificate.ts'
import { systemClock } from '../../../src/local/runtime/clock.ts'

let folder: string
let log: HubLog
let server: EventHubsServer
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rtstream-probe-'))
  log = HubLog.open(folder, { partitions: 4, retention: { ms: 3_600_000, bytes: 1e8 }, clock: systemClock })
  server = await startEventHubs({
    log,
    hubName: 'weather',
    consumerGroups: ['monitor'],
    tls: await createCertificate(),
    ports: { plain: 0, tls: 0 },
    auth: { token: 'token', keyName: 'name', key: 'right' },
    logger: pino({ level: 'silent' }),
    clock: systemClock,
  })
})
afterAll(async () => {
  await server.close()
  log.close()
  rmSync(folder, { recursive: true })
})

const probe = (key: string, hub: string, port = server.plainPort) =>
  probeHub({
    connectionString: `Endpoint=sb://localhost:${port};SharedAccessKeyName=name;SharedAccessKey=${key};UseDevelopmentEmulator=true`,
    hub,
    consumerGroup: 'monitor',
  })

describe('a look at the hub, over the wire', () => {
  it('tells the partitions and the latency, and sends nothing', async () => {
    const { partitions, latencyMs } = await probe('right', 'weather')
    expect(partitions).toBe(4)
    expect(latencyMs).toBeGreaterThan(0)
    const heads = Array.from(
      { length: 4 },
      (_, partition) => log.properties(partition).lastEnqueuedSequenceNumber,
    )
    expect(heads).toEqual([-1, -1, -1, -1])
  })

  it.each([
    ['a wrong key', 'wrong', 'weather', 'authorization'],
    ['a hub that is not there', 'right', 'absent', 'not-found'],
  ])('%s is %s', async (_, key, hub, kind) => {
    await expect(probe(key, hub)).rejects.toMatchObject({ kind, service: 'Event Hubs' })
  })

  it('says that nobody answers', async () => {
    await expect(probe('right', 'weather', 1)).rejects.toMatchObject({ kind: 'unreachable' })
  })
})
