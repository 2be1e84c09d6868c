/** The whole screen as lines: header, flow, panels or what covers them, footer. Pure. */
import type { AppState } from '../../pipeline/state/state.ts'
import { linksOfDetail } from '../input/links.ts'
import { asksForText, type Detail, isCovered, type Overlay, type ViewState } from '../input/view-state.ts'
import type { PanelId, SlotId } from '../layout.ts'
import { type Layout, layOut, roomAbove, SMALLEST } from '../layout.ts'
import { bannerLines } from '../lesson/banners.ts'
import { faultLines, lessonChoices } from '../lesson/choices.ts'
import { traceLines } from '../lesson/trace-panel.ts'
import { audienceLines, rowsOfCode } from '../overlays/audience.ts'
import { columnsText, rowDetail, tableRows } from '../overlays/table.ts'
import { endpointLines, endpointRows } from '../panels/endpoints-panel.ts'
import { helpLines } from '../panels/help-panel.ts'
import type { PanelContent } from '../panels/panel.ts'
import { fromTop, position } from '../panels/scrolled.ts'
import { PANEL_VIEWS } from '../panels/views.ts'
import type { Region } from '../regions.ts'
import { type Banner, bannerLine, bannerOf, greyed } from '../strip/banner.ts'
import { flowLines, flowRegions, needsWordsRow } from '../strip/flow.ts'
import { headerLine } from '../strip/header.ts'
import { presenterLines } from '../strip/presenter.ts'
import { FRAME, framed, sideBySide } from '../text/frame.ts'
import {
  type Line,
  left,
  plainText,
  printable,
  type Span,
  span,
  toWidth,
  wrap,
  wrapData,
} from '../text/line.ts'
import textWidth from '../text/text-width.ts'
import { footerLine, footerRegions } from './footer.ts'
import { withQuestion } from './modal.ts'

/** One frame before it is painted. */
export interface ScreenLines {
  /** One per row of the terminal, each exactly as wide. */
  lines: readonly Line[]
  layout: Layout | undefined
  /** Lines of the focused panel, or of what covers it, that are not shown. */
  scrollable: number
  /** Of the same: its rows as text, and what is behind each. Most frames are never asked. */
  readonly texts: readonly string[]
  readonly details: readonly (Detail | undefined)[]
  /** Where the mouse can do something. */
  regions: readonly Region[]
}

/**
 * @param columns and rows of the terminal.
 * @param present the pipeline as it is now, where `state` is a frozen one: questions and the last line speak of it.
 */
export function screenLines(
  state: AppState,
  view: ViewState,
  columns: number,
  rows: number,
  present: AppState = state,
): ScreenLines {
  const banner = bannerOf(state)
  // In a small window the panels give way; in the smallest, what is above them is cut.
  const room = roomAbove(columns, rows)
  const first = banner ? [bannerLine(banner, columns)] : []
  const above = [
    ...first,
    ...bannerLines(state, columns, { room: room - first.length, isCovered: isCovered(view) }),
  ].slice(0, room)
  const isFull = view.overlay !== undefined || view.isZoomed || view.detail !== undefined
  const needed = view.overlay === 'audience' ? rowsOfCode(state) + FRAME.rows : 0
  const hasWords = needsWordsRow(state, columns)
  const layout = layOut(columns, rows, view.focused, {
    above: above.length,
    isCovered: isFull,
    needed,
    hasWords,
  })
  if (!layout) return { lines: tooSmall(columns, rows, view), layout, scrollable: 0, ...NOTHING }
  const body = bodyOf(state, view, layout, banner)
  const hasFlow = !layout.isCoverAlone
  const lines = [
    headerLine(state, columns, view),
    ...above,
    ...(hasFlow ? flowBlock(state, columns, layout) : []),
    ...body.lines,
    footerLine(present, view, columns, body.scrollable),
  ].map((line) => toWidth(line, columns))
  return {
    lines: view.question ? withQuestion(lines, view.question, present, columns) : lines,
    layout,
    scrollable: body.scrollable,
    get texts() {
      return (body.inFocus?.lines ?? []).map((line) => plainText(line).trimEnd())
    },
    get details() {
      return body.inFocus?.details?.() ?? []
    },
    regions: [
      ...(view.overlay || view.detail
        ? []
        : [
            ...(hasFlow
              ? moved(flowRegions(state, columns, layout.flowHeight), 1 + above.length + layout.gap)
              : []),
            ...moved(body.regions, above.length + 1 + layout.gap + layout.flowHeight),
          ]),
      ...footerRegions(present, view, columns, body.scrollable, rows - 1),
    ],
  }
}

