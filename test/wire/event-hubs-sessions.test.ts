/** Readers that end while events are on their way to them, and windows of sessions that are full. */
import { once } from 'node:events'
import { EventHubConsumerClient, earliestEventPosition } from '@azure/event-hubs'
import rhea, { type Receiver } from 'rhea'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { HUB, HubFixture } from '../local/event-hubs/hub-fixture.ts'
import { RawClient } from '../local/event-hubs/raw-client.ts'

const EVENTS = 3000
/** What rhea grants on a session. */
const WINDOW = 2048
const PATIENCE = { timeout: 30_000 }

interface Session {
  begin(): void
  close(): void
  /** A method of its prototype, which a test may cover. */
  incoming: { process?: () => void }
  open_receiver(options: object): Receiver
  _write_flow(): void
}

let hub: HubFixture
let client: RawClient
beforeEach(async () => {
  hub = await HubFixture.start()
  client = new RawClient(hub)
  await client.putToken()
})
afterEach(async () => {
  client.close()
  await hub.close()
})

const message = (body: Buffer) => rhea.message.encode({ body } as never) as unknown as Buffer
const store = (count: number, partition = 0, body = Buffer.alloc(40, 0x61)) =>
  hub.log.append(
    partition,
    Array.from({ length: count }, () => message(body)),
  )

function openSession(): Session {
  const session = (client.connection as unknown as { create_session(): Session }).create_session()
  session.begin()
  return session
}

/** A reader on a session of its own that never widens its window by itself. */
async function narrowReader() {
  const session = openSession()
  session.incoming.process = () => {}
  const receiver = session.open_receiver({
    source: { address: `${HUB}/ConsumerGroups/$Default/Partitions/0` },
    credit_window: 0,
  })
  let seen = 0
  receiver.on('message', () => {
    seen++
  })
  await once(receiver, 'receiver_open')
  return { session, receiver, seen: () => seen }
}

/** Takes as much as by default again, and says so for the session alone. */
function widen(session: Session): void {
  delete session.incoming.process
  tellFlow(session)
}

function tellFlow(session: Session): void {
  session._write_flow()
  ;(client.connection as unknown as { _register(): void })._register()
}

const isAlive = async () => expect([200, 202]).toContain(await client.putToken())

it('a full window holds events back, and a flow of the session alone lets the rest through', async () => {
  store(EVENTS)
  const { session, receiver, seen } = await narrowReader()
  receiver.add_credit(EVENTS)
  await vi.waitFor(() => expect(seen()).toBe(WINDOW), PATIENCE)
  widen(session)
  await vi.waitFor(() => expect(seen()).toBe(EVENTS), PATIENCE)
})

it('a link that was closed before a full window opens gets no event any more', async () => {
  store(EVENTS)
  const { session, receiver, seen } = await narrowReader()
  receiver.add_credit(EVENTS)
  await vi.waitFor(() => expect(seen()).toBe(WINDOW), PATIENCE)
  receiver.close()
  await once(receiver, 'receiver_close')
  widen(session)
  await isAlive()
  expect(seen()).toBe(WINDOW)
})

it('a drain waits for the window, and gives no credit back for events that there are', async () => {
  store(EVENTS)
  const { session, receiver, seen } = await narrowReader()
  receiver.add_credit(EVENTS + 10)
  await vi.waitFor(() => expect(seen()).toBe(WINDOW), PATIENCE)
  let isDrained = false
  receiver.once('receiver_drained', () => {
    isDrained = true
  })
  receiver.drain_credit()
  await isAlive()
  expect(isDrained).toBe(false)
  widen(session)
  await vi.waitFor(() => expect(isDrained).toBe(true), PATIENCE)
  expect(seen()).toBe(EVENTS)
})

it('what a client says of a session that it has ended is no reason to drop its connection', async () => {
  const session = openSession()
  const receiver = session.open_receiver({
    source: { address: `${HUB}/ConsumerGroups/$Default/Partitions/0` },
    credit_window: 0,
  })
  await once(receiver, 'receiver_open')
  session.close()
  tellFlow(session)
  await isAlive()
  tellFlow(session)
  await isAlive()
})

it('an event of many frames passes a window that is nearly full, by parts', async () => {
  client.close()
  client = new RawClient(hub, { max_frame_size: 4096 })
  await client.putToken()
  store(WINDOW - 3)
  store(1, 0, Buffer.alloc(90_000, 0x62))
  const { session, receiver, seen } = await narrowReader()
  receiver.add_credit(WINDOW)
  await vi.waitFor(() => expect(seen()).toBe(WINDOW - 3), PATIENCE)
  await isAlive()
  expect(seen()).toBe(WINDOW - 3)
  widen(session)
  await vi.waitFor(() => expect(seen()).toBe(WINDOW - 2), PATIENCE)
})

it('the SDK closes its readers one by one while events flow on its one connection', async () => {
  for (let partition = 0; partition < 4; partition++) store(6000, partition, Buffer.alloc(300, 0x61))
  const consumer = new EventHubConsumerClient('$Default', hub.connectionString(), HUB)
  const enough = Promise.withResolvers<void>()
  const errors: Error[] = []
  let seen = 0
  const readers = ['0', '1', '2', '3'].map((partition) =>
    consumer.subscribe(
      partition,
      {
        processEvents: async (events) => {
          seen += events.length
          if (seen >= 4000) enough.resolve()
        },
        processError: async (error) => {
          errors.push(error as Error)
        },
      },
      { startPosition: earliestEventPosition, maxBatchSize: 500, skipParsingBodyAsJson: true },
    ),
  )
  await enough.promise
  for (const reader of readers) await reader.close()
  await consumer.close()
  expect(errors).toEqual([])
  expect(hub.logged.text()).not.toContain('protocol error')
}, 60_000)

it('a connection has as many sessions as the service says in its open', async () => {
  expect((client.connection as unknown as { channel_max: number }).channel_max).toBe(4999)
  const sessions = Array.from({ length: 300 }, openSession)
  const last = sessions.at(-1)?.open_receiver({
    source: { address: `${HUB}/ConsumerGroups/$Default/Partitions/0` },
  })
  await once(last as Receiver, 'receiver_open')
  await isAlive()
})
