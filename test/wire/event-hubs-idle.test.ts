/** What rests is closed as the service does it, and whoever goes on finds its way back. */
import { once } from 'node:events'
import { EventHubProducerClient } from '@azure/event-hubs'
import type { Receiver, Sender } from 'rhea'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { IDLE } from '../../src/local/event-hubs/links/idle.ts'
import { HUB, HubFixture, KEY, KEY_NAME } from '../local/event-hubs/hub-fixture.ts'
import { nextMessage, outcome, RawClient } from '../local/event-hubs/raw-client.ts'

let hub: HubFixture
let client: RawClient
/** Milliseconds that the hub believes to have run. */
let now: number
const open: RawClient[] = []
beforeEach(async () => {
  now = 0
  hub = await HubFixture.start({ monotonic: () => now, limits: { sweepMs: 20 } })
  client = connect()
})
afterEach(async () => {
  for (const one of open.splice(0)) one.close()
  await hub.close()
})

/** With its proof: no link is needed for it. */
function connect(): RawClient {
  const made = new RawClient(hub, { username: KEY_NAME, password: KEY })
  open.push(made)
  return made
}

/** What the hub has to say about what rests has arrived, if there is anything. */
async function swept(by = client): Promise<void> {
  hub.server?.sweep()
  const session = by.connection.create_session()
  session.begin()
  await once(session, 'session_open')
  session.close()
}

const reader = (by: RawClient) =>
  by.connection.open_receiver({
    source: { address: `${HUB}/ConsumerGroups/$Default/Partitions/0` },
    credit_window: 10,
  } as never)

const isOpen = (link: Sender | Receiver) => link.is_open() && link.connection.is_open()

it('a publisher that sends nothing for half an hour loses its link, which a reader beside it keeps', async () => {
  const [idle, busy] = await Promise.all([client.sender(), client.sender(`${HUB}/Partitions/0`)])
  const events = reader(client)
  await once(events, 'receiver_open')
  now += IDLE.publisherMs - 1
  const heard = outcome(busy)
  busy.send({ body: 'still here' })
  expect((await heard).name).toBe('accepted')
  await swept()
  expect([idle, busy, events].map(isOpen)).toEqual([true, true, true])
  now += 1
  await swept()
  expect(idle.error).toMatchObject({
    condition: 'amqp:link:detach-forced',
    description: `Idle link tracker, link ${idle.name} has been idle for 1800000ms`,
  })
  await swept()
  expect([busy, events].map(isOpen)).toEqual([true, true])
  expect(hub.log.properties(0).lastEnqueuedSequenceNumber).toBe(0)
})

it('a connection ends five minutes after its last link to the hub; its other links are told too', async () => {
  await client.putToken()
  const sender = await client.sender()
  sender.close()
  await once(sender, 'sender_close')
  now += IDLE.connectionMs - 1
  await swept()
  expect(client.connection.is_open()).toBe(true)
  // A question begins it anew.
  expect(await client.putToken()).toBe(202)
  now += IDLE.connectionMs - 1
  await swept()
  expect(client.connection.is_open()).toBe(true)
  const claims = client.connection.open_sender({ target: { address: '$cbs' } } as never)
  await once(claims, 'sender_open')
  const [closed, told] = [once(client.connection, 'connection_close'), once(claims, 'sender_close')]
  now += IDLE.connectionMs
  hub.server?.sweep()
  await Promise.all([closed, told])
  const forced = {
    condition: 'amqp:connection:forced',
    description: expect.stringContaining('did not have any active links in the past 300000 milliseconds'),
  }
  expect(claims.error).toMatchObject(forced)
  expect(client.connection.error).toMatchObject(forced)
})

it('a connection without any link ends after a minute, though nothing happens then', async () => {
  await once(client.connection, 'connection_open')
  now += IDLE.firstLinkMs - 1
  await swept()
  expect(client.connection.is_open()).toBe(true)
  const closed = once(client.connection, 'connection_close')
  now += 1
  await closed
  expect(client.connection.error).toMatchObject({
    description: expect.stringContaining('in the past 60000 milliseconds'),
  })
})

/** So many minutes pass, in each of which the hub looks. */
function pass(minutes: number): void {
  for (let minute = 0; minute < minutes; minute++) {
    now += 60_000
    hub.server?.sweep()
  }
}

it('a peer is told how soon it must be heard of, and ended in the words of the service when it is not', async () => {
  const events = reader(client)
  await once(events, 'receiver_open')
  expect(client.connection.remote.open.idle_time_out).toBe(240_000)
  pass(3)
  expect(events.connection.is_open()).toBe(true)
  const closed = once(client.connection, 'connection_close')
  pass(1)
  await closed
  expect(client.connection.error).toMatchObject({
    condition: 'amqp:connection:forced',
    description:
      "The connection was inactive for more than the allowed 240000 milliseconds and is closed by container 'rtstream-local'.",
  })
})

it('an empty frame is enough to be heard of', async () => {
  const events = reader(client)
  await once(events, 'receiver_open')
  pass(3)
  const { socket } = client.connection as unknown as { socket: NodeJS.WritableStream }
  socket.write(Buffer.from([0, 0, 0, 8, 2, 0, 0, 0]))
  // Behind it in the order of the hub's reading.
  const other = connect()
  await once(reader(other), 'receiver_open')
  pass(3)
  expect(events.connection.is_open()).toBe(true)
})

it('a hub that stood still takes nobody for silent', async () => {
  const events = reader(client)
  await once(events, 'receiver_open')
  now += 3_600_000
  hub.server?.sweep()
  pass(3)
  await swept()
  expect(isOpen(events)).toBe(true)
})

it('a reader that hears nothing for days is left alone', async () => {
  const events = reader(client)
  await once(events, 'receiver_open')
  now += 3 * 86_400_000
  await swept()
  const heard = nextMessage(events)
  const sender = await connect().sender(`${HUB}/Partitions/0`)
  sender.send({ body: 'at last' })
  expect((await heard).message?.body).toBe('at last')
})

it("Azure's client sends on after its link, and after its connection, were closed", async () => {
  const producer = new EventHubProducerClient(hub.connectionString(), HUB, {
    retryOptions: { maxRetries: 5, retryDelayInMs: 20, timeoutInMs: 5000 },
  })
  const send = () => producer.sendBatch([{ body: 'event' }], { partitionId: '1' })
  await send()
  now += IDLE.publisherMs
  hub.server?.sweep()
  await send()
  now += IDLE.publisherMs
  hub.server?.sweep()
  now += IDLE.connectionMs
  await vi.waitFor(() => expect(hub.logged.text()).toContain('event hub: connection ended'))
  await send()
  await producer.close()
  expect(hub.log.properties(1).lastEnqueuedSequenceNumber).toBe(2)
}, 30_000)
