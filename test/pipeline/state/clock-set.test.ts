import { expect, it } from 'vitest'
import { StateStore } from '../../../src/pipeline/state/store.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { scenarios } from '../../support/scenario.ts'

const HOUR = 3_600_000

function setUp(target: 'local' | 'azure' = 'local') {
  const state = scenarios.starting()
  const clock = new FakeClock(state.now)
  const job = { ...state.job, metricsAt: state.now - 3000 }
  const hub = { ...state.hub, updatedAt: state.now - 1000 }
  const store = new StateStore({ ...state, job, hub, session: { ...state.session, target } }, clock)
  const ages = () => {
    const { now, stages, hub, job, lake, aggregate } = store.published.getState()
    const age = (at: number | undefined) => at && now - at
    return {
      stages: Object.values(stages).map(({ updatedAt, since, command }) => [
        age(updatedAt),
        age(since),
        age(command?.startedAt),
      ]),
      seen: [hub, lake.layers.bronze, lake.layers.gold, aggregate].map(({ updatedAt }) => age(updatedAt)),
      metrics: age(job.metricsAt),
    }
  }
  const told = async (change: () => void) => {
    change()
    store.tick()
    await clock.advance(250)
    return ages()
  }
  return { clock, store, ages, told }
}

it.each([HOUR, -HOUR])('ages stay what they are when the clock is set by %i ms', async (by) => {
  const { clock, told } = setUp()
  const before = await told(() => {})
  expect(before.stages.flat().filter((age) => age !== undefined).length).toBeGreaterThan(5)
  const after = await told(() => clock.set(by))
  const older = (value: unknown): unknown =>
    typeof value === 'number' ? value + 250 : Array.isArray(value) ? value.map(older) : value
  expect(after).toEqual(
    Object.fromEntries(Object.entries(before).map(([name, value]) => [name, older(value)])),
  )
})

it('what is looked at after the clock was set is not moved with it', async () => {
  const { clock, store, told } = setUp()
  await told(() => {})
  const { seen } = await told(() => {
    clock.set(HOUR)
    store.update({ hub: { ...store.state.hub, enqueued: 7, updatedAt: clock.now() } })
  })
  // Moved with it, it would have been seen an hour from now.
  expect(seen[0]).toBeGreaterThanOrEqual(0)
  expect(seen[0]).toBeLessThanOrEqual(250)
})

it('a machine that slept, and a drift of a second, set nothing; metrics of Azure are of its own time', async () => {
  const { clock, told } = setUp('azure')
  const before = await told(() => {})
  const slept = await told(() => clock.suspend(HOUR))
  expect(slept.seen[0]).toBe((before.seen[0] ?? 0) + HOUR + 250)
  const drifted = await told(() => clock.set(1000))
  expect(drifted.seen[0]).toBe((slept.seen[0] ?? 0) + 1250)
  const set = await told(() => clock.set(HOUR))
  expect(set.seen[0]).toBe((drifted.seen[0] ?? 0) + 250)
  expect(set.metrics).toBe((drifted.metrics ?? 0) + HOUR + 250)
})
