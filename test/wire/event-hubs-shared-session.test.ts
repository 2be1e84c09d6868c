/** Links that share a session: each waits for its own credit alone (OASIS AMQP 1.0 part 2, 2.6.7), and for the session's window. */
import { once } from 'node:events'
import rhea, { type Receiver, type Sender } from 'rhea'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { frames } from '../../src/local/event-hubs/amqp/library.ts'
import { HUB, HubFixture, TOKEN } from '../local/event-hubs/hub-fixture.ts'
import { RawClient } from '../local/event-hubs/raw-client.ts'

/** What rhea grants on a session. */
const WINDOW = 2048
const PATIENCE = { timeout: 30_000 }
/** Smaller than the big events here. */
const FRAME = 4096

/** The client's session, with what its typings leave out. */
interface Session {
  begin(): void
  open_receiver(options: object): Receiver
  open_sender(options: object): Sender
  output(performative: unknown, payload?: Buffer): void
  /** A method of its prototype, which a test may cover. */
  incoming: {
    process?: () => void
    deliveries: { pop_if(isDone: (delivery: { settled: boolean }) => boolean): void }
  }
  outgoing: { next_delivery_id: number; next_pending_delivery: number; next_transfer_id: number }
}

let hub: HubFixture
let client: RawClient
beforeEach(async () => {
  hub = await HubFixture.start()
  client = new RawClient(hub, { max_frame_size: FRAME })
  await client.putToken()
})
afterEach(async () => {
  client.close()
  await hub.close()
})

const encode = (message: object) => rhea.message.encode(message as never) as unknown as Buffer
const store = (count: number, partition = 0, bytes = 40) =>
  hub.log.append(
    partition,
    Array.from({ length: count }, () => encode({ body: Buffer.alloc(bytes, 0x61) })),
  )

function openSession(): Session {
  const session = (client.connection as unknown as { create_session(): Session }).create_session()
  session.begin()
  return session
}

interface Counted {
  link: Receiver
  seen(): number
}

async function reader(session: Session, address: string | number, name?: string): Promise<Counted> {
  const link = session.open_receiver({
    ...(name !== undefined && { name, target: { address: name } }),
    source: {
      address: typeof address === 'string' ? address : `${HUB}/ConsumerGroups/$Default/Partitions/${address}`,
    },
    credit_window: 0,
  })
  let seen = 0
  link.on('message', () => {
    seen++
  })
  await once(link, 'receiver_open')
  return { link, seen: () => seen }
}

/** A request to one of the nodes. */
const question = (kind: '$cbs' | '$management', replyTo: string) =>
  kind === '$cbs'
    ? {
        message_id: 'q',
        reply_to: replyTo,
        application_properties: { operation: 'put-token', name: `sb://localhost/${HUB}`, type: 'jwt' },
        body: TOKEN,
      }
    : {
        message_id: 'q',
        reply_to: replyTo,
        application_properties: { operation: 'READ', name: HUB, type: 'com.microsoft:eventhub' },
        body: null,
      }

async function ask(sender: Sender, message: object): Promise<void> {
  const accepted = once(sender, 'accepted')
  sender.send(message as never)
  await accepted
}

async function senderTo(session: Session, address: string): Promise<Sender> {
  const sender = session.open_sender({ target: { address } })
  await once(sender, 'sendable')
  return sender
}

describe.each(['$cbs', '$management'] as const)('an answer of %s for a link without credit', (kind) => {
  it('holds up no other link of its session, and comes with the credit', async () => {
    store(3)
    const session = openSession()
    const slow = await reader(session, kind, 'slow')
    const asks = await senderTo(session, kind)
    await ask(asks, question(kind, 'slow'))
    const quick = await reader(session, '$management', 'quick')
    quick.link.add_credit(1)
    await ask(await senderTo(session, '$management'), question('$management', 'quick'))
    const events = await reader(session, 0)
    events.link.add_credit(3)
    await vi.waitFor(() => expect([quick.seen(), events.seen()]).toEqual([1, 3]), PATIENCE)
    expect(slow.seen()).toBe(0)
    slow.link.add_credit(1)
    await vi.waitFor(() => expect(slow.seen()).toBe(1), PATIENCE)
  })

  it('is forgotten with its link', async () => {
    store(3)
    const session = openSession()
    const slow = await reader(session, kind, 'slow')
    await ask(await senderTo(session, kind), question(kind, 'slow'))
    slow.link.close()
    await once(slow.link, 'receiver_close')
    const events = await reader(session, 0)
    events.link.add_credit(3)
    await vi.waitFor(() => expect(events.seen()).toBe(3), PATIENCE)
  })

  it('goes out before a drain gives the rest of the credit back', async () => {
    const session = openSession()
    const slow = await reader(session, kind, 'slow')
    await ask(await senderTo(session, kind), question(kind, 'slow'))
    const drained = once(slow.link, 'receiver_drained')
    slow.link.add_credit(5)
    slow.link.drain_credit()
    await drained
    expect(slow.seen()).toBe(1)
    expect((slow.link as unknown as { credit: number }).credit).toBe(0)
  })
})

