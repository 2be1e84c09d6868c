/** What is no AMQP, or AMQP of bad will: the connection ends, the log tells why, and everybody else goes on. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { EventHubProducerClient } from '@azure/event-hubs'
import rhea from 'rhea'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HUB, HubFixture, TOKEN } from '../local/event-hubs/hub-fixture.ts'
import { randomNumbers } from '../local/event-hubs/random-numbers.ts'
import { RawClient } from '../local/event-hubs/raw-client.ts'
import {
  attachFrom,
  attachFromCbs,
  attachTo,
  frame,
  HEADER,
  opening,
  RawSocket,
  rawFrame,
  SASL_HEADER,
} from '../local/event-hubs/raw-socket.ts'

let hub: HubFixture
let bystander: EventHubProducerClient
const sockets: { destroy(): void }[] = []
/** What was printed: it would stand across the screen. */
let printed: unknown[][]
beforeEach(async () => {
  printed = []
  for (const method of ['log', 'warn', 'error', 'trace'] as const)
    vi.spyOn(console, method).mockImplementation((...text) => void printed.push(text))
  hub = await HubFixture.start()
  bystander = new EventHubProducerClient(hub.connectionString(), HUB, { retryOptions: { maxRetries: 0 } })
  await bystander.sendBatch([{ body: 'before' }], { partitionId: '0' })
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await bystander.close()
  await hub.close()
  vi.restoreAllMocks()
  expect(printed).toEqual([])
})

async function raw(): Promise<RawSocket> {
  const socket = await RawSocket.open(hub.ports.plain)
  sockets.push(socket)
  return socket
}

/** The bystander's connection is the one from before, and works. */
async function othersGoOn(): Promise<void> {
  await bystander.sendBatch([{ body: 'after' }], { partitionId: '0' })
  expect(hub.log.properties(0).lastEnqueuedSequenceNumber).toBe(1)
}

const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** An open performative whose only field is the given value. */
const openWith = (value: Buffer, count = 1) =>
  rawFrame(
    Buffer.concat([Buffer.from([0x00, 0x53, 0x10, 0xd0]), uint32(value.length + 4), uint32(count), value]),
  )

const nested = (depth: number): Buffer => {
  let value = Buffer.from([0x40])
  for (let level = 0; level < depth; level++)
    value = Buffer.concat([Buffer.from([0xd0]), uint32(value.length + 4), uint32(1), value])
  return value
}

/** A request to `$cbs` with that payload. */
const requestOf = (payload: Buffer) =>
  Buffer.concat([
    opening(),
    attachTo('$cbs'),
    frame('transfer', { handle: 0, delivery_id: 0, delivery_tag: Buffer.from([1]) }, { payload }),
  ])

/** Payloads that can be decoded and are no messages. */
function requestsOfJunk(): [string, () => Buffer, RegExp][] {
  const junk: [string, number[], RegExp][] = [
    ['a section that does not exist', [0, 0x53, 0x30, 0x40], /a section 0x30 of that form/],
    [
      'a section whose number only ends like one that exists',
      [0, 0x80, 1, 0, 0, 0, 0, 0, 0, 0x77, 0xa1, 0],
      /nothing tells what a value is/,
    ],
    ['a value outside of a section', [0xa1, 1, 0x61], /nothing tells what a value is/],
    ['properties that are no list', [0, 0x53, 0x73, 0xa1, 0], /a section 0x73 of that form/],
  ]
  return junk.map(([name, bytes, reason]) => [
    `a request of ${name}`,
    () => requestOf(Buffer.from(bytes)),
    reason,
  ])
}

const session = (channel: number) =>
  frame('begin', { next_outgoing_id: 0, incoming_window: 2048, outgoing_window: 2048 }, { channel })

