/** The whole screen as lines: header, flow, panels or what covers them, footer. Pure. */
import type { AppState } from '../../pipeline/state/state.ts'
import type { Overlay, ViewState } from '../input/view-state.ts'
import type { SlotId } from '../layout.ts'
import { type Layout, layOut, SMALLEST } from '../layout.ts'
import { endpointLines } from '../panels/endpoints-panel.ts'
import { flowLines } from '../panels/flow.ts'
import { headerLine } from '../panels/header.ts'
import { helpLines } from '../panels/help-panel.ts'
import type { PanelContent } from '../panels/panel.ts'
import { presenterLines } from '../panels/presenter.ts'
import { fromTop, position } from '../panels/scrolled.ts'
import { PANEL_VIEWS } from '../panels/views.ts'
import { FRAME, framed, sideBySide } from '../text/frame.ts'
import { type Line, span, toWidth, wrap } from '../text/line.ts'
import { footerLine } from './footer.ts'
import { withQuestion } from './modal.ts'

export interface ScreenLines {
  /** One per row of the terminal, each exactly as wide. */
  lines: readonly Line[]
  layout: Layout | undefined
  /** Lines of the focused panel, or of what covers it, that are not shown. */
  scrollable: number
}

export function screenLines(state: AppState, view: ViewState, columns: number, rows: number): ScreenLines {
  const layout = layOut(columns, rows, view.focused)
  if (!layout) return { lines: tooSmall(columns, rows, view), layout, scrollable: 0 }
  const body = bodyOf(state, view, layout)
  const hasFlow = !layout.isStripAlone || (view.overlay === undefined && !view.isZoomed)
  const lines = [
    headerLine(state, columns, view),
    ...Array.from({ length: layout.gap }, (): Line => []),
    ...(hasFlow ? flowBlock(state, columns, layout.flowHeight) : []),
    ...(layout.isStripAlone && hasFlow ? [] : body.lines),
    footerLine(state, view, columns, body.scrollable),
  ].map((line) => toWidth(line, columns))
  return {
    lines: view.question ? withQuestion(lines, view.question, state, columns) : lines,
    layout,
    scrollable: body.scrollable,
  }
}

/** Exactly so many rows. */
function flowBlock(state: AppState, columns: number, height: number): Line[] {
  const lines = flowLines(state, columns, height)
  return Array.from({ length: height }, (_, row) => lines[row] ?? [])
}

interface Body {
  lines: readonly Line[]
  scrollable: number
}

function bodyOf(state: AppState, view: ViewState, layout: Layout): Body {
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
      scroll: id === 'services' ? 0 : (view.scroll[id] ?? 0),
    })
  const whole = (content: PanelContent): Body => ({
    lines: framed(content, columns, bodyHeight, 'borderFocused'),
    scrollable: content.scrollable ?? 0,
  })
  if (view.isPresenting && !view.overlay && !view.isZoomed)
    return { lines: presenterLines(state, columns, bodyHeight), scrollable: 0 }
  if (view.overlay) return whole(overlayContent(view.overlay, state, inside, view.scroll[view.overlay] ?? 0))
  if (view.isZoomed) return whole(panel(view.focused, columns, bodyHeight, true))
  let scrollable = 0
  const lines = layout.rows.flatMap((slots) =>
    sideBySide(
      slots.map(({ id, width, height }) => {
        const content = panel(id, width, height, false)
        const isFocused = id === view.focused
        if (isFocused) scrollable = content.scrollable ?? 0
        return framed(content, width, height, isFocused ? 'borderFocused' : 'border')
      }),
    ),
  )
  return { lines, scrollable }
}

function overlayContent(
  overlay: Overlay,
  state: AppState,
  { width, height }: { width: number; height: number },
  scroll: number,
): PanelContent {
  const all = overlay === 'help' ? helpLines(width) : endpointLines(state, width)
  const window = fromTop(all, height, scroll)
  return {
    title: overlay === 'help' ? 'keys' : 'endpoints',
    value: [
      span(window.scrollable > 0 ? `↑↓ ${position(window, scroll)}   ` : '', 'accent'),
      span('esc closes', 'muted'),
    ],
    lines: window.shown,
    scrollable: window.scrollable,
  }
}

/** Too little room to show anything true: what is needed, and the way out. */
function tooSmall(columns: number, rows: number, { question }: ViewState): Line[] {
  const needed = `${SMALLEST.columns}×${SMALLEST.rows}`
  const way = question?.kind === 'quit' ? 'q again quits' : 'q quits'
  const text = [
    [`rtstream-tui needs ${needed}`, `this is ${columns}×${rows}.`, `Enlarge the window; ${way}.`],
    [`needs ${needed}`, `is ${columns}×${rows}`, way],
    [question ? way : `needs ${needed}`],
  ]
    .map((parts) => parts.flatMap((part) => wrap(part, columns)))
    .find((lines, index) => index === 2 || lines.length <= rows) as string[]
  return Array.from({ length: rows }, (_, row) => toWidth([span(text[row] ?? '', 'warn')], columns))
}
