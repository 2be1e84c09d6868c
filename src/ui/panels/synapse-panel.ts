/** The Synapse run, and what it has found out. */

import type { CityMean } from '../../pipeline/ports/lake.ts'
import { countOf } from '../../pipeline/state/count-of.ts'
import { type Column, fitColumns, tableHead, tableRow, widthOfColumn } from '../text/columns.ts'
import { bar, formatClock, formatCount, formatDuration, formatTemperature } from '../text/format.ts'
import { type Line, left, lineWidth, printable, right, type Span, span } from '../text/line.ts'
import { cityDetail, stageDetail } from './details.ts'
import type { Panel, PanelContext } from './panel.ts'
import { historyLines } from './run-table.ts'
import { fromTop, position } from './scrolled.ts'
import { forText, historyLine, staleText, stateSpan, troubleLines } from './states.ts'

/** Lines of the run and its result that stand also beside a long reason. */
const LEAST_RESULT = 2
/** Columns of an extreme beside its city: name, temperature, readings. */
const FIXED = 8 + 8 + 13
/** Lines from which on a table of cities says more than the two extremes. */
const TABLE = 8

/** The table of cities where there is room, else the warmest and the coldest. */
export const synapsePanel: Panel = (context) => {
  const { state, height, isZoomed, scroll, width } = context
  const stage = state.stages.aggregate
  const cities = state.aggregate.cities.toSorted((a, b) => b.temperature - a.temperature)
  const trouble = troubleLines(stage, state.now, { width, most: height - LEAST_RESULT })
  const above: Line[] = [runLine(context), ...trouble, resultLine(context)]
  const room = height - above.length
  const runs = isZoomed ? historyLines([stage], state.now, width) : []
  const table = fromTop(cities, Math.max(3, room - 2 - runs.length), scroll)
  const stale = staleText(stage.updatedAt, state.now)
  return {
    hotkey: '5',
    title: 'synapse',
    value: stale
      ? [span(stale, 'warn')]
      : [
          span(scroll > 0 ? `${position(table, scroll)}  ` : '', 'accent'),
          span(cities.length > 0 ? countOf(cities.length, 'city', 'cities') : '', 'muted'),
        ],
    lines:
      cities.length > 0 && room >= TABLE
        ? [...above, ...cityTable(context, table.shown, cities), ...runs]
        : [...above, ...extremes(cities, width), ...lastRuns(context), ...runs],
    scrollable: cities.length > 0 && room >= TABLE ? table.scrollable : undefined,
    details: () =>
      cities.length > 0 && room >= TABLE
        ? [...above.map(() => stageDetail(stage, state.now)), undefined, ...table.shown.map(cityDetail)]
        : above.map(() => stageDetail(stage, state.now)),
  }
}

function runLine({ state, width }: PanelContext): Line {
  const stage = state.stages.aggregate
  const run =
    stage.runId === undefined ? '' : `  run ${printable(stage.runId).slice(0, width >= 90 ? 36 : 8)}`
  return [stateSpan(stage), span(run + forText(stage, state.now), 'muted')]
}

function resultLine({ state, width }: PanelContext): Line {
  const { aggregate, stages } = state
  if (aggregate.updatedAt === undefined) return [span('no result yet', 'muted')]
  const { batch } = stages.aggregate
  const line: Line = [
    span('result of ', 'muted'),
    span(formatClock(aggregate.updatedAt)),
    span(`  ${formatCount(aggregate.readings)}`),
    span(' readings', 'muted'),
  ]
  const took = batch ? `  in ${formatDuration(batch.durationMs)}` : ''
  return lineWidth(line) + took.length <= width ? [...line, span(took, 'muted')] : line
}

function extremes(cities: readonly CityMean[], width: number): Line[] {
  const line = (name: string, one: CityMean | undefined): Line[] =>
    one
      ? [
          [
            span(left(name, 8), 'muted'),
            span(left(printable(one.city), Math.min(14, width - FIXED))),
            span(right(formatTemperature(one.temperature), 8)),
            span(`  n ${formatCount(one.readings)}`, 'muted'),
          ],
        ]
      : []
  return [...line('warmest', cities[0]), ...line('coldest', cities.length > 1 ? cities.at(-1) : undefined)]
}

const lastRuns = ({ state }: PanelContext): Line[] =>
  state.stages.aggregate.history.length > 0
    ? [[span('runs  ', 'muted'), ...historyLine(state.stages.aggregate.history, 10)]]
    : []

type Name = 'city' | 'temperature' | 'scale' | 'humidity' | 'readings'

const COLUMNS: readonly Column<Name>[] = [
  { name: 'city', width: 14, align: 'left' },
  { name: 'temperature', title: 'mean', width: 8, align: 'right' },
  { name: 'scale', title: '', width: 10, align: 'left', drop: 1 },
  { name: 'humidity', title: 'humid.', width: 6, align: 'right', drop: 2 },
  { name: 'readings', width: 9, align: 'right' },
]

function cityTable({ width }: PanelContext, shown: readonly CityMean[], all: readonly CityMean[]): Line[] {
  const columns = fitColumns(width, COLUMNS, { name: 'scale', most: 40 })
  const warmest = all[0]?.temperature ?? 0
  const coldest = all.at(-1)?.temperature ?? 0
  const scale = (temperature: number): Span[] => {
    const share = warmest === coldest ? 1 : (temperature - coldest) / (warmest - coldest)
    const { full, rest } = bar(share, widthOfColumn(columns, 'scale'))
    return [span(full, 'series2'), span(rest, 'border')]
  }
  return [
    tableHead(columns),
    ...shown.map((one) =>
      tableRow(columns, {
        city: printable(one.city),
        temperature: formatTemperature(one.temperature),
        scale: scale(one.temperature),
        humidity: `${Math.round(one.humidity)} %`,
        readings: formatCount(one.readings),
      }),
    ),
  ]
}