describe('a connection that sends', () => {
  it.each<[string, () => Buffer, RegExp]>([
    [
      'random bytes',
      () => Buffer.concat([Buffer.from([7]), randomBytes(5000)]),
      /begins with no protocol header/,
    ],
    ['a request of HTTP', () => Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'), /HTTP refused/],
    ['what begins like HTTP', () => Buffer.concat([Buffer.from('G'), randomBytes(5000)]), /HTTP refused/],
    ['AMQP 0-9-1', () => Buffer.from('AMQP\x00\x00\x09\x01'), /the version 0 0.9.1 of the protocol/],
    ['a protocol that does not exist', () => Buffer.from('AMQP\x09\x01\x00\x00'), /the version 9 1.0.0/],
    [
      'a frame longer than agreed',
      () => Buffer.concat([HEADER, uint32(65_537), Buffer.alloc(4)]),
      /a frame of 65537 bytes/,
    ],
    [
      'a frame of four gigabytes',
      () => Buffer.concat([HEADER, uint32(0xffffffff), Buffer.alloc(8)]),
      /a frame of 4294967295/,
    ],
    [
      'a frame shorter than its own head',
      () => Buffer.concat([HEADER, uint32(3), Buffer.alloc(4)]),
      /a frame of 3 bytes/,
    ],
    [
      'junk in a frame',
      () => Buffer.concat([HEADER, rawFrame(Buffer.from([0x00, 0x53, 0x10, 0x3f, 1, 2, 3]))]),
      /a performative is not a list/,
    ],
    [
      'a frame cut off inside',
      () => Buffer.concat([HEADER, rawFrame(Buffer.from([0x00, 0x53, 0x10, 0xd0, 0, 0, 1]))]),
      /middle of a value/,
    ],
    [
      'something that is no performative',
      () => Buffer.concat([HEADER, rawFrame(Buffer.from([0x54, 7]))]),
      /./,
    ],
    [
      'four billion nulls in forty bytes',
      () =>
        Buffer.concat([
          HEADER,
          openWith(Buffer.concat([Buffer.from([0xf0]), uint32(5), uint32(0xffffffff), Buffer.from([0x40])])),
        ]),
      /array of nothing/,
    ],
    [
      'a list of more items than bytes',
      () => Buffer.concat([HEADER, openWith(Buffer.from([0x40]), 0xffffffff)]),
      /fewer items than it says/,
    ],
    [
      'values within values within values',
      () => Buffer.concat([HEADER, openWith(nested(5000))]),
      /nested too deeply/,
    ],
    ['three protocol headers', () => Buffer.concat([SASL_HEADER, HEADER, HEADER]), /./],
    [
      'a second header in place of a frame',
      () => Buffer.concat([HEADER, HEADER, rawFrame(Buffer.alloc(0))]),
      /./,
    ],
    [
      'a link before there is a session',
      () => Buffer.concat([HEADER, frame('open', { container_id: 'x' }), attachTo('$cbs')]),
      /invalid channel/,
    ],
    [
      'sessions without end',
      () => Buffer.concat([opening(), ...Array.from({ length: 300 }, (_, index) => session(index + 1))]),
      /too many sessions/,
    ],
    [
      'links without end',
      () => Buffer.concat([opening(), ...Array.from({ length: 40 }, (_, index) => attachTo('$cbs', index))]),
      /too many links/,
    ],
    [
      'a transfer on no link',
      () => Buffer.concat([opening(), frame('transfer', { handle: 9, delivery_id: 0 })]),
      /Invalid handle/,
    ],
    ['a request that is no message', () => requestOf(randomBytes(40)), /./],
    ...requestsOfJunk(),
    [
      'a link from what is no node',
      () =>
        Buffer.concat([
          opening(),
          attachFrom(rhea.types.described(rhea.types.wrap_ulong(0x30), rhea.types.wrap_list([]))),
        ]),
      /a link to or from something that is not a node/,
    ],
    [
      'a request that never ends',
      () => {
        const part = (id: number) =>
          frame(
            'transfer',
            { handle: 0, delivery_id: 0, delivery_tag: Buffer.from([1]), more: id < 99 },
            { payload: Buffer.alloc(60_000) },
          )
        return Buffer.concat([
          opening(),
          attachTo('$cbs'),
          ...Array.from({ length: 100 }, (_, id) => part(id)),
        ])
      },
      /request of more than 65536 bytes/,
    ],
  ])('%s is ended, and others go on', async (_, bytes, reason) => {
    const socket = await raw()
    socket.write(bytes())
    await socket.closed
    expect(hub.logged.text()).toMatch(reason)
    await othersGoOn()
  })

  it('credit beyond counting and wants it back, and settles everything there is, does not hold up the others', async () => {
    const socket = await raw()
    socket.write(opening(), attachFromCbs(1))
    const flow = { next_incoming_id: 0, incoming_window: 2048, next_outgoing_id: 0, outgoing_window: 2048 }
    socket.write(
      frame('flow', { ...flow, handle: 1, delivery_count: 0, link_credit: 0xffffffff, drain: true }),
      frame('disposition', { role: true, first: 0, last: 0xffffffff, settled: true }),
      // Less than none.
      frame('flow', { ...flow, handle: 1, delivery_count: 0, link_credit: 0 }),
    )
    await othersGoOn()
  })

  it('a flow that drains and gives credit at once is served all the same', async () => {
    const socket = await raw()
    const flow = {
      next_incoming_id: 0,
      incoming_window: 99,
      next_outgoing_id: 0,
      outgoing_window: 99,
      handle: 0,
      delivery_count: 0,
      link_credit: 5,
      drain: true,
    }
    socket.write(opening(), attachTo('$cbs'), frame('flow', flow), frame('close', {}))
    await socket.closed
    await othersGoOn()
  })

  it('bytes one by one is served all the same', async () => {
    const socket = await raw()
    for (const byte of opening()) socket.write(Buffer.from([byte]))
    // Header, open and begin.
    await vi.waitFor(() => expect(socket.answered.length).toBeGreaterThan(40))
    await othersGoOn()
  })

  it('SASL and all that follows in one piece is served all the same', async () => {
    const init = Buffer.concat([
      Buffer.from([0x00, 0x53, 0x41, 0xc0, 0x0c, 0x01, 0xa3, 9]),
      Buffer.from('ANONYMOUS'),
    ])
    const socket = await raw()
    socket.write(SASL_HEADER, rawFrame(init, { type: 1 }), opening())
    await vi.waitFor(() => expect(socket.answered.includes(HEADER)).toBe(true))
    await vi.waitFor(() => expect(socket.answered.includes('rtstream-local')).toBe(true))
    await othersGoOn()
  })
})

it('sessions with bytes changed at random hurt nobody', async () => {
  const next = randomNumbers(7)
  const whole = sessionOfPublisher()
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(whole)
    // Behind the protocol header, where the frames are.
    for (let change = next(4); change >= 0; change--) bytes[8 + next(bytes.length - 8)] = next(256)
    const socket = await raw()
    socket.socket.end(bytes)
    await socket.closed
  }
  // Whatever got through is in order, and only on the partition that it was for.
  const stored = hub.stored(0).map(({ sequenceNumber }) => sequenceNumber)
  expect(stored).toEqual(stored.map((_, index) => index))
  await bystander.sendBatch([{ body: 'after' }], { partitionId: '0' })
  expect(hub.log.properties(0).lastEnqueuedSequenceNumber).toBe(stored.length)
})

