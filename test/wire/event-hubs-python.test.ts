/** The hub on loopback, driven by the unmodified Python SDK. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ensurePython } from '../../scripts/python-env.ts'
import { partitionOf } from '../../src/contract/partition-hash.ts'
import { messageBody } from '../../src/local/event-hubs/amqp/sections.ts'
import { HUB, HubFixture, KEY, KEY_NAME } from '../local/event-hubs/hub-fixture.ts'
import { ACCOUNT, KEY as LAKE_KEY, startLake } from '../support/lake-server.ts'
import { runPython } from '../support/python.ts'

const script = readFileSync(new URL('../local/event-hubs/python-client.py', import.meta.url), 'utf8')
const restart = readFileSync(new URL('../local/event-hubs/python-restart.py', import.meta.url), 'utf8')
const processor = readFileSync(new URL('../local/event-hubs/python-processor.py', import.meta.url), 'utf8')
const processors = readFileSync(
  new URL('../local/event-hubs/python-two-processors.py', import.meta.url),
  'utf8',
)
const found = ensurePython()
if ('missing' in found) console.warn(`Tests with the Python SDK are left out: ${found.missing}`)

let hub: HubFixture
beforeEach(async () => {
  hub = await HubFixture.start()
})
afterEach(() => hub.close())

interface Result {
  partitions: string[]
  maxSize: number
  large: number
  properties: number
  earliest: number[]
  first: { body: unknown; offset: string; n: number; enqueued: number }
  afterOffset: number[]
  atSequenceNumber: number[]
  byTime: number[]
  tracked: number[]
  wrongKey: string
}

describe.skipIf('missing' in found)('azure-eventhub', () => {
  it.each([
    ['a connection string', () => ({ connection: hub.connectionString(), options: {} })],
    [
      'TLS',
      () => {
        const file = join(hub.folder, 'ca.pem')
        writeFileSync(file, hub.certificate?.cert ?? '')
        return {
          connection: `Endpoint=sb://${hub.fullyQualifiedNamespace};SharedAccessKeyName=${KEY_NAME};SharedAccessKey=${KEY}`,
          options: {
            custom_endpoint_address: `sb://localhost:${hub.ports.tls}`,
            connection_verify: file,
          },
        }
      },
    ],
  ])(
    'sends, looks and reads through %s',
    async (_, connect) => {
      const { connection, options } = connect()
      const result = JSON.parse(await runPython(script, [connection, JSON.stringify(options)])) as Result
      const upTo = (end: number, from = 0) => Array.from({ length: end - from }, (_, index) => from + index)
      expect(result).toMatchObject({
        partitions: ['0', '1', '2', '3'],
        maxSize: 1024 * 1024,
        properties: 9,
        earliest: upTo(10),
        first: {
          body: { index: 0, city: 'Zürich' },
          offset: '0',
          n: 0,
          enqueued: hub.log.read(0, 0, 1)[0]?.enqueuedAt,
        },
        afterOffset: [7, 8, 9],
        atSequenceNumber: [8, 9],
        byTime: upTo(10),
        tracked: [9],
        wrongKey: 'AuthenticationError',
      })
      const bodies = (partition: number) =>
        hub.stored(partition).map(({ message }) => messageBody(message).toString())
      expect(bodies(partitionOf('station-00007', 4))).toContain('by key')
      expect(bodies(1).filter((body) => body === 'x'.repeat(5000))).toHaveLength(result.large)
      expect(bodies(2)).toContain('alone')
    },
    90_000,
  )

  it('sends buffered, and a second reader goes on from the checkpoints that the first has left in the lake', async () => {
    const count = 500
    const lake = await startLake()
    try {
      mkdirSync(join(lake.root, 'checkpoints'))
      const account = `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${LAKE_KEY};BlobEndpoint=${lake.endpoint}`
      const result: unknown = JSON.parse(
        await runPython(processor, [hub.connectionString(), HUB, String(count), account]),
      )
      const numbers = (first: number) => Array.from({ length: count }, (_, index) => first + index)
      expect(result).toEqual({
        acknowledged: 2 * count,
        refused: [],
        first: { bodies: numbers(0), renewed: true },
        second: { bodies: numbers(count), renewed: true },
      })
    } finally {
      await lake.close()
    }
  }, 90_000)

  it('lets two processors share the partitions out through blobs, and one take over; no event comes twice', async () => {
    const lake = await startLake()
    try {
      mkdirSync(join(lake.root, 'checkpoints'))
      const account = `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${LAKE_KEY};BlobEndpoint=${lake.endpoint}`
      const result = JSON.parse(await runPython(processors, [hub.connectionString(), HUB, account])) as {
        shared: string[][]
      }
      expect(result).toEqual({ shared: expect.any(Array), each: [50, 50], events: 200, distinct: 200 })
      expect(result.shared.flat().sort()).toEqual(['0', '1', '2', '3'])
    } finally {
      await lake.close()
    }
  }, 90_000)

  it('goes on sending and reading when the hub was away', async () => {
    const count = 300
    const { ports } = hub
    const running = runPython(restart, [hub.connectionString(), HUB, String(count)])
    await vi.waitFor(() => expect(hub.stored(0).length).toBeGreaterThan(20), { timeout: 20_000 })
    await hub.server?.close()
    await hub.listen(ports)
    const numbers = Array.from({ length: count }, (_, index) => index)
    expect(JSON.parse(await running)).toEqual({ acknowledged: numbers, read: numbers, errors: [] })
    const stored = hub.stored(0).map(({ message }) => Number(messageBody(message).toString()))
    expect([...new Set(stored)]).toEqual(numbers)
  }, 90_000)
})
