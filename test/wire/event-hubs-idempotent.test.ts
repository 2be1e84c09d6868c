/** Idempotent publishing: what a producer sends again, because it never heard of its fate, does not become a second event. */
import { once } from 'node:events'
import {
  EventHubBufferedProducerClient,
  EventHubConsumerClient,
  EventHubProducerClient,
  earliestEventPosition,
} from '@azure/event-hubs'
import rhea, { type EventContext, type Sender } from 'rhea'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { messageBody } from '../../src/local/event-hubs/amqp/sections.ts'
import { checkBatch } from '../../src/local/event-hubs/links/idempotence.ts'
import { HUB, HubFixture } from '../local/event-hubs/hub-fixture.ts'
import { outcome, RawClient } from '../local/event-hubs/raw-client.ts'
import { type CuttableLink, startCuttableLink } from '../support/cuttable-link.ts'

let hub: HubFixture
beforeEach(async () => {
  hub = await HubFixture.start()
})
afterEach(() => hub.close())
const keep = <T extends { close(): unknown }>(client: T): T => hub.keep(client)

const bodies = (partition = 0) => hub.stored(partition).map(({ message }) => messageBody(message).toString())
const upTo = (count: number) => Array.from({ length: count }, (_, index) => String(index))

describe('@azure/event-hubs', () => {
  // The SDK learns of a lost acknowledgement by its time-out alone.
  const retryOptions = { maxRetries: 10, retryDelayInMs: 20, maxRetryDelayInMs: 100, timeoutInMs: 1500 }

  /** Sends numbers through a link that is cut after those appends, before the acknowledgement has left. */
  async function sendThrough(link: CuttableLink, enableIdempotentRetries: boolean, cutAfter: number[]) {
    const connection = hub.connectionString().replace(`:${hub.ports.plain}`, `:${link.port}`)
    const failures: unknown[] = []
    const producer = keep(
      new EventHubBufferedProducerClient(connection, HUB, {
        enableIdempotentRetries,
        maxWaitTimeInMs: 5,
        retryOptions,
        onSendEventsErrorHandler: async ({ error }) => void failures.push(error),
      }),
    )
    let appends = 0
    hub.log.onAppend(() => {
      if (!cutAfter.includes(appends++)) return
      link.cut()
      setImmediate(() => link.mend())
    })
    for (let index = 0; index < 20; index++) {
      await producer.enqueueEvent({ body: index }, { partitionId: '0' })
      if (index % 5 === 4) await producer.flush()
    }
    await producer.flush()
    return { failures, appends }
  }

  it('loses nothing and doubles nothing when the link is cut between send and acknowledgement', async () => {
    const link = keep(await startCuttableLink(hub.ports.plain))
    const { failures, appends } = await sendThrough(link, true, [0, 2])
    expect(failures).toEqual([])
    expect(bodies()).toEqual(upTo(20))
    expect(appends).toBeGreaterThan(3)
  }, 60_000)

  it('doubles events on the same link when it is not asked to', async () => {
    const link = keep(await startCuttableLink(hub.ports.plain))
    await sendThrough(link, false, [0])
    expect(bodies().length).toBeGreaterThan(20)
    expect([...new Set(bodies())]).toEqual(upTo(20))
  }, 60_000)

  it('goes on numbering over a restart of the hub', async () => {
    const { ports } = hub
    const producer = keep(new EventHubProducerClient(hub.connectionString(), HUB, { retryOptions }))
    ;(producer as unknown as { _enableIdempotentRetries: boolean })._enableIdempotentRetries = true
    for (const index of [0, 1]) await producer.sendBatch([{ body: index }], { partitionId: '0' })
    await hub.restart(ports)
    for (const index of [2, 3]) await producer.sendBatch([{ body: index }], { partitionId: '0' })
    expect(bodies()).toEqual(upTo(4))
  }, 60_000)

  it('sends events without a body, which the service takes', async () => {
    const producer = keep(new EventHubProducerClient(hub.connectionString(), HUB))
    await producer.sendBatch([{ body: undefined }, { body: 'with' }, { body: null }], { partitionId: '0' })
    expect(bodies()).toEqual(['', '"with"', ''])
    const consumer = keep(new EventHubConsumerClient('$Default', hub.connectionString(), HUB))
    const received: unknown[] = []
    keep(
      consumer.subscribe(
        '0',
        {
          processEvents: async (events) => void received.push(...events.map(({ body }) => body as unknown)),
          processError: async (error) => void received.push(error),
        },
        { startPosition: earliestEventPosition, maxBatchSize: 10, maxWaitTimeInSeconds: 1 },
      ),
    )
    await vi.waitFor(() => expect(received).toEqual([null, 'with', null]), { timeout: 20_000 })
  })
})

