import { describe, expect, it } from 'vitest'
import { initialState } from '../../../src/pipeline/state/initial-state.ts'
import { LOG_LIMIT, Log } from '../../../src/pipeline/state/log.ts'
import { sameOnScreen } from '../../../src/pipeline/state/same-on-screen.ts'
import { StateStore } from '../../../src/pipeline/state/store.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function setUp(updatesPerSecond?: number) {
  const clock = new FakeClock()
  const store = new StateStore(initialState({ now: clock.now() }), clock, updatesPerSecond)
  let notifications = 0
  store.published.subscribe(() => notifications++)
  const hub = (enqueued: number, updatedAt = 0) =>
    store.update({ hub: { ...store.state.hub, enqueued, updatedAt } })
  return { clock, store, hub, count: () => notifications, shown: () => store.published.getState() }
}

describe('the store', () => {
  it('tells the changes of one moment together', async () => {
    const { clock, store, hub, count, shown } = setUp()
    hub(1)
    store.update({ cost: { perHour: 1, spent: 2, billed: [] } })
    hub(2)
    expect(count()).toBe(0)
    await clock.advance(100)
    expect(count()).toBe(1)
    expect(shown()).toMatchObject({ hub: { enqueued: 2 }, cost: { spent: 2 } })
  })

  it.each([2, 30])(
    'tells what comes shortly after the first change with it, at %i a second',
    async (perSecond) => {
      const { clock, store, hub, count, shown } = setUp(perSecond)
      for (let second = 1; second <= 5; second++) {
        store.tick()
        await clock.advance(200 / perSecond)
        hub(second)
        await clock.advance(100 / perSecond)
        expect(count()).toBe(second)
        expect(shown().hub.enqueued).toBe(second)
        await clock.advance(1000 - 300 / perSecond)
      }
      expect(count()).toBe(5)
    },
  )

  it.each([1, 4, 10])('tells at most %i times a second, and the newest at last', async (perSecond) => {
    const { clock, hub, count, shown } = setUp(perSecond)
    for (let step = 1; step <= 1000; step++) {
      hub(step)
      await clock.advance(10)
    }
    expect(count()).toBeLessThanOrEqual(perSecond * 10 + 1)
    expect(count()).toBeGreaterThanOrEqual(perSecond * 10 - 1)
    await clock.advance(1000)
    expect(shown().hub.enqueued).toBe(1000)
  })

  it('is silent when nothing on the screen changes', async () => {
    const { clock, store, hub, count, shown } = setUp()
    hub(5)
    await clock.advance(1000)
    for (let poll = 1; poll < 20; poll++) {
      hub(5, poll)
      store.update({ lake: structuredClone(store.state.lake) })
      await clock.advance(1000)
    }
    expect(count()).toBe(1)
    hub(6, 20)
    await clock.advance(1000)
    expect(count()).toBe(2)
    expect(shown().hub.updatedAt).toBe(20)
  })

  it('keeps slices that did not change the same objects', async () => {
    const { clock, hub, shown } = setUp()
    const before = shown()
    hub(1)
    await clock.advance(300)
    expect(shown().lake).toBe(before.lake)
    expect(shown().hub).not.toBe(before.hub)
  })

  it('carries the time of what it tells, and tells at once when asked to', async () => {
    const { clock, store, hub, count, shown } = setUp()
    await clock.advance(700)
    hub(1)
    store.flush()
    expect(count()).toBe(1)
    expect(shown().now).toBe(clock.now())
    store.flush()
    await clock.advance(1000)
    expect(count()).toBe(1)
  })

  it('tells nothing after it was closed', async () => {
    const { clock, store, hub, count } = setUp()
    hub(1)
    store.close()
    expect(count()).toBe(1)
    hub(2)
    store.tick()
    await clock.advance(1000)
    expect(count()).toBe(1)
    expect(clock.pending).toBe(0)
  })
})

describe('looking the same', () => {
  it('compares by content, dates included', () => {
    expect(sameOnScreen({ a: [1, { b: new Date(3) }] }, { a: [1, { b: new Date(3) }] })).toBe(true)
    expect(sameOnScreen({ a: new Date(3) }, { a: new Date(4) })).toBe(false)
    expect(sameOnScreen({ a: 1 }, { a: 1, b: undefined })).toBe(false)
    expect(sameOnScreen([1], { 0: 1 })).toBe(false)
    expect(sameOnScreen(undefined, {})).toBe(false)
  })

  it('does not see the times of polls', () => {
    expect(sameOnScreen({ rows: 1, updatedAt: 1 }, { rows: 1, updatedAt: 2 })).toBe(true)
    expect(sameOnScreen({ rows: 1, newestAt: 1 }, { rows: 1, newestAt: 2 })).toBe(false)
  })

  it('sees a series move until it has been level for a minute', () => {
    const zeros = (count: number) => Array.from({ length: count }, () => 0)
    expect(sameOnScreen([5, ...zeros(30)], [5, ...zeros(31)])).toBe(false)
    expect(sameOnScreen([5, ...zeros(60)], [5, ...zeros(61)])).toBe(true)
    expect(sameOnScreen([...zeros(60), 1], [...zeros(61)])).toBe(false)
  })
})

describe('the log', () => {
  it('is bounded, newest last, goes to the log file too, and says nothing twice in a row', () => {
    const written: unknown[] = []
    const logger = {
      info: (fields: object, message: string) => written.push(['info', fields, message]),
      warn: (fields: object, message: string) => written.push(['warn', fields, message]),
      error: (fields: object, message: string) => written.push(['error', fields, message]),
    }
    const log = new Log(new FakeClock(7), logger)
    for (let line = 0; line < LOG_LIMIT + 20; line++) log.info('hub', `line ${line}`)
    const cause = new Error('why')
    log.error('silver', 'failed', cause)
    log.error('silver', 'failed')
    expect(log.entries).toHaveLength(LOG_LIMIT)
    expect(log.entries.at(-1)).toEqual({ at: 7, level: 'error', source: 'silver', message: 'failed' })
    expect(written).toHaveLength(LOG_LIMIT + 22)
    expect(written.at(-2)).toEqual(['error', { source: 'silver', err: cause }, 'failed'])
  })
})
