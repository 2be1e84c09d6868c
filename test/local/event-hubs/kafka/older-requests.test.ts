/** Requests of clients that are told a broker's version and never ask for it, as sarama is told 1.0 for Event Hubs. */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { HUB } from '../hub-fixture.ts'
import { Bare, request } from './bare-client.ts'
import {
  decodeBatches,
  decodeMessage,
  encodeBatch,
  encodeMessages,
  messageOf,
  type OldMessage,
  record,
} from './batches.ts'
import { type KafkaFixture, startKafkaFixture } from './kafka-fixture.ts'

const UNKNOWN_PARTITION = 3

let fixture: KafkaFixture
let bare: Bare
beforeAll(async () => {
  fixture = await startKafkaFixture({ partitions: 2, now: () => 10_000 })
  bare = await Bare.signedIn(fixture)
})
afterAll(async () => {
  bare.socket.destroy()
  await fixture.close()
})

async function commit(version: number, group: string, offsets: [partition: number, offset: number][]) {
  const answer = await bare.ask(
    request(8, version, (to) => {
      to.string(group)
      if (version >= 1) to.int32(-1).string('')
      if (version >= 2) to.int64(-1)
      to.array([HUB], (topic) =>
        to.string(topic).array(offsets, ([partition, offset]) => {
          to.int32(partition).int64(offset)
          if (version === 1) to.int64(-1)
          to.string(`of version ${version}`)
        }),
      )
    }),
  )
  expect(answer.int32()).toBe(7)
  return answer.array(() => [answer.string(), answer.array(() => [answer.int32(), answer.int16()])])
}

async function fetched(version: number, group: string, partitions: number[]) {
  const answer = await bare.ask(
    request(9, version, (to) =>
      to.string(group).array([HUB], (topic) => to.string(topic).array(partitions, (one) => to.int32(one))),
    ),
  )
  expect(answer.int32()).toBe(7)
  const topics = answer.array(() => [
    answer.string(),
    answer.array(() => [answer.int32(), answer.int64(), answer.string(), answer.int16()]),
  ])
  expect(answer.left).toBe(version >= 2 ? 2 : 0)
  return topics
}

it.each([0, 1, 2])('offsets that were committed in version %i are there', async (version) => {
  const group = `group-${version}`
  expect(
    await commit(version, group, [
      [0, 5],
      [1, 6],
      [2, 7],
    ]),
  ).toEqual([
    [
      HUB,
      [
        [0, 0],
        [1, 0],
        [2, UNKNOWN_PARTITION],
      ],
    ],
  ])
  const kept = `of version ${version}`
  for (const read of [0, 1, 2])
    expect(await fetched(read, group, [1, 0])).toEqual([
      [
        HUB,
        [
          [1, 6, kept, 0],
          [0, 5, kept, 0],
        ],
      ],
    ])
})

it('of a partition that is not there nothing was committed; the first version calls that an error', async () => {
  expect(await fetched(0, 'nobody', [9])).toEqual([[HUB, [[9, -1, '', UNKNOWN_PARTITION]]]])
  expect(await fetched(1, 'nobody', [9])).toEqual([[HUB, [[9, -1, '', 0]]]])
})

it('where a partition begins and ends is told in the first version too, as by the service', async () => {
  const places: [partition: number, timestamp: number, most: number][] = [
    ...[-1, -2].map((place): [number, number, number] => [0, place, 1]),
    [0, -1, 9],
    [0, 10_000, 9],
    [0, 9_999, 9],
    [0, -3, 9],
    [1, -1, 9],
    [2, -1, 9],
  ]
  fixture.hub.log.append(0, [Buffer.from('a'), Buffer.from('b')])
  const answer = await bare.ask(
    request(2, 0, (to) =>
      to.int32(-1).array([HUB], (topic) =>
        to.string(topic).array(places, ([partition, timestamp, most]) => {
          to.int32(partition).int64(timestamp).int32(most)
        }),
      ),
    ),
  )
  expect(answer.int32()).toBe(7)
  const one = () => [answer.int32(), answer.int16(), answer.array(() => answer.int64())]
  const topics = answer.array(() => [answer.string(), answer.array(one)])
  expect(topics).toEqual([
    [
      HUB,
      [
        [0, 0, [2]],
        [0, 0, [0]],
        [0, 0, [2, 0]],
        [0, 0, [0]],
        [0, 0, []],
        [0, 35, []],
        [1, 0, [0]],
        [2, UNKNOWN_PARTITION, []],
      ],
    ],
  ])
  expect(answer.left).toBe(0)
})

it('OffsetForLeaderEpoch tells where a partition ends under its one leader, as the service names the request', async () => {
  fixture.hub.log.append(1, [messageOf(record('a')), messageOf(record('b'))])
  const versions = await bare.ask(request(18, 0))
  expect([versions.int32(), versions.int16()]).toEqual([7, 0])
  const named = versions.array(() => [versions.int16(), versions.int16(), versions.int16()])
  expect(named).toContainEqual([23, 0, 0])
  const wanted: [topic: string, partition: number, epoch: number][] = [
    [HUB, 1, 0],
    [HUB, 1, 3],
    [HUB, 2, 0],
    ['elsewhere', 0, 0],
  ]
  const answer = await bare.ask(
    request(23, 0, (to) =>
      to.array(wanted, ([topic, partition, epoch]) =>
        to.string(topic).array([partition], (one) => to.int32(one).int32(epoch)),
      ),
    ),
  )
  expect(answer.int32()).toBe(7)
  const topics = answer.array(() => [
    answer.string(),
    answer.array(() => [answer.int16(), answer.int32(), answer.int64()]),
  ])
  const { lastEnqueuedSequenceNumber: last } = fixture.hub.log.properties(1)
  expect(topics).toEqual([
    [HUB, [[0, 1, last + 1]]],
    [HUB, [[0, 1, -1]]],
    [HUB, [[UNKNOWN_PARTITION, 2, -1]]],
    ['elsewhere', [[UNKNOWN_PARTITION, 0, -1]]],
  ])
  expect(answer.left).toBe(0)
})