describe('a producer', () => {
  const { wrap_int, wrap_long, wrap_short } = rhea.types as unknown as Record<
    string,
    (value: number) => unknown
  >
  const ID = 'com.microsoft:producer-id'
  const EPOCH = 'com.microsoft:producer-epoch'
  const NUMBER = 'com.microsoft:producer-sequence-number'
  const BATCH = 0x80013700
  const encode = (message: object): Buffer => rhea.message.encode(message as never) as unknown as Buffer

  interface Identity {
    id?: number
    epoch?: number
    number?: number
  }

  let client: RawClient
  beforeEach(async () => {
    client = keep(new RawClient(hub))
    await client.putToken()
  })

  const link = (identity: Identity = {}, partition = 0): Sender => {
    const { id, epoch, number } = identity
    const properties = {
      ...(id !== undefined && { [ID]: wrap_long?.(id) }),
      ...(epoch !== undefined && { [EPOCH]: wrap_short?.(epoch) }),
      ...(number !== undefined && { [NUMBER]: wrap_int?.(number) }),
    }
    return client.connection.open_sender({
      target: { address: `${HUB}/Partitions/${partition}` },
      desired_capabilities: ['com.microsoft:idempotent-producer'],
      properties,
    } as never)
  }

  async function attach(identity?: Identity, partition?: number) {
    const sender = link(identity, partition)
    await once(sender, 'sendable')
    const { [ID]: id, [EPOCH]: epoch, [NUMBER]: number } = sender.properties as Record<string, number>
    return { sender, identity: { id, epoch, number } as Required<Identity> }
  }

  /** A batch of so many events, the first with that number; the outcome. */
  async function send(sender: Sender, first: number | undefined, count = 1) {
    const heard = outcome(sender)
    const events = Array.from({ length: count }, (_, index) =>
      encode({
        ...(first !== undefined && { message_annotations: { [NUMBER]: wrap_int?.(first + index) } }),
        body: rhea.message.data_section(Buffer.from(String((first ?? 0) + index))),
      }),
    )
    const batch = encode({ body: rhea.message.data_sections(events as never) })
    sender.send(batch as never, undefined, BATCH)
    const { name, error } = await heard
    return error?.condition ?? name
  }

  it('is granted the capability, and told who it is', async () => {
    const first = await attach()
    const second = await attach({}, 1)
    expect([first.sender.offered_capabilities].flat().map(String)).toEqual([
      'com.microsoft:idempotent-producer',
    ])
    expect(first.identity).toEqual({ id: expect.any(Number), epoch: 0, number: 0 })
    expect(second.identity.id).not.toBe(first.identity.id)
    const plain = await client.sender()
    expect(plain.offered_capabilities ?? null).toBeNull()
  })

  it('that sends a batch again hears that it is there, and there is no second event', async () => {
    const { sender } = await attach()
    expect(await send(sender, 1, 3)).toBe('accepted')
    expect(await send(sender, 4)).toBe('accepted')
    expect(await send(sender, 1, 3)).toBe('accepted')
    expect(await send(sender, 4)).toBe('accepted')
    expect(bodies()).toEqual(['1', '2', '3', '4'])
  })

  it('that leaves a number out, or sends half of a batch again, is refused', async () => {
    const { sender } = await attach()
    expect(await send(sender, 1, 3)).toBe('accepted')
    expect(await send(sender, 5)).toBe('com.microsoft:out-of-order-sequence')
    expect(await send(sender, 2, 2)).toBe('com.microsoft:out-of-order-sequence')
    expect(await send(sender, 3, 2)).toBe('com.microsoft:out-of-order-sequence')
    expect(await send(sender, undefined)).toBe('com.microsoft:argument-error')
    expect(await send(sender, 4)).toBe('accepted')
    expect(bodies()).toEqual(['1', '2', '3', '4'])
  })

  it('takes back who it is, also after a restart of the hub', async () => {
    const { sender, identity } = await attach()
    expect(await send(sender, 1, 2)).toBe('accepted')
    client.close()
    await hub.restart()
    client = keep(new RawClient(hub))
    await client.putToken()
    // It has not heard of its batch.
    const again = await attach({ ...identity, number: 0 })
    expect(again.identity).toEqual({ ...identity, number: 0 })
    expect(await send(again.sender, 1, 2)).toBe('accepted')
    expect(await send(again.sender, 3)).toBe('accepted')
    expect(bodies()).toEqual(['1', '2', '3'])
    // One that knows nothing but its id hears the rest.
    expect((await attach({ id: identity.id })).identity).toEqual({ ...identity, number: 3 })
  })

  it('may begin where it likes, and its numbers begin anew behind the last one', async () => {
    const { sender, identity } = await attach({ number: 2 ** 31 - 3 })
    expect(identity.number).toBe(2 ** 31 - 3)
    expect(await send(sender, 2 ** 31 - 2, 2)).toBe('accepted')
    expect(await send(sender, 0)).toBe('accepted')
    expect(await send(sender, 1)).toBe('accepted')
  })

  it('is driven out by an owner with a higher epoch, and cannot come back with its own', async () => {
    const { sender, identity } = await attach()
    expect(await send(sender, 1)).toBe('accepted')
    const closed = once(sender, 'sender_close') as Promise<[EventContext]>
    const owner = await attach({ id: identity.id, epoch: 7, number: 100 })
    await closed
    const stolen = {
      condition: 'com.microsoft:producer-epoch-stolen',
      description: expect.stringContaining('epoch 7'),
    }
    expect(sender.error).toMatchObject(stolen)
    const late = link({ id: identity.id, epoch: 0, number: 1 })
    await once(late, 'sender_close')
    expect(late.error).toMatchObject(stolen)
    expect((late.target as unknown as { value: unknown }).value).toBeNull()
    expect(await send(owner.sender, 101)).toBe('accepted')
    expect(bodies()).toEqual(['1', '101'])
  })

  it('whose batch is still on its way when it is driven out is refused that too', async () => {
    const { identity } = await attach()
    await attach({ id: identity.id, epoch: 7 })
    const { producers } = hub.log
    expect(checkBatch(producers, { partition: 0, id: identity.id, epoch: 0 }, 1, 1)).toMatchObject({
      condition: 'com.microsoft:producer-epoch-stolen',
    })
    expect(checkBatch(producers, { partition: 0, id: identity.id, epoch: 7 }, 1, 1)).toMatchObject({
      state: { epoch: 7, last: 1 },
    })
  })

  it('counts on each partition for itself', async () => {
    const { sender, identity } = await attach()
    const other = await attach({ id: identity.id, epoch: 3 }, 1)
    expect(await send(sender, 1)).toBe('accepted')
    expect(await send(other.sender, 1)).toBe('accepted')
    expect([bodies(0), bodies(1)]).toEqual([['1'], ['1']])
  })

  it('is not stored when its events are not', async () => {
    const { sender } = await attach()
    const save = vi.spyOn(hub.log.producers, 'save').mockImplementationOnce(() => {
      throw new Error('disk I/O error')
    })
    expect(await send(sender, 1)).toBe('amqp:internal-error')
    save.mockRestore()
    expect(bodies()).toEqual([])
    expect(await send(sender, 1)).toBe('accepted')
    expect(bodies()).toEqual(['1'])
  })
})
