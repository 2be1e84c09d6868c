/** The hero of the screen: the pipeline from left to right, readable from the last row of the room. */
import type { AppState, StageSlice } from '../../pipeline/state.ts'
import { formatCount, formatRate } from '../format.ts'
import { type Line, lineWidth, printable, span, toWidth } from '../line.ts'
import type { Style } from '../style.ts'
import type { Token } from '../theme.ts'
import { STATE_TOKENS } from './states.ts'

interface Node {
  name: string
  short: string
  /** Undefined for the hub, which runs as long as it answers. */
  stage: StageSlice | undefined
  /** Below the name: key and the service's word. */
  words: string
  /** Third line. */
  detail: string
  /** What flows on to the next node; undefined behind the last. */
  rate: number | undefined
}

/** Room for the shortest arrow that still reads well: `━1,234/s━▶ `. */
const ARROW = 9

/** @param height 3 with details, 2 without. */
export function flowLines(state: AppState, style: Style, width: number, height: 2 | 3): Line[] {
  const nodes = nodesOf(state)
  const spare = (isShort: boolean) =>
    width - 1 - nodes.reduce((sum, node) => sum + headOf(node, isShort).length, 0)
  const arrows = nodes.length - 1
  const isShort = spare(false) < ARROW * arrows
  const arrow = Math.floor(spare(isShort) / arrows)
  const widths = nodes.map(
    (node, index) =>
      headOf(node, isShort).length + (index < arrows ? arrow : spare(isShort) - arrow * arrows),
  )
  const below = (text: (node: Node) => Line): Line => [
    span(' '),
    ...nodes.flatMap((node, index) => [
      ...toWidth(text(node), (widths[index] as number) - 1, style.glyphs.ellipsis),
      span(' '),
    ]),
  ]
  const lines: Line[] = [
    [span(' '), ...nodes.flatMap((node, index) => nodeHead(node, style, widths[index] as number, isShort))],
    below((node) => [span('  '), span(node.words, node.stage ? STATE_TOKENS[node.stage.state] : 'muted')]),
  ]
  if (height === 3) lines.push(below((node) => [span('  '), span(node.detail, 'muted')]))
  return lines
}

/** `● silver `, one column for the glyph. */
const headOf = (node: Node, isShort: boolean) => `x ${isShort ? node.short : node.name} `

/** `● silver ━116/s━▶ `, the arrow as long as there is room. */
function nodeHead(node: Node, style: Style, width: number, isShort: boolean): Line {
  const { glyphs } = style
  const state = node.stage?.state ?? 'running'
  const head: Line = [
    span(`${glyphs.states[state]} `, STATE_TOKENS[state]),
    span(isShort ? node.short : node.name, 'title', true),
    span(' '),
  ]
  if (node.rate === undefined) return toWidth(head, width, glyphs.ellipsis)
  const isFlowing = node.rate > 0
  const rate = formatRate(node.rate)
  const room = width - lineWidth(head) - 2
  const label = `${rate}/s`.length + 2 <= room ? `${rate}/s` : rate
  const shaft = Math.max(0, room - label.length)
  const before = Math.floor(shaft / 2)
  const token: Token = isFlowing ? 'accent' : 'border'
  const arrow: Line = [
    span(glyphs.arrow.repeat(before), token),
    span(label, isFlowing ? 'accent' : 'muted', isFlowing),
    span(glyphs.arrow.repeat(shaft - before) + glyphs.arrowHead, token),
    span(' '),
  ]
  return toWidth([...head, ...arrow], width, glyphs.ellipsis)
}

function nodesOf(state: AppState): Node[] {
  const { stages, hub, generator, job, ledger, aggregate } = state
  const { generator: one, streamAnalytics: two, silver, gold, aggregate: five } = stages
  const word = (key: string, stage: StageSlice) => `${key} ${printable(stage.words || stage.state)}`
  const waiting = (stage: StageSlice) => (stage.backlog ? `backlog ${formatCount(stage.backlog)}` : '')
  const delay = job.watermarkDelaySeconds
  return [
    {
      name: 'generator',
      short: 'gen',
      stage: one,
      words: word('1', one),
      detail:
        generator.dirty > 0
          ? `${formatCount(generator.stations)}, ${Math.round(generator.dirty * 100)} % dirty`
          : `${formatCount(generator.stations)} stations`,
      rate: one.rate ?? 0,
    },
    {
      name: 'event hub',
      short: 'hub',
      stage: hub.error
        ? { ...one, state: 'unknown' }
        : hub.updatedAt === undefined
          ? { ...one, state: 'unknown' }
          : undefined,
      words: hub.error ? 'no answer' : hub.partitions.length > 0 ? `${hub.partitions.length} partitions` : '',
      detail: two.backlog ? `backlog ${formatCount(two.backlog)}` : `${formatCount(hub.enqueued)} events`,
      rate: hub.rate,
    },
    {
      name: 'stream analytics',
      short: 'asa',
      stage: two,
      words: word('2', two),
      detail: delay === undefined || two.state === 'stopped' ? '' : `watermark ${delay.toFixed(1)} s`,
      rate: two.rate ?? 0,
    },
    {
      name: 'silver',
      short: 'silver',
      stage: silver,
      words: word('3', silver),
      detail: ledger.quarantined > 0 ? `quarantine ${formatCount(ledger.quarantined)}` : waiting(silver),
      rate: silver.rate ?? 0,
    },
    {
      name: 'gold',
      short: 'gold',
      stage: gold,
      words: word('4', gold),
      detail: waiting(gold) || `${formatCount(ledger.gold)} rows`,
      rate: gold.rate ?? 0,
    },
    {
      name: 'aggregate',
      short: 'agg',
      stage: five,
      words: word('5', five),
      detail: aggregate.cities.length > 0 ? `${aggregate.cities.length} cities` : waiting(five),
      rate: undefined,
    },
  ]
}
