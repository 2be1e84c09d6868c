/** Members that keep their name over a restart (`group.instance.id`), in the versions of the requests that first knew it. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { VERSIONS } from '../../../../src/local/event-hubs/kafka/wire/protocol.ts'
import { HUB } from '../hub-fixture.ts'
import { Bare, request } from './bare-client.ts'
import { type KafkaFixture, startKafkaFixture } from './kafka-fixture.ts'

const FENCED = 82
const IN_PROGRESS = 27
const GROUP = 'static'

let fixture: KafkaFixture
beforeAll(async () => {
  fixture = await startKafkaFixture({ partitions: 1 })
})
afterAll(() => fixture.close())

/** One process of a consumer; it stops without a word, as a static member does. */
async function started(instance: string | undefined, group = GROUP) {
  const bare = await Bare.signedIn(fixture)
  const ask = async (...[key, version, write]: Parameters<typeof request>) => {
    const answer = await bare.ask(request(key, version, write))
    answer.int32()
    return answer
  }
  const join = async (memberId = '') => {
    const answer = await ask(11, 5, (to) => {
      to.string(group).int32(300_000).int32(300_000).string(memberId).string(instance).string('consumer')
      to.array(['range'], (name) => to.string(name).bytes(Buffer.from('topics')))
    })
    answer.int32()
    const [error, generation, , leader] = [
      answer.int16(),
      answer.int32(),
      answer.string(),
      answer.string(),
    ] as const
    const id = answer.string()
    const members = answer.array(() => ({
      id: answer.string(),
      instance: answer.nullableString(),
      topics: answer.bytes().toString(),
    }))
    return { error, generation, leader, id, members }
  }
  const sync = async ({ id, generation }: { id: string; generation: number }) => {
    const answer = await ask(14, 3, (to) => {
      to.string(group).int32(generation).string(id).string(instance)
      to.array([id], (member) => to.string(member).bytes(Buffer.from('all of it')))
    })
    answer.int32()
    return [answer.int16(), answer.bytes().toString()]
  }
  const heartbeat = async ({ id, generation }: { id: string; generation: number }) => {
    const answer = await ask(12, 3, (to) => to.string(group).int32(generation).string(id).string(instance))
    answer.int32()
    return answer.int16()
  }
  const commit = async ({ id, generation }: { id: string; generation: number }) => {
    const answer = await ask(8, 7, (to) => {
      to.string(group).int32(generation).string(id).string(instance)
      to.array([HUB], (topic) =>
        to.string(topic).array([0], (partition) => to.int32(partition).int64(3).int32(-1).string('')),
      )
    })
    answer.int32()
    return answer.array(() => [answer.string(), answer.array(() => [answer.int32(), answer.int16()])])
  }
  return { join, sync, heartbeat, commit, stop: () => bare.socket.destroy() }
}

it('a member that is started again takes its place at once, and the process before it is told', async () => {
  const first = await started('station-7')
  const before = await first.join()
  expect(before.members).toEqual([{ id: before.id, instance: 'station-7', topics: 'topics' }])
  expect(await first.sync(before)).toEqual([0, 'all of it'])
  expect(await first.commit(before)).toEqual([[HUB, [[0, 0]]]])

  // Its session would last for five minutes.
  const second = await started('station-7')
  const now = await second.join()
  expect(now).toMatchObject({ error: 0, generation: before.generation + 1, leader: now.id })
  expect(now.id).not.toBe(before.id)
  expect(now.members).toEqual([{ id: now.id, instance: 'station-7', topics: 'topics' }])
  expect(await second.sync(now)).toEqual([0, 'all of it'])
  expect(await second.heartbeat(now)).toBe(0)

  expect(await first.heartbeat(before)).toBe(FENCED)
  expect(await first.sync(before)).toEqual([FENCED, ''])
  expect(await first.commit(before)).toEqual([[HUB, [[0, FENCED]]]])
  expect((await first.join(before.id)).error).toBe(FENCED)
  expect(await second.heartbeat(now)).toBe(0)
  first.stop()
  second.stop()
})

