/**
 * The hero of the screen: the pipeline from left to right, readable from the last row of the room. Four rows: the boxes and what
 * flows between them; each one's state in a plain word; what it works on, and what waits in front of the next one; and what
 * leaves the main way.
 */
import type { AppState } from '../../pipeline/state/state.ts'
import { BANDS_BELOW, type PanelId, WORDS_ROW_BELOW } from '../layout.ts'
import { STATE_TOKENS } from '../panels/states.ts'
import type { Region } from '../regions.ts'
import { formatCompact, formatRate, formatThousands } from '../text/format.ts'
import { STATE_GLYPHS } from '../text/glyphs.ts'
import { cut, type Line, lineWidth, type Span, span, toWidth } from '../text/line.ts'
import textWidth from '../text/text-width.ts'
import type { Token } from '../text/theme.ts'
import { type Node, nodesOf } from './flow-nodes.ts'
import { MOST_NAMES, namesLine, type Sender, sendersOf } from './room-names.ts'
import { isStepping, stepperLines } from './stepper.ts'

/** Rows of the strip, where all boxes stand side by side. */
const STRIP_ROWS = 4
/** Room for an arrow that reads well: `━120/s━▶`, and for one that just does: `━120▶`. */
const ARROWS = [8, 5, 5] as const
/** Below the last name: `5 running`, and a blank at either side. */
const LAST_WORDS = 11
/** Boxes in each band of a window that is too narrow for one. */
const PER_BAND = 3

/** The services say something that has no other place: below the last box there is always one. */
export const needsWordsRow = (state: AppState, width: number): boolean =>
  width < WORDS_ROW_BELOW &&
  (isStepping(state) || nodesOf(state).some(({ service, isLast }) => service !== '' && !isLast))

/** Where the words have no row of their own, the last box's stand in place of its branch: it has none. */
const withLastWord = (node: Node): Node => {
  const { isLast, service } = node
  const branch: Line = [span(service, 'muted')]
  return isLast && service !== '' ? { ...node, branch, shortBranch: branch } : node
}

/**
 * @param height rows that there are. @param gap blank rows above the strip, more than that: names of phones that send float
 * there, over the event hub; without one, below it.
 */
export function flowLines(state: AppState, width: number, height: number, gap: 0 | 1 = 0): Line[] {
  if (isStepping(state)) return stepperLines(state, width, height, gap)
  const senders = sendersOf(state)
  const nodes = nodesOf(state).map((node) =>
    gap === 0 && isHub(node) && senders.length > 0
      ? { ...node, branch: namesLine(senders, MOST_NAMES), shortBranch: namesLine(senders, 1) }
      : node,
  )
  if (width >= BANDS_BELOW) {
    const above = Array.from({ length: gap }, () => floating(senders, cellsOf(nodes, width).cells, width))
    const hasRow = width >= WORDS_ROW_BELOW || height > STRIP_ROWS
    return [...above, ...band(hasRow ? nodes : nodes.map(withLastWord), width).slice(0, height)]
  }
  const { above, between } = gapsOf(height)
  const blank = (count: number) => Array.from({ length: count }, (): Line => [])
  return [
    ...blank(above),
    ...band(nodes.slice(0, PER_BAND), width),
    ...blank(between),
    ...band(nodes.slice(PER_BAND), width),
  ].slice(0, height)
}

const BAND_ROWS = STRIP_ROWS + 1
/** Blank rows above the first of two bands, and between them, as far as there is room. */
const gapsOf = (height: number) => ({
  above: height > 2 * BAND_ROWS + 1 ? 1 : 0,
  between: height > 2 * BAND_ROWS ? 1 : 0,
})

const isHub = ({ names }: Node) => names[2] === 'hub'

/** The names, as many as have room, with the middle over the box of the hub. */
function floating(senders: readonly Sender[], cells: readonly Cell[], width: number): Line {
  const hub = cells.findIndex(({ node }) => isHub(node))
  if (senders.length === 0 || hub < 0) return []
  const before = cells.slice(0, hub).reduce((sum, { box, arrow }) => sum + box + arrow, 1)
  const { box, arrow } = cells[hub] as Cell
  const middle = before + box / 2
  const room = Math.floor(2 * Math.min(middle - 1, box / 2 + arrow))
  const line = Array.from({ length: MOST_NAMES }, (_, index) => namesLine(senders, MOST_NAMES - index)).find(
    (one) => lineWidth(one) <= room,
  )
  if (!line) return []
  return toWidth([span(' '.repeat(Math.round(middle - lineWidth(line) / 2))), ...line], width)
}

