/** A hub that sends without an end: the real SDK over a real socket keeps no more than its bound, and says why it stopped. */
import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { EventHubConsumerClient, earliestEventPosition } from '@azure/event-hubs'
import rhea, { type EventContext, type Message, type Sender } from 'rhea'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { newConsumer } from '../../../src/azure/event-hubs/connection.ts'
import { boundIncoming } from '../../../src/azure/event-hubs/incoming-bounds.ts'
import { oldestEnqueuedAt } from '../../../src/azure/event-hubs/oldest-event.ts'
import { createHubReader, openPartition } from '../../../src/azure/event-hubs/reader.ts'
import { frames, hooksOf, partsOf, type Session } from '../../../src/local/event-hubs/amqp/library.ts'

const MB = 1024 * 1024
const TOO_LONG = {
  kind: 'service',
  message: expect.stringContaining('sent a message longer than 32 MB'),
  hint: expect.stringContaining('Check that the address is that of an event hub'),
}

let server: Server
/** What is done with a link on which the client reads events. */
let serve: (sender: Sender) => void
/** What is answered to a question about a partition; undefined: it is the beginning of an endless answer. */
let isEndless: boolean
/** Connections that are gone. */
let closed: number
const clients: { close(): Promise<void> }[] = []

beforeEach(async () => {
  isEndless = false
  closed = 0
  const container = rhea.create_container({ id: 'endless', receiver_options: { credit_window: 100 } })
  const replies = new Map<string, Sender>()
  container.on('connection_error', () => {})
  container.on('disconnected', () => void closed++)
  container.on('error', () => {})
  container.on('protocol_error', () => {})
  container.on('sender_open', ({ sender }: EventContext) => {
    sender?.set_source(sender.source)
    sender?.set_target(sender.target)
    const address = addressOf(sender?.source)
    if (address.startsWith('$')) replies.set(address, sender as Sender)
    else sender?.once('sendable', () => serve(sender as Sender))
  })
  container.on('receiver_open', ({ receiver }: EventContext) => {
    receiver?.set_source(receiver.source)
    receiver?.set_target(receiver.target)
  })
  container.on('message', ({ message, receiver }: EventContext) => {
    const address = addressOf(receiver?.target)
    const reply = replies.get(address) as Sender
    if (address === '$management' && isEndless) return endless(reply)
    const body =
      address === '$cbs'
        ? undefined
        : message?.application_properties?.type === 'com.microsoft:eventhub'
          ? { name: 'weather', partition_ids: ['0'], created_at: new Date() }
          : {
              ...PARTITION,
              begin_sequence_number: 0,
              last_enqueued_sequence_number: 9,
              is_partition_empty: false,
            }
    reply.send({
      correlation_id: message?.message_id,
      application_properties: { 'status-code': address === '$cbs' ? 202 : 200, 'status-description': 'OK' },
      body,
    } as Message)
  })
  server = container.listen({ port: 0, host: 'localhost' }) as Server
  await once(server, 'listening')
})
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
  await new Promise((closed) => server.close(closed))
})

const addressOf = (terminus: unknown) => (terminus as { address: string }).address

const PARTITION = {
  name: 'weather',
  partition: '0',
  last_enqueued_offset: '9',
  last_enqueued_time_utc: new Date(),
}

const NO_PARTITION = {
  id: '0',
  beginningSequenceNumber: 0,
  lastEnqueuedSequenceNumber: 9,
  lastEnqueuedAt: new Date(),
  isEmpty: true,
}

const connection = () => ({
  connectionString: `Endpoint=sb://localhost:${(server.address() as AddressInfo).port};SharedAccessKeyName=name;SharedAccessKey=key;UseDevelopmentEmulator=true`,
  hub: 'weather',
  consumerGroup: '$Default',
})

function consumer(): EventHubConsumerClient {
  const client = newConsumer(connection())
  clients.push(client)
  return client
}

