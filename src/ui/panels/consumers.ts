/** Who reads the hub, and how far each is behind. Pure. */
import type { AppState, PartitionSlice } from '../../pipeline/state/state.ts'
import { type Column, fitColumns, tableHead, tableRow } from '../text/columns.ts'
import { formatCount } from '../text/format.ts'
import { type Line, printable, span } from '../text/line.ts'

/** Where each consumer group stands, as far as it is known: the job's by what lies in bronze. */
export function consumerLines(state: AppState, width: number): Line[] {
  const groups = consumersOf(state)
  const columns = fitColumns(width, CONSUMER_COLUMNS, { name: 'who', most: 60 })
  return [
    [],
    [span('consumers', 'title', true), span('  how far each is behind the newest event', 'muted')],
    tableHead(columns),
    ...groups.map(({ group, who, lag, lags, members }) =>
      tableRow(columns, {
        group: printable(group),
        who: span(printable(who), 'muted'),
        members: formatCount(members),
        lag: span(formatCount(lag), lag ? 'warn' : undefined),
        furthest: span(furthestOf(lags, state.hub.partitions), 'muted'),
      }),
    ),
  ]
}

interface Consumer {
  group: string
  who: string
  /** Readers that are there now. */
  members: number | undefined
  /** Events that it has not read. */
  lag: number | undefined
  /** By partition. */
  lags: readonly (number | undefined)[]
}

const CONSUMER_COLUMNS: readonly Column<'group' | 'who' | 'members' | 'lag' | 'furthest'>[] = [
  { name: 'group', width: 24, align: 'left' },
  { name: 'who', width: 18, align: 'left' },
  { name: 'members', title: 'readers', width: 7, align: 'right', drop: 1 },
  { name: 'lag', width: 9, align: 'right' },
  { name: 'furthest', title: 'furthest behind', width: 20, align: 'left', drop: 2 },
]

/** The job's position is that of bronze; the hub reports the others, if it can. */
function consumersOf({ hub, stages }: AppState): Consumer[] {
  const lags = hub.partitions.map(({ backlog }) => backlog)
  const isKnown = !lags.includes(undefined)
  return [
    {
      group: 'the job, as bronze tells',
      who: stages.streamAnalytics.state,
      members: undefined,
      lag: isKnown ? lags.reduce<number>((sum, one) => sum + (one ?? 0), 0) : undefined,
      lags,
    },
    ...(hub.groups ?? []).map(({ name, protocol, members, lag, lags: each }) => ({
      group: name,
      who: protocol,
      members,
      lag,
      lags: each,
    })),
  ]
}

/** `partition 3: 1,204`; empty where none is behind. */
function furthestOf(lags: Consumer['lags'], partitions: readonly PartitionSlice[]): string {
  const most = Math.max(0, ...lags.map((lag) => lag ?? 0))
  const id = partitions[lags.indexOf(most)]?.id
  return most > 0 && id !== undefined ? `partition ${id}: ${formatCount(most)}` : ''
}