/** Panels behind the boxes, from left to right. */
const PANELS_OF_BOXES: readonly PanelId[] = ['rate', 'hub', 'job', 'databricks', 'databricks', 'synapse']

/** Where the boxes are: side by side, or in two bands. */
export function flowRegions(state: AppState, width: number, height: number): Region[] {
  if (isStepping(state)) return []
  const nodes = nodesOf(state)
  if (width >= BANDS_BELOW) return boxRegions(nodes, PANELS_OF_BOXES, width, 0, height)
  const { above, between } = gapsOf(height)
  const second = above + BAND_ROWS + between
  return [
    ...boxRegions(
      nodes.slice(0, PER_BAND),
      PANELS_OF_BOXES.slice(0, PER_BAND),
      width,
      above,
      second - between,
    ),
    ...boxRegions(nodes.slice(PER_BAND), PANELS_OF_BOXES.slice(PER_BAND), width, second, height),
  ]
}

function boxRegions(
  nodes: readonly Node[],
  panels: readonly PanelId[],
  width: number,
  top: number,
  bottom: number,
): Region[] {
  let left = 1
  return cellsOf(nodes, width).cells.flatMap(({ box, arrow }, index): Region[] => {
    const start = left
    left += box + arrow
    const id = panels[index]
    return id ? [{ left: start, right: start + box, top, bottom, target: { kind: 'box', id } }] : []
  })
}

interface Cell {
  node: Node
  /** Of the box. */
  box: number
  /** Of the arrow behind it. */
  arrow: number
  /** What waits in front of the next node. */
  waiting: number | undefined
}

/** Where the boxes stand, and in what size. */
function cellsOf(nodes: readonly Node[], width: number): { cells: readonly Cell[]; size: number } {
  const arrows = nodes.filter(({ isLast }) => !isLast).length
  const room = (size: number) => width - 2 - nodes.reduce((sum, node) => sum + boxWidth(node, size), 0)
  const size = ARROWS.findIndex((least, index) => room(index) >= least * arrows || index === 2)
  const last = nodes.at(-1)
  // The last node needs its own width for its text, since no arrow follows it.
  const kept = last?.isLast ? Math.max(0, LAST_WORDS - boxWidth(last, size)) : 0
  const each = Math.max(0, Math.floor((room(size) - kept) / Math.max(1, arrows)))
  const cells = nodes.map((node, index): Cell => {
    const box = boxWidth(node, size)
    const arrow = node.isLast ? Math.max(0, room(size) - each * arrows) : each
    return { node, box, arrow, waiting: nodes[index + 1]?.backlog }
  })
  return { cells, size }
}

function band(nodes: readonly Node[], width: number): Line[] {
  const { cells, size } = cellsOf(nodes, width)
  const hasWordsRow = width < WORDS_ROW_BELOW
  const line = (draw: (cell: Cell) => Line): Line =>
    toWidth([span(' '), ...cells.flatMap((cell) => toWidth(draw(cell), cell.box + cell.arrow))], width)
  return [
    line(({ node, arrow }) => [...boxOf(node, size), ...arrowOf(node, arrow)]),
    line(({ node, box, arrow }) => wordsOf(hasWordsRow ? { ...node, service: '' } : node, box + arrow - 1)),
    line((cell) => workOf(cell)),
    runningOn(cells, width, ({ branch, shortBranch, leastBranch = shortBranch }) => [
      branch,
      shortBranch,
      leastBranch,
    ]),
    ...(hasWordsRow
      ? [runningOn(cells, width, ({ service }) => (service === '' ? [] : [[span(service, 'muted')]]))]
      : []),
  ]
}

const boxWidth = ({ names }: Node, size: number) => textWidth(names[size] ?? names[2]) + 4

/** What runs is text on its colour; what stands still is a hollow box, as loud as that: told apart without any colour. */
function boxOf({ names, state }: Node, size: number): Line {
  const text = `${STATE_GLYPHS[state]} ${names[size] ?? names[2]}`
  const token = STATE_TOKENS[state]
  if (state === 'stopped' || state === 'unknown')
    return [span('▐', 'muted'), span(text, 'title', true), span('▌', 'muted')]
  return [{ text: ` ${text} `, token, bold: true, inverse: true }]
}

