/** A session of two minutes as the screen was shown it: made up, with faults, keys, refused rows and an event that was followed. */
import type { Trace } from '../../src/pipeline/ports/trace.ts'
import type { AppState } from '../../src/pipeline/state/state.ts'
import { allRunning, SCENARIO_NOW } from './scenario.ts'

const SECONDS = 120

export const TRACE: Trace = {
  eventId: '6f1c7a52-0000-4000-8000-000000000001',
  position: { partition: '1', sequenceNumber: 1804 },
  lookedAt: SCENARIO_NOW,
  cost: { reads: 12, listed: 9, bytes: 40_000 },
  steps: [
    {
      step: 'made',
      state: 'done',
      at: SCENARIO_NOW - 4000,
      bytes: 196,
      facts: { body: '{"city":"<Oslo> & \'co\'"}', deviceId: 'station-00007', station: 7, number: 12 },
    },
    {
      step: 'acknowledged',
      state: 'done',
      at: SCENARIO_NOW - 3990,
      facts: {
        partition: '1',
        sequenceNumber: 1804,
        offset: '77',
        partitionKey: 'station-00007',
        batchEvents: 3,
        isBatchWhole: true,
      },
    },
    { step: 'bronze', state: 'waiting' },
    { step: 'silver', state: 'waiting' },
    { step: 'gold', state: 'waiting' },
    { step: 'minute', state: 'waiting' },
    { step: 'aggregate', state: 'waiting' },
  ],
}

/** One state a second. */
export function* recordedSession(): Generator<AppState> {
  let state: AppState = { ...allRunning(), endpoints: [{ name: 'key', value: 'secret' }] }
  const start = SCENARIO_NOW
  for (let second = 0; second < SECONDS; second++) {
    const now = start + second * 1000
    const rate = 100 + 20 * Math.sin(second / 9) + (second > 60 && second < 70 ? 400 : 0)
    const isBroken = second >= 30 && second < 45
    const { ledger, lake, log } = state
    state = {
      ...state,
      now,
      hub: { ...state.hub, rate, ratePerSecond: [...state.hub.ratePerSecond.slice(1), rate] },
      ledger: {
        ...ledger,
        silver: ledger.silver + 100,
        inFlight: { ...ledger.inFlight, silver: isBroken ? second * 40 : 22 },
      },
      lake: {
        ...lake,
        layers: {
          ...lake.layers,
          silver: { ...lake.layers.silver, rows: (lake.layers.silver.rows ?? 0) + 100 },
        },
      },
      assertions: {
        ...state.assertions,
        percentiles: { p50: 800 + second, p95: isBroken ? 9000 : 1800, p99: 2400 },
      },
      log:
        second % 40 === 10
          ? [...log, { at: now, level: 'info', source: 'you', message: `Key at ${second}` }]
          : log,
      events: [
        ...state.events.slice(-20),
        {
          at: now,
          deviceId: 'station-00008',
          city: '',
          temperature: 11,
          humidity: 64,
          reasons: second % 3 ? [] : ['city is missing'],
        },
      ],
      faults: isBroken
        ? [
            {
              name: 'silver-killed',
              title: 'silver killed',
              happens: 'It was killed.',
              seen: 'It fails.',
              since: start + 30_000,
              until: undefined,
              state: 'active',
            },
          ]
        : [],
      trace:
        second > 80
          ? { query: { kind: 'newest' }, trace: TRACE, problem: undefined, lookedAt: now }
          : undefined,
    }
    yield state
  }
}
