/** The endpoint against what no client library sends: junk, cut-off and endless messages, requests before signing in. */
import { createHmac } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crc32c } from '../../../../src/local/event-hubs/kafka/records/crc32c.ts'
import { recordsOfEvents } from '../../../../src/local/event-hubs/kafka/records/records-of-events.ts'
import { HUB, KEY, KEY_NAME } from '../hub-fixture.ts'
import { randomNumbers } from '../random-numbers.ts'
import { Bare, flexible, request } from './bare-client.ts'
import { decodeBatches, encodeBatch, encodeRecords, messageOf, record } from './batches.ts'
import { type KafkaFixture, startKafkaFixture } from './kafka-fixture.ts'

const FUZZED = 10_000
const AT_ONCE = 50
const WRONG_BATCHES = 2000

let fixture: KafkaFixture
beforeAll(async () => {
  fixture = await startKafkaFixture({ partitions: 1 })
})
afterAll(() => fixture.close())

/** A batch as an idempotent producer numbers it. */
const numbered = (producerId: number, epoch: number, baseSequence: number, values: readonly string[]) =>
  encodeBatch(
    values.map((value) => record(value)),
    { producerId, epoch, baseSequence },
  )

describe('an idempotent producer', () => {
  const produce = async (batch: Buffer) => (await produced(batch)).error
  const produced = async (batch: Buffer) => {
    const bare = await Bare.signedIn(fixture)
    const answer = await bare.ask(
      request(0, 3, (writer) => {
        writer.string(undefined).int16(-1).int32(1000).int32(1).string(HUB).int32(1).int32(0).bytes(batch)
      }),
    )
    bare.socket.destroy()
    answer.slice(4 + 4)
    answer.string()
    answer.slice(4 + 4)
    return { error: answer.int16(), offset: answer.int64(), appendedAt: answer.int64() }
  }
  const next = () => fixture.hub.log.properties(0).lastEnqueuedSequenceNumber + 1

  it('may send a batch again, over another connection and after a restart, without a second event', async () => {
    const before = next()
    const batch = numbered(4711, 0, 0, ['a', 'b'])
    expect(await produce(batch)).toBe(0)
    expect(await produce(batch)).toBe(0)
    await fixture.restart()
    expect(await produce(batch)).toBe(0)
    expect(await produce(numbered(4711, 0, 2, ['c']))).toBe(0)
    expect(next() - before).toBe(3)
  })

  it('is told where a batch is that it sends again, also of the epoch that it has bumped', async () => {
    for (const epoch of [0, 1]) {
      const batch = numbered(4713, epoch, 0, ['a', 'b'])
      const first = await produced(batch)
      expect(first).toEqual({ error: 0, offset: next() - 2, appendedAt: expect.any(Number) })
      await produced(numbered(4713, epoch, 2, ['c']))
      expect(await produced(batch)).toEqual(first)
      await fixture.restart()
      expect(await produced(batch)).toEqual(first)
    }
  })

  it('is refused what is out of order, and by a newer owner', async () => {
    const before = next()
    expect(await produce(numbered(4712, 1, 0, ['a']))).toBe(0)
    expect(await produce(numbered(4712, 1, 7, ['h']))).toBe(45)
    expect(await produce(numbered(4712, 0, 1, ['b']))).toBe(47)
    expect(await produce(numbered(4712, 2, 5, ['b']))).toBe(45)
    expect(await produce(numbered(4712, 2, 0, ['b']))).toBe(0)
    expect(next() - before).toBe(2)
  })
})

describe('a batch that is malformed behind a right check sum', () => {
  it(`is answered, ${WRONG_BATCHES} times, and what was stored every client can read`, async () => {
    const server = await startKafkaFixture({ partitions: 1 })
    const random = randomNumbers(2311)
    const records = [record('a', { key: Buffer.from('k') }), record('b'), record('c')]
    const seeds = [
      encodeBatch(records),
      encodeBatch(records, { codec: 1 }, gzipSync(encodeRecords(records))),
      encodeBatch(records, { producerId: 9, epoch: 0, baseSequence: 0 }),
    ]
    const bare = await Bare.signedIn(server)
    const codes = new Map<number, number>()
    for (let sent = 0; sent < WRONG_BATCHES; sent++) {
      const batch = Buffer.from(seeds[random(seeds.length)] as Buffer)
      // Not its length, format and check sum: those are looked at first.
      for (let change = 1 + random(3); change > 0; change--)
        batch[21 + random(batch.length - 21)] = random(random(2) === 0 ? 4 : 256)
      batch.writeUInt32BE(crc32c(batch, 21), 17)
      const answer = await bare.ask(
        request(0, 3, (writer) => {
          writer.string(undefined).int16(-1).int32(1000).int32(1).string(HUB).int32(1).int32(0).bytes(batch)
        }),
      )
      answer.slice(4 + 4)
      answer.string()
      answer.slice(4 + 4)
      const code = answer.int16()
      codes.set(code, (codes.get(code) ?? 0) + 1)
    }
    bare.socket.destroy()
    expect(codes.get(0)).toBeGreaterThan(100)
    expect(codes.get(2)).toBeGreaterThan(100)
    expect(codes.get(-1)).toBeUndefined()
    const { log } = server.hub
    const next = log.properties(0).lastEnqueuedSequenceNumber + 1
    const inOrder = Array.from({ length: next }, (_, number) => number)
    expect(log.read(0, 0, 1e6, 1e9).map(({ sequenceNumber }) => sequenceNumber)).toEqual(inOrder)
    const pages = log.readPages(0, 0, 1e6, 1e9)
    expect(new Set(pages.map(({ form }) => form))).toEqual(new Set(['amqp', 'kafka']))
    const offsets = pages.flatMap((page) =>
      decodeBatches(page.form === 'kafka' ? page.batches : recordsOfEvents([page])).map(
        ({ offset }) => offset,
      ),
    )
    expect(offsets).toEqual(inOrder)
    await server.close()
  }, 60_000)
})

