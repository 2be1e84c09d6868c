/** The Synapse run, and what it has found out. */
import type { CityMean } from '../../pipeline/ports.ts'
import { type Column, columnsFor, tableHead, tableRow } from '../columns.ts'
import { formatClock, formatCount, formatDuration, formatTemperature } from '../format.ts'
import { type Line, left, printable, span } from '../line.ts'
import type { PanelContext, PanelView } from './panel-content.ts'
import { sinceText, stateLine } from './states.ts'

export const synapsePanel: PanelView = (context) => {
  const { state, style, isZoomed } = context
  const stage = state.stages.aggregate
  const { aggregate, now } = state
  const sorted = [...aggregate.cities].sort((a, b) => b.temperature - a.temperature)
  const city = (label: string, one: CityMean | undefined): Line[] =>
    one
      ? [
          [
            span(`${label}  `, 'muted'),
            span(left(printable(one.city), 14, style.glyphs.ellipsis)),
            span(formatTemperature(one.temperature).padStart(9)),
            span(`   n ${formatCount(one.readings)}`, 'muted'),
          ],
        ]
      : []
  return {
    title: '5 synapse',
    value: [span(sinceText(stage, now), 'muted')],
    lines: [
      [
        ...stateLine(stage, style.glyphs),
        span(stage.runId ? `   run ${stage.runId.slice(0, 8)}` : '', 'muted'),
        span(
          stage.batch
            ? `   batch #${formatCount(stage.batch.id)} ${formatDuration(stage.batch.durationMs)}`
            : '',
          'muted',
        ),
      ],
      ...(stage.detail
        ? [[span(printable(stage.detail), stage.state === 'failed' ? 'fail' : 'warn')] as Line]
        : []),
      aggregate.updatedAt === undefined
        ? [span('no result yet', 'muted')]
        : [
            span('last result ', 'muted'),
            span(formatClock(aggregate.updatedAt)),
            span('   '),
            span(formatCount(aggregate.readings)),
            span(' readings', 'muted'),
            span(`   ${aggregate.cities.length} cities`, 'muted'),
          ],
      ...(isZoomed
        ? table(context, sorted)
        : [...city('warmest', sorted[0]), ...city('coldest', sorted.at(-1))]),
    ],
    scrollable: isZoomed ? Math.max(0, sorted.length - 5) : 0,
  }
}

const COLUMNS: readonly Column[] = [
  { title: 'city', width: 18, align: 'left' },
  { title: 'temperature', width: 11, align: 'right' },
  { title: 'humidity', width: 9, align: 'right' },
  { title: 'readings', width: 12, align: 'right' },
]

function table({ style, width, scroll }: PanelContext, cities: readonly CityMean[]): Line[] {
  const columns = columnsFor(width, COLUMNS)
  return [
    [],
    tableHead(columns, style.glyphs.ellipsis),
    ...cities
      .slice(scroll)
      .map((one) =>
        tableRow(
          columns,
          [
            printable(one.city),
            formatTemperature(one.temperature),
            `${one.humidity.toFixed(1)} %`,
            formatCount(one.readings),
          ],
          style.glyphs.ellipsis,
        ),
      ),
  ]
}