/** Everything that a publisher sends: opening, token, link, three events. */
function sessionOfPublisher(): Buffer {
  const encode = (message: object) => rhea.message.encode(message as never) as unknown as Buffer
  const token = encode({
    message_id: 'm',
    reply_to: 'link-1',
    application_properties: { operation: 'put-token', name: `sb://localhost/${HUB}`, type: 'jwt' },
    body: TOKEN,
  })
  const event = encode({ body: rhea.message.data_section(Buffer.from('event')) })
  const transfer = (handle: number, id: number, payload: Buffer) =>
    frame('transfer', { handle, delivery_id: id, delivery_tag: Buffer.from([id]) }, { payload })
  return Buffer.concat([
    opening(),
    attachFromCbs(1),
    attachTo('$cbs', 0),
    transfer(0, 0, token),
    attachTo(`${HUB}/Partitions/0`, 2),
    ...[1, 2, 3].map((id) => transfer(2, id, event)),
    frame('flow', {
      next_incoming_id: 0,
      incoming_window: 99,
      next_outgoing_id: 4,
      outgoing_window: 99,
      handle: 1,
      delivery_count: 0,
      link_credit: 9,
    }),
    frame('disposition', { role: true, first: 0, last: 3, settled: true }),
  ])
}

describe('TLS', () => {
  it.each<[string, Buffer]>([
    ['random bytes', Buffer.concat([Buffer.from([0xff]), randomBytes(500)])],
    ['plain AMQP', HEADER],
  ])('refuses %s', async (_, bytes) => {
    const socket = connect(hub.ports.tls, 'localhost')
    sockets.push(socket)
    socket.on('error', () => {})
    const closed = once(socket, 'close')
    socket.write(bytes)
    socket.resume()
    await closed
    expect(hub.logged.text()).toContain('TLS refused')
    await othersGoOn()
  })

  it('refuses junk behind a good handshake', async () => {
    const socket = connectTls({ port: hub.ports.tls, host: 'localhost' })
    sockets.push(socket)
    socket.on('error', () => {})
    await once(socket, 'secureConnect')
    const closed = once(socket, 'close')
    socket.resume()
    socket.write('no AMQP at all')
    await closed
    expect(hub.logged.text()).toContain('no protocol header')
    await othersGoOn()
  })

  it('gives up on a handshake that is never ended, and on a peer that never speaks', async () => {
    const impatient = await HubFixture.start({ limits: { authorizationMs: 50 } })
    try {
      for (const port of [impatient.ports.tls, impatient.ports.plain]) {
        const socket = connect(port, 'localhost')
        socket.on('error', () => {})
        await once(socket.resume(), 'close')
      }
    } finally {
      await impatient.close()
    }
  })
})

