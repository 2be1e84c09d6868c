/** Incremental fetches (KIP-227) by bare requests: who is told what, what is refused, and how many there are. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type FetchDemand,
  FetchSessions,
} from '../../../../src/local/event-hubs/kafka/fetching/fetch-sessions.ts'
import type { KafkaReader } from '../../../../src/local/event-hubs/kafka/wire/values.ts'
import { HUB } from '../hub-fixture.ts'
import { Bare, request } from './bare-client.ts'
import { decodeBatches, messageOf, record } from './batches.ts'
import { type KafkaFixture, startKafkaFixture } from './kafka-fixture.ts'

let fixture: KafkaFixture
let bare: Bare
beforeAll(async () => {
  fixture = await startKafkaFixture({ partitions: 3 })
  bare = await Bare.signedIn(fixture)
})
afterAll(async () => {
  bare.socket.destroy()
  await fixture.close()
})

interface Ask {
  session?: [id: number, epoch: number]
  /** Partition → offset. */
  wanted?: Record<number, number>
  forgotten?: readonly number[]
  topic?: string
  maxBytes?: number
}

interface Told {
  error: number
  session: number
  /** Partition → error, or the values of its records. */
  partitions: Record<number, number | string[]>
}

const fetchRequest = ({ session = [0, -1], wanted = {}, forgotten = [], topic = HUB, maxBytes = 1e6 }: Ask) =>
  request(1, 10, (writer) => {
    writer.int32(-1).int32(0).int32(0).int32(maxBytes).int8(0).int32(session[0]).int32(session[1])
    writer.array(Object.keys(wanted).length > 0 ? [topic] : [], (name) =>
      writer.string(name).array(Object.entries(wanted), ([partition, offset]) => {
        writer.int32(Number(partition)).int32(0).int64(offset).int64(0).int32(1_000_000)
      }),
    )
    writer.array(forgotten.length > 0 ? [topic] : [], (name) =>
      writer.string(name).array(forgotten, (partition) => writer.int32(partition)),
    )
  })

function read(answer: KafkaReader): Told {
  answer.slice(4 + 4)
  const [error, session] = [answer.int16(), answer.int32()]
  const partitions: Told['partitions'] = {}
  answer.array(() => {
    answer.string()
    answer.array(() => {
      const [partition, code] = [answer.int32(), answer.int16()]
      answer.slice(8 + 8 + 8)
      answer.int32()
      const records = answer.bytes()
      partitions[partition] = code === 0 ? decodeBatches(records).map(({ value }) => String(value)) : code
    })
  })
  expect(answer.left).toBe(0)
  return { error, session, partitions }
}

const ask = async (what: Ask): Promise<Told> => read(await bare.ask(fetchRequest(what)))
const append = (partition: number, ...values: string[]) =>
  fixture.hub.log.append(
    partition,
    values.map((value) => messageOf(record(value))),
  )
const next = (partition: number) => fixture.hub.log.properties(partition).lastEnqueuedSequenceNumber + 1
const atEnds = () => ({ 0: next(0), 1: next(1), 2: next(2) })

