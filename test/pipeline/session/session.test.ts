import { afterEach, describe, expect, it } from 'vitest'
import { ServiceError } from '../../../src/pipeline/ports/errors.ts'
import { STAGE_IDS } from '../../../src/pipeline/ports/stages.ts'
import { createSession, type SessionOptions } from '../../../src/pipeline/session/session.ts'
import type { Session } from '../../../src/pipeline/session/session-types.ts'
import { silentLogger } from '../../../src/pipeline/state/log.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { away, FakeStorage } from '../../support/fake-hub.ts'
import { FakeTarget, refusal } from '../../support/fake-target.ts'
import { isGapless, numbersByStation } from '../../support/numbers.ts'

const sessions: { session: Session; clock: FakeClock }[] = []

function open(options: Partial<SessionOptions> = {}, target?: FakeTarget, storage = new FakeStorage()) {
  const clock = new FakeClock()
  const fake = target ?? new FakeTarget(() => clock.now(), options.session?.target)
  const session = createSession(
    {
      session: { target: 'local', ...options.session },
      stations: 20,
      intervalMs: 1000,
      dirty: 0,
      seed: 'session',
      nodeType: 'Standard_D4s_v3',
      ...options,
    },
    { clock, logger: silentLogger, storage: storage.open(), newRunId: () => 'run' },
  )
  sessions.push({ session, clock })
  const state = () => session.store.getState()
  const connect = async () => {
    const connected = session.connect(fake)
    await clock.advance(0)
    await connected
  }
  return { session, clock, target: fake, storage, state, connect }
}

async function opened(options: Partial<SessionOptions> = {}) {
  const all = open(options)
  await all.connect()
  return all
}

/** Waits on the fake clock. */
async function within<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let isDone = false
  void work.finally(() => {
    isDone = true
  })
  await clock.until(() => isDone, 120_000)
  return work
}

afterEach(async () => {
  for (const { session, clock } of sessions.splice(0)) await within(clock, session.close())
})

const states = (session: Session) => STAGE_IDS.map((id) => session.store.getState().stages[id].state)

