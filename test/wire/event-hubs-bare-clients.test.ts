/**
 * What bare AMQP clients do and Azure's SDKs do not, each as it is done by one that people use with Event Hubs: Qpid Proton,
 * AMQP.Net Lite, RabbitMQ's shovel, clients for devices.
 */
import { once } from 'node:events'
import rhea, { type EventContext, type Receiver } from 'rhea'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { partitionOf } from '../../src/contract/partition-hash.ts'
import type { Session } from '../../src/local/event-hubs/amqp/library.ts'
import { HUB, HubFixture, TOKEN } from '../local/event-hubs/hub-fixture.ts'
import { outcome, RawClient } from '../local/event-hubs/raw-client.ts'
import { attachFromCbs, attachTo, frame, opening, RawSocket } from '../local/event-hubs/raw-socket.ts'

const BATCH = 0x80013700
const ROUND = 2 ** 32
let time = 1_800_000_000_000
let hub: HubFixture
let client: RawClient
const sockets: RawSocket[] = []
beforeEach(async () => {
  hub = await HubFixture.start({ now: () => time })
  client = new RawClient(hub)
  await client.putToken()
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  client.close()
  await hub.close()
})

type Fields = Record<string, unknown>
const reader = `${HUB}/ConsumerGroups/$Default/Partitions/0`
const encode = (message: Fields): Buffer => rhea.message.encode(message as never) as unknown as Buffer
const event = (text: string) => encode({ body: rhea.message.data_section(Buffer.from(text)) })
const transfer = (handle: number, id: number, payload: Buffer) =>
  frame('transfer', { handle, delivery_id: id % ROUND, delivery_tag: Buffer.from('tag') }, { payload })

const warnings = () =>
  hub.logged
    .text()
    .split('\n')
    .filter((line) => /"level":[4-6]0/.test(line))

/** What a flow says of its session. */
const window = { next_incoming_id: 0, incoming_window: 2048, next_outgoing_id: 1, outgoing_window: 2048 }

/** A link on which the peer reads. */
const attachReader = (handle: number, fields: Fields = {}) =>
  frame('attach', {
    name: `link-${handle}`,
    handle,
    role: true,
    source: rhea.types.described(
      rhea.types.wrap_ulong(0x28),
      rhea.types.wrap_list([rhea.types.wrap_string(reader)]),
    ),
    ...fields,
  })

/** A peer of bytes with a proof: the link with the handle 0 was `$cbs`. @param begin fields of its session. */
async function proved(begin: Fields = {}, firstId = 0): Promise<RawSocket> {
  const socket = await RawSocket.open(hub.ports.plain)
  sockets.push(socket)
  const token = encode({
    message_id: 'm',
    reply_to: 'link-1',
    application_properties: { operation: 'put-token', name: `sb://localhost/${HUB}`, type: 'jwt' },
    body: TOKEN,
  })
  socket.write(
    opening(begin),
    attachFromCbs(1),
    frame('flow', { ...window, ...begin, handle: 1, delivery_count: 0, link_credit: 1 }),
    attachTo('$cbs', 0),
    transfer(0, firstId, token),
  )
  await vi.waitFor(() => expect(socket.heard('transfer')).toHaveLength(1))
  return socket
}

function collect(receiver: Receiver): number[] {
  const numbers: number[] = []
  receiver.on('message', ({ message }: EventContext) =>
    numbers.push(Number(message?.message_annotations?.['x-opt-sequence-number'])),
  )
  return numbers
}

describe('an owner level of 64 bits, as those have it who take the time for it', () => {
  const long = (value: bigint) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64BE(value)
    return rhea.types.wrap_long(bytes as never)
  }
  const owner = (name: string, epoch: bigint) =>
    client.receiver({
      properties: { 'com.microsoft:receiver-name': name, 'com.microsoft:epoch': long(epoch) },
    })
  const [lower, higher] = [1_689_181_638_265_012_047n, 1_689_181_638_265_012_048n]

  it('keeps out whoever comes with a lower one', async () => {
    await once(owner('the owner', higher), 'receiver_open')
    const late = owner('the late', lower)
    await once(late, 'receiver_close')
    expect(late.error).toMatchObject({
      condition: 'amqp:link:stolen',
      description: expect.stringContaining(
        `Receiver 'the owner' with a higher epoch '${higher}' already exists. Receiver 'the late' with epoch ${lower} cannot be created.`,
      ),
    })
  })

  it('gives way to a higher one', async () => {
    const first = owner('the first', lower)
    await once(first, 'receiver_open')
    const closed = once(first, 'receiver_close')
    const second = owner('the second', higher)
    await once(second, 'receiver_open')
    await closed
    expect(first.error).toMatchObject({
      condition: 'amqp:link:stolen',
      description: expect.stringContaining(
        `New receiver 'the second' with higher epoch of '${higher}' is created hence current receiver 'the first' with epoch '${lower}' is getting disconnected.`,
      ),
    })
    expect(second.is_open()).toBe(true)
  })
})

