import { describe, expect, it } from 'vitest'
import type { MadeEvent } from '../../../src/pipeline/generator/generator.ts'
import { BufferedProducer, type SenderCondition } from '../../../src/pipeline/generator/producer.ts'
import { storedOf } from '../../../src/pipeline/generator/stored-events.ts'
import { ServiceError } from '../../../src/pipeline/ports/errors.ts'
import { type HubProducer, SendError } from '../../../src/pipeline/ports/hub.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { away, FakeHub } from '../../support/fake-hub.ts'

const event = (station: number, sequenceNumber: number): MadeEvent => ({
  body: Buffer.from(`${station}/${sequenceNumber}`),
  partitionKey: `station-0000${station}`,
  station,
  sequenceNumber,
})
const some = (count: number, from = 0) => Array.from({ length: count }, (_, index) => event(1, from + index))

function setUp(limit = 20_000, producer?: HubProducer) {
  const clock = new FakeClock()
  const hub = new FakeHub(1, () => clock.now())
  const conditions: SenderCondition[] = []
  const acknowledged: MadeEvent[] = []
  const sender = new BufferedProducer({
    producer: producer ?? hub.producer(),
    clock,
    limit,
    stored: (events) => storedOf(events, hub.reader(), undefined),
    onAcknowledged: (events) => acknowledged.push(...events),
    onCondition: (condition) => conditions.push(condition),
  })
  return { clock, hub, sender, conditions, acknowledged }
}

const inOrder = (count: number) => some(count).map(({ body }) => body.toString())

describe('the sender', () => {
  it('counts a reading as acknowledged only when the hub has taken it', async () => {
    const { clock, hub, sender, acknowledged } = setUp()
    let release = () => {}
    hub.acknowledging = () => new Promise((resolve) => (release = resolve))
    sender.offer(some(3))
    await clock.advance(0)
    expect(sender).toMatchObject({ sent: 3, acknowledged: 0, buffered: 3, settled: false })
    release()
    await clock.advance(0)
    expect(sender).toMatchObject({ sent: 3, acknowledged: 3, buffered: 0, settled: true })
    expect(acknowledged).toHaveLength(3)
  })

  it('sends in batches of what has gathered, one at a time', async () => {
    const { clock, hub, sender } = setUp()
    let underWay = 0
    hub.acknowledging = async () => {
      expect(++underWay).toBe(1)
      await new Promise((resolve) => setImmediate(resolve))
      underWay--
    }
    for (let index = 0; index < 50; index++) sender.offer(some(100, index * 100))
    await clock.advance(0)
    await sender.flushed()
    expect(hub.sends).toBeLessThanOrEqual(3)
    expect(hub.bodies).toEqual(inOrder(5000))
  })

  it('sends no more than eight thousand at a time, however many have gathered', async () => {
    const sizes: number[] = []
    const { clock, sender } = setUp(20_000, {
      send: async (events) => void sizes.push(events.length),
      close: async () => {},
    })
    sender.offer(some(9000))
    await clock.advance(0)
    await sender.flushed()
    expect(sizes).toEqual([8000, 1000])
  })

  it('tries again at least twice a second while the hub is away, and drops nothing', async () => {
    const { clock, hub, sender, conditions } = setUp()
    hub.failure = away()
    sender.offer(some(10))
    await clock.advance(10_000)
    expect(hub.sends).toBeGreaterThanOrEqual(20)
    expect(hub.sends).toBeLessThan(40)
    sender.offer(some(10, 10))
    expect(conditions[0]).toMatchObject({
      state: 'retrying',
      reason: expect.stringContaining('does not answer'),
    })
    hub.failure = undefined
    await clock.advance(500)
    expect(hub.bodies).toEqual(inOrder(20))
    expect(sender).toMatchObject({ sent: 20, acknowledged: 20 })
    expect(conditions.at(-1)).toEqual({ state: 'well' })
  })

  it('keeps the order when only a part was taken', async () => {
    const { clock, hub, sender, acknowledged } = setUp()
    hub.takesOnly = { events: 2, error: away() }
    sender.offer(some(5))
    await clock.advance(120)
    sender.offer(some(2, 5))
    hub.takesOnly = undefined
    await clock.advance(1000)
    expect(hub.bodies).toEqual(inOrder(7))
    expect(acknowledged.map((one) => one.sequenceNumber)).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(sender.acknowledged).toBe(7)
  })

  it('waits as long as a busy hub asks', async () => {
    const { clock, hub, sender } = setUp()
    hub.failure = new ServiceError('throttled', 'Event Hubs', 'Busy.', { retryAfterMs: 4000 })
    sender.offer(some(1))
    await clock.advance(3900)
    expect(hub.sends).toBe(1)
    await clock.advance(200)
    expect(hub.sends).toBe(2)
  })

  it('waits no longer than ten seconds, whatever a busy hub asks', async () => {
    const { clock, hub, sender } = setUp()
    hub.failure = new ServiceError('throttled', 'Event Hubs', 'Busy.', { retryAfterMs: 3_600_000 })
    sender.offer(some(1))
    await clock.advance(9900)
    expect(hub.sends).toBe(1)
    await clock.advance(200)
    expect(hub.sends).toBe(2)
  })

  it('does not try a refusal again by itself', async () => {
    const { clock, hub, sender, conditions } = setUp()
    hub.failure = new ServiceError('authorization', 'Event Hubs', 'No permission.', {
      hint: 'Assign the role.',
    })
    sender.offer(some(3))
    await clock.advance(60_000)
    expect(hub.sends).toBe(1)
    expect(conditions).toMatchObject([{ state: 'failed', reason: 'No permission. — Assign the role.' }])
    expect(sender.buffered).toBe(3)
    hub.failure = undefined
    sender.resume()
    await clock.advance(0)
    expect(hub.bodies).toEqual(inOrder(3))
  })

  it('gives up on a hub that answers with failures for long', async () => {
    const { clock, hub, sender, conditions } = setUp()
    hub.failure = new ServiceError('service', 'Event Hubs', 'The disk is full.')
    sender.offer(some(3))
    await clock.advance(9000)
    expect(conditions.at(-1)?.state).toBe('retrying')
    await clock.advance(2000)
    expect(conditions.at(-1)).toMatchObject({ state: 'failed', reason: 'The disk is full.' })
    expect(sender.buffered).toBe(3)
  })

  it('takes an error of no known kind for a failure of the service', async () => {
    const producer: HubProducer = { send: () => Promise.reject(new TypeError('oops')), close: async () => {} }
    const { clock, sender, conditions } = setUp(100, producer)
    sender.offer(some(1))
    await clock.advance(11_000)
    expect(conditions.at(-1)).toMatchObject({ state: 'failed', reason: 'Sending failed: oops' })
    expect(sender.buffered).toBe(1)
  })

  it('tells how much room is left', async () => {
    const { clock, hub, sender } = setUp(10)
    hub.failure = away()
    sender.offer(some(7))
    expect(sender.room).toBe(3)
    sender.offer(some(3, 7))
    expect(sender.room).toBe(0)
    hub.failure = undefined
    await clock.advance(1000)
    expect(sender.room).toBe(10)
  })

  it('closes though the hub does not answer', async () => {
    const { clock, hub, sender } = setUp()
    hub.acknowledging = () => new Promise(() => {})
    sender.offer(some(1))
    await clock.advance(0)
    await sender.close()
    expect(sender.settled).toBe(false)
  })
})