describe('a session', () => {
  it('has a state before anything is connected, and refuses with a reason what cannot wait', () => {
    const { session, state } = open()
    expect(state().session.connected).toBe(false)
    expect(state().generator.stations).toBe(20)
    expect(session.actions.burst()).toEqual({
      ok: false,
      reason: 'Still connecting; if it stays so, the log says why.',
    })
  })

  it('starts what was asked for while it was connecting', async () => {
    const { session, clock, state, connect } = open()
    expect(session.actions.startAll()).toEqual({
      ok: true,
      message: 'Still connecting; all stages start then.',
    })
    expect(states(session)).toEqual(Array(5).fill('unknown'))
    await connect()
    await clock.until(() => states(session).every((one) => one === 'running'))
    expect(state().log.map(({ message }) => message)).toContain('Starting all stages, in order.')
  })

  it('starts single stages then, but for those whose key was pressed again; and stops none that runs', async () => {
    const { session, clock, target, connect } = open()
    await target.stages.gold.start()
    for (const id of ['silver', 'gold', 'generator', 'silver', 'streamAnalytics'] as const)
      expect(session.actions.toggle(id).ok).toBe(true)
    await connect()
    const wanted = ['running', 'running', 'stopped', 'running', 'stopped']
    await clock.until(() => String(states(session)) === String(wanted))
    expect(target.stages.gold.calls).toEqual(['start'])
  })

  it('starts nothing when nothing could be connected, and says so to keys that come later', () => {
    const { session } = open()
    session.actions.startAll()
    session.connectFailed(new Error('The port 5672 is taken.'))
    expect(session.actions.toggle('silver')).toEqual({
      ok: false,
      reason: 'Still connecting; if it stays so, the log says why.',
    })
  })

  it('can be acted on as soon as the stages are known, however long the first look at the lake takes', async () => {
    const { session, clock, state, target } = open()
    const seen = Promise.withResolvers<void>()
    const poll = target.lake.poll.bind(target.lake)
    target.lake.poll = async (hub) => {
      await seen.promise
      return poll(hub)
    }
    let isOpen = false
    const connected = session.connect(target).then(() => {
      isOpen = true
    })
    await clock.advance(0)
    expect(states(session)).toEqual(['stopped', 'stopped', 'stopped', 'stopped', 'stopped'])
    expect(state().session.connected).toBe(true)
    expect(session.actions.startAll().ok).toBe(true)
    await clock.until(() => states(session).every((one) => one === 'running'))
    expect(isOpen).toBe(false)
    seen.resolve()
    await within(clock, connected)
  })

  it('shows why nothing could be connected', () => {
    const { session, state } = open()
    session.connectFailed(new Error('The port 5672 is taken.'))
    expect(state().log.at(-1)).toMatchObject({ level: 'error', message: 'The port 5672 is taken.' })
    expect(state().stages.silver).toMatchObject({ state: 'unknown', detail: 'The port 5672 is taken.' })
  })

  it('shows a trouble beside the pipeline, and goes on', async () => {
    const { session, clock, state } = await opened()
    session.warn('The recording a.rtrec cannot be written: its disk is full.')
    await clock.until(() => state().log.length > 0)
    expect(state().log.at(-1)).toMatchObject({
      level: 'warn',
      message: expect.stringContaining('a.rtrec'),
    })
    expect(state().session.connected).toBe(true)
  })

  it('starts all stages, brings readings through all layers, and drains to a balanced ledger', async () => {
    const { session, clock, state, target } = await opened()
    expect(states(session)).toEqual(['stopped', 'stopped', 'stopped', 'stopped', 'stopped'])
    expect(session.actions.startAll().ok).toBe(true)
    await clock.until(() => states(session).every((one) => one === 'running'))
    await clock.advance(20_000)
    expect(state().hub.rate).toBeCloseTo(20, 0)
    expect(state().stages.generator.rate).toBeCloseTo(20, 0)
    expect(state().stages.gold.rate).toBe(state().lake.layers.gold.rowsPerSecond)
    expect(state().ledger.verdict).toBe('flowing')
    expect(state().assertions.rate).toMatchObject({ holds: true, expectation: '≥ 90 % of 20/s' })
    expect(state().assertions.latencyP95.holds).toBe(true)
    expect(state().assertions.duplicates.value).toBe(0)
    expect(state().aggregate.cities).toHaveLength(1)
    expect(state().events.length).toBeGreaterThan(20)

    const result = await within(clock, session.drain())
    expect(result).toMatchObject({ balanced: true, reason: undefined })
    expect(result.ledger.aggregated).toBe(target.fakeHub.size)
    expect(result.ledger.acknowledged).toBe(target.fakeHub.size)
    expect(states(session)).toEqual(['stopped', 'stopped', 'stopped', 'stopped', 'stopped'])
  })

  it('shows the rates of the job while rows flow, the very number of its arrow, and since when it runs', async () => {
    const { session, clock, state } = await opened({ stations: 100, intervalMs: 10_000 })
    expect(state().stages.streamAnalytics.since).toBeUndefined()
    const begun = clock.now()
    session.actions.startAll()
    await clock.until(() => (state().job.outputRate ?? 0) > 0, 5000)
    await clock.advance(10_000)
    const { job, stages } = state()
    expect(job.inputRate).toBeGreaterThan(8)
    expect(job.inputRate).toBeLessThan(12)
    expect(job.outputRate).toBe(job.inputRate)
    expect(stages.streamAnalytics.rate).toBe(job.outputRate)
    expect(stages.streamAnalytics.since).toBeGreaterThanOrEqual(begun)
  })

  it('shows the same backlog at the hub, partition by partition, as at the job', async () => {
    const { session, clock, state } = await opened({ stations: 100, intervalMs: 10_000 })
    session.actions.startAll()
    await clock.until(() => (state().job.outputRate ?? 0) > 0, 5000)
    for (let second = 0; second < 20; second++) {
      await clock.advance(1000)
      const { hub, stages } = state()
      const sum = hub.partitions.reduce((total, one) => total + (one.backlog ?? Number.NaN), 0)
      expect(sum).toBe(stages.streamAnalytics.backlog)
    }
  })

  it('adopts what already runs', async () => {
    const { connect, target, state } = open()
    target.stages.gold.become('running', 'RUNNING')
    await connect()
    expect(state().stages.gold.state).toBe('running')
    expect(state().log.some((line) => line.source === 'gold' && /adopted: RUNNING/.test(line.message))).toBe(
      true,
    )
  })

  it('does not call ledger balanced while readings wait for the hub', async () => {
    const { session, clock, target } = await opened()
    session.actions.startAll()
    await clock.advance(3000)
    target.fakeHub.failure = away()
    await clock.advance(3000)
    const drained = session.drain({ patienceMs: 3000 })
    await clock.advance(12_000)
    target.fakeHub.failure = new ServiceError('service', 'Event Hubs', 'The disk is full.')
    const result = await within(clock, drained)
    expect(result.balanced).toBe(false)
    expect(result.reason).toMatch(/^\d+ readings were made and not taken by the hub/)
  })

  it('says why draining ended when a stage holds rows back', async () => {
    const { session, clock, target } = await opened()
    target.stages.gold.startsAs = 'starting'
    session.actions.startAll()
    await clock.advance(5000)
    const result = await within(clock, session.drain({ patienceMs: 3000 }))
    expect(result.balanced).toBe(false)
    expect(result.reason).toMatch(/nothing moves any more: .* before gold/)
  })

  it.each(['hub', 'lake', 'stop'] as const)(
    'draining comes to an end when the %s never answers',
    async (which) => {
      const { session, clock, target } = await opened()
      session.actions.startAll()
      await clock.advance(5000)
      /** Until the session is closed. */
      const never = (signal?: AbortSignal) =>
        new Promise<never>((_, reject) => signal?.addEventListener('abort', reject))
      if (which === 'hub') target.hub.partitions = never
      if (which === 'lake')
        Object.assign(target.lake, { poll: (_: unknown, signal: AbortSignal) => never(signal) })
      if (which === 'stop') target.stages.gold.stop = never
      const result = await within(clock, session.drain({ patienceMs: 3000 }))
      expect(result.balanced).toBe(which === 'stop')
    },
  )

  it('looks once more after the stop: a stage may commit its last batch as it stops', async () => {
    const { session, clock, target } = await opened()
    let isStopped = false
    const { aggregate } = target.stages
    const stop = aggregate.stop.bind(aggregate)
    aggregate.stop = async () => {
      await stop()
      isStopped = true
    }
    const poll = target.lake.poll.bind(target.lake)
    target.lake.poll = async (hub) => {
      const { snapshot, errors } = await poll(hub)
      if (isStopped) return { snapshot, errors }
      const { aggregated } = snapshot
      return { snapshot: { ...snapshot, aggregated: { ...aggregated, commitMetadata: undefined } }, errors }
    }
    session.actions.startAll()
    await clock.advance(5000)
    const result = await within(clock, session.drain({ patienceMs: 3000 }))
    expect(result).toMatchObject({ balanced: true, reason: undefined })
  })

  it('finds rows that are acknowledged and nowhere', async () => {
    const { session, clock, target, state } = await opened()
    session.actions.startAll()
    await clock.advance(5000)
    target.fakeHub.log[0]?.splice(-3)
    const result = await within(clock, session.drain())
    expect(result.balanced).toBe(false)
    expect(result.reason).toMatch(/3 events were acknowledged and are not in the hub/)
    expect(state().assertions.missing).toMatchObject({ value: 3, holds: false })
  })

  it('tells the lake where the hub stood, so that bronze is listed from there', async () => {
    const { session, clock, target } = await opened()
    session.actions.startAll()
    await clock.until(() => (target.lake.lastHub?.lastSequenceNumbers.get('0') ?? -1) > 3)
    expect(target.lake.lastHub?.at).toBeLessThanOrEqual(clock.now())
  })

  it('counts events of other clients, and calls the ledger balanced', async () => {
    const { session, clock, target, state } = await opened()
    session.actions.startAll()
    await clock.advance(3000)
    target.fakeHub.append({
      body: Buffer.from('{"city":"Bern","temperature":7,"humidity":60}'),
      partitionKey: 'x',
    })
    const { balanced, ledger } = await within(clock, session.drain())
    expect(balanced).toBe(true)
    expect(ledger.explanation).toMatch(/1 event came from other clients/)
    expect(state().events.some((event) => event.city === 'Bern')).toBe(true)
  })

  it('counts a reading that was typed here as its own, and not as one of other clients', async () => {
    const { session, clock, state } = await opened()
    session.actions.startAll()
    await clock.advance(3000)
    expect(state().ledger.typed).toBeUndefined()
    const { acknowledged } = state().generator
    session.actions.sendOne({ city: 'Bern', temperature: '7', humidity: '60' })
    const { balanced, ledger } = await within(clock, session.drain())
    expect(balanced).toBe(true)
    expect(ledger.typed).toBe(1)
    expect(ledger.explanation).toBeUndefined()
    expect(ledger.acknowledged).toBe(ledger.enqueued)
    expect(ledger.acknowledged).toBe(state().generator.acknowledged + 1)
    expect(ledger.acknowledged).toBeGreaterThan(acknowledged)
    expect(state().events.some((event) => event.city === 'Bern')).toBe(true)
  })

  it('goes on with numbers and ledger after a restart on the same storage', async () => {
    const first = await opened()
    first.session.actions.startAll()
    await first.clock.advance(5000)
    await within(first.clock, first.session.close())
    expect(first.target.isClosed).toBe(true)
    expect(first.storage.state?.clean).toBe(true)

    const second = open({}, first.target, first.storage)
    await second.connect()
    await second.clock.until(() => second.state().ledger.enqueued > 0)
    expect(second.state().ledger.acknowledged).toBe(first.target.fakeHub.size)
    second.session.actions.start('generator')
    await second.clock.advance(5000)
    await within(second.clock, second.session.drain())
    for (const numbers of numbersByStation(first.target.fakeHub).values())
      expect(isGapless(numbers)).toBe(true)
  })

  it('keeps readings while the hub is away, and loses none', async () => {
    const { session, clock, target, state } = await opened()
    session.actions.start('generator')
    await clock.advance(3000)
    target.fakeHub.failure = away()
    await clock.advance(5000)
    expect(state().stages.generator).toMatchObject({
      state: 'degraded',
      providerStatus: 'waiting for the hub',
    })
    expect(state().generator.buffered).toBeGreaterThan(60)
    expect(state().hub.error).toMatch(/does not answer/)
    target.fakeHub.failure = undefined
    await clock.advance(2000)
    expect(state().stages.generator.state).toBe('running')
    expect(state().generator.buffered).toBeLessThan(5)
    expect(state().hub.error).toBeUndefined()
    for (const numbers of numbersByStation(target.fakeHub).values()) expect(isGapless(numbers)).toBe(true)
  })
})

