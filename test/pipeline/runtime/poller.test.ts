import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../../src/pipeline/ports/errors.ts'
import { IdleTracker } from '../../../src/pipeline/runtime/idle-tracker.ts'
import { Poller } from '../../../src/pipeline/runtime/poller.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'

const EVERY_MS = 1000

function setUp(ask: () => Promise<void> | void = () => {}) {
  const clock = new FakeClock()
  const askedAt: number[] = []
  const failures: string[] = []
  const poller = new Poller({
    ask: async () => {
      askedAt.push(clock.monotonic())
      await ask()
    },
    everyMs: () => EVERY_MS,
    longestMs: 8000,
    onFailure: (error) => failures.push(error.kind),
    onRecovery: () => failures.push('recovered'),
    service: 'the service',
    clock,
    idle: new IdleTracker(),
  })
  return { clock, poller, askedAt, failures }
}

/** Answers after so long. */
const slow = (clock: () => FakeClock, ms: number) => () =>
  new Promise<void>((resolve) => {
    clock().after(ms, resolve)
  })

describe('a poller', () => {
  it('asks on full multiples of its interval', async () => {
    const { clock, poller, askedAt } = setUp()
    await clock.advance(300)
    await poller.open()
    await clock.advance(3000)
    expect(askedAt).toEqual([300, 1000, 2000, 3000])
  })

  it('gives a slow service a rest as long as its answer took', async () => {
    let clock: FakeClock | undefined
    const made = setUp(slow(() => clock as FakeClock, 700))
    clock = made.clock
    void made.poller.open()
    await made.clock.advance(5000)
    // Answered at 700: only 300 ms are left until the next full second. From 2100 there are 900.
    expect(made.askedAt.slice(0, 3)).toEqual([0, 1400, 3000])
  })

  it('rests no longer than its interval, however slow the answer', async () => {
    let clock: FakeClock | undefined
    const made = setUp(slow(() => clock as FakeClock, 60_500))
    clock = made.clock
    void made.poller.open()
    await made.clock.advance(61_600)
    expect(made.askedAt).toEqual([0, 61_500])
  })

  it('asks ever more seldom while it fails, up to a bound', async () => {
    const { clock, poller, askedAt, failures } = setUp(() => {
      throw new ServiceError('unreachable', 'x', 'away')
    })
    void poller.open()
    await clock.advance(40_000)
    expect(askedAt).toEqual([0, 1000, 3000, 7000, 15_000, 23_000, 31_000, 39_000])
    expect(new Set(failures)).toEqual(new Set(['unreachable']))
  })

  it('waits as long as the service says', async () => {
    const { clock, poller, askedAt } = setUp(() => {
      throw new ServiceError('throttled', 'x', 'later', { retryAfterMs: 5000 })
    })
    void poller.open()
    await clock.advance(5000)
    expect(askedAt).toEqual([0, 5000])
  })

  it('asks no more after a refusal, until a person does something', async () => {
    const { clock, poller, askedAt } = setUp(() => {
      throw new ServiceError('authorization', 'x', 'no')
    })
    void poller.open()
    await clock.advance(60_000)
    expect(askedAt).toEqual([0])
    poller.retryRefused()
    await settle()
    expect(askedAt).toEqual([0, 60_000])
  })
})