describe('an incremental fetch', () => {
  it('tells all partitions once, then those alone that have something new', async () => {
    const first = await ask({ session: [0, 0], wanted: atEnds() })
    expect(first).toEqual({ error: 0, session: expect.any(Number), partitions: { 0: [], 1: [], 2: [] } })
    expect(first.session).toBeGreaterThan(0)
    const { session } = first
    expect(await ask({ session: [session, 1] })).toEqual({ error: 0, session, partitions: {} })
    const at = next(1)
    append(1, 'a', 'b')
    expect(await ask({ session: [session, 2] })).toMatchObject({ session, partitions: { 1: ['a', 'b'] } })
    // The client reads on where it says: until then it gets the same again.
    expect((await ask({ session: [session, 3] })).partitions).toEqual({ 1: ['a', 'b'] })
    expect((await ask({ session: [session, 4], wanted: { 1: at + 2 } })).partitions).toEqual({})
  })

  it('tells of a partition that has grown, also when its events have no room in the answer', async () => {
    const ends = atEnds()
    const { session } = await ask({ session: [0, 0], wanted: ends })
    append(0, 'x'.repeat(1000))
    append(1, 'y'.repeat(1000))
    const crowded = await ask({ session: [session, 1], maxBytes: 500 })
    expect(crowded.partitions).toEqual({ 0: ['x'.repeat(1000)], 1: [] })
    // Whoever got some goes last: the other one is not starved, though the first has more.
    append(0, 'x2')
    const later = await ask({ session: [session, 2], maxBytes: 500, wanted: { 0: ends[0] + 1 } })
    expect(later.partitions).toEqual({ 1: ['y'.repeat(1000)], 0: [] })
  })

  it('forgets partitions, takes new ones, and tells those at once', async () => {
    const { session } = await ask({ session: [0, 0], wanted: { 0: next(0), 1: next(1) } })
    append(0, 'not asked for')
    const told = await ask({ session: [session, 1], forgotten: [0], wanted: { 2: next(2) } })
    expect(told.partitions).toEqual({ 2: [] })
    append(0, 'still not')
    append(2, 'yes')
    expect((await ask({ session: [session, 2] })).partitions).toEqual({ 2: ['yes'] })
  })

  it('ends with its last partition, or when the client says so', async () => {
    const { session } = await ask({ session: [0, 0], wanted: { 0: next(0) } })
    expect(await ask({ session: [session, 1], forgotten: [0] })).toEqual({
      error: 0,
      session: 0,
      partitions: {},
    })
    expect((await ask({ session: [session, 2] })).error).toBe(70)
    const other = await ask({ session: [0, 0], wanted: { 0: next(0) } })
    expect(await ask({ session: [other.session, -1], wanted: { 1: next(1) } })).toEqual({
      error: 0,
      session: 0,
      partitions: { 1: [] },
    })
    expect((await ask({ session: [other.session, 1] })).error).toBe(70)
  })

  it('of an unknown session, or out of turn, is refused; a new one may begin at once', async () => {
    expect(await ask({ session: [4711, 1] })).toEqual({ error: 70, session: 0, partitions: {} })
    const { session } = await ask({ session: [0, 0], wanted: { 0: next(0) } })
    expect(await ask({ session: [session, 2] })).toEqual({ error: 71, session: 0, partitions: {} })
    expect((await ask({ session: [session, 1] })).error).toBe(0)
    const renewed = await ask({ session: [session, 0], wanted: { 0: next(0) } })
    expect(renewed).toMatchObject({ error: 0, partitions: { 0: [] } })
    expect(renewed.session).not.toBe(session)
    expect((await ask({ session: [session, 2] })).error).toBe(70)
  })

  it('tells each time what is wrong with a partition', async () => {
    const { session } = await ask({ session: [0, 0], wanted: { 0: next(0) + 5, 7: 0 } })
    expect(session).toBeGreaterThan(0)
    expect((await ask({ session: [session, 1] })).partitions).toEqual({ 0: 1, 7: 3 })
    const unknown = await ask({ session: [0, 0], wanted: { 0: 0 }, topic: 'other' })
    expect(unknown.partitions).toEqual({ 0: 3 })
  })

  it('waits until one of its partitions has something', async () => {
    const { session } = await ask({ session: [0, 0], wanted: atEnds() })
    const waiting = bare.ask(
      request(1, 10, (writer) => {
        writer.int32(-1).int32(20_000).int32(1).int32(1e6).int8(0).int32(session).int32(1).int32(0).int32(0)
      }),
    )
    append(2, 'late')
    expect(read(await waiting).partitions).toEqual({ 2: ['late'] })
  })
})

describe('sessions', () => {
  let now = 0
  let number = 0
  const sessions = () => new FetchSessions({ newNumber: () => ++number, now: () => now })
  const demand = (rest: Partial<FetchDemand> = {}): FetchDemand => ({
    ...{
      sessionId: 0,
      epoch: 0,
      forgotten: [],
      partitions: [{ topic: 't', partition: 0, offset: 0, maxBytes: 1 }],
    },
    ...rest,
  })

  it('are bounded: one that is used stays, one left alone for two minutes gives way', () => {
    const all = sessions()
    const made = Array.from({ length: 200 }, () => all.open(demand()).sessionId)
    expect(new Set(made).size).toBe(200)
    now += 119_000
    expect(all.open(demand()).sessionId).toBe(0)
    const [first = 0, second = 0] = made
    expect(all.open(demand({ sessionId: first, epoch: 1, partitions: [] })).error).toBe(0)
    now += 2000
    const late = all.open(demand()).sessionId
    expect(late).toBeGreaterThan(0)
    expect(all.size).toBe(200)
    expect(all.open(demand({ sessionId: first, epoch: 2, partitions: [] })).error).toBe(0)
    expect(all.open(demand({ sessionId: second, epoch: 1, partitions: [] })).error).toBe(70)
  })

  it('hold so many partitions, and no more', () => {
    const all = sessions()
    const partitions = Array.from({ length: 1001 }, (_, partition) => ({
      ...{ topic: 't', partition, offset: 0, maxBytes: 1 },
    }))
    expect(all.open(demand({ partitions })).sessionId).toBe(0)
    const { sessionId } = all.open(demand({ partitions: partitions.slice(1) }))
    expect(sessionId).toBeGreaterThan(0)
    const grown = all.open(demand({ sessionId, epoch: 1, partitions: partitions.slice(0, 1) }))
    expect(grown).toMatchObject({ error: 0, sessionId: 0 })
    expect(grown.partitions).toHaveLength(1001)
    expect(all.size).toBe(0)
  })

  it('begin anew behind the highest epoch', () => {
    const all = sessions()
    const { sessionId } = all.open(demand())
    for (const epoch of [1, 2]) all.open(demand({ sessionId, epoch, partitions: [] }))
    expect(all.open(demand({ sessionId, epoch: 2, partitions: [] })).error).toBe(71)
  })
})
