/** All that the hub uses of rhea's inside is still there: a new version of the library fails here first. */
import { once } from 'node:events'
import rhea, { type EventContext, type Receiver, type Sender } from 'rhea'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  bytesOf,
  decodeMessage,
  encodeMessage,
  frames,
  type Hooks,
  hooksOf,
  integerOf,
  outcomes,
  partsOf,
  partsOfDelivery,
  saslMechanismsOf,
  sendBytes,
  terminusOf,
  types,
  ValueReader,
  withSaslMechanisms,
  wrap_int,
  wrap_long,
  wrap_short,
  wrap_uint,
} from '../../../../src/local/event-hubs/amqp/library.ts'

const server = rhea.create_container({ id: 'server' })
const client = rhea.create_container({ id: 'client' })
let listener: ReturnType<typeof server.listen>
let sender: Sender
let receiver: Receiver

beforeAll(async () => {
  listener = server.listen({ port: 0, host: '127.0.0.1' })
  await once(listener, 'listening')
  const address = listener.address() as { port: number }
  const connection = client.connect({ host: '127.0.0.1', port: address.port, reconnect: false })
  const opened = once(server, 'receiver_open') as Promise<[EventContext]>
  sender = connection.open_sender({ source: { address: 'here' }, target: { address: 'there' } })
  receiver = (await opened)[0].receiver as Receiver
  if (!sender.sendable()) await once(sender, 'sendable')
})
afterAll(() => {
  sender.connection.close()
  listener.close()
})

it.each<keyof Hooks>([
  'accept',
  'input',
  '_process',
  '_write_open',
  '_write_frame',
  'on_open',
  'on_begin',
  'on_attach',
  'on_flow',
  'on_disposition',
  'on_transfer',
  'on_detach',
  'on_end',
  'on_close',
])('a connection has its hook %s', (name) => {
  expect(hooksOf(sender.connection)[name]).toBeTypeOf('function')
})

it('a connection knows its sessions, and they their links', () => {
  const { local_channel_map, remote_channel_map } = hooksOf(receiver.connection)
  expect(Object.keys(local_channel_map)).toHaveLength(1)
  const [session] = Object.values(remote_channel_map)
  for (const method of ['output', 'is_open', '_process', '_write_flow'] as const)
    expect(session?.[method]).toBeTypeOf('function')
  expect(Object.keys(session?.links ?? {})).toHaveLength(1)
  expect(session?.remote.handles[0]).toBe(receiver)
  expect(session?.local.handles[0]).toBe(receiver)
  const { next_delivery_id, next_transfer_id, max_transfer_id } = session?.incoming ?? {}
  expect(session?.incoming.updated).toEqual([])
  expect(session?.incoming.process).toBeTypeOf('function')
  expect(session?.state.remote_open).toBe(true)
  expect(next_delivery_id === undefined || next_delivery_id >= 0).toBe(true)
  expect([next_transfer_id, max_transfer_id]).toEqual([expect.any(Number), expect.any(Number)])
  expect(hooksOf(receiver.connection).state.has_settled).toBeTypeOf('function')
})

it('a number of 64 bits is given as its bytes where it is beyond a safe integer', () => {
  const bytes = Buffer.from([0x81, 0x17, 0x71, 0, 0, 0, 0, 0, 9])
  const { value } = new ValueReader(bytes).read()
  expect(integerOf(value)).toBe(bytes.readBigInt64BE(1))
  expect([integerOf(7), integerOf(-1), integerOf('7'), integerOf(undefined)]).toEqual([
    7n,
    -1n,
    undefined,
    undefined,
  ])
})

it('a connection keeps the beginning of a frame, and tells that it does', () => {
  const hooks = hooksOf(client.create_connection({ reconnect: false } as never))
  hooks.input(Buffer.from([0x41, 0x4d, 0x51]))
  expect(hooks.frame_size !== undefined || (hooks.previous_input?.length ?? 0) > 0).toBe(true)
})

