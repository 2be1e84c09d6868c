/** The product's own way to the hub: `HubProducer` and `HubReader` over the SDK, through outages, refusals and a full disk. */
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  createHubProducer,
  createHubReader,
  type HubConnection,
} from '../../src/azure/event-hubs/producer.ts'
import { partitionOf } from '../../src/contract/partition-hash.ts'
import { messageBody } from '../../src/local/event-hubs/amqp/sections.ts'
import { ProducerLinks } from '../../src/local/event-hubs/links/producer-links.ts'
import { ServiceError } from '../../src/pipeline/ports/errors.ts'
import {
  type HubProducer,
  type HubReader,
  type OutgoingEvent,
  type ReceivedEvent,
  SendError,
} from '../../src/pipeline/ports/hub.ts'
import { HUB, HubFixture } from '../local/event-hubs/hub-fixture.ts'

let hub: HubFixture
beforeEach(async () => {
  hub = await HubFixture.start()
})
afterEach(() => hub.close())
const keep = <T extends { close(): unknown }>(client: T): T => hub.keep(client)
const producerOf = (connection: HubConnection = hub.connection): HubProducer =>
  keep(createHubProducer(connection))
const readerOf = (connection: HubConnection = hub.connection): HubReader => keep(createHubReader(connection))
const byKey = (key = 'wrong'): HubConnection => ({
  connectionString: hub.connectionString(key),
  hub: HUB,
  consumerGroup: 'monitor',
})

const STATIONS = 40
/** The next readings of all stations: `station-7 12` is the twelfth of the seventh. */
function readings(round: number, rounds = 1): OutgoingEvent[] {
  return Array.from({ length: rounds * STATIONS }, (_, index) => {
    const station = `station-${index % STATIONS}`
    return {
      body: Buffer.from(`${station} ${round + Math.floor(index / STATIONS)}`),
      partitionKey: station,
    }
  })
}

const storedBodies = (partition: number) =>
  hub.stored(partition).map(({ message }) => messageBody(message).toString())

/** What each station sent, in the order in which the hub holds it. */
function storedByStation(): Map<string, number[]> {
  const found = new Map<string, number[]>()
  for (let partition = 0; partition < 4; partition++)
    for (const body of storedBodies(partition)) {
      const [station = '', number] = body.split(' ')
      expect(partitionOf(station, 4)).toBe(partition)
      found.set(station, [...(found.get(station) ?? []), Number(number)])
    }
  return found
}