/** `━━120/s━▶` while rows flow, `───0────▶` when none do, `───–────▶` when it is unknown. */
function arrowOf({ rate, isLast }: Node, width: number): Line {
  if (isLast || width < 3) return []
  const isFlowing = rate !== undefined && rate >= 0.05
  const number = formatRate(rate)
  const label =
    rate !== undefined && textWidth(number) + 4 <= width
      ? `${number}/s`
      : textWidth(number) < width
        ? number
        : formatThousands(rate ?? 0)
  const shaft = (isFlowing ? '━' : '─').repeat(Math.max(0, width - textWidth(label) - 1))
  const before = Math.ceil(shaft.length / 2)
  const token: Token = isFlowing ? 'accent' : 'border'
  return [
    span(shaft.slice(0, before), token),
    span(label, isFlowing ? 'title' : 'muted', isFlowing),
    span(`${shaft.slice(before)}▶`, token),
  ]
}

/** `3 running RUNNING`, as much of it as there is room for. */
function wordsOf({ hotkey, word, shortWord, service, state }: Node, room: number): Line {
  const key = hotkey === undefined ? '' : `${hotkey} `
  const left = room - 1 - key.length
  const plain = textWidth(word) <= left ? word : cut(shortWord, left)
  const rest = left - textWidth(plain) - 1
  const words: Span[] = [
    span(' '),
    span(key, 'accent', true),
    span(plain, STATE_TOKENS[state], state !== 'running'),
  ]
  return service !== '' && textWidth(service) <= rest ? [...words, span(` ${service}`, 'muted')] : words
}

/** What a box works on; and, below the arrow, what waits in front of the next one. */
function workOf({ node, box, arrow, waiting }: Cell): Line {
  const bar = backlogBar(waiting, arrow)
  const room = (bar.length === 0 ? box + arrow : box) - 1
  const isStarting = textWidth(node.word) > box + arrow - 4
  const shown = textWidth(node.detail.text) <= room - 1 && !isStarting ? node.detail : node.shortDetail
  // A number says something without its noun.
  const short = shown.text.replace(/ (old|stn|events)$/, '')
  const text = textWidth(shown.text) <= room ? shown.text : short
  return [...toWidth([span(' '), { ...shown, text: cut(text, room) }], room + 1), ...bar]
}

/** Most decades of waiting rows that a bar tells apart: it is full at a million. */
const DECADES = 6

/** `▇▇▇ 22`: grows with what waits in front of the next box, by decades. */
function backlogBar(waiting: number | undefined, width: number): Line {
  if (waiting === undefined || waiting <= 0 || width < 3) return []
  const number = formatCompact(waiting)
  const room = width - textWidth(number) - 2
  if (room < 1) return [span(shortest(waiting, width - 1), 'warn', true)]
  const share = Math.min(1, Math.log10(1 + waiting) / DECADES)
  const eighths = Math.max(2, Math.round(share * room * 8))
  const bar = BAR_ENDS[eighths % 8] ?? ''
  return [span('█'.repeat(Math.floor(eighths / 8)) + bar, 'warn'), span(` ${number}`, 'warn', true)]
}
/** `▌111`, `▌12k`: a number is never cut, and the mark tells it from the one before it. */
function shortest(waiting: number, width: number): string {
  const short = formatThousands(waiting)
  const forms = [formatCompact(waiting), short, short.replace(/\.\d/, '')]
  return [...forms.map((form) => `▌${form}`), ...forms].find((form) => textWidth(form) <= width) ?? '▌'
}
/** Parts of a column, from the left; halves are what most fonts draw well. */
const BAR_ENDS = ['', '', '▌', '▌', '▌', '▌', '▌', '▌'] as const

/**
 * Each text begins below its box, and may run on below the next ones, as far as those have none.
 * @param formsOf from the longest to the shortest; none: the box has no text.
 */
function runningOn(cells: readonly Cell[], width: number, formsOf: (node: Node) => readonly Line[]): Line {
  const texts = cells.map(({ node }) => formsOf(node).filter((form) => form.length > 0))
  const starts = cells.map((_, index) =>
    cells.slice(0, index).reduce((sum, { box, arrow }) => sum + box + arrow, 1),
  )
  let line: Line = []
  for (const [index, forms] of texts.entries()) {
    if (forms.length === 0) continue
    const start = (starts[index] ?? 0) + 1
    const next = texts.findIndex((other, place) => place > index && other.length > 0)
    const room = (next < 0 ? width : (starts[next] ?? width)) - start
    const shown = forms.find((form) => lineWidth(form) <= room) ?? forms.at(-1) ?? []
    line = [...toWidth(line, start), ...toWidth(shown, Math.min(room, Math.max(0, width - start)))]
  }
  return toWidth(line, width)
}
