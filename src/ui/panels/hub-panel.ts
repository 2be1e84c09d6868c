/** Partitions of the event hub. */
import { nounOf } from '../../pipeline/state/count-of.ts'
import { ofHub } from '../../pipeline/state/known.ts'
import type { PartitionSlice } from '../../pipeline/state/state.ts'
import { type Column, fitColumns, tableHead, tableRow, widthOfColumn } from '../text/columns.ts'
import {
  bar,
  formatAge,
  formatCount,
  formatInstant,
  formatRate,
  formatShare,
  sparkline,
  UNKNOWN,
} from '../text/format.ts'
import { type Line, printable, span, wrap } from '../text/line.ts'
import { chartLines } from './chart.ts'
import { consumerLines } from './consumers.ts'
import { partitionDetail } from './details.ts'
import type { Panel, PanelContext } from './panel.ts'
import { fromTop, position } from './scrolled.ts'
import { staleText } from './states.ts'

type Name =
  | 'history'
  | 'partition'
  | 'first'
  | 'sequence'
  | 'held'
  | 'rate'
  | 'share'
  | 'backlog'
  | 'last'
  | 'at'

/** The bar of the share is what is left of its column beside `100 %`. */
const PERCENT = 6
/** Lines of a reason, at most. */
const TROUBLE = 4

const COLUMNS: readonly Column<Name>[] = [
  { name: 'partition', title: '#', width: 3, align: 'left' },
  { name: 'sequence', width: 9, align: 'right' },
  { name: 'rate', title: 'rate/s', width: 6, align: 'right' },
  { name: 'share', width: 12, align: 'left', drop: 1 },
  { name: 'backlog', width: 9, align: 'right' },
  { name: 'last', width: 6, align: 'right' },
]
const ZOOMED: readonly Column<Name>[] = [
  { name: 'partition', title: 'partition', width: 9, align: 'left' },
  { name: 'first', width: 11, align: 'right', drop: 3 },
  { name: 'sequence', title: 'last', width: 11, align: 'right' },
  { name: 'held', width: 9, align: 'right', drop: 2 },
  { name: 'rate', title: 'rate/s', width: 6, align: 'right' },
  { name: 'history', title: 'events/s by look', width: 16, align: 'left' },
  { name: 'share', width: 14, align: 'left', drop: 5 },
  { name: 'backlog', width: 9, align: 'right' },
  { name: 'at', title: 'last enqueued', width: 13, align: 'right', drop: 1 },
  { name: 'last', title: 'age', width: 6, align: 'right' },
]

/** Zoomed: also history by partition, and who reads the hub. */
export const hubPanel: Panel = (context) => {
  const { state, width, height, isZoomed, scroll } = context
  const { hub, now } = state
  const columns = isZoomed
    ? fitColumns(width, ZOOMED, { name: 'history', most: 60 })
    : fitColumns(width, COLUMNS, { name: 'share', most: 46 })
  const trouble = hub.error
    ? wrap(printable(hub.error), width)
        .slice(0, TROUBLE)
        .map((part): Line => [span(part, 'fail')])
    : []
  const consumers = isZoomed && hub.partitions.length > 0 ? consumerLines(state, width) : []
  const room = height - 2 - trouble.length
  // A hub of many partitions has its whole screen; the consumers come where there is room, or with the last partition.
  const window = fromTop(hub.partitions, Math.max(3, room - consumers.length), scroll)
  const chart = isZoomed ? hubChart(context, room - window.shown.length - consumers.length) : []
  const stale = staleText(hub.updatedAt, now)
  return {
    title: 'event hub',
    subtitle: 'weather',
    value: stale
      ? [span(stale, 'warn')]
      : [
          span(scroll > 0 ? `${position(window, scroll)}  ` : '', 'accent'),
          span(
            `${ofHub(state, hub.partitions.length) ?? UNKNOWN} ${nounOf(ofHub(state, hub.partitions.length), 'partition')}`,
            'muted',
          ),
        ],
    lines:
      hub.partitions.length === 0
        ? [...trouble, ...(hub.error ? [] : [emptyHub(context)])]
        : [
            tableHead(columns),
            ...window.shown.map((partition) => partitionRow(partition, columns, now)),
            totalRow(context, columns),
            ...trouble,
            ...consumers,
            ...chart,
          ],
    scrollable: window.scrollable,
    details: () => [undefined, ...window.shown.map((partition) => partitionDetail(partition, now))],
  }
}

function partitionRow(partition: PartitionSlice, columns: readonly Column<Name>[], now: number): Line {
  const { beginningSequenceNumber: first, lastSequenceNumber: last, lastEnqueuedAt: at, backlog } = partition
  const { full, rest } = bar(partition.share, widthOfColumn(columns, 'share') - PERCENT)
  return tableRow(columns, {
    partition: span(partition.id, 'muted'),
    first: formatCount(last < 0 ? undefined : first),
    // The number of the last event; none has been there: none to show.
    sequence: formatCount(last < 0 ? undefined : last),
    held: formatCount(last < 0 ? 0 : last - first + 1),
    rate: formatRate(partition.rate),
    share: [
      span(full, 'series1'),
      span(rest, 'border'),
      span(formatShare(partition.share).padStart(PERCENT), 'muted'),
    ],
    backlog: span(formatCount(backlog), backlog ? undefined : 'muted'),
    history: span(sparkline(partition.history ?? [], widthOfColumn(columns, 'history')), 'series1'),
    at: span(at === undefined ? '–' : formatInstant(at), 'muted'),
    last: span(formatAge(at === undefined ? undefined : now - at), 'muted'),
  })
}

/** Least rows of a chart, with its heading and the blank above. */
const LEAST_CHART = 8

function hubChart({ state, width, chartAt }: PanelContext, room: number): Line[] {
  if (room < LEAST_CHART) return []
  const back = chartAt === undefined ? 0 : Math.max(0, Math.round((state.now - chartAt) / 1000))
  const series = [{ values: state.hub.ratePerSecond, token: 'series1' }] as const
  return [
    [],
    [span('all partitions', 'title', true), span('  events/s', 'muted')],
    ...chartLines(series, { width, height: room - 2, isTimed: true, back }),
  ]
}

function totalRow({ state }: PanelContext, columns: readonly Column<Name>[]): Line {
  const { hub } = state
  const isKnown = hub.partitions.every(({ backlog }) => backlog !== undefined)
  const backlog = isKnown ? hub.partitions.reduce((sum, one) => sum + (one.backlog ?? 0), 0) : undefined
  const held = hub.partitions.reduce(
    (sum, { lastSequenceNumber: last, beginningSequenceNumber: first }) =>
      sum + (last < 0 ? 0 : last - first + 1),
    0,
  )
  return tableRow(columns, {
    partition: span('all', 'title', true),
    sequence: span(formatCount(hub.enqueued), 'title', true),
    held: span(formatCount(held), 'title', true),
    rate: span(formatRate(hub.rate), 'title', true),
    backlog: span(formatCount(backlog), backlog ? 'warn' : 'title', true),
  })
}

const emptyHub = ({ state }: PanelContext): Line => [
  span(state.session.connected ? 'asking for the partitions …' : 'not connected yet', 'muted'),
]
