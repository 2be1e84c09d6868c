/** Growth of the lake, layer by layer. */
import { ofLake } from '../../pipeline/state/known.ts'
import { LAYERS, type LayerName, type LayerSlice } from '../../pipeline/state/state.ts'
import { type Column, fitColumns, tableHead, tableRow, widthOfColumn } from '../text/columns.ts'
import {
  formatAge,
  formatBytes,
  formatCompact,
  formatCount,
  formatRate,
  increments,
  sparkline,
} from '../text/format.ts'
import { type Line, printable, span } from '../text/line.ts'
import { chartLines } from './chart.ts'
import { layerDetail } from './details.ts'
import type { Panel, PanelContext } from './panel.ts'
import { staleText } from './states.ts'

type Name = 'layer' | 'files' | 'size' | 'rows' | 'rate' | 'bytes' | 'fresh' | 'growth'

const COLUMNS: readonly Column<Name>[] = [
  { name: 'layer', width: 10, align: 'left' },
  { name: 'files', width: 7, align: 'right' },
  { name: 'size', width: 8, align: 'right' },
  { name: 'rows', width: 9, align: 'right' },
  { name: 'rate', title: '+row/s', width: 6, align: 'right' },
  { name: 'bytes', title: '+byte/s', width: 8, align: 'right', drop: 2 },
  { name: 'fresh', width: 6, align: 'right' },
  { name: 'growth', width: 7, align: 'left', drop: 1 },
]

const NAMES: Readonly<Record<LayerName, string>> = {
  bronze: 'bronze',
  silver: 'silver',
  quarantine: 'quarantine',
  gold: 'gold',
  byMinute: 'by minute',
  aggregated: 'aggregated',
}

/** When there is not room for all: the medallion first. */
const BY_IMPORTANCE: readonly LayerName[] = [
  'bronze',
  'silver',
  'gold',
  'quarantine',
  'aggregated',
  'byMinute',
]
const HEAD = 1

export const lakePanel: Panel = (context) => {
  const { state, width, height } = context
  const { lake, now } = state
  const columns = fitColumns(width, COLUMNS, { name: 'growth', most: 60 })
  const chosen = BY_IMPORTANCE.slice(0, Math.max(1, height - HEAD))
  const table = [
    tableHead(columns),
    ...LAYERS.filter((name) => chosen.includes(name)).map((name) =>
      layerRow(lake.layers[name], columns, now),
    ),
  ]
  return {
    title: 'lake',
    subtitle: 'growth per layer',
    value: [...age(context), span(formatBytes(ofLake(state, lake.bytes)), 'title', true)],
    lines: [...table, ...below(context, height - table.length)],
    details: [
      undefined,
      ...LAYERS.filter((name) => chosen.includes(name)).map((name) => layerDetail(lake.layers[name], now)),
    ],
  }
}

/** How old the oldest of the numbers is, if it is old. */
function age({ state }: PanelContext): Line {
  const times = LAYERS.flatMap((name) => state.lake.layers[name].updatedAt ?? [])
  const stale = times.length === 0 ? undefined : staleText(Math.min(...times), state.now)
  return stale ? [span(`${stale}   `, 'warn')] : []
}

function layerRow(layer: LayerSlice, columns: readonly Column<Name>[], now: number): Line {
  const isStill = !layer.rowsPerSecond
  // Of what nobody has looked at yet, nothing is known.
  const seen = (value: number) => (layer.updatedAt === undefined ? undefined : value)
  const stale = staleText(layer.updatedAt, now)
  // What went wrong says more than how fast it grew.
  if (layer.error) {
    const known = columns.filter(({ name }) => ['layer', 'files', 'size', 'rows'].includes(name))
    const counts = {
      files: formatCompact(seen(layer.files)),
      size: formatBytes(seen(layer.bytes)),
      rows: formatCount(layer.rows),
    }
    return [
      ...tableRow(known, { layer: span(`✗ ${NAMES[layer.name]}`, 'fail'), ...counts }),
      span(`  ${printable(layer.error)}`, 'fail'),
    ]
  }
  return tableRow(columns, {
    layer: NAMES[layer.name],
    files: formatCompact(seen(layer.files)),
    size: formatBytes(seen(layer.bytes)),
    rows: formatCount(layer.rows),
    rate: span(formatRate(layer.rowsPerSecond), isStill ? 'muted' : undefined),
    bytes: span(formatBytes(seen(layer.bytesPerSecond)), 'muted'),
    fresh: span(
      formatAge(layer.newestAt === undefined ? undefined : now - layer.newestAt),
      stale ? 'warn' : undefined,
    ),
    growth: span(sparkline(increments(layer.growth), widthOfColumn(columns, 'growth')), 'series1'),
  })
}

/** With room left: errors in full, and rows a second of silver over time. */
function below(context: PanelContext, room: number): Line[] {
  const { state, width } = context
  const errors = LAYERS.flatMap((name): Line[] => {
    const { error } = state.lake.layers[name]
    return error ? [[span(`✗ ${printable(error)}`, 'fail')]] : []
  })
  const used = errors.length + 2
  if (room < used + 5) return errors.slice(0, Math.max(0, room))
  const { growth } = state.lake.layers.gold
  return [
    ...errors,
    [],
    [span('gold', 'title', true), span('  rows by poll, newest at the right', 'muted')],
    ...chartLines([{ values: increments(growth), token: 'series1' }], {
      width,
      height: room - used,
      isTimed: false,
    }),
  ]
}