describe('actions', () => {
  it('are all refused in read-only mode', async () => {
    const { session, target } = await opened({ session: { readOnly: true } })
    const { actions } = session
    const results = [
      actions.start('silver'),
      actions.stop('silver'),
      actions.toggle('silver'),
      actions.startAll(),
      actions.stopAll(),
      actions.setStations(5),
      actions.scaleStations(2),
      actions.burst(),
      actions.setCorruption(0.1),
      actions.toggleCorruption(),
    ]
    expect(results.map((result) => result.ok)).toEqual(results.map(() => false))
    expect(results[0]).toMatchObject({ reason: expect.stringContaining('Read-only') })
    expect(target.stages.silver.calls).toEqual([])
  })

  it('change the generator live, at once on the screen and in the log', async () => {
    const { session, clock, state } = await opened()
    const { actions } = session
    actions.start('generator')
    await clock.advance(2000)
    expect(actions.scaleStations(2)).toEqual({ ok: true, message: '40 stations from now on.' })
    expect(state().generator.stations).toBe(40)
    expect(state().log.at(-1)).toMatchObject({ source: 'you', message: '40 stations from now on.' })
    await clock.advance(10_000)
    expect(state().hub.rate).toBeCloseTo(40, -1)
    actions.setStations(7)
    await clock.advance(10_000)
    expect(state().hub.rate).toBeCloseTo(7, 0)
    expect(actions.burst({ factor: 10, durationMs: 10_000 }).ok).toBe(true)
    expect(state().generator.burstUntil).toBe(clock.now() + 10_000)
    await clock.advance(9500)
    expect(state().hub.rate).toBeCloseTo(70, -1)
    await clock.advance(11_000)
    expect(state().generator.burstUntil).toBeUndefined()
    expect(state().hub.rate).toBeCloseTo(7, 0)
    expect(actions.toggleCorruption()).toEqual({
      ok: true,
      message: 'Dirty data is on: 5 % of the readings are corrupted.',
    })
    expect(state().generator.dirty).toBe(0.05)
    // In the unit that the screen asks for.
    expect(actions.setCorruption(1.5)).toEqual({
      ok: false,
      reason: 'The share of dirty data is from 0 to 100 %.',
    })
    expect(actions.setCorruption(0.0004)).toMatchObject({
      message: 'Dirty data is on: 0.04 % of the readings are corrupted.',
    })
    actions.setCorruption(0.5)
    await clock.advance(10_000)
    expect(Object.values(state().generator.corrupted).reduce((sum, one) => sum + one)).toBeGreaterThan(10)
    actions.toggleCorruption()
    expect(state().generator.dirty).toBe(0)
    actions.toggleCorruption()
    expect(state().generator.dirty).toBe(0.5)
    for (const [ms, text] of [
      [250, '250 ms'],
      [90_000, '1.5 min'],
      [3_600_000, '1 h'],
    ] as const)
      expect(actions.setInterval(ms)).toMatchObject({
        message: `Each station reports every ${text} from now on.`,
      })
  })

  it('say why they cannot act', async () => {
    const { session } = await opened({ stations: 1 })
    const { actions } = session
    expect(actions.burst()).toMatchObject({ reason: expect.stringContaining('running generator') })
    expect(actions.setStations(0)).toMatchObject({ ok: false })
    expect(actions.setStations(1.5)).toMatchObject({ ok: false })
    expect(actions.setStations(2_000_000)).toMatchObject({ reason: 'There are at most 1,000,000 stations.' })
    expect(actions.scaleStations(0.5)).toMatchObject({ reason: expect.stringContaining('least') })
    expect(actions.setCorruption(2)).toMatchObject({ ok: false })
    expect(actions.stop('gold')).toMatchObject({ reason: 'Gold is stopped already.' })
    expect(actions.stopAll()).toMatchObject({ reason: 'Every stage is stopped already.' })
  })
})

