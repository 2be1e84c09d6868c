/** Requests of clients that are told a broker's version and never ask for it, as sarama is told 1.0 for Event Hubs. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { HUB } from '../hub-fixture.ts'
import { Bare, request } from './bare-client.ts'
import { messageOf, record } from './batches.ts'
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
