/** What the JavaScript SDK never does and other clients may: single messages, credit by the piece, drains, broken sends. */
import { once } from 'node:events'
import rhea, { type EventContext, type Receiver, type Sender } from 'rhea'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { partitionOf } from '../../src/contract/partition-hash.ts'
import { messageBody } from '../../src/local/event-hubs/amqp/sections.ts'
import { HUB, HubFixture, TOKEN } from '../local/event-hubs/hub-fixture.ts'
import { outcome, RawClient } from '../local/event-hubs/raw-client.ts'
import { attachFromCbs, attachTo, frame, opening, RawSocket } from '../local/event-hubs/raw-socket.ts'

const BATCH = 0x80013700
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

type Fields = Record<string, unknown>
const encode = (message: Fields): Buffer => rhea.message.encode(message as never) as unknown as Buffer
const data = (content: string | Buffer) => rhea.message.data_section(Buffer.from(content as string))
const batchOf = (...events: Buffer[]): Buffer => encode({ body: rhea.message.data_sections(events as never) })

/** Sends bytes as one delivery. */
async function send(bytes: Buffer, format = 0, address?: string) {
  const sender = await client.sender(address)
  const heard = outcome(sender)
  sender.send(bytes as never, undefined, format)
  const result = await heard
  sender.close()
  return result
}

function collect(receiver: Receiver): EventContext['message'][] {
  const messages: EventContext['message'][] = []
  receiver.on('message', ({ message }: EventContext) => messages.push(message))
  return messages
}

const append = (count: number, partition = 0) =>
  hub.log.append(
    partition,
    Array.from({ length: count }, (_, index) => encode({ body: data(String(index)) })),
  )

describe('a message on its own', () => {
  it('is kept as it came, byte by byte, and gets the annotations of the hub', async () => {
    const message = encode({
      durable: true,
      priority: 9,
      message_id: 'm',
      user_id: Buffer.from('me'),
      message_annotations: {
        'x-opt-partition-key': 'key',
        'x-own': rhea.types.wrap_long(7),
        'x-opt-offset': 'a lie',
      },
      delivery_annotations: { 'x-hop': 'by hop' },
      application_properties: { small: rhea.types.wrap_byte(3), text: 'ü' },
      body: data('body'),
    })
    expect((await send(message)).name).toBe('accepted')
    expect(Buffer.from(hub.stored(0)[0]?.message ?? [])).toEqual(message)
    const receiver = client.receiver()
    const messages = collect(receiver)
    receiver.add_credit(1)
    await vi.waitFor(() => expect(messages).toHaveLength(1))
    const [received] = messages
    expect(received).toMatchObject({
      durable: true,
      priority: 9,
      message_id: 'm',
      message_annotations: {
        'x-opt-partition-key': 'key',
        'x-own': 7,
        'x-opt-sequence-number': 0,
        'x-opt-offset': '0',
        'x-opt-enqueued-time': new Date(hub.log.properties(0).lastEnqueuedAt ?? 0),
      },
      application_properties: { small: 3, text: 'ü' },
    })
    // From hop to hop, says AMQP; the service passes them on.
    expect(received?.delivery_annotations).toEqual({ 'x-hop': 'by hop' })
  })

  it.each<[string, unknown, string]>([
    [
      'several data sections',
      rhea.message.data_sections([Buffer.from('a'), Buffer.from('b')] as never),
      'ab',
    ],
    ['a text', 'as text', 'as text'],
    ['a number', 5, ''],
    ['a sequence', rhea.message.sequence_section([1, 2]), ''],
  ])('may hold %s', async (_, body, text) => {
    expect((await send(encode({ body }))).name).toBe('accepted')
    expect(messageBody(hub.stored(0)[0]?.message as Uint8Array).toString()).toBe(text)
  })

  it('goes to the partition of its key', async () => {
    const message = encode({ message_annotations: { 'x-opt-partition-key': 'station-7' }, body: data('x') })
    expect((await send(message, 0, HUB)).name).toBe('accepted')
    expect(hub.log.properties(partitionOf('station-7', 4)).isEmpty).toBe(false)
  })

  it('may be sent to a whole address', async () => {
    expect(
      (await send(encode({ body: data('x') }), 0, `amqps://localhost:5671/${HUB}/Partitions/3`)).name,
    ).toBe('accepted')
    expect(hub.lastSequenceNumbers).toEqual([-1, -1, -1, 0])
  })
})

