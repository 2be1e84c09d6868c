/** The control room: header, flow, panels or what covers them, footer. */
import { Box, useInput, useWindowSize } from 'ink'
import { useMemo, useRef, useState } from 'react'
import type { Actions } from '../pipeline/actions.ts'
import type { ReadonlyStore } from '../pipeline/session-types.ts'
import type { AppState } from '../pipeline/state.ts'
import { Panel } from './components/panel.tsx'
import { Row } from './components/row.tsx'
import { Footer } from './footer.tsx'
import { useStore } from './hooks/use-store.ts'
import { keyNames } from './key-name.ts'
import { type Layout, layOut, type SlotId, SMALLEST } from './layout.ts'
import { span } from './line.ts'
import { Operator } from './operator.ts'
import { flowLines } from './panels/flow.ts'
import { headerLine } from './panels/header.ts'
import { booksLines, endpointsLines, helpLines } from './panels/overlays.ts'
import type { PanelContent } from './panels/panel-content.ts'
import { PANEL_VIEWS } from './panels/views.ts'
import { type Style, useStyle } from './style.ts'
import { initialView, type Overlay, type ViewState } from './view-state.ts'

export interface AppProps {
  store: ReadonlyStore
  actions: Actions
  /** Costs were accepted beforehand, or there are none. */
  acceptCosts: boolean
  /** Any key was pressed. */
  onKey: () => void
  onQuit: (choice: { stopAll: boolean }) => void
}

export function App({ store, actions, acceptCosts, onKey, onQuit }: AppProps) {
  const { columns, rows } = useWindowSize()
  const style = useStyle()
  const [view, setView] = useState<ViewState>(initialView)
  const latest = useRef(view)
  const [frozen, setFrozen] = useState<AppState | undefined>()
  const state = useStore(store, frozen)
  const layout = layOut(columns, rows, view.focused)
  const scrollable = useRef(new Map<string, number>())
  const operator = useMemo(
    () => new Operator({ store, actions, acceptCosts, onQuit, setFrozen, scrollable: scrollable.current }),
    [store, actions, acceptCosts, onQuit],
  )
  useInput((input, key) => {
    onKey()
    const names = keyNames(input, key)
    const height = layout?.bodyHeight ?? rows
    // Not in an updater: a key acts on the pipeline, and must do so once.
    latest.current = names.reduce((before, name) => operator.press(before, name, { height }), latest.current)
    setView(latest.current)
  })
  if (!layout) return <TooSmall columns={columns} rows={rows} />
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      <Row width={columns} line={headerLine(state, style, columns, { isFrozen: frozen !== undefined })} />
      {flowLines(state, style, columns, layout.flowHeight).map((line, index) => (
        // Lines of the strip stand where they stand.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <Row key={index} width={columns} line={line} />
      ))}
      <Body
        state={state}
        view={view}
        layout={layout}
        columns={columns}
        style={style}
        scrollable={scrollable.current}
      />
      <Footer state={state} view={view} width={columns} />
    </Box>
  )
}

interface BodyProps {
  state: AppState
  view: ViewState
  layout: Layout
  columns: number
  style: Style
  /** Filled in: rows beyond what is shown, by panel; the keys need it. */
  scrollable: Map<string, number>
}

function Body({ state, view, layout, columns, style, scrollable }: BodyProps) {
  const content = (id: SlotId, width: number, height: number, isZoomed: boolean): PanelContent => {
    const scroll = id === 'services' ? 0 : (view.scroll[id] ?? 0)
    const made = PANEL_VIEWS[id]({
      state,
      style,
      width: width - 4,
      height: height - 2,
      isZoomed,
      filter: view.filter,
      scroll,
    })
    scrollable.set(id, made.scrollable ?? 0)
    return made
  }
  if (view.overlay) {
    const made = overlayContent(view.overlay, state, style, columns - 4)
    const height = layout.bodyHeight
    const most = Math.max(0, made.lines.length - (height - 2))
    scrollable.set(view.overlay, most)
    const scroll = Math.min(most, view.scroll[view.overlay] ?? 0)
    return <Panel {...made} lines={made.lines.slice(scroll)} width={columns} height={height} isFocused />
  }
  if (view.isZoomed)
    return (
      <Panel
        {...content(view.focused, columns, layout.bodyHeight, true)}
        width={columns}
        height={layout.bodyHeight}
        isFocused
      />
    )
  return (
    <Box flexDirection="column" height={layout.bodyHeight} flexShrink={0}>
      {layout.rows.map((slots) => (
        <Box key={slots.map(({ id }) => id).join()} flexShrink={0}>
          {slots.map(({ id, width, height }) => (
            <Panel
              key={id}
              {...content(id, width, height, false)}
              width={width}
              height={height}
              isFocused={id === view.focused}
            />
          ))}
        </Box>
      ))}
    </Box>
  )
}

function overlayContent(overlay: Overlay, state: AppState, style: Style, width: number): PanelContent {
  const value = [span('esc closes', 'muted' as const)]
  switch (overlay) {
    case 'help':
      return { title: 'keys', value, lines: helpLines(width) }
    case 'endpoints':
      return { title: 'endpoints', value, lines: endpointsLines(state) }
    case 'books':
      return { title: 'books', value, lines: booksLines(state, style) }
  }
}

/** Too little room to show anything true: what is needed, and the way out. */
function TooSmall({ columns, rows }: { columns: number; rows: number }) {
  const lines = [
    `rtstream-tui needs ${SMALLEST.columns}×${SMALLEST.rows}, this is ${columns}×${rows}.`,
    'Enlarge the terminal, or q to quit.',
  ]
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      {lines.slice(0, rows).map((text) => (
        <Row key={text} width={columns} line={[span(text, 'warn')]} />
      ))}
    </Box>
  )
}