describe('a start position', () => {
  const read = (filter: Fields) => {
    const receiver = client.connection.open_receiver({
      source: { address: reader, filter },
      credit_window: 10,
    } as never)
    return collect(receiver)
  }
  const described = (selector: string, by: number | string) =>
    rhea.types.wrap_described(selector, by as never)
  const behindOne = "amqp.annotation.x-opt-offset > '1'"

  it.each<[string, Fields]>([
    ['Qpid Proton for Python', { selector: described(behindOne, 'apache.org:selector-filter:string') }],
    ['Qpid JMS and rhea', { 'jms-selector': described(behindOne, 0x468c00000004) }],
    [
      'one with another filter before it',
      {
        'no-local': described('', 'apache.org:no-local-filter:list'),
        mine: described(behindOne, 'apache.org:selector-filter:string'),
      },
    ],
  ])('is found where %s puts it', async (_, filter) => {
    hub.log.append(0, [event('a'), event('b'), event('c'), event('d')])
    const numbers = read(filter)
    await vi.waitFor(() => expect(numbers).toEqual([2, 3]))
  })

  it.each<[string, unknown, string]>([
    ['a text', behindOne, 'System.String'],
    // What becomes of a described value when a program has the library twice.
    [
      'a map',
      rhea.types.wrap_map({ value: behindOne, descriptor: { value: 0x468c00000004 } }),
      'Microsoft.ServiceBus.Messaging.Amqp.Encoding.AmqpMap',
    ],
  ])('that is %s of no type is refused in the words of the service', async (_, filter, type) => {
    const key = 'apache.org:selector-filter:string'
    const receiver = client.connection.open_receiver({
      name: 'mine',
      source: { address: reader, filter: { [key]: filter } },
    } as never)
    await once(receiver, 'receiver_close')
    expect(receiver.error).toMatchObject({
      condition: 'amqp:not-allowed',
      description: `The link 'mine' contains invalid filter type. System only support Jms or Apache selector filter type but we found type '${type}' associated with key '${key}'.`,
    })
  })

  it.each([
    ['x-opt-enqueued-time', "> '1800000001000'", [2]],
    ['x-opt-enqueuedtimeutc', '> 1800000001000', [2]],
    ['x-opt-enqueuedtimeutc', ">= '1800000001000'", [1, 2]],
  ])('is a time by the name of %s %s', async (name, rest, expected) => {
    time = 1_800_000_000_000
    for (const text of ['a', 'b', 'c']) {
      hub.log.append(0, [event(text)])
      time += 1000
    }
    const numbers = read({
      'apache.org:selector-filter:string': described(`amqp.annotation.${name} ${rest}`, 0x468c00000004),
    })
    await vi.waitFor(() => expect(numbers).toEqual(expected))
  })

  it('that no partition reaches is refused in the words for it, however many digits it has', async () => {
    const receiver = client.connection.open_receiver({
      source: {
        address: reader,
        filter: {
          'apache.org:selector-filter:string': described(
            "amqp.annotation.x-opt-sequence-number > '9223372036854775807'",
            0x468c00000004,
          ),
        },
      },
    } as never)
    await once(receiver, 'receiver_close')
    expect(receiver.error).toMatchObject({
      condition: 'com.microsoft:argument-error',
      description:
        "The supplied sequence number '9223372036854775807' is invalid. The last sequence number in the system is '-1'",
    })
  })
})