describe('an acknowledgement that never came', () => {
  const lost = new ServiceError('unreachable', 'Event Hubs', 'The operation timed out.')
  const TEN_MINUTES = 600_000

  /** The hub has taken the first send, or part of it; the acknowledgement is lost while time passes, and the rest is to come. */
  async function slept(events: MadeEvent[], taken: number, pass: (clock: FakeClock) => void) {
    const { clock, hub, sender, acknowledged } = setUp()
    hub.takesOnly = { events: taken, error: lost }
    let isFirst = true
    hub.acknowledging = async () => {
      if (!isFirst) return
      isFirst = false
      pass(clock)
      hub.takesOnly = undefined
      // Nothing of it is acknowledged, whatever was taken.
      throw new SendError(events, lost)
    }
    sender.offer(events)
    await clock.until(() => sender.buffered === 0)
    expect(acknowledged).toEqual(events)
    expect(sender.acknowledged).toBe(events.length)
    return hub
  }

  it.each<[string, (clock: FakeClock) => void]>([
    ['a process that was stopped for ten minutes', (clock) => clock.sleep(TEN_MINUTES)],
    ['a laptop that slept, with its monotonic clock', (clock) => clock.set(TEN_MINUTES)],
    ['a clock that was set back a day', (clock) => clock.set(-86_400_000)],
  ])('is not followed by copies that silver would keep: %s', async (_, pass) => {
    for (const taken of [5, 3, 0]) expect((await slept(some(5), taken, pass)).bodies).toEqual(inOrder(5))
  })

  it('is followed by copies at once, which silver drops', async () => {
    const hub = await slept(some(5), 5, (clock) => clock.sleep(5000))
    expect(hub.bodies).toEqual([...inOrder(5), ...inOrder(5)])
  })

  it('leaves copies that were made on purpose, each for itself', async () => {
    const [one, two] = some(2) as [MadeEvent, MadeEvent]
    const copy = { ...one }
    for (const taken of [1, 2, 3]) {
      const hub = await slept([one, copy, two], taken, (clock) => clock.sleep(TEN_MINUTES))
      expect(hub.bodies).toEqual([one, copy, two].map(({ body }) => body.toString()))
    }
  })

  it('is asked for as long as the hub cannot be read', async () => {
    const { clock, hub, sender } = setUp()
    hub.acknowledging = async () => {
      clock.sleep(TEN_MINUTES)
      hub.failure = away()
      hub.acknowledging = async () => {}
      throw new SendError(some(3), lost)
    }
    sender.offer(some(3))
    await clock.until(() => sender.condition.state === 'retrying')
    await clock.advance(10_000)
    hub.failure = undefined
    await clock.until(() => sender.buffered === 0)
    expect(hub.bodies).toEqual(inOrder(3))
  })
})
