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
  formatThousands,
  increments,
  sparkline,
  UNKNOWN,
} from '../text/format.ts'
import { LAYER_NAMES } from '../text/layer-names.ts'
import { type Line, printable, span } from '../text/line.ts'
import { chartLines } from './chart.ts'
import { bronzeFileRows, commitRows, type Row } from './commits.ts'
import { layerDetail } from './details.ts'
import type { Panel, PanelContext } from './panel.ts'
import { fromTop } from './scrolled.ts'
import { staleText } from './states.ts'

type Name = 'layer' | 'files' | 'size' | 'rows' | 'rate' | 'bytes' | 'fresh' | 'growth'

/** What a layer that cannot be read has in front of its name. */
const FAILED = '✗ '

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

/** With little room the less important layers go first; their order stays. */
export const lakePanel: Panel = (context) => {
  const { state, width, height } = context
  const { lake, now } = state
  const columns = fitColumns(width, COLUMNS, { name: 'growth', most: 60 })
  const chosen = context.isZoomed ? LAYERS : BY_IMPORTANCE.slice(0, Math.max(1, height - HEAD))
  const table = [
    tableHead(columns),
    ...LAYERS.filter((name) => chosen.includes(name)).map((name) =>
      layerRow(lake.layers[name], columns, now),
    ),
  ]
  if (context.isZoomed) return zoomed(context, table)
  return {
    title: 'lake',
    subtitle: 'growth per layer',
    value: [...age(context), span(formatBytes(ofLake(state, lake.bytes)), 'title', true)],
    lines: [...table, ...below(context, height - table.length)],
    details: () => [
      undefined,
      ...LAYERS.filter((name) => chosen.includes(name)).map((name) => layerDetail(lake.layers[name], now)),
    ],
  }
}

/** Commits that are listed, and files of bronze above them. */
const COMMITS = 60
const FILES = 8
/** Rows of a chart, with its heading and a blank above it. */
const CHART = 10

/** What was written last, below the layers; a chart where the lists leave room for it. */
function zoomed(context: PanelContext, table: readonly Line[]): ReturnType<Panel> {
  const { state, width, height, scroll } = context
  const files = bronzeFileRows(state, width, Math.max(3, Math.min(FILES, height - table.length - 14)))
  const commits = commitRows(state, width, COMMITS)
  const blank: Row = { line: [] }
  const rows: Row[] = [
    ...table.map((line, index) => {
      const name = LAYERS[index - HEAD]
      return { line, detail: name && layerDetail(state.lake.layers[name], state.now) }
    }),
    ...errorLines(context).map((line) => ({ line })),
    ...(files.length > 0 ? [blank, ...files] : []),
    ...(commits.length > 0 ? [blank, ...commits] : []),
  ]
  const spare = height - rows.length
  if (spare >= CHART) rows.push(...below(context, spare).map((line) => ({ line })))
  const { shown, scrollable } = fromTop(rows, height, scroll)
  return {
    title: 'lake',
    subtitle: 'files and commits',
    value: [...age(context), span(formatBytes(ofLake(state, state.lake.bytes)), 'title', true)],
    lines: shown.map(({ line }) => line),
    details: () => shown.map(({ detail }) => detail),
    scrollable,
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
  // Unknown until the layer has been polled once.
  const seen = (value: number) => (layer.updatedAt === undefined ? undefined : value)
  const stale = staleText(layer.updatedAt, now)
  // What went wrong says more than how fast it grew.
  if (layer.error) {
    // The mark takes its room from the next column, whose number is written shorter.
    const by: Readonly<Partial<Record<Name, number>>> = { layer: FAILED.length, files: -FAILED.length }
    const known = columns
      .filter(({ name }) => ['layer', 'files', 'size', 'rows'].includes(name))
      .map((column) => ({ ...column, width: column.width + (by[column.name] ?? 0) }))
    const files = seen(layer.files)
    const counts = {
      files: files === undefined ? UNKNOWN : formatThousands(files),
      size: formatBytes(seen(layer.bytes)),
      rows: formatCount(layer.rows),
    }
    return [
      ...tableRow(known, { layer: span(`${FAILED}${LAYER_NAMES[layer.name]}`, 'fail'), ...counts }),
      span(`  ${printable(layer.error)}`, 'fail'),
    ]
  }
  return tableRow(columns, {
    layer: LAYER_NAMES[layer.name],
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

const errorLines = ({ state }: PanelContext): Line[] =>
  LAYERS.flatMap((name): Line[] => {
    const { error } = state.lake.layers[name]
    return error ? [[span(`✗ ${printable(error)}`, 'fail')]] : []
  })

/** With room left: errors in full, and rows a second of gold over time. */
function below(context: PanelContext, room: number): Line[] {
  const { state, width, isZoomed } = context
  const errors = isZoomed ? [] : errorLines(context)
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
