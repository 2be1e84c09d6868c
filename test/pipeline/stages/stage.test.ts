import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../../src/pipeline/ports/errors.ts'
import type { StageStatus } from '../../../src/pipeline/ports/stages.ts'
import {
  reduceStage,
  type StageEvent,
  type StageModel,
  UNKNOWN_STAGE,
  viewStage,
} from '../../../src/pipeline/stages/stage.ts'
import { CLOCK_STEPS } from '../../support/clock-steps.ts'

const status = (state: StageStatus['state'], changes: Partial<StageStatus> = {}): StageStatus => ({
  state,
  providerStatus: state.toUpperCase(),
  ...changes,
})
const observed = (one: StageStatus, at = 0, isNews = true): StageEvent => ({
  type: 'observed',
  status: one,
  isNews,
  at,
  monotonic: at,
  sinceBoot: at,
})
const commanded = (kind: 'start' | 'stop', at = 0): StageEvent => ({
  type: 'commanded',
  kind,
  at,
  monotonic: at,
  usualMs: 90_000,
})
const accepted = (at = 0): StageEvent => ({ type: 'accepted', monotonic: at })
const unanswered = (kind: ServiceError['kind'], hint?: string): StageEvent => ({
  type: 'unanswered',
  error: new ServiceError(kind, 'Synapse', 'Synapse said no.', { hint }),
})

const after = (...events: StageEvent[]): StageModel => events.reduce(reduceStage, UNKNOWN_STAGE)
const view = (...events: StageEvent[]) => viewStage(after(...events))

describe('a command under way', () => {
  it.each(CLOCK_STEPS)('keeps its age when the clock is set $name', ({ from, by }) => {
    const asked: StageEvent = {
      type: 'observed',
      status: status('starting'),
      isNews: true,
      at: from + by + 12_000,
      monotonic: 12_500,
      sinceBoot: 12_500,
    }
    const given: StageEvent = { type: 'commanded', kind: 'start', at: from, monotonic: 500, usualMs: 90_000 }
    expect(view(given, accepted(700), asked).command?.startedAt).toBe(from + by)
  })
})

describe('a run', () => {
  /** Seen at first when it is a minute old, then twelve seconds later by a clock that somebody has set. */
  const seen = (from: number, by: number, told: boolean, asleep = 0): StageEvent[] => {
    const run = status('running', told ? { since: new Date(from - 60_000) } : {})
    const at = { at: from + by + 12_000 + asleep, monotonic: 12_500, sinceBoot: 12_500 + asleep }
    return [
      { ...observed(status('stopped'), from - 5000), sinceBoot: -4500 } as StageEvent,
      { ...observed(run, from), sinceBoot: 500 } as StageEvent,
      { ...observed(run), ...at } as StageEvent,
    ]
  }

  it.each(CLOCK_STEPS)('keeps its age when the clock is set $name', ({ from, by }) => {
    expect(view(...seen(from, by, true)).since).toBe(from + by - 60_000)
    expect(view(...seen(from, by, false)).since).toBe(from + by)
  })

  it('grows older while a laptop sleeps', () => {
    expect(view(...seen(1e9, 0, true, 3_600_000)).since).toBe(1e9 - 60_000)
    expect(view(...seen(1e9, 0, false, 3_600_000)).since).toBe(1e9)
  })

  it('is another one where the service says another time', () => {
    const [, ...same] = seen(1e9, 86_400_000, true)
    const next = status('running', { since: new Date(2e9) })
    expect(view(...same, { ...observed(next, 2e9), sinceBoot: 20_000 } as StageEvent).since).toBe(2e9)
  })
})

describe('a stage', () => {
  it('is unknown until its service has answered', () => {
    expect(view()).toMatchObject({ state: 'unknown', providerStatus: '', updatedAt: undefined })
  })

  it('shows the state, and beside it the words of the service', () => {
    const since = new Date(5)
    expect(
      view(
        observed(
          status('running', { providerStatus: 'InProgress', since, runId: '7c1e', detail: 'batch 3' }),
          77,
        ),
      ),
    ).toMatchObject({
      state: 'running',
      providerStatus: 'InProgress',
      since: 5,
      runId: '7c1e',
      detail: 'batch 3',
      updatedAt: 77,
    })
  })

  it('runs since it was seen to begin, where the service does not say', () => {
    const begun = [
      observed(status('stopped'), 1),
      observed(status('starting'), 2),
      observed(status('running'), 3),
    ]
    expect(view(...begun).since).toBe(3)
    // Troubles on the way are no new beginning; a restart is.
    expect(view(...begun, observed(status('degraded'), 4), observed(status('running'), 5)).since).toBe(3)
    expect(view(...begun, observed(status('starting'), 6)).since).toBeUndefined()
    expect(view(...begun, observed(status('starting'), 6), observed(status('running'), 7)).since).toBe(7)
    // What the service says counts for more.
    expect(view(...begun, observed(status('running', { since: new Date(2) }), 4)).since).toBe(2)
  })

  it('has no known beginning when it ran before anybody looked', () => {
    expect(view(observed(status('running'), 3), observed(status('running'), 4)).since).toBeUndefined()
    expect(view(observed(status('unknown'), 3), observed(status('running'), 4)).since).toBeUndefined()
  })

  it('names no beginning for a stage that does not run', () => {
    expect(view(observed(status('stopped', { since: new Date(5) }))).since).toBeUndefined()
  })
})

