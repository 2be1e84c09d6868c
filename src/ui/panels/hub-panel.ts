/** Partitions of the event hub. */
import { type Column, columnsFor, tableHead, tableRow } from '../columns.ts'
import { formatAge, formatCount, formatRate, formatShare } from '../format.ts'
import { type Line, span } from '../line.ts'
import type { PanelContext, PanelView } from './panel-content.ts'
import { staleText } from './states.ts'

const BAR = 10

const COLUMNS: readonly Column[] = [
  { title: '#', width: 3, align: 'left' },
  { title: 'sequence', width: 10, align: 'right' },
  { title: 'rate/s', width: 7, align: 'right' },
  { title: 'share', width: BAR + 5, align: 'left' },
  { title: 'backlog', width: 8, align: 'right' },
  { title: 'last', width: 7, align: 'right' },
]

export const hubPanel: PanelView = ({ state, style, width, height, scroll }) => {
  const { hub, now } = state
  const { glyphs } = style
  const columns = columnsFor(width, COLUMNS, 'share')
  const bar = (columns.find(({ title }) => title === 'share')?.width ?? BAR + 5) - 5
  const stale = staleText(hub.updatedAt, now)
  const rows: Line[] = hub.partitions.map((partition) => {
    const filled = Math.round(Math.min(1, partition.share) * bar)
    return tableRow(
      columns,
      [
        { text: partition.id, token: 'muted' },
        formatCount(partition.lastSequenceNumber + 1),
        formatRate(partition.rate),
        {
          text: `${glyphs.bar.repeat(filled)}${glyphs.barRest.repeat(bar - filled)} ${formatShare(partition.share).padStart(4)}`,
          token: 'accent',
        },
        { text: formatCount(partition.backlog), token: (partition.backlog ?? 0) > 0 ? undefined : 'muted' },
        {
          text: formatAge(
            partition.lastEnqueuedAt === undefined ? undefined : now - partition.lastEnqueuedAt,
          ),
          token: 'muted',
        },
      ],
      glyphs.ellipsis,
    )
  })
  const backlog = hub.partitions.reduce<number | undefined>(
    (sum, { backlog: own }) => (own === undefined || sum === undefined ? undefined : sum + own),
    0,
  )
  const total = tableRow(
    columns,
    [
      { text: 'all', bold: true },
      { text: formatCount(hub.enqueued), bold: true },
      { text: formatRate(hub.rate), bold: true },
      '',
      { text: formatCount(backlog), bold: true },
    ],
    glyphs.ellipsis,
  )
  const room = Math.max(1, height - 2)
  const first = Math.min(scroll, Math.max(0, rows.length - room))
  return {
    title: 'event hub',
    value: stale ? [span(stale, 'warn')] : [span(`${hub.partitions.length} partitions`, 'muted')],
    lines:
      hub.partitions.length === 0
        ? emptyHub(state)
        : [
            tableHead(columns, glyphs.ellipsis),
            ...rows.slice(first, first + room),
            total,
            ...(hub.error ? [[span(hub.error, 'fail')]] : []),
          ],
    scrollable: Math.max(0, rows.length - room),
  }
}

const emptyHub = (state: PanelContext['state']): Line[] => [
  [
    span(
      state.hub.error ?? (state.session.connected ? 'asking the hub …' : 'not connected yet'),
      state.hub.error ? 'fail' : 'muted',
    ),
  ],
]