async function failureOf(action: Promise<unknown>): Promise<unknown> {
  try {
    await action
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}

describe('sending', () => {
  it.each([
    ['TLS and token', () => hub.connection],
    ['connection string', () => byKey('the-key+of/this=session')],
  ])('puts each key on its partition, in order, through %s', async (_, connection) => {
    const producer = producerOf(connection())
    await producer.send(readings(0, 50))
    await producer.send(readings(50, 50))
    await producer.send([])
    const stored = storedByStation()
    expect(stored.size).toBe(STATIONS)
    for (const numbers of stored.values())
      expect(numbers).toEqual(Array.from({ length: 100 }, (_, index) => index))
  })

  it('opens all links when asked, and sends over those', async () => {
    const opened = vi.spyOn(ProducerLinks.prototype, 'open')
    const partitions = () => opened.mock.calls.map(([, partition]) => partition).sort()
    const producer = producerOf()
    await producer.open?.()
    expect(partitions()).toEqual([0, 1, 2, 3])
    expect(hub.lastSequenceNumbers).toEqual([-1, -1, -1, -1])
    await producer.send(readings(0))
    expect(partitions()).toEqual([0, 1, 2, 3])
    opened.mockRestore()
  })

  it('splits what is too large for one batch', async () => {
    const events = Array.from({ length: 40 }, (_, index) => ({
      body: Buffer.alloc(100_000, index),
      partitionKey: 'one',
    }))
    await producerOf().send(events)
    const partition = partitionOf('one', 4)
    expect(hub.stored(partition).map(({ message }) => messageBody(message)[0])).toEqual(
      events.map((_, index) => index),
    )
  })

  it('keeps bytes that are no text', async () => {
    await producerOf().send([{ body: new Uint8Array([0xff, 0, 0x80]), partitionKey: 'a' }])
    expect(messageBody(hub.stored(partitionOf('a', 4))[0]?.message as Uint8Array)).toEqual(
      Buffer.from([0xff, 0, 0x80]),
    )
  })

  it('gives back, in order, what was not acknowledged when a partition fails', async () => {
    const append = hub.log.append.bind(hub.log)
    const bad = partitionOf('station-0', 4)
    vi.spyOn(hub.log, 'append').mockImplementation((partition, messages) => {
      if (partition === bad) throw new Error('disk I/O error')
      return append(partition, messages)
    })
    const events = readings(0, 3)
    const error = await failureOf(producerOf().send(events))
    expect(error).toBeInstanceOf(SendError)
    const { unacknowledged, cause } = error as SendError
    expect(unacknowledged).toEqual(events.filter(({ partitionKey }) => partitionOf(partitionKey, 4) === bad))
    expect(cause).toMatchObject({ kind: 'service', service: 'Event Hubs' })
    expect([...storedByStation().values()].flat()).toHaveLength(events.length - unacknowledged.length)
  })

  it('stops when it is told to, and says what is left', async () => {
    const events = readings(0)
    const error = await failureOf(producerOf().send(events, AbortSignal.abort()))
    expect((error as SendError).unacknowledged).toEqual(events)
  })

  it('names an event that no batch can hold', async () => {
    const error = await failureOf(producerOf().send([{ body: Buffer.alloc(2_000_000), partitionKey: 'a' }]))
    expect(error).toMatchObject({
      message: expect.stringContaining('2000000 bytes is larger than the hub takes'),
    })
  })
})

describe('errors', () => {
  const cases: [string, () => HubConnection, string][] = [
    ['a wrong key', () => byKey(), 'authorization'],
    ['a wrong token', () => ({ ...hub.connection, credential: hub.credential('wrong') }), 'authorization'],
    ['a hub that is not there', () => ({ ...hub.connection, hub: 'elsewhere' }), 'not-found'],
    ['nobody there', () => ({ ...hub.connection, customEndpointAddress: 'sb://localhost:1' }), 'unreachable'],
    [
      'a credential that cannot be had',
      () => ({
        ...hub.connection,
        credential: {
          getToken: async () => {
            throw Object.assign(new Error('Please run az login.'), { name: 'CredentialUnavailableError' })
          },
        },
      }),
      'authorization',
    ],
  ]

  it.each(cases)('%s is told by the producer', async (_, connection, kind) => {
    const events = readings(0)
    const error = await failureOf(producerOf(connection()).send(events))
    expect(error).toBeInstanceOf(SendError)
    expect((error as SendError).unacknowledged).toEqual(events)
    expect((error as SendError).cause).toMatchObject({ kind, service: 'Event Hubs' })
    expect((error as Error).message).not.toMatch(/\n|\bat .*:\d+/)
  })

  it.each(cases)('%s is told by the reader', async (_, connection, kind) => {
    const error = await failureOf(readerOf(connection()).partitions())
    expect(error).toBeInstanceOf(ServiceError)
    expect(error).toMatchObject({ kind, service: 'Event Hubs' })
  })

  it('a full disk is told with the reason, and sending goes on once there is room', async () => {
    await hub.close()
    let now = Date.now()
    hub = await HubFixture.start({ limitBytes: 1_000_000, now: () => now })
    const producer = producerOf()
    const events = Array.from({ length: 30 }, (_, index) => ({
      body: Buffer.alloc(200_000, index),
      partitionKey: 'one',
    }))
    const error = (await failureOf(producer.send(events))) as SendError
    expect(error.cause).toMatchObject({ kind: 'service', message: expect.stringContaining('disk is full') })
    const taken = hub.stored(partitionOf('one', 4)).length
    expect(error.unacknowledged).toEqual(events.slice(taken))
    // Retention makes room.
    now += 2 * 3_600_000
    hub.log.properties(0)
    await producer.send(error.unacknowledged.slice(0, 2))
    expect(hub.stored(partitionOf('one', 4)).at(-1)?.sequenceNumber).toBe(taken + 1)
  })
})

describe('an outage', () => {
  it('under load loses nothing, keeps the order of every station, and is over when the hub is back', async () => {
    const producer = producerOf()
    const { ports } = hub
    let sent = 0
    let failures = 0
    let isDone = false
    const sending = (async () => {
      while (!isDone) {
        let events: readonly OutgoingEvent[] = readings(sent++)
        // As the generator does: what was not acknowledged is sent again before anything else.
        while (events.length > 0) {
          try {
            await producer.send(events)
            events = []
          } catch (error) {
            events = (error as SendError).unacknowledged
            failures++
            await setTimeout(50)
          }
        }
      }
    })()
    // Short enough that a send is still under way, and long enough that several have failed.
    for (const failuresToSee of [0, 5]) {
      const before = hub.lastSequenceNumbers[0] ?? 0
      await vi.waitFor(() => expect(hub.lastSequenceNumbers[0]).toBeGreaterThan(before + 50))
      await hub.server?.close()
      const failedBefore = failures
      await vi.waitFor(() => expect(failures).toBeGreaterThanOrEqual(failedBefore + failuresToSee), {
        timeout: 20_000,
      })
      await hub.listen(ports)
      const atReturn = hub.lastSequenceNumbers
      await vi.waitFor(
        () => expect(hub.lastSequenceNumbers.every((last, id) => last > (atReturn[id] ?? 0))).toBe(true),
        20_000,
      )
    }
    isDone = true
    await sending
    const stored = storedByStation()
    expect(stored.size).toBe(STATIONS)
    for (const numbers of stored.values()) {
      // A batch that was stored and not acknowledged comes again; whoever is counted for the first time is the next.
      const firsts = numbers.filter((number, index) => numbers.indexOf(number) === index)
      expect(firsts).toEqual(Array.from({ length: sent }, (_, index) => index))
    }
  })
})

describe('an outage, while reading', () => {
  it('ends a question that is under way, and the next one is answered', async () => {
    const reader = readerOf()
    await reader.partitions()
    const { ports } = hub
    const properties = hub.log.properties.bind(hub.log)
    const spy = vi.spyOn(hub.log, 'properties').mockImplementation((partition) => {
      spy.mockRestore()
      void hub.server?.close()
      return properties(partition)
    })
    const error = await failureOf(reader.partitions())
    expect(error).toMatchObject({ kind: 'unreachable', message: 'The connection to Event Hubs was cut.' })
    await hub.listen(ports)
    await vi.waitFor(async () => expect(await reader.partitions()).toHaveLength(4))
  })

  it('goes on where it was', async () => {
    await producerOf().send(readings(0, 300))
    const { ports } = hub
    const seen: string[] = []
    for await (const page of readerOf().readAfter(new Map())) {
      const isFirst = seen.length === 0
      seen.push(...page.map(({ partitionId, sequenceNumber }) => `${partitionId}/${sequenceNumber}`))
      if (!isFirst) continue
      await hub.server?.close()
      await hub.listen(ports)
    }
    expect(new Set(seen).size).toBe(300 * STATIONS)
    expect(seen).toHaveLength(300 * STATIONS)
  })
})

describe('reading', () => {
  it('tells where the partitions stand', async () => {
    const reader = readerOf()
    expect(await reader.partitions()).toEqual(
      ['0', '1', '2', '3'].map((id) => ({
        id,
        beginningSequenceNumber: 0,
        lastEnqueuedSequenceNumber: -1,
        lastEnqueuedAt: undefined,
        isEmpty: true,
      })),
    )
    const events = readings(0)
    await producerOf().send(events)
    const partitions = await reader.partitions()
    expect(partitions.reduce((sum, { lastEnqueuedSequenceNumber: last }) => sum + last + 1, 0)).toBe(
      events.length,
    )
    expect(partitions[0]?.lastEnqueuedAt?.getTime()).toBe(hub.log.properties(0).lastEnqueuedAt)
  })

  async function readAll(
    reader: HubReader,
    positions: ReadonlyMap<string, number>,
  ): Promise<ReceivedEvent[]> {
    const found: ReceivedEvent[] = []
    for await (const page of reader.readAfter(positions)) found.push(...page)
    return found
  }

  it('brings every event after a position, up to the end', async () => {
    await producerOf().send(readings(0, 100))
    const reader = readerOf()
    const all = await readAll(reader, new Map())
    expect(all).toHaveLength(100 * STATIONS)
    for (let partition = 0; partition < 4; partition++) {
      const events = all.filter(({ partitionId }) => partitionId === String(partition))
      expect(events.map(({ body }) => body && Buffer.from(body).toString())).toEqual(storedBodies(partition))
      expect(events.map(({ sequenceNumber }) => sequenceNumber)).toEqual(events.map((_, index) => index))
      expect(events[0]?.enqueuedAt.getTime()).toBe(
        hub.stored(partition)[0] && hub.log.read(partition, 0, 1)[0]?.enqueuedAt,
      )
    }
    const [last0 = 0, last1 = 0, last2 = 0, last3 = 0] = hub.lastSequenceNumbers
    const rest = await readAll(
      reader,
      new Map([
        ['0', last0 - 2],
        ['1', last1],
        ['2', last2 + 50],
        ['3', last3 - 700],
      ]),
    )
    expect(
      rest.filter(({ partitionId }) => partitionId === '0').map(({ sequenceNumber }) => sequenceNumber),
    ).toEqual([last0 - 1, last0])
    expect(rest.filter(({ partitionId }) => partitionId === '3')).toHaveLength(700)
    expect(rest).toHaveLength(702)
  })

  it('ends with what the partition held when it began, and where the caller stops', async () => {
    const producer = producerOf()
    await producer.send(readings(0, 30))
    const reader = readerOf()
    let count = 0
    for await (const page of reader.readAfter(new Map())) {
      count += page.length
      if (count === page.length) await producer.send(readings(30))
    }
    expect(count).toBe(30 * STATIONS)
    for await (const page of reader.readAfter(new Map())) {
      expect(page.length).toBeGreaterThan(0)
      break
    }
    expect(await reader.partitions()).toHaveLength(4)
  })

  it('starts at the oldest there is when what was asked for has expired', async () => {
    await hub.close()
    let now = Date.now()
    hub = await HubFixture.start({ now: () => now, partitions: 1 })
    const producer = producerOf()
    await producer.send(readings(0))
    now += 2 * 3_600_000
    await producer.send(readings(1))
    const events = await readAll(readerOf(), new Map([['0', 3]]))
    expect(events.map(({ sequenceNumber }) => sequenceNumber)).toEqual(
      Array.from({ length: STATIONS }, (_, index) => STATIONS + index),
    )
    now += 2 * 3_600_000
    expect(await readAll(readerOf(), new Map())).toEqual([])
  })

  it('stops when it is told to', async () => {
    await producerOf().send(readings(0, 100))
    const stop = new AbortController()
    let pages = 0
    for await (const page of readerOf().readAfter(new Map(), stop.signal)) {
      expect(page.length).toBeGreaterThan(0)
      pages++
      stop.abort()
    }
    expect(pages).toBe(1)
  })
})