describe('what cannot be taken', () => {
  const good = encode({ body: data('good') })

  it.each<[string, Buffer, number, string]>([
    ['junk', Buffer.from('no message at all'), 0, 'amqp:decode-error'],
    ['nothing', Buffer.alloc(0), 0, 'amqp:decode-error'],
    ['a message without a body', encode({ message_id: 'm' }).subarray(0, 13), 0, 'amqp:decode-error'],
    ['half a message', good.subarray(0, -2), 0, 'amqp:decode-error'],
    ['an unknown format', good, 5, 'amqp:decode-error'],
    ['a batch with junk in it', batchOf(good, Buffer.from('junk')), BATCH, 'amqp:decode-error'],
    ['a batch that is no batch', encode({ body: 'text' }), BATCH, 'amqp:decode-error'],
    [
      'a message of nothing but nulls',
      Buffer.concat([Buffer.from([0, 0x53, 0x74, 0xf0, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x40]), good]),
      0,
      'amqp:decode-error',
    ],
    [
      'a batch beyond the limit',
      batchOf(
        ...Array<Buffer>(11).fill(
          Buffer.concat([Buffer.from([0, 0x53, 0x75, 0xb0, 0, 1, 0x86, 0xa0]), Buffer.alloc(100_000)]),
        ),
      ),
      BATCH,
      'amqp:link:message-size-exceeded',
    ],
    ['a message far beyond the limit', Buffer.alloc(40_000_000, 1), 0, 'amqp:link:message-size-exceeded'],
  ])('%s is rejected, nothing of it is stored, and the link goes on', async (_, bytes, format, condition) => {
    const sender = await client.sender()
    const heard = outcome(sender)
    sender.send(bytes as never, undefined, format)
    expect(await heard).toMatchObject({ name: 'rejected', error: { condition } })
    expect(hub.lastSequenceNumbers).toEqual([-1, -1, -1, -1])
    expect(hub.logged.text()).toContain(condition)
    const next = outcome(sender)
    sender.send(good as never, undefined, 0)
    expect((await next).name).toBe('accepted')
    expect(hub.lastSequenceNumbers).toEqual([0, -1, -1, -1])
  })

  it('beyond what its sender has set itself as the limit of its link is rejected, in the words of the service', async () => {
    const limited = client.connection.open_sender({
      target: { address: `${HUB}/Partitions/0` },
      max_message_size: 1000,
    } as never)
    await once(limited, 'sendable')
    expect(Number(limited.max_message_size)).toBe(1000)
    const heard = outcome(limited)
    limited.send(Buffer.alloc(1001, 1) as never, undefined, 0)
    expect(await heard).toEqual({
      name: 'rejected',
      error: {
        condition: 'amqp:link:message-size-exceeded',
        description:
          'The received message (delivery-id:1, size:1001 bytes) exceeds the limit (1000 bytes) currently allowed on the link.',
      },
    })
    for (const [asked, taken] of [
      [undefined, 1_048_576],
      [0, 1_048_576],
      [2 ** 40, 1_048_576],
      [1_048_575, 1_048_575],
    ]) {
      const sender = client.connection.open_sender({
        target: { address: HUB },
        ...(asked !== undefined && { max_message_size: asked }),
      } as never)
      await once(sender, 'sender_open')
      expect(Number(sender.max_message_size), String(asked)).toBe(taken)
    }
  })

  it('has no room: rejected with the reason, until there is room', async () => {
    await hub.close()
    hub = await HubFixture.start({ limitBytes: 300_000 })
    client = new RawClient(hub)
    await client.putToken()
    const large = Buffer.concat([Buffer.from([0, 0x53, 0x75, 0xb0, 0, 1, 0x86, 0xa0]), Buffer.alloc(100_000)])
    const results = [await send(large), await send(large), await send(large)]
    expect(results.at(-1)).toMatchObject({
      name: 'rejected',
      error: {
        condition: 'amqp:resource-limit-exceeded',
        description: expect.stringContaining('disk is full'),
      },
    })
    const taken = results.filter(({ name }) => name === 'accepted').length
    expect(hub.stored(0)).toHaveLength(taken)
    expect((await send(encode({ body: data('small') }))).name).toBe('accepted')
  })

  it('is answered as a fault of the hub when the hub is at fault', async () => {
    vi.spyOn(hub.log, 'append').mockImplementation(() => {
      throw new Error('disk I/O error')
    })
    expect(await send(good)).toMatchObject({ name: 'rejected', error: { condition: 'amqp:internal-error' } })
    expect(hub.logged.text()).toContain('disk I/O error')
    vi.spyOn(hub.log, 'read').mockImplementation(() => {
      throw new Error('disk I/O error')
    })
    const receiver = client.receiver()
    receiver.add_credit(1)
    await once(receiver, 'receiver_error')
    expect((receiver.error as { condition?: string }).condition).toBe('amqp:internal-error')
  })
})