/** @returns the error, the first offset, and the rest of the answer. */
async function produced(version: number, records: Buffer) {
  const answer = await bare.ask(
    request(0, version, (to) => {
      if (version >= 3) to.string(undefined)
      to.int16(-1).int32(1000)
      to.array([HUB], (name) => to.string(name).array([1], (partition) => to.int32(partition).bytes(records)))
    }),
  )
  expect(answer.int32()).toBe(7)
  const read = () => [answer.int32(), answer.int16(), answer.int64(), version >= 2 && answer.int64()]
  const [[, [[partition, error, offset, time]]]] = answer.array(() => [
    answer.string(),
    answer.array(read),
  ]) as [[string, [[number, number, number, number | false]]]]
  expect(partition).toBe(1)
  if (version >= 1) expect(answer.int32()).toBe(0)
  expect(answer.left).toBe(0)
  return { error, offset, time }
}

/** What Kafka's clients of today get from there on. */
function read(from: number) {
  const [page] = fixture.hub.log.readPages(1, from, 100)
  if (page?.form !== 'kafka') throw new Error('no batch')
  return decodeBatches(page.batches).map(({ offset, key, value }) => [
    offset - from,
    key && `${key}`,
    value && `${value}`,
  ])
}

const PLAIN: OldMessage[] = [
  { form: 0, value: 'a' },
  { form: 1, key: 'k', value: 'b' },
  { form: 1, key: 'k', value: undefined },
]
const READ = [
  [0, undefined, 'a'],
  [1, 'k', 'b'],
  [2, 'k', undefined],
]

it.each([0, 1, 2, 3])(
  'messages of before 0.11 are taken by Produce %i, as by the service',
  async (version) => {
    const { error, offset, time } = await produced(version, encodeMessages(PLAIN))
    expect([error, time]).toEqual([0, version >= 2 && 10_000])
    expect(read(offset)).toEqual(READ)
    const bodies = fixture.hub.log
      .read(1, offset, 10)
      .map(({ message }) => decodeMessage(Buffer.from(message)).body)
    expect(bodies.map((body) => (body as { content: Buffer | null }).content?.toString())).toEqual([
      'a',
      'b',
      undefined,
    ])
  },
)

it('so are compressed ones among them, and a batch of today by the first version', async () => {
  const packed = encodeMessages([
    { form: 1, codec: 1, value: gzipSync(encodeMessages(PLAIN.slice(0, 2))) },
    ...PLAIN.slice(2),
  ])
  const first = await produced(2, packed)
  expect(first.error).toBe(0)
  expect(read(first.offset)).toEqual(READ)
  const second = await produced(0, encodeBatch([record('x')]))
  expect([second.error, read(second.offset)]).toEqual([0, [[0, undefined, 'x']]])
})

const CORRUPT = 2
const TOO_LARGE = 10
const OTHER_FORMAT = 43
const damaged = encodeMessages(PLAIN)
damaged[damaged.length - 1] = 1
it.each([
  ['damaged', CORRUPT, damaged],
  ['cut off', CORRUPT, encodeMessages(PLAIN).subarray(0, -1)],
  ['cut off in a head', CORRUPT, Buffer.concat([encodeMessages(PLAIN), Buffer.alloc(7)])],
  ['of no length', CORRUPT, Buffer.alloc(40)],
  ['mixed with batches', CORRUPT, Buffer.concat([encodeMessages(PLAIN), encodeBatch([record('x')])])],
  [
    'compressed twice',
    CORRUPT,
    encodeMessages([
      {
        form: 1,
        codec: 1,
        value: gzipSync(encodeMessages([{ form: 1, codec: 1, value: gzipSync(encodeMessages(PLAIN)) }])),
      },
    ]),
  ],
  ['compressed otherwise', OTHER_FORMAT, encodeMessages([{ form: 1, codec: 2, value: 'snappy' }])],
  [
    'small and large once decompressed',
    TOO_LARGE,
    encodeMessages([
      { form: 1, codec: 1, value: gzipSync(encodeMessages([{ form: 1, value: Buffer.alloc(600_000) }])) },
      { form: 1, codec: 1, value: gzipSync(encodeMessages([{ form: 1, value: Buffer.alloc(600_000) }])) },
    ]),
  ],
  ['of a format to come', OTHER_FORMAT, Buffer.alloc(40, 3)],
])('old messages that are %s are refused, and nothing of them is kept', async (_, error, records) => {
  const { lastEnqueuedSequenceNumber: last } = fixture.hub.log.properties(1)
  expect((await produced(2, records)).error).toBe(error)
  expect(fixture.hub.log.properties(1).lastEnqueuedSequenceNumber).toBe(last)
})
