/** The last versions before the flexible encoding, the first ones in it, and what a producer without acknowledgements learns of a refusal. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { VERSIONS } from '../../../../src/local/event-hubs/kafka/wire/protocol.ts'
import { HUB } from '../hub-fixture.ts'
import { Bare, request } from './bare-client.ts'
import { encodeBatch, record } from './batches.ts'
import { type KafkaFixture, startKafkaFixture } from './kafka-fixture.ts'

const NOT_ASKED = -(2 ** 31)

let fixture: KafkaFixture
let bare: Bare
beforeAll(async () => {
  fixture = await startKafkaFixture({ partitions: 2 })
  bare = await Bare.signedIn(fixture)
})
afterAll(async () => {
  bare.socket.destroy()
  await fixture.close()
})

const produce = (topic: string, batch = encodeBatch([record('x')])) =>
  request(0, 3, (to) => {
    to.string(undefined).int16(0).int32(1000)
    to.array([topic], (name) => to.string(name).array([0], (partition) => to.int32(partition).bytes(batch)))
  })

it('Fetch is served as a client of 2.3 asks that does not look at versions, as sarama 1.30', async () => {
  await bare.ask(Buffer.concat([produce(HUB), request(18, 0)]))
  const answer = await bare.ask(
    request(1, 11, (to) => {
      to.int32(-1).int32(100).int32(1).int32(1_000_000).int8(0).int32(0).int32(-1)
      to.array([HUB], (topic) =>
        to.string(topic).array([0], (partition) => {
          to.int32(partition).int32(-1).int64(0).int64(-1).int32(1_000_000)
        }),
      )
      to.array([], () => {}).string('a rack')
    }),
  )
  // Throttle time, error, session.
  expect([answer.int32(), answer.int32(), answer.int16(), answer.int32()]).toEqual([7, 0, 0, 0])
  const topics = answer.array(() => [
    answer.string(),
    answer.array(() => ({
      partition: answer.int32(),
      error: answer.int16(),
      ends: [answer.int64(), answer.int64(), answer.int64()],
      aborted: answer.int32(),
      preferredReplica: answer.int32(),
      records: answer.bytes().length,
    })),
  ])
  const records = expect.any(Number)
  expect(topics).toEqual([
    [HUB, [{ partition: 0, error: 0, ends: [1, 1, 0], aborted: -1, preferredReplica: -1, records }]],
  ])
  expect(answer.left).toBe(0)
})

it.each([true, false])('Metadata 8 tells what may be done where it is asked: %s', async (isAsked) => {
  const answer = await bare.ask(
    request(3, 8, (to) =>
      to
        .array([HUB, 'nothere'], (name) => to.string(name))
        .boolean(false)
        .boolean(isAsked)
        .boolean(isAsked),
    ),
  )
  expect([answer.int32(), answer.int32()]).toEqual([7, 0])
  answer.array(() => [answer.int32(), answer.string(), answer.int32(), answer.nullableString()])
  expect([answer.string(), answer.int32()]).toEqual(['rtstream-local.servicebus.windows.net', 0])
  const operations = answer.array(() => {
    answer.int16()
    answer.string()
    answer.boolean()
    answer.array(() => {
      answer.slice(2 + 4 + 4 + 4)
      // Replicas, those in step, those that are away: the service names none (akhq, issue 1364).
      for (let list = 0; list < 3; list++) expect(answer.array(answer.int32)).toEqual([])
    })
    return answer.int32()
  })
  // Read, write, describe and describe the settings; of the cluster, describe.
  expect(operations).toEqual(isAsked ? [0x518, NOT_ASKED] : [NOT_ASKED, NOT_ASKED])
  expect(answer.int32()).toBe(isAsked ? 0x100 : NOT_ASKED)
  expect(answer.left).toBe(0)
})

it('DescribeConfigs 3 tells of what type a setting is', async () => {
  const answer = await bare.ask(
    request(32, 3, (to) => {
      to.array([HUB], (name) => to.int8(2).string(name).int32(-1))
      to.boolean(false).boolean(false)
    }),
  )
  expect([answer.int32(), answer.int32()]).toEqual([7, 0])
  const [configs] = answer.array(() => {
    expect([answer.int16(), answer.nullableString(), answer.int8(), answer.string()]).toEqual([
      0,
      undefined,
      2,
      HUB,
    ])
    return answer.array(() => {
      const name = answer.string()
      answer.string()
      // Read-only, source, sensitive, synonyms.
      expect([answer.boolean(), answer.int8(), answer.boolean(), answer.int32()]).toEqual([true, 1, false, 0])
      return [name, answer.int8(), answer.nullableString()]
    })
  })
  expect(Object.fromEntries((configs ?? []).map(([name, type]) => [name, type]))).toEqual({
    'cleanup.policy': 7,
    'compression.type': 2,
    'max.message.bytes': 3,
    'message.timestamp.type': 2,
    'retention.ms': 5,
  })
  expect(answer.left).toBe(0)
})

it('DescribeConfigs knows no broker, as kafka-ui has it of the service', async () => {
  const answer = await bare.ask(
    request(32, 1, (to) => {
      to.array([4, 8], (type) => to.int8(type).string('0').int32(-1)).boolean(false)
    }),
  )
  expect([answer.int32(), answer.int32()]).toEqual([7, 0])
  const told = answer.array(() => [
    answer.int16(),
    answer.nullableString(),
    answer.int8(),
    answer.string(),
    answer.int32(),
  ])
  expect(told).toEqual([4, 8].map((type) => [3, undefined, type, '0', 0]))
  expect(answer.left).toBe(0)
})

it('the versions that were reported of the service are served', () => {
  const reported = { 1: 12, 2: 8, 3: 9, 8: 8, 9: 8, 10: 4, 11: 9, 12: 4, 13: 5, 17: 1, 18: 3, 23: 0, 36: 2 }
  for (const [key, version] of Object.entries(reported)) expect(VERSIONS.get(Number(key))?.[1]).toBe(version)
})

it('every request is served in its first version of the flexible encoding too', () => {
  // By Kafka's message definitions; the handshake has none.
  const first: Record<number, number> = {
    ...{ 0: 9, 1: 12, 2: 6, 3: 9, 8: 8, 9: 6, 10: 3, 11: 6, 12: 4, 13: 4, 14: 4, 15: 5, 16: 3 },
    ...{ 17: Number.POSITIVE_INFINITY, 18: 3, 19: 5, 20: 4, 22: 2, 23: 4, 32: 4, 36: 2, 37: 2, 42: 2 },
  }
  expect(Object.fromEntries([...VERSIONS].map(([key, [, , flexible]]) => [key, flexible]))).toEqual(first)
  // The handshake, and what the service has in its first version only.
  for (const [key, [, most, flexible]] of VERSIONS)
    if (key !== 17 && key !== 23) expect(most).toBeGreaterThanOrEqual(flexible)
})

it.each([0, 1])('CreatePartitions %i is refused in words: a hub keeps its partitions', async (version) => {
  const answer = await bare.ask(
    request(37, version, (to) => {
      to.array([2, 3], (count) =>
        to
          .string(HUB)
          .int32(count)
          .array(undefined, () => {}),
      )
      to.int32(1000).boolean(false)
    }),
  )
  expect([answer.int32(), answer.int32()]).toEqual([7, 0])
  expect(answer.array(() => [answer.string(), answer.int16(), answer.nullableString()])).toEqual([
    [HUB, 37, expect.stringContaining('partitions already: 2')],
    [HUB, 44, expect.stringContaining('--partitions')],
  ])
})

it.each<[string, Buffer]>([
  ['go to another topic', produce('elsewhere')],
  ['are damaged', produce(HUB, Buffer.alloc(80))],
])('records that %s end the connection of a producer that wants no answer', async (_, bytes) => {
  const other = await Bare.signedIn(fixture)
  other.socket.write(bytes)
  await other.closed()
  expect(fixture.logged.text()).toContain('records that want no answer were refused')
})

it('there is no coordinator of transactions, in the words of the Standard tier (zeebe-kafka-exporter, issue 390)', async () => {
  const answer = await bare.ask(request(10, 2, (to) => to.string('t').int8(1)))
  // Throttle time, error, reason.
  expect([answer.int32(), answer.int32(), answer.int16(), answer.string()]).toEqual([
    7,
    0,
    42,
    'FindCoordinator asked for coordinator with type code 1 which is not supported. type code 1 is only supported in Premium or Dedicated sku.',
  ])
  expect([answer.int32(), answer.string(), answer.int32(), answer.left]).toEqual([-1, '', -1, 0])
})