const NOTHING = { texts: [], details: [], regions: [] }

const moved = (regions: readonly Region[], by: number): Region[] =>
  regions.map(({ left, right, top, bottom, target }) => ({
    left,
    right,
    top: top + by,
    bottom: bottom + by,
    target: target.kind === 'panel' ? { ...target, firstRow: target.firstRow + by } : target,
  }))

/** Exactly so many rows. */
function flowBlock(state: AppState, columns: number, { gap, flowHeight }: Layout): Line[] {
  const lines = flowLines(state, columns, flowHeight, gap)
  return Array.from({ length: gap + flowHeight }, (_, row) => lines[row] ?? [])
}

interface Body {
  lines: readonly Line[]
  scrollable: number
  /** What keys work on. */
  inFocus?: PanelContent | undefined
  regions: readonly Region[]
}

function bodyOf(state: AppState, view: ViewState, layout: Layout, banner: Banner | undefined): Body {
  const { columns, bodyHeight } = layout
  const inside = { width: columns - FRAME.columns, height: bodyHeight - FRAME.rows }
  const panel = (id: SlotId, width: number, height: number, isZoomed: boolean): PanelContent =>
    PANEL_VIEWS[id]({
      state,
      width: width - FRAME.columns,
      height: height - FRAME.rows,
      isZoomed,
      filter: view.filter,
      chartAt: view.chartAt,
      logSource: view.logSource,
      scroll: id === 'services' ? 0 : (view.scroll[id] ?? 0),
    })
  const whole = (content: PanelContent, id?: PanelId): Body => ({
    lines: framed(
      view.detail ? content : withCursor(content, view.cursor, inside.width),
      columns,
      bodyHeight,
      'borderFocused',
    ),
    scrollable: content.scrollable ?? 0,
    inFocus: content,
    regions: id
      ? [{ left: 0, right: columns, top: 0, bottom: bodyHeight, target: { kind: 'panel', id, firstRow: 1 } }]
      : [],
  })
  if (view.detail) return whole(detailContent(view.detail, state, inside, view.scroll.detail ?? 0))
  if (view.isPresenting && !view.overlay && !view.isZoomed)
    return { lines: presenterLines(state, columns, bodyHeight), scrollable: 0, regions: [] }
  if (view.overlay) return whole(overlayContent(view.overlay, state, inside, view))
  if (view.isZoomed) return whole(panel(view.focused, columns, bodyHeight, true), view.focused)
  let focused: PanelContent | undefined
  const regions: Region[] = []
  let top = 0
  const lines = layout.rows.flatMap((slots) => {
    let start = 0
    const block = sideBySide(
      slots.map(({ id, width, height }) => {
        const content = panel(id, width, height, false)
        const isFocused = id === view.focused
        if (isFocused) focused = content
        if (id !== 'services')
          regions.push({
            left: start,
            right: start + width,
            top,
            bottom: top + height,
            target: { kind: 'panel', id, firstRow: top + 1 },
          })
        start += width
        const shown = isFocused ? withCursor(content, view.cursor, width - FRAME.columns) : content
        const isGrey = banner?.slots.has(id) === true
        return framed(
          isGrey ? { ...shown, lines: greyed(shown.lines) } : shown,
          width,
          height,
          isFocused ? 'borderFocused' : 'border',
        )
      }),
    )
    top += slots[0]?.height ?? 0
    return block
  })
  return {
    lines: [...lines, ...Array.from({ length: bodyHeight - lines.length }, (): Line => [])],
    scrollable: focused?.scrollable ?? 0,
    inFocus: focused,
    regions,
  }
}

/** The chosen row stands out without any colour. */
function withCursor(content: PanelContent, cursor: number | undefined, width: number): PanelContent {
  if (cursor === undefined || content.lines[cursor] === undefined) return content
  const lines = content.lines.map((line, row) =>
    row === cursor
      ? [{ text: plainText(toWidth(line, width)), token: 'accent' as const, inverse: true }]
      : line,
  )
  return { ...content, lines }
}

const NAME = 24
const LEAST_OF_A_VALUE = 20

/** A value beside its name is wrapped and never cut: somebody will copy it by hand. */
const namedLines = (name: string, value: string, width: number, look: Pick<Span, 'token' | 'link'>): Line[] =>
  wrap(printable(value), Math.max(LEAST_OF_A_VALUE, width - NAME)).map((text, row) => [
    span(left(row === 0 ? name : '', NAME), 'muted'),
    { text, ...look },
  ])