describe('a send in pieces', () => {
  it('that is called off leaves nothing behind, and the next one counts', async () => {
    const socket = await RawSocket.open(hub.ports.plain)
    const token = encode({
      message_id: 'm',
      reply_to: 'link-1',
      application_properties: { operation: 'put-token', name: `sb://localhost/${HUB}`, type: 'jwt' },
      body: TOKEN,
    })
    const transfer = (handle: number, id: number, payload: Buffer, fields: Fields = {}) =>
      frame('transfer', { handle, delivery_id: id, delivery_tag: Buffer.from([id]), ...fields }, { payload })
    const message = encode({ body: data('whole') })
    const [half, rest] = [message.subarray(0, 8), message.subarray(8)]
    try {
      socket.write(opening(), attachFromCbs(1), attachTo('$cbs', 0), transfer(0, 0, token))
      socket.write(attachTo(`${HUB}/Partitions/0`, 2))
      socket.write(
        transfer(2, 1, half, { more: true }),
        transfer(2, 1, Buffer.alloc(0), { aborted: true, more: false }),
      )
      socket.write(transfer(2, 2, half, { more: true }), transfer(2, 2, rest))
      await vi.waitFor(() => expect(hub.stored(0)).toHaveLength(1))
      expect(Buffer.from(hub.stored(0)[0]?.message ?? [])).toEqual(message)
      expect(hub.logged.text()).toBe('')
    } finally {
      socket.destroy()
    }
  })
})

describe('credit', () => {
  it('bounds what a sender has under way, and comes back as the hub stores it', async () => {
    const sender = (await client.sender()) as Sender & { credit: number }
    expect(sender.credit).toBe(300)
    let accepted = 0
    sender.on('accepted', () => accepted++)
    for (let sent = 0; sent < 1000; sent++) sender.send(encode({ body: data('x') }) as never, undefined, 0)
    await vi.waitFor(() => expect(accepted).toBe(1000), { timeout: 20_000 })
    expect(hub.stored(0)).toHaveLength(1000)
  })

  it('is what a receiver gets, to the event', async () => {
    append(10)
    const receiver = client.receiver()
    const messages = collect(receiver)
    await once(receiver, 'receiver_open')
    receiver.add_credit(3)
    await vi.waitFor(() => expect(messages).toHaveLength(3))
    // A question and its answer behind it on the same connection: nothing else was on its way.
    await client.putToken()
    expect(messages).toHaveLength(3)
    receiver.add_credit(4)
    await vi.waitFor(() => expect(messages).toHaveLength(7))
    append(5)
    receiver.add_credit(100)
    await vi.waitFor(() => expect(messages).toHaveLength(15))
    expect(messages.map((message) => message?.message_annotations?.['x-opt-sequence-number'])).toEqual(
      Array.from({ length: 15 }, (_, index) => index),
    )
  })

  it('beyond what a session holds brings everything all the same, when the receiver is slow', async () => {
    append(5000)
    append(5000)
    const receiver = client.receiver()
    const messages = collect(receiver)
    await once(receiver, 'receiver_open')
    const { socket } = client.connection as unknown as { socket: { pause(): void; resume(): void } }
    const read = vi.spyOn(hub.log, 'read')
    receiver.add_credit(1_000_000)
    await vi.waitFor(() => expect(read).toHaveBeenCalled())
    socket.pause()
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
    socket.resume()
    await vi.waitFor(() => expect(messages).toHaveLength(10_000), { timeout: 20_000 })
    expect(hub.logged.text()).not.toContain('could not be read')
  })

  it('that is not used up comes back when the receiver asks for it', async () => {
    append(2)
    const receiver = client.receiver()
    const messages = collect(receiver)
    await once(receiver, 'receiver_open')
    receiver.add_credit(1_000_000_000)
    await vi.waitFor(() => expect(messages).toHaveLength(2))
    receiver.drain_credit()
    await once(receiver, 'receiver_drained')
    append(1)
    await client.putToken()
    expect(messages).toHaveLength(2)
    ;(receiver as unknown as { drain: boolean }).drain = false
    receiver.add_credit(1)
    await vi.waitFor(() => expect(messages).toHaveLength(3))
  })
})