describe('the address of a publisher', () => {
  const send = async (bytes: Buffer, format = 0) => {
    const sender = await client.sender(`${HUB}/Publishers/station-7`)
    const heard = outcome(sender)
    sender.send(bytes as never, undefined, format)
    return (await heard).name
  }

  it('brings its events to one partition, each with its name', async () => {
    const partition = partitionOf('station-7', 4)
    const batch = encode({ body: rhea.message.data_sections([event('b'), event('c')] as never) })
    const annotated = encode({
      durable: true,
      delivery_annotations: { hop: 1 },
      message_annotations: {
        mine: 'kept',
        'x-opt-publisher': 'somebody else',
        'x-opt-partition-key': 'other',
      },
      application_properties: { kept: true },
      body: rhea.message.data_section(Buffer.from('d')),
    })
    expect([await send(event('a')), await send(batch, BATCH), await send(annotated)]).toEqual(
      Array(3).fill('accepted'),
    )
    const receiver = client.receiver({ partition })
    const messages: EventContext['message'][] = []
    receiver.on('message', ({ message }: EventContext) => messages.push(message))
    receiver.add_credit(10)
    await vi.waitFor(() => expect(messages).toHaveLength(4))
    for (const message of messages)
      expect(message?.message_annotations).toMatchObject({
        'x-opt-publisher': 'station-7',
        'x-opt-partition-key': 'station-7',
      })
    expect(messages.map((one) => String((one?.body as { content: Buffer } | undefined)?.content))).toEqual([
      'a',
      'b',
      'c',
      'd',
    ])
    expect(messages[3]).toMatchObject({
      durable: true,
      delivery_annotations: { hop: 1 },
      message_annotations: { mine: 'kept' },
      application_properties: { kept: true },
    })
  })
})

describe('a link', () => {
  it('may have the name of one that was detached just before, in one piece with it, as with Proton', async () => {
    const socket = await proved()
    const attach = attachTo(`${HUB}/Partitions/0`, 2)
    for (let round = 0; round < 5; round++)
      socket.write(
        attach,
        transfer(2, round * 2 + 1, event('x')),
        frame('detach', { handle: 2, closed: true }),
        attach,
        transfer(2, round * 2 + 2, event('x')),
        frame('detach', { handle: 2, closed: false }),
      )
    await vi.waitFor(() => expect(hub.stored(0)).toHaveLength(10))
    await vi.waitFor(() => expect(socket.heard('detach')).toHaveLength(10))
    expect(socket.heard('attach')).toHaveLength(12)
    expect(warnings()).toEqual([])
  })

  it('may have the name of one of the other direction', async () => {
    const name = 'the same'
    const socket = await proved()
    socket.write(
      attachTo(`${HUB}/Partitions/0`, 2, { name }),
      attachReader(3, { name }),
      frame('flow', { ...window, handle: 3, delivery_count: 0, link_credit: 5 }),
      transfer(2, 1, event('x')),
    )
    await vi.waitFor(() => expect(socket.heard('transfer')).toHaveLength(2))
    socket.write(frame('detach', { handle: 3, closed: true }), transfer(2, 2, event('y')))
    await vi.waitFor(() => expect(hub.stored(0)).toHaveLength(2))
    socket.write(frame('detach', { handle: 2, closed: true }))
    await vi.waitFor(() => expect(socket.heard('detach')).toHaveLength(2))
    expect(warnings()).toEqual([])
  })

  it('that would begin transactions is refused as AMQP has it, and the connection goes on', async () => {
    const socket = await proved()
    const coordinator = rhea.types.described(rhea.types.wrap_ulong(0x30), rhea.types.wrap_list([]))
    socket.write(
      frame('attach', {
        name: 'transactions',
        handle: 2,
        role: false,
        initial_delivery_count: 0,
        target: coordinator,
      }),
    )
    await vi.waitFor(() => expect(socket.heard('detach')).toHaveLength(1))
    expect(socket.heard('attach').at(-1)).toMatchObject({ name: 'transactions', target: { value: null } })
    expect(socket.heard('detach')[0]?.error).toMatchObject({ condition: 'amqp:not-implemented' })
    socket.write(
      frame('detach', { handle: 2, closed: true }),
      attachTo(`${HUB}/Partitions/0`, 3),
      transfer(3, 1, event('x')),
    )
    await vi.waitFor(() => expect(hub.stored(0)).toHaveLength(1))
  })
})

