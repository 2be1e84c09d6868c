/** Live tail of readings, and why some were put in quarantine. */
import type { TailEvent } from '../../pipeline/state/state.ts'
import { formatInstant, formatThousands, UNKNOWN } from '../text/format.ts'
import { type Line, left, lineWidth, printable, right, span } from '../text/line.ts'
import { eventDetail } from './details.ts'
import { emptyText, isMatch, tailState } from './filter.ts'
import type { Panel, PanelContext } from './panel.ts'
import { fromEnd } from './scrolled.ts'

export const eventsPanel: Panel = (context) => {
  const { state, height, filter, scroll } = context
  const matching = state.events.filter((event) => eventMatches(event, filter))
  const window = fromEnd(matching, height, scroll)
  return {
    title: 'events',
    subtitle: 'taken by the hub, ✗ refused by silver',
    value: tailState(context, window, 'live'),
    lines:
      window.shown.length === 0
        ? [[span(emptyText(filter, 'no readings yet'), 'muted')]]
        : window.shown.map((event) => eventLine(context, event)),
    scrollable: window.scrollable,
    details: () => window.shown.map((event) => eventDetail(event, state)),
  }
}

/** Station, city and reasons; not the body. */
export const eventMatches = ({ deviceId, city, reasons }: TailEvent, filter: string): boolean =>
  isMatch(`${deviceId} ${city} ${reasons.join(' ')}`, filter)

/** Columns of time, station and numbers; the city takes the rest, within reason. */
const TIME = 10
const STATION = 13
const TEMPERATURE = 6
const HUMIDITY = 5
const FIXED = TIME + 1 + STATION + 1 + 1 + TEMPERATURE + 1 + HUMIDITY
const CITY = { least: 9, most: 26 }
/** From this much more on, reasons stand beside the numbers instead of in their place. */
const REASONS = 28

function eventLine({ width }: PanelContext, event: TailEvent): Line {
  const isRoomy = width >= FIXED + CITY.least + REASONS
  const isGood = event.reasons.length === 0
  const city = isGood || isRoomy ? Math.min(CITY.most, width - FIXED - (isRoomy ? REASONS : 0)) : CITY.least
  const name = printable(event.city).trim()
  const head: Line = [
    span(`${formatInstant(event.at)} `, 'muted'),
    span(`${left(printable(event.deviceId), STATION)} `),
  ]
  const place = span(`${left(name || '–', city)} `)
  const numbers: Line = [
    span(measured(event.temperature && Math.round(event.temperature), '°C', TEMPERATURE)),
    span(` ${measured(event.humidity, '%', HUMIDITY)}`),
  ]
  if (isGood) return [...head, place, ...numbers]
  const reasons = span(`✗ ${printable(event.reasons.join(', '))}`, 'warn')
  if (isRoomy) return [...head, place, ...numbers, span('  '), reasons]
  // Why it was refused matters more than what it says.
  const hasPlace = name !== '' && lineWidth([...head, place, reasons]) <= width
  return hasPlace ? [...head, place, reasons] : [...head, reasons]
}

/** Rubbish has more digits than there is room for: fractions and the unit go, then it is told in thousands; no number is cut. */
function measured(value: number | undefined, unit: string, width: number): string {
  if (value === undefined) return right(UNKNOWN, width)
  const sign = value < 0 ? '−' : ''
  const size = Math.abs(value)
  const forms = [
    ...[size, Math.round(size)].flatMap((one) => [`${one} ${unit}`, `${one}${unit}`]),
    formatThousands(size),
  ]
  return right(forms.map((form) => sign + form).find((form) => form.length <= width) ?? '…', width)
}