it('a peer that asks and asks and takes no answers is sent away, with what waited for it', async () => {
  const session = openSession()
  await reader(session, '$management', 'slow')
  const asks = await senderTo(session, '$management')
  const gone = once(client.connection, 'connection_close')
  let sent = 0
  const goOn = () => {
    while (sent < 5000 && asks.sendable()) {
      asks.send(question('$management', 'slow') as never)
      sent++
    }
  }
  asks.on('sendable', goOn)
  asks.on('accepted', goOn)
  goOn()
  await gone
  expect((client.connection.error as { description?: string } | undefined)?.description).toContain(
    'takes no answers',
  )
  expect(hub.logged.text().split('takes no answers').length).toBe(2)
  expect(sent).toBeGreaterThan(WINDOW)
})

/** A session that never widens its window by itself, and a reader that has filled it but for three frames. */
async function nearlyFull() {
  store(WINDOW - 3)
  const session = openSession()
  session.incoming.process = () => {}
  const small = await reader(session, 0)
  small.link.add_credit(WINDOW - 3)
  await vi.waitFor(() => expect(small.seen()).toBe(WINDOW - 3), PATIENCE)
  return { session, small }
}

/** What came is done with; the hub learns of it by the next flow, of whatever link. */
const makeRoom = (session: Session) => session.incoming.deliveries.pop_if(({ settled }) => settled)

/** Larger than what is left of the window. */
const BIG = 90_000

async function begunInBigEvent() {
  const { session, small } = await nearlyFull()
  store(1, 1, BIG)
  const big = await reader(session, 1)
  const begun = begin(big.link)
  big.link.add_credit(1)
  await begun
  return { session, small, big }
}

/** Resolves with the first part of a delivery. */
const begin = (link: Receiver) =>
  vi.waitUntil(() => (link as unknown as { _incomplete?: object })._incomplete !== undefined, PATIENCE)

it('a window that one link’s flow opens is open for the others', async () => {
  const { session, small } = await nearlyFull()
  store(5)
  const other = await reader(session, 2)
  small.link.add_credit(5)
  await vi.waitFor(() => expect(small.seen()).toBe(WINDOW), PATIENCE)
  makeRoom(session)
  other.link.add_credit(1)
  await vi.waitFor(() => expect(small.seen()).toBe(WINDOW + 2), PATIENCE)
})

describe('an event that has begun, and waits for the window with its rest,', () => {
  it.each<[string, (link: Receiver) => void]>([
    [
      'drains',
      (link) => {
        link.drain_credit()
      },
    ],
    [
      'takes its credit back',
      (link) => {
        Object.assign(link, { credit: 0, issue_flow: true })
        ;(client.connection as unknown as { _register(): void })._register()
      },
    ],
  ])('comes whole though its reader %s, and holds up nobody', async (_, change) => {
    const { session, big } = await begunInBigEvent()
    change(big.link)
    expect(await client.putToken()).toBe(202)
    // The library counts a delivery's credit at its end.
    Object.assign(big.link, { credit: 1 })
    store(2, 2)
    const other = await reader(session, 2)
    makeRoom(session)
    other.link.add_credit(2)
    await vi.waitFor(() => expect([big.seen(), other.seen()]).toEqual([1, 2]), PATIENCE)
    expect(hub.logged.text()).not.toContain('error')
  })

  it('ends with its link, and holds up nobody', async () => {
    const { session, big } = await begunInBigEvent()
    big.link.close()
    await once(big.link, 'receiver_close')
    store(2, 2)
    const other = await reader(session, 2)
    makeRoom(session)
    other.link.add_credit(2)
    await vi.waitFor(() => expect(other.seen()).toBe(2), PATIENCE)
    expect(big.seen()).toBe(0)
    expect(await client.putToken()).toBe(202)
  })
})

it('readers that drain at once each get what there is for them', async () => {
  store(5, 0)
  store(5, 1)
  const session = openSession()
  const readers = [await reader(session, 0), await reader(session, 1)]
  const drained = readers.map(({ link }) => once(link, 'receiver_drained'))
  for (const { link } of readers) {
    link.add_credit(5)
    link.drain_credit()
  }
  await vi.waitFor(() => expect(readers.map(({ seen }) => seen())).toEqual([5, 5]), PATIENCE)
  for (const { link } of readers) link.add_credit(1)
  await Promise.all(drained)
})

it('a sender that has begun an event and not ended it holds up no other', async () => {
  const session = openSession()
  const slow = await senderTo(session, `${HUB}/Partitions/0`)
  const quick = await senderTo(session, `${HUB}/Partitions/1`)
  const { outgoing } = session
  const { handle } = (slow as unknown as { local: { handle: number } }).local
  const message = encode({ body: 'begun' })
  const id = outgoing.next_delivery_id++
  const send = (more: boolean, payload: Buffer) => {
    const fields = { handle, delivery_id: id, delivery_tag: Buffer.from('t'), message_format: 0, more }
    session.output(frames.transfer?.(fields), payload)
    outgoing.next_transfer_id++
  }
  outgoing.next_pending_delivery++
  send(true, message.subarray(0, 5))
  let accepted = 0
  let sent = 0
  const goOn = () => {
    while (sent < 2 * WINDOW && quick.sendable()) {
      quick.send({ body: 'x' } as never)
      sent++
    }
  }
  quick.on('accepted', () => {
    accepted++
    goOn()
  })
  quick.on('sendable', goOn)
  goOn()
  await vi.waitFor(() => expect(accepted).toBe(2 * WINDOW), PATIENCE)
  send(false, message.subarray(5))
  await vi.waitFor(() => expect(hub.stored(0)).toHaveLength(1), PATIENCE)
  expect(hub.logged.text()).not.toContain('error')
})
