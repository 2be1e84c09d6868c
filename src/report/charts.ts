/** The charts of a report, as SVG text. Its own bundle: the library is large, and nothing else needs it. */
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import type { ReportModel, Sample } from './model.ts'

export interface Chart {
  id: string
  title: string
  /** A description for people who cannot see the chart. */
  description: string
  svg: string
}

const WIDTH = 760
/** At the right half a label of the last tick. */
const MARGIN = { left: 56, right: 44 }
const HEIGHT = 220

/** Lines of one chart: the name in the legend, and the value at a sample. */
type Lines = readonly (readonly [name: string, value: (sample: Sample) => number | undefined])[]

const BACKLOG: Lines = [
  ['before the hub', ({ backlog }) => backlog?.hub],
  ['before bronze', ({ backlog }) => backlog?.bronze],
  ['before silver', ({ backlog }) => backlog?.silver],
  ['before gold', ({ backlog }) => backlog?.gold],
  ['before the aggregate', ({ backlog }) => backlog?.aggregate],
]
const LAYER_ROWS: Lines = [
  ['bronze', ({ rows }) => rows.bronze],
  ['silver', ({ rows }) => rows.silver],
  ['quarantine', ({ rows }) => rows.quarantine],
  ['gold', ({ rows }) => rows.gold],
]
const LATENCY: Lines = [
  ['p50', ({ latency }) => latency && latency.p50 / 1000],
  ['p95', ({ latency }) => latency && latency.p95 / 1000],
  ['p99', ({ latency }) => latency && latency.p99 / 1000],
]

/** Those for which there is something to draw. */
export function drawCharts(model: ReportModel): Chart[] {
  const isFolder = model.source === 'folder'
  const charts = [
    timeChart(
      model,
      'rate',
      isFolder ? 'Rows in silver, per second' : 'Events into the hub, per second',
      '↑ events/s',
      [['events/s', ({ rate }) => rate]],
    ),
    timeChart(model, 'backlog', 'Rows in flight, by hop', '↑ rows', BACKLOG),
    timeChart(
      model,
      'latency',
      isFolder ? 'Created → hub, by minute' : 'Created → gold, of the last minute',
      '↑ seconds',
      LATENCY,
    ),
    timeChart(model, 'layers', 'Rows in each layer', '↑ rows', LAYER_ROWS),
    quarantineChart(model),
    ...((model.cost ?? 0) > 0
      ? [
          timeChart(model, 'cost', 'Cost so far, estimated from list prices', '↑ US$', [
            ['US$', ({ spent }) => spent],
          ]),
        ]
      : []),
  ]
  return charts.filter((chart) => chart !== undefined)
}

function timeChart(
  { samples, faults, marks, endedAt }: ReportModel,
  id: string,
  title: string,
  yLabel: string,
  lines: Lines,
): Chart | undefined {
  const points = samples.flatMap((sample) =>
    lines.map(([name, value]) => {
      // A gap where nothing is known, and no line across it.
      return { at: new Date(sample.at), name, y: value(sample) ?? Number.NaN }
    }),
  )
  if (points.filter(({ y }) => !Number.isNaN(y)).length < 2) return undefined
  // Not from the first to the last: the clock may have been set back.
  const times = samples.map(({ at }) => at)
  const [from, to] = [Math.min(...times), Math.max(endedAt, ...times)]
  const inside = marks.filter(({ at }) => at >= from && at <= to)
  const svg = plot(title, {
    x: {
      type: 'utc',
      label: null,
      domain: [new Date(from), new Date(to)],
      ...timeAxis(from, to),
    },
    y: { label: yLabel, grid: true, zero: true, nice: true, tickFormat: tickText },
    color: { domain: lines.map(([name]) => name), range: COLORS },
    marks: [
      Plot.rectX(faults, {
        x1: (span: { from: number }) => new Date(span.from),
        x2: (span: { to?: number }) => new Date(span.to ?? endedAt),
        fill: 'var(--fault)',
        fillOpacity: 0.18,
        title: 'title',
      }),
      Plot.ruleX(inside, {
        x: (mark: { at: number }) => new Date(mark.at),
        stroke: 'currentColor',
        strokeOpacity: 0.35,
        strokeDasharray: '2,3',
        title: 'text',
      }),
      Plot.lineY(points, {
        x: 'at',
        y: 'y',
        z: 'name',
        stroke: 'name',
        strokeWidth: 1.8,
        curve: 'monotone-x',
      }),
      Plot.ruleY([0], { stroke: 'currentColor', strokeOpacity: 0.4 }),
    ],
  })
  const last = lines.map(
    ([name, value]) => `${name} ${rounded(samples.map(value).findLast((y) => y !== undefined))}`,
  )
  return { id, title, description: `${title}. At the end: ${last.join(', ')}.`, svg: withLegend(svg, lines) }
}

