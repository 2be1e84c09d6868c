/** Consumers that are killed while they join: nobody waits for what will never come back. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { Bare, request } from './bare-client.ts'
import { type KafkaFixture, startKafkaFixture } from './kafka-fixture.ts'

const GROUP = 'killed'

let fixture: KafkaFixture
beforeAll(async () => {
  fixture = await startKafkaFixture({ partitions: 1 })
})
afterAll(() => fixture.close())

/** Its session would last for five minutes. */
const joining = (instance?: string) =>
  request(11, 5, (to) => {
    to.string(GROUP).int32(300_000).int32(300_000).string('').string(instance).string('consumer')
    to.array(['range'], (name) => to.string(name).bytes(Buffer.from('topics')))
  })

const members = () => fixture.groups().find(({ name }) => name === GROUP)?.members ?? 0

it('a member that is gone before it has learnt its id is none', async () => {
  const killed = await Bare.signedIn(fixture)
  killed.socket.write(joining())
  await vi.waitFor(() => expect(members()).toBe(1))
  killed.socket.destroy()
  await vi.waitFor(() => expect(members()).toBe(0))

  const next = await Bare.signedIn(fixture)
  const answer = await next.ask(joining())
  answer.slice(8)
  expect(answer.int16()).toBe(0)
  answer.int32()
  answer.string()
  const [leader, id] = [answer.string(), answer.string()]
  expect(leader).toBe(id)
  expect(answer.array(() => [answer.string(), answer.nullableString(), answer.bytes()].length)).toHaveLength(
    1,
  )
  next.socket.destroy()
})
