/** The table of clock steps: how far, across what, in both directions. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const STEPS = { '2 min': 2 * MINUTE, '2 h': 2 * HOUR, '1 day': 24 * HOUR }

/** Moments that a step passes; the last is one like any other. */
const ACROSS = {
  midnight: '2026-11-24T00:00:00Z',
  'the end of a month': '2026-05-01T00:00:00Z',
  'the end of a year': '2027-01-01T00:00:00Z',
  '29 February': '2028-02-29T00:00:00Z',
  'nothing but minutes': '2026-11-24T12:00:30Z',
}

export interface ClockStep {
  name: string
  /** Epoch ms before the step. */
  from: number
  /** Milliseconds; negative: back. */
  by: number
}

/** Each step lies around its moment, so that it is passed whatever the direction. */
export const CLOCK_STEPS: readonly ClockStep[] = Object.entries(STEPS).flatMap(([length, ms]) =>
  [1, -1].flatMap((sign) =>
    Object.entries(ACROSS).map(([where, moment]) => ({
      name: `${length} ${sign > 0 ? 'forward' : 'back'} over ${where}`,
      from: Date.parse(moment) - (sign * ms) / 2,
      by: sign * ms,
    })),
  ),
)
