/** Names of the phones that have just sent. */
import type { AppState } from '../../pipeline/state/state.ts'
import { type Line, printable, span } from '../text/line.ts'

/** A phone that has just sent. */
export interface Sender {
  name: string
  /** How long ago its last reading came (ms). */
  age: number
}

/** Side by side, at most. */
export const MOST_NAMES = 4
/** How long a name stays (ms), and for how long of that it is loud. */
const STAYS_MS = 4000
const LOUD_MS = 1500

/** Newest first; names go a while after their last reading. */
export const sendersOf = ({ audience, now }: AppState): Sender[] =>
  (audience?.senders ?? [])
    .filter(({ at }) => Math.abs(now - at) < STAYS_MS)
    .map(({ name, at }) => ({ name, age: now - at }))

/** `Otter · Lynx +3` */
export function namesLine(senders: readonly Sender[], count: number): Line {
  const rest = senders.length - count
  return [
    ...senders
      .slice(0, count)
      .flatMap(
        ({ name, age }, index): Line => [
          span(index === 0 ? '' : ' · ', 'muted'),
          span(printable(name), age < LOUD_MS ? 'accent' : 'muted', age < LOUD_MS),
        ],
      ),
    span(rest > 0 ? ` +${rest}` : '', 'muted'),
  ]
}
