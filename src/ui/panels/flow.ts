/** The hero of the screen: the pipeline from left to right, readable from the last row of the room. */
import type { StageState } from '../../pipeline/ports/stages.ts'
import type { AppState, StageSlice } from '../../pipeline/state/state.ts'
import { formatAge, formatCount, formatPercent, formatRate } from '../text/format.ts'
import { STATE_GLYPHS } from '../text/glyphs.ts'
import { type Line, lineWidth, type Span, span, toWidth } from '../text/line.ts'
import textWidth from '../text/text-width.ts'
import type { Token } from '../text/theme.ts'
import { fitWords, STATE_TOKENS, staleText, wordsOf } from './states.ts'

interface Node {
  name: string
  short: string
  state: StageState
  /** Below the name: its key, if it has one, and the service's own word. */
  hotkey?: string
  words: string
  /** The same for a narrow screen, if it differs. */
  shortWords?: string
  /** Third line: what waits in front of it. */
  detail: Span
  /** Beside it, where there is room. */
  extra: string
  /** What flows on to the next node; undefined behind the last. */
  rate: number | undefined
}

/** Room for an arrow that reads well: `━120/s━▶`. */
const ARROW = 8
/** Below the last name: `5 InProgress`, and a blank at either side. */
const LAST_WORDS = 14
/** From this width of a cell on there is room for a second detail. */
const ROOMY = 30

/** @param height 3 with details, 2 without. */
export function flowLines(state: AppState, width: number, height: 2 | 3): Line[] {
  const nodes = nodesOf(state)
  const arrows = nodes.length - 1
  const spare = (isShort: boolean) =>
    width - 2 - nodes.reduce((sum, node) => sum + lineWidth([pill(node, isShort)]), 0)
  const isShort = spare(false) < ARROW * arrows
  // Below the last name the words need room of their own: there is no arrow behind it.
  const last = Math.max(0, LAST_WORDS - lineWidth([pill(nodes[arrows] as Node, isShort)]))
  const each = Math.floor((spare(isShort) - last) / arrows)
  const widthOf = (node: Node, index: number) =>
    lineWidth([pill(node, isShort)]) + (index < arrows ? each : spare(isShort) - each * arrows)
  const cells = nodes.map((node, index) => ({ node, width: widthOf(node, index) }))
  const line = (cell: (node: Node, width: number) => Line): Line =>
    toWidth([span(' '), ...cells.flatMap((one) => toWidth(cell(one.node, one.width), one.width))], width)
  return [
    line((node, cell) => [pill(node, isShort), ...arrow(node.rate, cell - lineWidth([pill(node, isShort)]))]),
    line((node, cell) => [span(` ${wordsWithin(node, isShort, cell - 2)} `, STATE_TOKENS[node.state])]),
    line((node, cell) => [
      span(' '),
      detailWithin(node.detail, cell - 2),
      span(cell >= ROOMY && node.extra ? ` · ${node.extra} ` : ' ', 'muted'),
    ]),
  ].slice(0, height)
}

/** Key and the service's words: `3 TERMINATED FAILED`. */
function wordsWithin({ hotkey, words, shortWords }: Node, isShort: boolean, room: number): string {
  const key = hotkey === undefined ? '' : `${hotkey} `
  return key + fitWords((isShort && shortWords) || words, room - key.length)
}

/** `64 s of ~90 s`, or as short as it has to be. */
const detailWithin = (detail: Span, room: number): Span =>
  textWidth(detail.text) <= room ? detail : { ...detail, text: detail.text.replace(' of ~', '/') }

/** What runs is text on its colour; what does not is plain: told apart without any colour. */
function pill({ name, short, state }: Node, isShort: boolean): Span {
  const text = ` ${STATE_GLYPHS[state]} ${isShort ? short : name} `
  const isQuiet = state === 'stopped' || state === 'unknown'
  return { text, token: STATE_TOKENS[state], bold: true, inverse: !isQuiet }
}