describe('a start', () => {
  const stopped = observed(status('stopped'))

  it('shows at once, with its time and the usual one', () => {
    expect(view(stopped, commanded('start', 12))).toMatchObject({
      state: 'starting',
      command: { kind: 'start', startedAt: 12, usualMs: 90_000 },
    })
  })

  it('does not flicker when the service still says what it said before', () => {
    expect(view(stopped, commanded('start'), accepted(), stopped).state).toBe('starting')
    expect(view(stopped, commanded('start'), accepted(), stopped, observed(status('starting'))).state).toBe(
      'starting',
    )
  })

  it('is over when the stage runs', () => {
    const ended = view(stopped, commanded('start'), accepted(), observed(status('running')))
    expect(ended).toMatchObject({ state: 'running', command: undefined })
  })

  it('is not ended by an answer to an older question', () => {
    const running = status('running')
    expect(view(commanded('stop'), accepted(), observed(status('stopped'), 0, false)).state).toBe('stopping')
    expect(view(stopped, commanded('start'), observed(running)).state).toBe('starting')
    expect(view(stopped, commanded('start'), accepted(), observed(running, 0, false)).state).toBe('starting')
  })

  it('has failed when the new run failed', () => {
    const ended = view(
      observed(status('failed', { runId: '1', detail: 'old' })),
      commanded('start'),
      accepted(),
      observed(status('failed', { runId: '2', detail: 'disk full' })),
    )
    expect(ended).toMatchObject({ state: 'failed', detail: 'disk full', command: undefined })
  })

  it('has not failed because the run before had failed', () => {
    const old = observed(status('failed', { runId: '1', detail: 'old' }))
    expect(view(old, commanded('start'), accepted(), old)).toMatchObject({
      state: 'starting',
      detail: undefined,
    })
  })

  it.each(CLOCK_STEPS)('is not given up because the clock is set $name', ({ from, by }) => {
    const before: StageEvent = { ...observed(status('stopped'), from), monotonic: 0 } as StageEvent
    const after: StageEvent = { ...observed(status('stopped'), from + by), monotonic: 1000 } as StageEvent
    expect(view(before, commanded('start', from), accepted(100), after).state).toBe('starting')
    const late = { ...after, monotonic: 16_000 } as StageEvent
    expect(view(before, commanded('start', from), accepted(100), late).state).toBe('failed')
  })

  it('ends when the service took it and shows no trace of it for long', () => {
    const ended = view(stopped, commanded('start'), accepted(0), observed(status('stopped'), 20_000))
    expect(ended).toMatchObject({ state: 'failed', detail: expect.stringContaining('still says: STOPPED') })
  })

  it('fails visibly when it is refused, until something else happens', () => {
    const refused: StageEvent = { type: 'refused', reason: 'No permission.' }
    expect(view(stopped, commanded('start'), refused, stopped)).toMatchObject({
      state: 'failed',
      detail: 'No permission.',
    })
    expect(view(stopped, commanded('start'), refused, observed(status('running'))).detail).toBeUndefined()
    expect(view(stopped, commanded('start'), refused, commanded('start')).state).toBe('starting')
  })

  it('shows why it is tried again', () => {
    const retrying: StageEvent = { type: 'retrying', reason: 'roles take minutes' }
    expect(view(stopped, commanded('start'), retrying)).toMatchObject({
      state: 'starting',
      detail: 'roles take minutes',
    })
    expect(view(stopped, commanded('start'), retrying, accepted()).detail).toBeUndefined()
  })

  it('says what the service says when it takes too long', () => {
    const timedOut: StageEvent = { type: 'timed out', afterMs: 1_200_000 }
    const slow = observed(status('starting', { providerStatus: 'PENDING' }))
    expect(view(stopped, commanded('start'), accepted(), slow, timedOut)).toMatchObject({
      state: 'starting',
      command: undefined,
      detail: 'The start has not come to an end after 20 min; the service says: PENDING',
    })
  })
})

describe('a stop', () => {
  const running = observed(status('running'))

  it('is over when the stage is at rest', () => {
    expect(view(running, commanded('stop'), accepted(), running).state).toBe('stopping')
    expect(view(running, commanded('stop'), accepted(), observed(status('stopped')))).toMatchObject({
      state: 'stopped',
      command: undefined,
    })
    expect(view(running, commanded('stop'), accepted(), observed(status('failed'))).state).toBe('failed')
  })

  it('leaves a running stage running when it is refused, and says why', () => {
    const refused: StageEvent = { type: 'refused', reason: 'No permission.' }
    expect(view(running, commanded('stop'), refused, running)).toMatchObject({
      state: 'running',
      detail: 'No permission.',
    })
  })
})

describe('a service that gives no answer', () => {
  const running = observed(status('running'), 5)

  it('is believed a little longer, and then unknown, with the age of the last answer', () => {
    const silence = unanswered('unreachable')
    expect(view(running, silence, silence)).toMatchObject({ state: 'running', detail: 'Synapse said no.' })
    expect(view(running, silence, silence, silence)).toMatchObject({ state: 'unknown', updatedAt: 5 })
    expect(view(running, silence, silence, silence, running)).toMatchObject({
      state: 'running',
      detail: undefined,
    })
  })

  it('is unknown at once when it may not be asked', () => {
    expect(view(running, unanswered('authorization', 'Assign a role.'))).toMatchObject({
      state: 'unknown',
      detail: 'Synapse said no. — Assign a role.',
    })
  })

  it('has failed when it is not there', () => {
    expect(view(running, unanswered('not-found'))).toMatchObject({
      state: 'failed',
      detail: 'Synapse said no.',
    })
  })
})
