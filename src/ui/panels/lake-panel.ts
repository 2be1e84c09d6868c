/** Growth of the lake, layer by layer. */
import { LAYERS, type LayerName, type LayerSlice } from '../../pipeline/state.ts'
import { type Column, columnsFor, tableHead, tableRow } from '../columns.ts'
import { formatAge, formatBytes, formatCount, formatRate, increments, sparkline } from '../format.ts'
import { type Line, span } from '../line.ts'
import type { PanelView } from './panel-content.ts'
import { staleText } from './states.ts'

const COLUMNS: readonly Column[] = [
  { title: 'layer', width: 10, align: 'left' },
  { title: 'files', width: 6, align: 'right' },
  { title: 'size', width: 8, align: 'right' },
  { title: 'rows', width: 10, align: 'right' },
  { title: '+rows/s', width: 7, align: 'right' },
  { title: 'fresh', width: 7, align: 'right' },
  { title: 'growth', width: 12, align: 'left' },
  { title: '+bytes/s', width: 9, align: 'right' },
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
const IMPORTANCE: readonly LayerName[] = ['bronze', 'silver', 'gold', 'quarantine', 'aggregated', 'byMinute']

export const lakePanel: PanelView = ({ state, style, width, height }) => {
  const { lake, now } = state
  const { glyphs } = style
  const columns = columnsFor(width, COLUMNS, 'growth')
  const chosen = new Set(IMPORTANCE.slice(0, Math.max(1, height - 1)))
  const growthWidth = columns.find(({ title }) => title === 'growth')?.width ?? 0
  const row = (layer: LayerSlice): Line => {
    const stale = staleText(layer.updatedAt, now)
    const isStill = layer.rowsPerSecond === 0 || layer.rowsPerSecond === undefined
    return tableRow(
      columns,
      [
        { text: NAMES[layer.name], token: layer.error ? 'fail' : undefined },
        formatCount(layer.files),
        formatBytes(layer.bytes),
        formatCount(layer.rows),
        { text: formatRate(layer.rowsPerSecond), token: isStill ? 'muted' : undefined },
        {
          text: formatAge(layer.newestAt === undefined ? undefined : now - layer.newestAt),
          token: stale && !isStill ? 'warn' : undefined,
        },
        {
          text: sparkline(increments(layer.growth), Math.min(growthWidth, 40), glyphs.spark).trimStart(),
          token: 'series1',
        },
        { text: formatBytes(layer.bytesPerSecond), token: 'muted' },
      ],
      glyphs.ellipsis,
    )
  }
  const errors = LAYERS.flatMap((name) =>
    lake.layers[name].error ? [[span(`${NAMES[name]}: ${lake.layers[name].error}`, 'fail')] as Line] : [],
  )
  return {
    title: 'lake  growth per layer',
    value: [span(formatBytes(lake.bytes), 'title', true)],
    lines: [
      tableHead(columns, glyphs.ellipsis),
      ...LAYERS.filter((name) => chosen.has(name)).map((name) => row(lake.layers[name])),
      ...errors,
    ],
  }
}