describe('a link that is detached and not closed', () => {
  it('is answered so, and attached again by its name', async () => {
    const socket = await proved()
    hub.log.append(0, [event('x')])
    for (const round of [1, 2]) {
      socket.write(
        attachReader(2),
        frame('flow', { ...window, next_incoming_id: round, handle: 2, delivery_count: 0, link_credit: 1 }),
      )
      await vi.waitFor(() => expect(socket.heard('transfer')).toHaveLength(1 + round))
      socket.write(frame('detach', { handle: 2, closed: false }))
      await vi.waitFor(() => expect(socket.heard('detach')).toHaveLength(round))
    }
    socket.write(attachReader(2), frame('detach', { handle: 2, closed: true }))
    await vi.waitFor(() => expect(socket.heard('detach')).toHaveLength(3))
    expect(socket.heard('detach').map(({ closed, error }) => [closed === true, error ?? null])).toEqual([
      [false, null],
      [false, null],
      [true, null],
    ])
    expect(warnings()).toEqual([])
  })

  it('is closed by the hub all the same where it was refused', async () => {
    const socket = await proved()
    socket.write(attachTo('elsewhere', 2), frame('detach', { handle: 2 }))
    await vi.waitFor(() => expect(socket.heard('detach')).toHaveLength(1))
    expect(socket.heard('detach')[0]).toMatchObject({ closed: true, error: { condition: 'amqp:not-found' } })
  })
})

describe('a link without the terminus that is the peer’s own, as with the first client for Go,', () => {
  it('is served, whether it sends or reads', async () => {
    const socket = await proved()
    socket.write(
      attachTo(`${HUB}/Partitions/0`, 2, { source: null }),
      transfer(2, 1, event('x')),
      attachReader(3, { target: null }),
      frame('flow', { ...window, handle: 3, delivery_count: 0, link_credit: 5 }),
    )
    await vi.waitFor(() => expect(socket.heard('transfer')).toHaveLength(2))
    const [sending, reading] = socket.heard('attach').slice(-2)
    expect([sending?.source, reading?.target]).toMatchObject([{ value: null }, { value: null }])
    expect(warnings()).toEqual([])
  })
})

it('a terminus that says nothing stays so for all links of all clients, as with go-amqp', async () => {
  const empty = (code: number) => rhea.types.described(rhea.types.wrap_ulong(code), rhea.types.wrap_list([]))
  const socket = await proved()
  socket.write(
    attachTo(`${HUB}/Partitions/0`, 2, { source: empty(0x28) }),
    attachReader(3, { target: empty(0x29) }),
  )
  await vi.waitFor(() => expect(socket.heard('attach')).toHaveLength(4))
  const { target } = socket.heard('attach').at(-1) as { target: { value: unknown[] } }
  // As many as a target has, OASIS AMQP 1.0 part 3, 3.5.4.
  expect(target.value.length).toBeLessThanOrEqual(7)
  expect((rhea.types.wrap_list([]) as unknown as { value: unknown[] }).value).toEqual([])
})

describe('counters', () => {
  it('begin where the client likes and go round, as with RabbitMQ', async () => {
    const first = ROUND - 3
    const socket = await proved({ next_outgoing_id: ROUND - 2 }, ROUND - 1)
    socket.write(attachTo(`${HUB}/Partitions/0`, 2, { initial_delivery_count: first }))
    const flows = () => socket.heard('flow').filter(({ handle }) => handle === 2)
    await vi.waitFor(() => expect(flows()).toHaveLength(1))
    expect(flows()[0]).toMatchObject({ delivery_count: first, link_credit: 300 })
    const events = Array.from({ length: 299 }, (_, index) => transfer(2, index, event(String(index))))
    socket.write(...events)
    await vi.waitFor(() => expect(hub.stored(0)).toHaveLength(299), { timeout: 20_000 })
    // What a sender makes of a flow: the hub's count and credit less its own count, each round at 2³².
    const credit = () => {
      const { delivery_count, link_credit } = flows().at(-1) ?? {}
      return (Number(delivery_count) + Number(link_credit) - (first + 299) + ROUND) % ROUND
    }
    await vi.waitFor(() => expect(credit()).toBeGreaterThan(200))
    expect(credit()).toBeLessThanOrEqual(300)
    for (const { delivery_count } of flows()) expect(Number(delivery_count)).toBeLessThan(ROUND)
    expect(warnings()).toEqual([])
  })
})

