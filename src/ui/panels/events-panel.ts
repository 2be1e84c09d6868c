/** Live tail of readings, and why some were put in quarantine. */
import type { TailEvent } from '../../pipeline/state.ts'
import { formatInstant } from '../format.ts'
import { type Line, left, printable, span } from '../line.ts'
import { windowOf } from './list-window.ts'
import type { PanelContext, PanelView } from './panel-content.ts'

export const eventsPanel: PanelView = (context) => {
  const { state, height, filter, scroll } = context
  const wanted = filter.toLowerCase()
  const matching =
    wanted === ''
      ? state.events
      : state.events.filter((event) => textOf(event).toLowerCase().includes(wanted))
  const { shown, scrollable } = windowOf(matching, height, scroll)
  return {
    title: 'events',
    value: [
      span(
        filter ? `/${filter}` : scroll > 0 ? 'scrolled' : 'live',
        scroll > 0 || filter ? 'accent' : 'muted',
      ),
    ],
    lines:
      shown.length === 0
        ? [[span(filter ? 'nothing matches the filter' : 'no readings yet', 'muted')]]
        : shown.map((event) => eventLine(context, event)),
    scrollable,
  }
}

const textOf = (event: TailEvent) => `${event.deviceId} ${event.city} ${event.reasons.join(' ')}`

function eventLine({ style }: PanelContext, event: TailEvent): Line {
  const { glyphs } = style
  const head: Line = [
    span(`${formatInstant(event.at)}  `, 'muted'),
    span(left(printable(event.deviceId), 13, glyphs.ellipsis)),
    span(' '),
    span(left(printable(event.city), 11, glyphs.ellipsis)),
  ]
  if (event.temperature === undefined)
    return [...head, span(` ${glyphs.cross} `, 'fail'), span(event.reasons.join(', '), 'fail')]
  return [
    ...head,
    span(`${String(event.temperature).replace('-', '−')} °C`.padStart(7)),
    span(`${event.humidity ?? '–'} %`.padStart(6)),
    ...(event.reasons.length > 0 ? [span(`  ${event.reasons.join(', ')}`, 'warn')] : []),
  ]
}