function quarantineChart({ quarantine, isQuarantineWhole }: ReportModel): Chart | undefined {
  if (quarantine.length === 0) return undefined
  const title = isQuarantineWhole
    ? 'Quarantined rows by reason'
    : 'Refused rows by reason, of those that were shown'
  const svg = plot(title, {
    height: 40 + quarantine.length * 26,
    marginLeft: 210,
    x: { label: '→ rows', grid: true },
    y: { label: null, domain: quarantine.map(({ reason }) => reason) },
    marks: [
      Plot.barX(quarantine, { x: 'events', y: 'reason', fill: 'var(--c2)' }),
      Plot.text(quarantine, {
        x: 'events',
        y: 'reason',
        text: (one: { events: number }) => String(one.events),
        dx: 4,
        textAnchor: 'start',
        fill: 'currentColor',
      }),
    ],
  })
  const parts = quarantine.map(({ reason, events }) => `${reason} ${events}`)
  return { id: 'quarantine', title, description: `${title}: ${parts.join(', ')}.`, svg }
}

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000]
/** Seconds where ticks may stand closer than a minute. */
const SECONDS_BELOW = 10 * MINUTE
/** Between two ticks: what people count in (ms). */
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((many) => many * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((many) => many * MINUTE),
  ...[1, 2, 3, 6, 12].map((many) => many * HOUR),
]
/** Of a digit as it is written there, with some of the room between two labels. */
const DIGIT_WIDTH = 9

/**
 * Ticks whose labels do not touch: `12:30`, with seconds or with the day where these count. The library's own form counts hours to
 * twelve, and every table here to 24; its own ticks have no room for seconds.
 */
function timeAxis(from: number, to: number): { ticks: Date[]; tickFormat: (at: Date) => string } {
  const lasting = to - from
  const [start, end] = lasting < SECONDS_BELOW ? [11, 19] : lasting < DAY ? [11, 16] : [5, 16]
  const most = Math.floor((WIDTH - MARGIN.left - MARGIN.right) / ((end - start) * DIGIT_WIDTH))
  const step = STEPS.find((one) => lasting / one <= most) ?? Math.ceil(lasting / most / DAY) * DAY
  const first = Math.ceil(from / step) * step
  const count = Math.max(0, Math.floor((to - first) / step) + 1)
  return {
    ticks: Array.from({ length: count }, (_, index) => new Date(first + index * step)),
    tickFormat: (at) => at.toISOString().slice(start, end).replace('T', ' '),
  }
}

const COLORS = ['var(--c1)', 'var(--c2)', 'var(--c3)', 'var(--c4)', 'var(--c5)']

function plot(label: string, options: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const drawn = Plot.plot({
    document: document as unknown as Document,
    width: WIDTH,
    height: HEIGHT,
    marginLeft: MARGIN.left,
    marginRight: MARGIN.right,
    ariaLabel: label,
    style: { background: 'transparent', color: 'inherit', fontFamily: 'inherit', fontSize: '12px' },
    ...options,
  }) as unknown as SvgElement
  // Groups have no role, so they may not have a name: the description below the chart says what they show.
  for (const group of drawn.querySelectorAll('g[aria-label]')) group.removeAttribute('aria-label')
  drawn.setAttribute('role', 'img')
  return drawn.outerHTML
}

/** Only the parts used here; browser types are not loaded. */
interface SvgElement {
  setAttribute(name: string, value: string): void
  removeAttribute(name: string): void
  querySelectorAll(selector: string): Iterable<SvgElement>
  outerHTML: string
}

/** The library's own legend is not part of the SVG. */
function withLegend(svg: string, lines: Lines): string {
  if (lines.length < 2) return svg
  const items = lines.map(
    ([name], index) => `<span><i style="background:${COLORS[index % COLORS.length]}"></i>${name}</span>`,
  )
  return `<div class="legend">${items.join('')}</div>${svg}`
}

/** `0.08`, `200`, `1.5k`, `2M`: an `m` for thousandths would be read as minutes. */
export function tickText(value: number): string {
  const [size, unit] = value >= 1e6 ? [1e6, 'M'] : value >= 1000 ? [1000, 'k'] : [1, '']
  return `${Number((value / size).toPrecision(4))}${unit}`
}

const rounded = (value: number | undefined) =>
  value === undefined ? 'not known' : String(Math.round(value * 10) / 10)