describe('start all and stop all', () => {
  it('start in order, each when the one before was accepted, and stop in reverse', async () => {
    const { session, clock, target } = await opened()
    const order: string[] = []
    for (const [id, stage] of Object.entries(target.stages)) {
      stage.startsAs = 'starting'
      const { start, stop } = stage
      stage.start = () => {
        order.push(`start ${id}`)
        return start.call(stage)
      }
      stage.stop = () => {
        order.push(`stop ${id}`)
        return stop.call(stage)
      }
    }
    session.actions.startAll()
    await clock.advance(3000)
    const ids = ['streamAnalytics', 'silver', 'gold', 'aggregate']
    expect(order).toEqual(ids.map((id) => `start ${id}`))
    expect(states(session).slice(1)).toEqual(['starting', 'starting', 'starting', 'starting'])
    session.actions.stopAll()
    await clock.advance(3000)
    expect(order.slice(4)).toEqual(ids.toReversed().map((id) => `stop ${id}`))
    expect(states(session)).toEqual(['stopped', 'stopped', 'stopped', 'stopped', 'stopped'])
  })

  it('start nothing behind a stage that is refused, and say so', async () => {
    const { session, clock, target, state } = await opened()
    target.stages.silver.failures.start = [refusal()]
    session.actions.startAll()
    await clock.advance(3000)
    expect(state().stages.silver).toMatchObject({
      state: 'failed',
      detail: 'No permission to run the job. — Ask for CAN MANAGE RUN.',
    })
    expect(target.stages.gold.calls).toEqual([])
    expect(state().log.some((line) => line.message.startsWith('Starting all stages ended at silver'))).toBe(
      true,
    )
    session.actions.startAll()
    await clock.advance(3000)
    expect(states(session)).toEqual(['running', 'running', 'running', 'running', 'running'])
  })

  it('stop the others though one cannot be stopped', async () => {
    const { session, clock, target } = await opened()
    session.actions.startAll()
    await clock.advance(3000)
    target.stages.gold.failures.stop = [refusal()]
    session.actions.stopAll()
    await clock.advance(3000)
    expect(states(session)).toEqual(['stopped', 'stopped', 'stopped', 'running', 'stopped'])
    expect(session.store.getState().stages.gold.detail).toMatch(/No permission/)
  })
})