/** `━━120/s━▶` while something flows, `───0────▶` while nothing does. */
function arrow(rate: number | undefined, width: number): Line {
  if (rate === undefined || width < 3) return []
  const isFlowing = rate >= 0.05
  const number = formatRate(rate)
  const label =
    textWidth(number) + 4 <= width
      ? `${number}/s`
      : textWidth(number) < width
        ? number
        : `${Math.round(rate / 1000)}k`
  const shaft = (isFlowing ? '━' : '─').repeat(Math.max(0, width - textWidth(label) - 1))
  const before = Math.ceil(shaft.length / 2)
  const token: Token = isFlowing ? 'accent' : 'border'
  return [
    span(shaft.slice(0, before), token),
    span(label, isFlowing ? 'title' : 'muted', isFlowing),
    span(`${shaft.slice(before)}▶`, token),
  ]
}

function nodesOf(state: AppState): Node[] {
  const { stages, hub, job, ledger, aggregate } = state
  const { generator, streamAnalytics, silver, gold, aggregate: synapse } = stages
  const delay = job.watermarkDelaySeconds
  const backlog = (stage: StageSlice, known = stage.backlog): Span => {
    const stale = staleText(stage.updatedAt, state.now)
    if (stage.command || stale) return span(progress(stage, state.now) ?? stale ?? '', 'warn')
    return span(`backlog ${formatCount(known)}`, known ? 'warn' : 'muted')
  }
  return [
    {
      name: 'generator',
      short: 'gen',
      state: generator.state,
      hotkey: '1',
      words: wordsOf(generator),
      detail: span(generatorDetail(state), 'muted'),
      extra: '',
      rate: generator.rate ?? 0,
    },
    {
      name: 'event hub',
      short: 'hub',
      state: hub.error ? 'failed' : hub.updatedAt === undefined ? 'unknown' : 'running',
      words: hub.error ? 'no answer' : `${hub.partitions.length} partitions`,
      shortWords: hub.error ? 'no answer' : `${hub.partitions.length} parts`,
      detail: hubDetail(state),
      extra: '',
      rate: hub.rate,
    },
    {
      name: 'stream analytics',
      short: 'asa',
      state: streamAnalytics.state,
      hotkey: '2',
      words: wordsOf(streamAnalytics),
      detail: backlog(streamAnalytics, streamAnalytics.backlog ?? job.backlogged),
      extra: delay === undefined ? '' : `delay ${formatAge(delay * 1000)}`,
      rate: streamAnalytics.rate ?? 0,
    },
    {
      name: 'silver',
      short: 'silver',
      state: silver.state,
      hotkey: '3',
      words: wordsOf(silver),
      detail: backlog(silver),
      extra: ledger.quarantined > 0 ? `quarantine ${formatCount(ledger.quarantined)}` : '',
      rate: silver.rate ?? 0,
    },
    {
      name: 'gold',
      short: 'gold',
      state: gold.state,
      hotkey: '4',
      words: wordsOf(gold),
      detail: backlog(gold),
      extra: '',
      rate: gold.rate ?? 0,
    },
    {
      name: 'aggregate',
      short: 'agg',
      state: synapse.state,
      hotkey: '5',
      words: wordsOf(synapse),
      detail: backlog(synapse),
      extra: aggregate.cities.length > 0 ? `${aggregate.cities.length} cities` : '',
      rate: undefined,
    },
  ]
}

function hubDetail({ hub, now }: AppState): Span {
  const stale = staleText(hub.updatedAt, now)
  return stale ? span(stale, 'warn') : span(`${formatCount(hub.enqueued)} events`, 'muted')
}

/** `64 s of ~90 s` while a command is under way. */
const progress = ({ command }: StageSlice, now: number): string | undefined =>
  command && `${formatAge(now - command.startedAt)} of ~${formatAge(command.usualMs)}`

function generatorDetail({ generator, now }: AppState): string {
  if (generator.burstUntil !== undefined && generator.burstUntil > now)
    return `burst ${formatAge(generator.burstUntil - now)}`
  if (generator.backPressure) return 'back-pressure'
  const stations = formatCount(generator.stations)
  return generator.dirty > 0
    ? `${stations} · ${formatPercent(generator.dirty)} dirty`
    : `${stations} stations`
}
