/** One message per cause: what several services report at once is shown above the panels, with its remedy. Pure. */
import type { AppState } from '../../pipeline/state/state.ts'
import type { SlotId } from '../layout.ts'
import { type Line, left, printable, span } from '../text/line.ts'

/** One cause for what several services say. */
export interface Banner {
  /** What to do, first. */
  hint: string
  message: string
  /** Panels that have nothing else to say. */
  slots: ReadonlySet<SlotId>
}

/** Between what happened and what to do: error-text.ts of the pipeline. */
const BETWEEN = ' — '
/** Services that say the same, from which on it is one cause. */
const LEAST = 2

/** Undefined while no cause is common to several services. */
export function bannerOf(state: AppState): Banner | undefined {
  const { hub, lake, stages } = state
  const layerError = Object.values(lake.layers).find(({ error }) => error !== undefined)?.error
  const said: readonly (readonly [SlotId, string | undefined])[] = [
    ['hub', hub.error],
    ['lake', layerError],
    ['job', unknownDetail(stages.streamAnalytics)],
    ['databricks', unknownDetail(stages.silver) ?? unknownDetail(stages.gold)],
    ['synapse', unknownDetail(stages.aggregate)],
  ]
  const causes = new Map<string, { message: string; slots: Set<SlotId> }>()
  for (const [slot, text] of said) {
    if (text === undefined) continue
    const [message = '', hint = message] = text.split(BETWEEN)
    const cause = causes.get(hint) ?? { message, slots: new Set<SlotId>() }
    cause.slots.add(slot)
    causes.set(hint, cause)
  }
  const [hint, cause] = [...causes].sort((a, b) => b[1].slots.size - a[1].slots.size)[0] ?? []
  if (hint === undefined || !cause || cause.slots.size < LEAST) return undefined
  return { hint, message: cause.message, slots: cause.slots }
}

const unknownDetail = ({ state, detail }: { state: string; detail: string | undefined }) =>
  state === 'unknown' || state === 'failed' ? detail : undefined

/** `▲ az login   nobody is signed in: hub, lake, job` */
export function bannerLine({ hint, message, slots }: Banner, width: number): Line {
  const rest = hint === message ? '' : `  ${message}`
  const text = printable(` ▲ ${hint}${rest}  (${[...slots].join(', ')})`)
  return [{ text: left(text, width), token: 'warn', bold: true, inverse: true }, span('')]
}

/** Everything in the same quiet colour: there is nothing true to see. */
export const greyed = (lines: readonly Line[]): Line[] =>
  lines.map((line) => line.map(({ text }) => span(text, 'muted')))