it('a member may be taken out by its name, and is described with it', async () => {
  const group = 'Named'
  const [member, admin] = [await started('station-8', group), await Bare.signedIn(fixture)]
  const joined = await member.join()
  await member.sync(joined)
  const described = await admin.ask(
    request(15, 4, (to) => to.array([group], (name) => to.string(name)).boolean(true)),
  )
  described.slice(8)
  const groups = described.array(() => ({
    error: described.int16(),
    name: described.string(),
    state: described.string(),
    type: described.string(),
    protocol: described.string(),
    members: described.array(() => {
      const [id, instance, client, host] = [
        described.string(),
        described.nullableString(),
        described.string(),
        described.string(),
      ]
      return { id, instance, client, host, bytes: [described.bytes().length, described.bytes().length] }
    }),
    operations: described.int32(),
  }))
  expect(described.left).toBe(0)
  // The form of the service (kminion, issue 267).
  expect(joined.id).toMatch(/^rtstream-local\.servicebus\.windows\.net:c:named:I:raw-[^-]+$/)
  expect(groups).toMatchObject([
    {
      ...{ error: 0, name: group, state: 'Stable', type: 'consumer', protocol: 'range' },
      members: [{ id: joined.id, instance: 'station-8', client: 'raw', host: '0.0.0.0' }],

      // Read, delete, describe.
      operations: 0b1_0100_1000,
    },
  ])

  const leave = async (...leaving: [id: string, instance: string | undefined][]) => {
    const answer = await admin.ask(
      request(13, 3, (to) =>
        to.string(group).array(leaving, ([id, instance]) => to.string(id).string(instance)),
      ),
    )
    answer.slice(8)
    expect(answer.int16()).toBe(0)
    return answer.array(() => [answer.string(), answer.nullableString(), answer.int16()])
  }
  expect(
    await leave(['', 'nobody'], ['somebody', 'station-8'], [joined.id, 'nobody'], ['somebody', undefined]),
  ).toEqual([
    ['', 'nobody', 25],
    ['somebody', 'station-8', FENCED],
    [joined.id, 'nobody', 25],
    ['somebody', undefined, 25],
  ])
  expect(await member.heartbeat(joined)).toBe(0)
  expect(await leave(['', 'station-8'])).toEqual([['', 'station-8', 0]])
  expect(await member.heartbeat(joined)).toBe(25)
  member.stop()
  admin.socket.destroy()
})

it('whoever gives no name is nobody else’s successor', async () => {
  const stranger = await started(undefined)
  expect(await stranger.heartbeat({ id: 'nobody', generation: 1 })).toBe(25)
  stranger.stop()
})

it('the versions that clients conclude from each other are served together', () => {
  // Produce 8 is of Kafka 2.4, whose groups speak these, and Produce 9 of 2.8.
  const [, produce] = VERSIONS.get(0) ?? []
  expect(produce).toBe(9)
  const ofGroups = [11, 12, 13, 14, 15, 8].map((key) => VERSIONS.get(key)?.[1] ?? 0)
  for (const [index, least] of [7, 4, 4, 5, 5, 8].entries())
    expect(ofGroups[index]).toBeGreaterThanOrEqual(least)
})

it('a place that only later versions know is refused, not taken for a time', async () => {
  const bare = await Bare.signedIn(fixture)
  const answer = await bare.ask(
    request(2, 4, (to) => {
      to.int32(-1).int8(0)
      to.array([HUB], (topic) =>
        to.string(topic).array([-3, -2], (timestamp) => to.int32(0).int32(-1).int64(timestamp)),
      )
    }),
  )
  answer.slice(8)
  expect(
    answer.array(() => [
      answer.string(),
      answer.array(() => [answer.int32(), answer.int16(), answer.int64(), answer.int64(), answer.int32()]),
    ]),
  ).toEqual([
    [
      HUB,
      [
        [0, 35, -1, -1, 0],
        [0, 0, -1, 0, 0],
      ],
    ],
  ])
  bare.socket.destroy()
})

it('a member that has joined and not heard its part may not commit yet, as with Kafka', async () => {
  const member = await started(undefined, 'between')
  const joined = await member.join()
  expect(await member.heartbeat(joined)).toBe(0)
  expect(await member.commit(joined)).toEqual([[HUB, [[0, IN_PROGRESS]]]])
  expect(await member.sync(joined)).toEqual([0, 'all of it'])
  expect(await member.commit(joined)).toEqual([[HUB, [[0, 0]]]])
  member.stop()
})