function detailContent(
  detail: Detail,
  state: AppState,
  { width, height }: { width: number; height: number },
  scroll: number,
): PanelContent {
  const facts = detail.facts.flatMap(([name, value]) => namedLines(name, value, width, {}))
  const text =
    detail.text === undefined ? [] : wrapData(printable(detail.text), width).map((part): Line => [span(part)])
  const links = linksOfDetail(detail, state).flatMap(({ name, value }) =>
    namedLines(name, value, width, { token: 'accent', link: value }),
  )
  const window = fromTop([...facts, ...links, ...(text.length > 0 ? [[], ...text] : [])], height, scroll)
  return {
    title: printable(detail.title),
    value: [
      span(window.scrollable > 0 ? `↑↓ ${position(window, scroll)}   ` : '', 'accent'),
      span(`${detail.trace ? 't follows it   ' : ''}y copies   esc closes`, 'muted'),
    ],
    lines: window.shown,
    scrollable: window.scrollable,
  }
}

const OVERLAY_VIEWS: Readonly<
  Record<
    Overlay,
    (
      state: AppState,
      width: number,
      view: ViewState,
      help?: readonly Line[],
    ) => { title: string; all: readonly Line[] }
  >
> = {
  help: (_state, _width, _view, help = []) => ({ title: 'keys', all: help }),
  endpoints: (state, width) => ({ title: 'endpoints', all: endpointLines(state, width) }),
  audience: (state, width) => ({ title: 'audience', all: audienceLines(state, width) }),
  trace: (state, width) => ({ title: 'one event', all: traceLines(state, width) }),
  faults: (state, width) => ({ title: 'break something', all: faultLines(state, width) }),
  table: (_state, width, view) => ({
    title: printable(view.table.title),
    all: tableRows(view.table, width),
  }),
  lessons: (state, width) => ({ title: 'lessons', all: lessonChoices(state, width) }),
}

/** Between a title and what stands at the right of it: blanks, and a piece of the frame. */
const TITLE_GAP = 6

function overlayContent(
  overlay: Overlay,
  state: AppState,
  { width, height }: { width: number; height: number },
  view: ViewState,
): PanelContent {
  const help = overlay === 'help' ? helpLines(width, state, view) : undefined
  const { title, all } = OVERLAY_VIEWS[overlay](state, width, view, help?.lines)
  // The chosen action is in sight, with what stands around it.
  const scroll = help ? Math.max(0, help.chosenRow - Math.floor(height / 2)) : (view.scroll[overlay] ?? 0)
  const window = fromTop(all, height, scroll)
  const where = [
    overlay === 'table' ? columnsText(view.table, width) : '',
    window.scrollable > 0 ? `↑↓ ${position(window, scroll)}   ` : '',
  ].join('')
  const keys = [help && !view.palette.isTyping && '/ searches', help && 'enter runs', 'esc closes']
    .filter(Boolean)
    .join('   ')
  // The name of what is shown counts more than keys, which the last line has too.
  const hasKeys = textWidth(title) + textWidth(where + keys) + TITLE_GAP <= width
  return {
    title,
    value: [span(hasKeys ? where : where.trimEnd(), 'accent'), span(hasKeys ? keys : '', 'muted')],
    lines: window.shown,
    details: () =>
      overlay === 'endpoints'
        ? fromTop(endpointRows(state, width), height, scroll).shown.map(({ detail }) => detail)
        : overlay === 'table'
          ? window.shown.map((_, row) => rowDetail(view.table, row + Math.min(scroll, window.scrollable)))
          : [],
    scrollable: help ? 0 : window.scrollable,
  }
}

/** Too little room to show anything true: what is needed, and the way out. */
function tooSmall(columns: number, rows: number, view: ViewState): Line[] {
  const needed = `${SMALLEST.columns}×${SMALLEST.rows}`
  const { question } = view
  // Where text is typed, q is a letter of it.
  const isTyping = asksForText(view)
  const way = question?.kind === 'quit' ? 'q again quits' : isTyping ? 'esc, then q quits' : 'q quits'
  const text = [
    [`rtstream-tui needs ${needed}`, `this is ${columns}×${rows}.`, `Enlarge the window; ${way}.`],
    [`needs ${needed}`, `is ${columns}×${rows}`, way],
    [question || isTyping ? way : `needs ${needed}`],
  ]
    .map((parts) => parts.flatMap((part) => wrap(part, columns)))
    .find((lines, index) => index === 2 || lines.length <= rows) as string[]
  return Array.from({ length: rows }, (_, row) => toWidth([span(text[row] ?? '', 'warn')], columns))
}