it('a link has its credit, its attaches and the window of its session', () => {
  const { credit, delivery_count, local, remote, connection, session } = partsOf(sender)
  expect(sender).toMatchObject({
    issue_flow: expect.any(Boolean),
    _drained: expect.any(Boolean),
  })
  expect('_draining' in sender).toBe(true)
  expect((sender as unknown as { _get_drain: unknown })._get_drain).toBeTypeOf('function')
  expect([credit, delivery_count]).toEqual([expect.any(Number), expect.any(Number)])
  expect(partsOf(receiver).local.attach).toHaveProperty('snd_settle_mode')
  expect(local.attach).toHaveProperty('source')
  expect(remote.attach).toHaveProperty('target')
  expect(connection.socket).toBeDefined()
  const { next_delivery_id, next_pending_delivery, available, transfer_window } = session.outgoing
  expect([next_delivery_id, next_pending_delivery]).toEqual([expect.any(Number), expect.any(Number)])
  expect(available).toBeTypeOf('function')
  expect(transfer_window).toBeTypeOf('function')
  const { next_transfer_id, window } = session.outgoing
  expect([next_transfer_id, window]).toEqual([expect.any(Number), expect.any(Number)])
  expect(sender).toMatchObject({ state: { local_open: true }, detach: expect.any(Function) })
  expect(session.outgoing.process).toBeTypeOf('function')
  expect(session.outgoing.compute_max_payload({ length: 4 }) ?? 1).toBeGreaterThan(0)
  expect(terminusOf(receiver)?.address).toBe('here')
})

it('a session finds what it was handed by its number, and drops from the front what it took and has settled', async () => {
  const { outgoing } = partsOf(sender).session
  const delivery = sendBytes(sender, encodeMessage({ body: 'handed' }))
  expect(outgoing.deliveries.by_id(delivery.id)).toMatchObject({
    link: sender,
    data: [expect.any(Buffer)],
    next_to_send: 0,
    settled: false,
    remote_settled: false,
  })
  await once(sender, 'settled')
  const [session] = Object.values(hooksOf(receiver.connection).remote_channel_map)
  const deliveries = session?.incoming.deliveries
  expect(deliveries?.pop_if).toBeTypeOf('function')
  expect(deliveries?.entries).toBeInstanceOf(Array)
  for (const name of ['capacity', 'size', 'head', 'tail'] as const)
    expect(deliveries?.[name], name).toBeTypeOf('number')
})

it('bytes leave as they are, and come as they are where they have no format', async () => {
  const { on_transfer } = hooksOf(receiver.connection)
  hooksOf(receiver.connection).on_transfer = (frame) => {
    frame.performative.message_format = undefined
    on_transfer.call(receiver.connection, frame)
  }
  const bytes = encodeMessage({ body: 'a reading' })
  const came = once(receiver, 'message') as Promise<[EventContext]>
  const delivery = sendBytes(sender, bytes)
  expect([delivery.id, delivery.settled, delivery.remote_settled]).toEqual([
    expect.any(Number),
    expect.any(Boolean),
    expect.any(Boolean),
  ])
  const [context] = await came
  expect(Buffer.compare(bytesOf(context), bytes)).toBe(0)
  expect(decodeMessage(bytesOf(context)).body).toBe('a reading')
  expect(partsOfDelivery(context.delivery as never).update).toBeTypeOf('function')
})

it('a container has mechanisms of its own over those that all share', () => {
  const shared = saslMechanismsOf(server)
  expect(shared.enable_anonymous).toBeTypeOf('function')
  const mechanisms = { PLAIN: 'mine' }
  const own = withSaslMechanisms(server, mechanisms)
  expect(saslMechanismsOf(own)).toBe(mechanisms)
  expect(saslMechanismsOf(server)).toBe(shared)
  expect(own.create_connection).toBeTypeOf('function')
})

it('frames, outcomes and values are made by name', () => {
  for (const name of ['open', 'begin', 'attach', 'flow', 'transfer', 'disposition', 'detach', 'end', 'close'])
    expect(frames[name], name).toBeTypeOf('function')
  // What goes round at 2³² lies there.
  const transfer = frames.transfer?.({ handle: 0, delivery_id: 7 })
  const windows = { incoming_window: 0, next_outgoing_id: 0, outgoing_window: 0 }
  const flow = frames.flow?.({ ...windows, delivery_count: 7 })
  for (const [performative, code, index] of [
    [transfer, 0x14, 1],
    [flow, 0x13, 5],
  ] as const) {
    expect(performative?.value[index]).toMatchObject({ value: 7 })
    const type = performative?.constructor as { descriptor?: { numeric: number } } | undefined
    expect(type?.descriptor?.numeric).toBe(code)
  }
  expect(types.wrap_error).toBeTypeOf('function')
  for (const outcome of [outcomes.accepted(), outcomes.rejected({ error: { condition: 'c' } })])
    expect(outcome.described()).toBeDefined()
  for (const wrap of [wrap_int, wrap_long, wrap_short, wrap_uint]) expect(wrap(7)).toBeDefined()
  expect(new ValueReader(Buffer.from([0xa1, 1, 0x61])).read().value).toBe('a')
})