it('what the hub sends goes on when its numbers of transfers and deliveries go round', async () => {
  const sessions: Session[] = []
  const prototype = Object.getPrototypeOf(client.connection.create_session()) as { on_begin(): void }
  const { on_begin } = prototype
  const spy = vi.spyOn(prototype, 'on_begin').mockImplementation(function (this: unknown, ...frames) {
    sessions.push(this as Session)
    on_begin.apply(this as never, frames)
  })
  const socket = await proved()
  spy.mockRestore()
  socket.write(attachReader(2))
  await vi.waitFor(() => expect(socket.heard('attach')).toHaveLength(3))
  const [session] = sessions as [Session]
  const first = ROUND - 3
  Object.assign(session.outgoing, {
    next_delivery_id: first,
    next_pending_delivery: first,
    next_transfer_id: first,
    // Of what the session may send in all, as the library counts.
    window: 2,
  })
  Object.assign(session.links['link-2'] as object, { delivery_count: first })
  hub.log.append(
    0,
    Array.from({ length: 20 }, (_, index) => event(String(index))),
  )
  const came = () => socket.heard('transfer').filter(({ handle }) => handle === 2)
  for (let count = 0; count < 20; count += 5) {
    const number = (first + count) % ROUND
    socket.write(
      frame('flow', {
        ...{ ...window, next_incoming_id: number, incoming_window: 5 },
        ...{ handle: 2, delivery_count: number, link_credit: 5, echo: true },
      }),
    )
    await vi.waitFor(() => expect(came()).toHaveLength(count + 5))
  }
  expect(came().map(({ delivery_id }) => delivery_id)).toEqual(
    Array.from({ length: 20 }, (_, index) => (first + index) % ROUND),
  )
  const [told] = socket.heard('flow').slice(-1)
  expect(told).toMatchObject({ handle: 2, delivery_count: 12, link_credit: 5, outgoing_window: ROUND - 1 })
  expect(warnings()).toEqual([])
})

describe('a flow', () => {
  it('that asks for one gets one, of the session and of a link', async () => {
    const socket = await proved()
    const ofSession = () => socket.heard('flow').filter(({ handle }) => (handle ?? null) === null)
    const before = ofSession().length
    socket.write(frame('flow', { ...window, echo: true }))
    await vi.waitFor(() => expect(ofSession().length).toBe(before + 1))
    // In one piece with the attach: behind its answer.
    socket.write(
      attachReader(2),
      frame('flow', { ...window, handle: 2, delivery_count: 0, link_credit: 7, echo: true }),
    )
    const ofLink = () => socket.heard('flow').filter(({ handle }) => handle === 2)
    await vi.waitFor(() => expect(ofLink()).toHaveLength(1))
    expect(ofLink()[0]).toMatchObject({ link_credit: 7, delivery_count: 0 })
    expect(ofLink()[0]?.drain).not.toBe(true)
  })

  it.each([
    ['a partition', reader],
    ['the answers of $cbs', '$cbs'],
    ['the answers of $management', '$management'],
  ])('that drains a receiver of %s without credit is answered', async (_, address) => {
    const stranger = new RawClient(hub)
    try {
      await stranger.putToken()
      const receiver = stranger.connection.open_receiver({ source: { address }, credit_window: 0 } as never)
      await once(receiver, 'receiver_open')
      const drained = once(receiver, 'receiver_drained')
      receiver.drain_credit()
      await drained
      ;(receiver as unknown as { drain: boolean }).drain = false
      receiver.add_credit(3)
      const again = once(receiver, 'receiver_drained')
      receiver.drain_credit()
      await again
      expect((receiver as unknown as { credit: number }).credit).toBe(0)
    } finally {
      stranger.close()
    }
  })
})

it("what is said in a session that was ended is passed over, as of Azure's client for Python, which detaches its links only then", async () => {
  const socket = await proved()
  socket.write(
    frame('end', {}),
    frame('detach', { handle: 1, closed: true }),
    transfer(0, 1, event('late')),
    frame('begin', window, { channel: 1 }),
  )
  await vi.waitFor(() => expect(socket.heard('begin')).toHaveLength(2))
  expect(socket.heard('close')).toEqual([])
  expect(warnings()).toEqual([])
})

it.each([
  ['AMQP 0-9-1, as RabbitMQ’s clients speak it', [0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]],
  ['AMQP 0-9', [0x41, 0x4d, 0x51, 0x50, 1, 1, 0, 9]],
  ['TLS inside of AMQP', [0x41, 0x4d, 0x51, 0x50, 2, 1, 0, 0]],
  ['MQTT', [0x10, 0x0c, 0, 4, 0x4d, 0x51, 0x54, 0x54]],
])('a client that begins with %s learns which version is spoken', async (_, bytes) => {
  const socket = await RawSocket.open(hub.ports.plain)
  sockets.push(socket)
  socket.write(Buffer.from(bytes))
  await socket.closed
  expect([...socket.answered]).toEqual([...Buffer.from('AMQP'), 3, 1, 0, 0])
  expect(hub.logged.text()).toContain('what was sent is not AMQP')
})