describe('too much', () => {
  it('more connections than allowed are turned away, until one leaves', async () => {
    const small = await HubFixture.start({ limits: { connections: 2 } })
    const clients: RawClient[] = []
    const client = () => {
      const one = new RawClient(small)
      clients.push(one)
      return one
    }
    try {
      const first = client()
      expect(await first.putToken()).toBe(202)
      expect(await client().putToken()).toBe(202)
      await once(client().connection, 'disconnected')
      expect(small.logged.text()).toContain('more than 2 connections')
      first.close()
      await vi.waitFor(async () => {
        const late = client()
        await Promise.race([
          once(late.connection, 'disconnected').then(() => Promise.reject(new Error('turned away'))),
          once(late.connection, 'connection_open'),
        ])
        expect(await late.putToken()).toBe(202)
      })
    } finally {
      for (const one of clients) one.close()
      await small.close()
    }
  })

  it('a receiver that takes everything and reads nothing is waited for, not buffered for', async () => {
    // 0x75 (data), 0xb0 (binary with a length of four bytes).
    const large = Buffer.concat([
      Buffer.from([0, 0x53, 0x75, 0xb0]),
      uint32(100_000),
      Buffer.alloc(100_000, 7),
    ])
    for (let append = 0; append < 60; append++)
      hub.log.append(1, [large, large, large, large, large, large, large, large])
    const read = hub.log.read.bind(hub.log)
    let readBytes = 0
    vi.spyOn(hub.log, 'read').mockImplementation((...where) => {
      const events = read(...where)
      readBytes += events.reduce((sum, { message }) => sum + message.length, 0)
      return events
    })
    const client = new RawClient(hub)
    try {
      await client.putToken()
      const receiver = client.receiver({ partition: 1 })
      let received = 0
      receiver.on('message', () => received++)
      const { socket } = client.connection as unknown as { socket: { pause(): void; resume(): void } }
      await once(receiver, 'receiver_open')
      socket.pause()
      receiver.add_credit(1_000_000)
      await vi.waitFor(() => expect(readBytes).toBeGreaterThan(1_000_000))
      for (let round = 0; round < 50; round++) await new Promise((resolve) => setImmediate(resolve))
      // What the two kernel buffers hold, and the hub's own bound; not the 48 MB that are there.
      expect(readBytes).toBeLessThan(24_000_000)
      await othersGoOn()
      socket.resume()
      await vi.waitFor(() => expect(received).toBe(480), { timeout: 20_000 })
    } finally {
      client.close()
    }
  })

  it('tokens guessed one after the other end the connection', async () => {
    const client = new RawClient(hub)
    const gone = once(client.connection, 'disconnected')
    try {
      let guesses = 0
      const guess = async () => {
        for (;;) {
          if ((await client.putToken(`guess ${guesses}`)) === 401) guesses++
        }
      }
      await Promise.race([guess(), gone])
      expect(guesses).toBeLessThanOrEqual(20)
      expect(hub.logged.text()).toContain('too many tokens were wrong')
      await othersGoOn()
    } finally {
      client.close()
    }
  })

  it('stops at once with clients attached, and the port is free', async () => {
    const client = new RawClient(hub)
    await client.putToken()
    const halfOpen = await raw()
    const inHandshake = connect(hub.ports.tls, 'localhost')
    sockets.push(inHandshake)
    inHandshake.on('error', () => {})
    await once(inHandshake, 'connect')
    const { ports } = hub
    const gone = once(client.connection, 'disconnected')
    await hub.server?.close()
    await Promise.all([gone, halfOpen.closed])
    await hub.listen(ports)
    expect(hub.ports).toEqual(ports)
    client.close()
  })

  it('names the port that is taken', async () => {
    const other = await HubFixture.start()
    const { ports } = other
    await other.server?.close()
    await expect(other.listen(hub.ports)).rejects.toThrow(new RegExp(`Port ${hub.ports.plain} .*taken`))
    await expect(other.listen({ plain: ports.plain, tls: hub.ports.tls })).rejects.toThrow(
      new RegExp(`Port ${hub.ports.tls} .*taken`),
    )
    // The half that could be opened was closed again.
    await other.listen(ports)
    await other.close()
  })
})