describe('a connection', () => {
  it('may ask for versions before it signs in', async () => {
    const bare = new Bare(fixture)
    const answer = await bare.ask(request(18, 0))
    expect([answer.int32(), answer.int16()]).toEqual([7, 0])
    expect(answer.array(() => [answer.int16(), answer.int16(), answer.int16()])).toContainEqual([0, 0, 9])
    bare.socket.destroy()
  })

  it.each([
    ['metadata', () => request(3, 1, (writer) => writer.int32(-1))],
    ['a version that is not served', () => request(3, 99)],
    ['a request that does not exist', () => request(777, 0)],
    ['a message without an end', () => Buffer.from([0x7f, 0xff, 0xff, 0xff, 1, 2, 3])],
    ['a negative length', () => Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['TLS', () => Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])],
    ['HTTP', () => Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ])('is ended by %s before it has signed in', async (_, bytes) => {
    const bare = new Bare(fixture)
    bare.socket.write(bytes())
    await bare.closed()
  })

  it('is ended once the proof of its client has run out, and tells it before when that is', async () => {
    const resource = encodeURIComponent(`sb://localhost/${HUB}`)
    let now = Date.now()
    const own = await startKafkaFixture({ now: () => now })
    const expiry = Math.floor(now / 1000) + 60
    const signature = createHmac('sha256', KEY).update(`${resource}\n${expiry}`).digest('base64')
    const token = `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=${KEY_NAME}`
    const bare = new Bare(own)
    await bare.ask(request(17, 1, (writer) => writer.string('OAUTHBEARER')))
    const proof = Buffer.from(`n,,\x01auth=Bearer ${token}\x01\x01`)
    const answer = await bare.ask(request(36, 1, (writer) => writer.bytes(proof)))
    expect([answer.int32(), answer.int16(), answer.nullableString()]).toEqual([7, 0, undefined])
    answer.bytes()
    const lifetimeMs = answer.int64()
    expect(lifetimeMs).toBe(expiry * 1000 - now)
    const metadata = request(3, 1, (writer) => writer.int32(-1))
    now = expiry * 1000 - 1
    await bare.ask(metadata)
    now = expiry * 1000
    bare.socket.write(metadata)
    await bare.closed()
    await own.close()
  })

  it('answers in order, however the bytes arrive', async () => {
    const bare = await Bare.signedIn(fixture)
    const both = Buffer.concat([request(3, 1, (w) => w.int32(-1), 11), request(18, 0, () => {}, 12)])
    for (const byte of both.subarray(0, both.length - 1)) bare.socket.write(Buffer.of(byte))
    const first = await bare.ask(both.subarray(both.length - 1))
    expect(first.int32()).toBe(11)
    expect((await bare.ask(Buffer.alloc(0))).int32()).toBe(12)
    bare.socket.destroy()
  })

  it('with acks of 0 gets no answer, and the records are there', async () => {
    const bare = await Bare.signedIn(fixture)
    const next = () => fixture.hub.log.properties(0).lastEnqueuedSequenceNumber + 1
    const before = next()
    const batch = encodeBatch([record('x')])
    const produce = request(0, 3, (writer) => {
      writer.string(undefined).int16(0).int32(1000).int32(1).string(HUB).int32(1).int32(0).bytes(batch)
    })
    const answer = await bare.ask(Buffer.concat([produce, request(18, 0, () => {}, 99)]))
    expect(answer.int32()).toBe(99)
    expect(next()).toBe(before + 1)
    bare.socket.destroy()
  })

  it('waits for events as long as it says, and no longer than they take', async () => {
    const bare = await Bare.signedIn(fixture)
    const next = fixture.hub.log.properties(0).lastEnqueuedSequenceNumber + 1
    const wait = request(1, 4, (writer) => {
      writer.int32(-1).int32(20_000).int32(1).int32(1_000_000).int8(0).int32(1).string(HUB).int32(1)
      writer.int32(0).int64(next).int32(1_000_000)
    })
    const answered = bare.ask(wait)
    fixture.hub.log.append(0, [messageOf(record('late'))])
    const answer = await answered
    answer.slice(4 + 4 + 4)
    expect([answer.string(), answer.int32(), answer.int32(), answer.int16()]).toEqual([HUB, 1, 0, 0])
    answer.slice(16 + 4)
    expect(decodeBatches(answer.bytes())[0]?.value?.toString()).toBe('late')
    bare.socket.destroy()
  })

  it(`survives ${FUZZED} malformed requests: it answers or ends, and the hub goes on`, {
    timeout: 300_000,
  }, async () => {
    const random = randomNumbers(20261128)
    const seeds = [
      request(3, 7, (w) => w.int32(1).string(HUB).int8(1)),
      request(1, 10, (w) =>
        w
          .int32(-1)
          .int32(0)
          .int32(0)
          .int32(1e6)
          .int8(0)
          .int32(0)
          .int32(-1)
          .int32(1)
          .string(HUB)
          .int32(1)
          .int32(0)
          .int32(0)
          .int64(0)
          .int64(0)
          .int32(1e6)
          .int32(0),
      ),
      request(0, 7, (w) =>
        w
          .string(undefined)
          .int16(1)
          .int32(1000)
          .int32(1)
          .string(HUB)
          .int32(1)
          .int32(0)
          .bytes(encodeBatch([record('z')])),
      ),
      request(8, 6, (w) =>
        w
          .string('g')
          .int32(-1)
          .string('')
          .int32(1)
          .string(HUB)
          .int32(1)
          .int32(0)
          .int64(3)
          .int32(0)
          .string('m'),
      ),
      request(2, 4, (w) => w.int32(-1).int8(0).int32(1).string(HUB).int32(1).int32(0).int32(0).int64(-1)),
      request(9, 5, (w) => w.string('g').int32(1).string(HUB).int32(1).int32(0)),
      request(10, 2, (w) => w.string('g').int8(0)),
      // Not joined by two: a group that waits for a member would hold up the connection.
      request(12, 2, (w) => w.string('g').int32(1).string('nobody')),
      request(13, 2, (w) => w.string('g').string('nobody')),
      request(14, 2, (w) =>
        w.string('g').int32(1).string('nobody').int32(1).string('a').bytes(Buffer.of(1, 2)),
      ),
      request(15, 2, (w) => w.int32(1).string('g').int8(0)),
      request(19, 3, (w) =>
        w.int32(1).string('t').int32(1).int16(1).int32(0).int32(1).string('k').string('v').int32(9).int8(0),
      ),
      request(20, 3, (w) => w.int32(1).string(HUB).int32(9)),
      request(22, 1, (w) => w.string(undefined).int32(9)),
      request(32, 2, (w) => w.int32(1).int8(2).string(HUB).int32(-1).int8(0)),
      request(36, 1, (w) => w.bytes(Buffer.from('\0$ConnectionString\0Endpoint=x'))),
      request(42, 1, (w) => w.int32(1).string('g')),
      flexible(3, 9, (w) =>
        w
          .array([HUB], (name) => w.string(name))
          .boolean(false)
          .boolean(true)
          .boolean(true),
      ),
      flexible(9, 8, (w) =>
        w
          .array(['g'], (group) =>
            w.string(group).array([HUB], (name) => w.string(name).list([0, 1], (one) => w.int32(one))),
          )
          .boolean(true),
      ),
      flexible(0, 9, (w) =>
        w
          .string(undefined)
          .int16(1)
          .int32(1000)
          .array([HUB], (name) =>
            w.string(name).array([encodeBatch([record('z')])], (batch) => w.int32(0).bytes(batch)),
          ),
      ),
    ]
    // One for each connection: what is malformed ends it, and nothing behind it would be looked at.
    const send = async () => {
      const bytes = Buffer.from(seeds[random(seeds.length)] as Buffer)
      for (let change = 0; change < 3; change++) bytes[12 + random(bytes.length - 12)] = random(256)
      const bare = await Bare.signedIn(fixture)
      bare.socket.end(bytes)
      await bare.closed()
    }
    for (let sent = 0; sent < FUZZED; sent += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, send))
    const after = await Bare.signedIn(fixture)
    after.socket.destroy()
    expect(fixture.logged.lines().filter(({ level }) => Number(level) >= 50)).toEqual([])
  })
})