/** Sends parts of one message for as long as somebody listens. */
function endless(sender: Sender): void {
  const session = sender.session as unknown as Session
  const { handle } = (sender as unknown as { local: { handle: number } }).local
  const part = Buffer.alloc(60_000, 7)
  const go = () => {
    if (!sender.connection.is_open()) return
    const transfer = frames.transfer as (fields: object) => object
    const output = session.output as (performative: object, payload: Buffer) => void
    for (let count = 0; count < 20; count++)
      output.call(
        session,
        transfer({ handle, delivery_id: 0, delivery_tag: Buffer.from([1]), more: true }),
        part,
      )
    setImmediate(go)
  }
  go()
}

/** Begins a frame of a gigabyte, and sends on for as long as somebody listens. */
function endlessFrame({ connection }: Sender): void {
  const { socket } = hooksOf(connection) as unknown as { socket: Socket }
  socket.write(Buffer.from([0x40, 0, 0, 0, 2, 0, 0, 0]))
  const part = Buffer.alloc(1_000_000)
  const go = () => void (socket.writable && socket.write(part) ? setImmediate(go) : socket.once('drain', go))
  go()
}

/** The link on which {@link events} sends. */
let link: Sender | undefined

/** Sends whole events one after the other, as far as it is asked for them. @returns how many it has sent. */
function events(size: number): () => number {
  let sent = 0
  serve = (sender) => {
    link = sender
    const go = () => {
      if (!sender.is_open()) return
      if (sender.sendable())
        sender.send({
          message_annotations: {
            'x-opt-sequence-number': sent++,
            'x-opt-offset': String(sent),
            'x-opt-enqueued-time': Date.now(),
          },
          body: rhea.message.data_section(Buffer.alloc(size)),
        } as unknown as Message)
      setImmediate(go)
    }
    go()
  }
  return () => sent
}

/** The first page with events: on a busy machine the reader's wait may end, with none, before the bound is met. */
async function takeSome({ take }: Pick<ReturnType<typeof openPartition>, 'take'>): Promise<unknown> {
  for (;;) {
    const page = await take()
    if (page.length > 0) return page
  }
}

it.each([
  ['a message', endless],
  ['a frame', endlessFrame],
])(
  '%s without an end is cut off, also on the next connection, and the reader says so',
  async (_, send) => {
    serve = send
    const before = process.memoryUsage().arrayBuffers
    const client = consumer()
    for (let time = 1; time <= 2; time++) {
      const pages = openPartition(client, '0', earliestEventPosition, undefined)
      await expect(takeSome(pages)).rejects.toMatchObject(TOO_LONG)
      await pages.close()
      await vi.waitFor(() => expect(closed).toBeGreaterThanOrEqual(time), 20_000)
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 * MB)
  },
  60_000,
)

it('an answer without an end too', async () => {
  isEndless = true
  const reader = createHubReader(connection())
  clients.push(reader)
  await expect(reader.partitions()).rejects.toMatchObject(TOO_LONG)
}, 30_000)

it('and when the oldest event is asked for', async () => {
  serve = endless
  const partition = { ...NO_PARTITION, isEmpty: false }
  const client = consumer()
  const asked = async () => {
    // Its wait may end before the bound is met, as above.
    for (;;) if (await oldestEnqueuedAt(client, [partition], undefined)) return
  }
  await expect(asked()).rejects.toMatchObject(TOO_LONG)
}, 30_000)

it('a hub is asked for no more events than may wait, however many it has; all of them come', async () => {
  const sent = events(100_000)
  const client = boundIncoming(
    new EventHubConsumerClient('$Default', connection().connectionString, 'weather'),
    { messageBytes: 200_000, waitingBytes: 1_000_000 },
  )
  clients.push(client)
  const pages = openPartition(client, '0', earliestEventPosition, undefined)
  // The SDK asks for 1,500 at first. Nobody takes any: the hub may send no more long before it has sent so many.
  await vi.waitFor(() => expect(link && partsOf(link).credit).toBe(0), 20_000)
  expect(sent()).toBeGreaterThan(10)
  expect(sent()).toBeLessThan(750)
  for (let next = 0; next < 1000; )
    for (const { sequenceNumber } of await pages.take()) expect(sequenceNumber).toBe(next++)
  await pages.close()
}, 60_000)