describe('the store', () => {
  it('is silent while nothing runs and nothing changes', async () => {
    const { session, clock, target } = await opened()
    await clock.advance(30_000)
    let notifications = 0
    session.store.subscribe(() => notifications++)
    const before = target.lake.polls + target.metricsPolls + target.stages.gold.polls
    await clock.advance(60_000)
    // The clock on the screen moves on every ten seconds.
    expect(notifications).toBeLessThanOrEqual(6)
    expect(target.lake.polls + target.metricsPolls + target.stages.gold.polls - before).toBeLessThanOrEqual(
      18,
    )
  })

  it('is back at full pace when something starts elsewhere', async () => {
    const { clock, target, state } = await opened()
    await clock.advance(30_000)
    target.stages.silver.become('running')
    await clock.advance(11_000)
    expect(state().stages.silver.state).toBe('running')
    const before = target.lake.polls
    await clock.advance(10_000)
    expect(target.lake.polls - before).toBeGreaterThanOrEqual(5)
  })

  it('notifies at most four times a second under load, and at once after a key', async () => {
    const { session, clock } = await opened({ stations: 500 })
    session.actions.startAll()
    await clock.advance(5000)
    let notifications = 0
    session.store.subscribe(() => notifications++)
    await clock.advance(10_000)
    expect(notifications).toBeLessThanOrEqual(41)
    expect(notifications).toBeGreaterThanOrEqual(10)
    notifications = 0
    session.actions.setStations(400)
    expect(notifications).toBe(1)
  })
})

describe('idle', () => {
  it('waits for commands and polls', async () => {
    const { session, clock, target } = await opened()
    target.stages.silver.startsAs = 'starting'
    session.actions.start('silver')
    let isIdle = false
    void session.idle().then(() => {
      isIdle = true
    })
    await clock.advance(3000)
    expect(isIdle).toBe(false)
    target.stages.silver.become('running')
    await clock.until(() => isIdle, 5000)
  })
})