describe('links', () => {
  it('of one session do not stand in each other’s way', async () => {
    append(1, 0)
    const idle = client.receiver({ partition: 0 })
    const busy = client.receiver({ partition: 1 })
    const messages = collect(busy)
    await once(busy, 'receiver_open')
    append(50, 1)
    busy.add_credit(100)
    await vi.waitFor(() => expect(messages).toHaveLength(50))
    expect(idle.is_open()).toBe(true)
  })

  it('that were closed make room for others', async () => {
    for (let round = 0; round < 12; round++) {
      const receiver = client.receiver()
      await once(receiver, 'receiver_open')
      receiver.close()
      await once(receiver, 'receiver_close')
    }
  })

  it('of a session that was ended make room for others', async () => {
    for (let round = 0; round < 12; round++) {
      const session = client.connection.create_session()
      session.open()
      const receiver = session.open_receiver({
        source: { address: `${HUB}/ConsumerGroups/$Default/Partitions/0` },
      } as never)
      await once(receiver, 'receiver_open')
      session.close()
      await once(session, 'session_close')
    }
  })

  it('of a connection that was closed, or cut, make room for others', async () => {
    for (let round = 0; round < 12; round++) {
      const other = new RawClient(hub)
      await other.putToken()
      const receiver = other.receiver()
      await once(receiver, 'receiver_open')
      if (round % 2 === 0) {
        other.connection.close()
        await once(other.connection, 'connection_close')
      }
      other.close()
      // The hub may hear of it a moment after us.
      await vi.waitFor(() => expect(hub.logged.text().split('connection gone').length).toBe(round + 2))
    }
  })

  it.each([
    "temperature > '20'",
    "amqp.annotation.x-opt-offset > 'first'",
    "amqp.annotation.x-opt-sequence-number >= ''",
  ])('refuse a start position that nobody understands: %s', async (selector) => {
    const receiver = client.connection.open_receiver({
      source: {
        address: `${HUB}/ConsumerGroups/$Default/Partitions/0`,
        filter: {
          'apache.org:selector-filter:string': rhea.types.wrap_described(selector, 0x468c00000004),
        },
      },
    } as never)
    await once(receiver, 'receiver_error')
    expect((receiver.error as { condition?: string }).condition).toBe('com.microsoft:argument-error')
  })
})

describe('$management', () => {
  const hub404 = [404, 'amqp:not-found', `The messaging entity 'elsewhere' could not be found.`] as const
  const partition400 = [
    400,
    'com.microsoft:argument-out-of-range',
    'The specified partition is invalid for an EventHub partition sender or receiver. It should be between 0 and 3.',
  ] as const
  const node404 = [
    404,
    'amqp:not-found',
    `The messaging entity '${HUB}/$management' could not be found.`,
  ] as const

  it.each([
    ['another hub', { operation: 'READ', name: 'elsewhere', type: 'com.microsoft:eventhub' }, hub404],
    [
      'a partition that is not there',
      { operation: 'READ', name: HUB, type: 'com.microsoft:partition', partition: '9' },
      partition400,
    ],
    [
      'a partition that is no number',
      { operation: 'READ', name: HUB, type: 'com.microsoft:partition', partition: '' },
      partition400,
    ],
    ['something else', { operation: 'READ', name: HUB, type: 'com.microsoft:topic' }, node404],
    ['another deed', { operation: 'DELETE', name: HUB, type: 'com.microsoft:eventhub' }, node404],
  ])(
    'answers a question for %s with the reason, and its condition as a symbol',
    async (_, properties, expected) => {
      const [status, condition, description] = expected
      const { application_properties } = await client.request('$management', properties, null)
      expect(application_properties).toMatchObject({
        'status-code': status,
        'status-description': expect.stringContaining(description),
        'error-condition': condition,
      })
    },
  )

  it('describes a partition with all that clients ask for', async () => {
    append(3)
    const properties = { operation: 'READ', name: HUB, type: 'com.microsoft:partition', partition: '0' }
    const { body } = await client.request('$management', properties, null)
    expect(body).toMatchObject({
      name: HUB,
      type: 'com.microsoft:partition',
      partition: '0',
      begin_sequence_number: 0,
      last_enqueued_sequence_number: 2,
      // The client for Rust reads no answer without it.
      last_enqueued_sequence_number_epoch: 0,
      last_enqueued_offset: '2',
      is_partition_empty: false,
    })
  })

  it('gives the first moment of the year 1 as the last time of a partition that never had an event', async () => {
    const properties = { operation: 'READ', name: HUB, type: 'com.microsoft:partition', partition: '1' }
    const { body } = await client.request('$management', properties, null)
    expect(body).toMatchObject({
      begin_sequence_number: -1,
      last_enqueued_sequence_number: -1,
      last_enqueued_offset: '-1',
      is_partition_empty: true,
      last_enqueued_time_utc: new Date('0001-01-01T00:00:00Z'),
    })
  })

  it('answers nobody who has gone away, and the connection goes on', async () => {
    const { connection } = client
    const receiver = connection.open_receiver({ name: 'half', source: { address: '$management' } } as never)
    const sender = connection.open_sender({ name: 'ask', target: { address: '$management' } } as never)
    await once(sender, 'sendable')
    receiver.close()
    await once(receiver, 'receiver_close')
    const heard = outcome(sender)
    sender.send({
      message_id: 1,
      reply_to: 'half',
      application_properties: { operation: 'READ', name: HUB, type: 'com.microsoft:eventhub' },
      body: null,
    } as never)
    expect((await heard).name).toBe('accepted')
    expect(await client.putToken()).toBe(202)
    expect(connection.is_open()).toBe(true)
  })
})
