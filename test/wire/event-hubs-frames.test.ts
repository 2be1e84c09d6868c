/** Frames in an order in which no SDK writes them: each delivery hears what became of it, and who breaks the protocol hears why it ends. */
import rhea from 'rhea'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { HUB, HubFixture, TOKEN } from '../local/event-hubs/hub-fixture.ts'
import { attachFromCbs, attachTo, frame, opening, RawSocket } from '../local/event-hubs/raw-socket.ts'

let hub: HubFixture
let socket: RawSocket
beforeAll(async () => {
  hub = await HubFixture.start({ partitions: 1 })
})
afterAll(() => hub.close())

const encode = (message: object): Buffer => rhea.message.encode(message as never) as unknown as Buffer
const transfer = (id: number | undefined, payload: Buffer, fields: object = {}) =>
  frame(
    'transfer',
    { handle: 2, delivery_id: id, delivery_tag: Buffer.from([id ?? 0]), ...fields },
    { payload },
  )
const GOOD = encode({ body: 'good' })
const PUT = encode({
  message_id: 'm',
  application_properties: { operation: 'put-token', name: `sb://localhost/${HUB}`, type: 'jwt' },
  body: TOKEN,
})
/** No sections at all. */
const BAD = Buffer.alloc(0)

/** With its proof, as delivery 0, and a link that sends. */
beforeEach(async () => {
  socket = await RawSocket.open(hub.ports.plain)
  socket.write(opening(), attachFromCbs(1), attachTo('$cbs', 0), transfer(0, PUT, { handle: 0 }))
  socket.write(attachTo(`${HUB}/Partitions/0`, 2))
  await vi.waitFor(() => expect(socket.heard('attach')).toHaveLength(3))
})
afterEach(() => socket.destroy())

const ACCEPTED = 0x24
const REJECTED = 0x25

/** Outcomes by delivery. */
function outcomes(): Map<number, number | undefined> {
  const told = new Map<number, number | undefined>()
  for (const { first, last, state } of socket.heard('disposition'))
    for (let id = Number(first); id <= Number(last ?? first); id++) {
      expect(told.has(id)).toBe(false)
      told.set(id, (state as { descriptor: { value: number } } | null)?.descriptor.value)
    }
  return told
}

it.each([[[GOOD, BAD]], [[BAD, GOOD]], [[BAD, BAD, GOOD, GOOD, BAD]], [[GOOD, GOOD, BAD, GOOD, GOOD, GOOD]]])(
  'deliveries that came together each get their own outcome',
  async (payloads) => {
    const { lastEnqueuedSequenceNumber: before } = hub.log.properties(0)
    socket.write(...payloads.map((payload, index) => transfer(index + 1, payload)))
    await vi.waitFor(() => expect(outcomes().size).toBe(payloads.length + 1))
    const expected = payloads.map((payload) => (payload === GOOD ? ACCEPTED : REJECTED))
    expect([...outcomes().values()].slice(1)).toEqual(expected)
    const kept = payloads.filter((payload) => payload === GOOD).length
    expect(hub.log.properties(0).lastEnqueuedSequenceNumber - before).toBe(kept)
  },
)

it('of many that were accepted together one frame tells', async () => {
  socket.write(...Array.from({ length: 20 }, (_, index) => transfer(index + 1, GOOD)))
  await vi.waitFor(() => expect(outcomes().size).toBe(21))
  expect(socket.heard('disposition').length).toBeLessThan(6)
})

it('a delivery that was called off is told nothing, and its neighbours their own', async () => {
  socket.write(
    transfer(1, GOOD),
    transfer(2, GOOD.subarray(0, 9), { more: true }),
    transfer(2, Buffer.alloc(0), { aborted: true }),
    transfer(3, GOOD),
  )
  await vi.waitFor(() => expect(outcomes().get(3)).toBe(ACCEPTED))
  expect([...outcomes().keys()]).toEqual([0, 1, 3])
})

const WINDOWS = { next_outgoing_id: 0, incoming_window: 9, outgoing_window: 9 }
const FLOW = { incoming_window: 9, next_outgoing_id: 0, outgoing_window: 9 }
it.each([
  ['begins a session on a channel that has one', frame('begin', WINDOWS), 'the channel 0 has a session'],
  [
    'answers a session that the hub has not begun',
    frame('begin', { ...WINDOWS, remote_channel: 0 }, { channel: 4 }),
    'in answer to none',
  ],
  ['attaches to a handle that has a link', attachTo(HUB, 2, { name: 'other' }), 'the handle 2 has a link'],
  ['attaches a name that has a link', attachTo(HUB, 3, { name: 'link-2' }), 'Attach already received'],
  ['sends on a handle without a link', transfer(1, GOOD, { handle: 9 }), 'Invalid handle 9'],
  ['gives credit to a handle without a link', frame('flow', { ...FLOW, handle: 9 }), 'Invalid handle 9'],
  ['detaches a handle without a link', frame('detach', { handle: 9 }), 'Invalid handle 9'],
  ['speaks on a channel without a session', frame('flow', FLOW, { channel: 5 }), 'invalid channel 5'],
  ['begins a delivery without an id', transfer(undefined, GOOD), 'a delivery begins without an id'],
  ['leaves out a delivery', transfer(7, GOOD), 'frame sequence error'],
  ['opens twice', frame('open', { container_id: 'again' }), 'Open already received'],
])('who %s hears so, and nothing behind it is read', async (_, bytes, reason) => {
  const { lastEnqueuedSequenceNumber: before } = hub.log.properties(0)
  socket.write(bytes, transfer(1, GOOD))
  await socket.closed
  expect(socket.heard('close')).toMatchObject([
    { error: { condition: 'amqp:illegal-state', description: expect.stringContaining(reason) } },
  ])
  expect(hub.log.properties(0).lastEnqueuedSequenceNumber).toBe(before)
  expect(hub.logged.text()).toContain(reason)
})

it('a channel is free for another session as soon as its own was ended, and a handle once its link was detached', async () => {
  socket.write(frame('detach', { handle: 2, closed: true }), attachTo(HUB, 2, { name: 'other' }))
  socket.write(frame('end', {}), frame('begin', WINDOWS))
  await vi.waitFor(() => expect(socket.heard('begin')).toHaveLength(2))
  expect(socket.heard('close')).toEqual([])
})

it('an event without a body is one all the same, as from AMQP.Net Lite', async () => {
  const { lastEnqueuedSequenceNumber: before } = hub.log.properties(0)
  const whole = encode({ message_id: 'bare', application_properties: { city: 'Bern' }, body: 'x' })
  // A value of one character: three bytes that name it, its type, its length, itself.
  const bare = whole.subarray(0, -6)
  socket.write(transfer(1, bare))
  await vi.waitFor(() => expect(outcomes().get(1)).toBe(ACCEPTED))
  const [event] = hub.stored(0, before + 1)
  expect(Buffer.from(event?.message ?? [])).toEqual(bare)
})

it('a request is settled before it is answered, as by the service', async () => {
  socket.write(frame('flow', { ...FLOW, next_incoming_id: 0, handle: 1, delivery_count: 0, link_credit: 5 }))
  await vi.waitFor(() => expect(socket.heard('transfer')).toHaveLength(1))
  socket.write(transfer(1, PUT, { handle: 0 }))
  await vi.waitFor(() => expect(socket.heard('transfer')).toHaveLength(2))
  const told = socket.order.filter((name) => name === 'disposition' || name === 'transfer')
  expect(told).toEqual(['disposition', 'transfer', 'disposition', 'transfer'])
})
