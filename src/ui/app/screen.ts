/**
 * The screen as it stands: follows the store, takes keys, and hands out frames. A frame is a new object only when
 * something on it has changed, so that nothing changing means nothing painted.
 */

import type { ExportFormat, LakeQuery, QueryTable } from '../../pipeline/ports/query.ts'
import type { TraceQuery } from '../../pipeline/ports/trace.ts'
import type { ReadonlyStore } from '../../pipeline/session/session-types.ts'
import { type ActionResult, type Actions, refused } from '../../pipeline/state/actions.ts'
import type { AppState } from '../../pipeline/state/state.ts'
import type { HandOver } from '../ink/hand-over.ts'
import { KeyDispatch } from '../input/key-dispatch.ts'
import type { Drawn } from '../input/key-options.ts'
import { isRisky } from '../input/keymap.ts'
import type { MouseEvent, Token } from '../input/tokens.ts'
import { isAlt } from '../input/typing.ts'
import { arrivedTogether, hasLines, isPasted, textOf } from '../input/unmarked-paste.ts'
import {
  asksForText,
  initialView,
  noTable,
  type Overlay,
  scrollBy,
  type TableView,
  type ViewState,
} from '../input/view-state.ts'
import { PANELS } from '../layout.ts'
import { eventMatches } from '../panels/events-panel.ts'
import { logMatches } from '../panels/log-panel.ts'
import { mistakeLines, tableLines } from '../panels/table-lines.ts'
import type { Painter } from '../text/ansi.ts'
import type { Line } from '../text/line.ts'
import { askLake } from './ask-lake.ts'
import { type ScreenLines, screenLines } from './screen-lines.ts'

/** Whom the screen asks, and how it begins. What is left out cannot be done, and a key says so. */
export interface ScreenOptions {
  store: ReadonlyStore
  actions: Actions
  paint: Painter
  acceptCosts: boolean
  /** Quit at the first press, whatever runs. */
  yesQuit?: boolean
  /** Begin with large digits, and what covers the panels at first. */
  presenter?: boolean
  overlay?: Overlay | undefined
  /** To the clipboard of the terminal. */
  onCopy?: (text: string) => void
  /** Writes the screen to files, and says where they are. */
  onSave?: (lines: readonly Line[]) => ActionResult
  /** Opens an address elsewhere. @returns why it cannot be. */
  onOpenLink?: (url: string) => string | undefined
  /** Switches the mouse. @returns whether it is on. */
  onMouse?: () => boolean
  /** Asks the layers in SQL; undefined: it cannot, or not yet. */
  query?: () => LakeQuery | undefined
  /** Writes a table to a file. @returns what came of it, for a person. */
  onExport?: (table: QueryTable, format: ExportFormat, signal: AbortSignal) => Promise<string>
  /** Goes on to the next theme. @returns its name. */
  onTheme?: () => string
  /** The terminal has not taken the frames before: another one would only wait. Asked at each frame. */
  isBehind?: () => boolean
  monotonic?: () => number
  onQuit: (choice: { stopAll: boolean }) => void
  onHandOver: (what: HandOver) => string | undefined
}

/** Painted, and exactly as large as the window. */
export interface Frame {
  columns: number
  /** One string for each row of the terminal. */
  rows: readonly string[]
}

/** Rows of one notch of the wheel. */
const WHEEL_ROWS = 3
/** The rest of a long pasted text comes within this (ms). */
const PASTE_REST_MS = 100

/** Knows no terminal: tokens come in, frames are asked for. */
export class Screen {
  readonly #options: ScreenOptions
  readonly #keys: KeyDispatch
  readonly #listeners = new Set<() => void>()
  #view: ViewState = initialView
  /** Before the last escape, which may turn out to have been none. */
  #beforeEscape: ViewState | undefined
  /** When text was last pasted that the terminal did not mark. */
  #pastedAt = Number.NEGATIVE_INFINITY
  #asking: AbortController | undefined
  /** The event that was followed before the last escape. */
  #followed: TraceQuery | undefined
  /** What is shown: the store's state, or the one at which the screen was frozen. */
  #state: AppState
  #unsubscribe: (() => void) | undefined
  #frame: Frame = { columns: 0, rows: [] }
  #drawn: ScreenLines | undefined
  #isStale = true
  #paint: Painter
  readonly #monotonic: () => number

  constructor(options: ScreenOptions) {
    this.#options = options
    this.#paint = options.paint
    this.#state = options.store.getState()
    this.#view = { ...initialView, isPresenting: options.presenter ?? false, overlay: options.overlay }
    const { yesQuit = false, onTheme = () => '', monotonic = () => performance.now() } = options
    this.#monotonic = monotonic
    const { onOpenLink = (url: string) => url } = options
    const {
      onCopy = () => {},
      onSave = () => refused('This screen cannot be saved.'),
      onMouse = () => false,
    } = options
    this.#keys = new KeyDispatch({
      ...options,
      onCopy,
      onAsk: (title, sql) => this.#ask(title, sql),
      onExport: (table, format) =>
        this.#answer(`export of ${table}`, async (signal) => {
          const text = await options.onExport?.(table, format, signal)
          return { lines: (text ?? 'Tables of this session cannot be exported.').split('\n') }
        }),
      onMouse,
      onOpenLink,
      onShow: (view) => this.#shown(view, this.#linesFor(this.#frame.columns, this.#frame.rows.length, view)),
      onSave: () => onSave(this.#drawn?.lines ?? []),
      yesQuit,
      onTheme,
      monotonic,
      state: options.store.getState,
    })
  }

  /** The store is listened to as long as somebody listens here. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    this.#follow()
    return () => {
      this.#listeners.delete(listener)
      this.#follow()
    }
  }

  /** The frame for a size; the same object as before if it looks the same. */
  frame(columns: number, rows: number): Frame {
    const { columns: before, rows: painted } = this.#frame
    const isStale = this.#isStale && !this.#options.isBehind?.()
    if (!isStale && columns === before && rows === painted.length) return this.#frame
    this.#drawn = this.#linesFor(columns, rows)
    // Not before: what cannot be drawn must fail again when React asks again, or it would see that nothing is wrong.
    this.#isStale = false
    const next = this.#drawn.lines.map(this.#paint)
    const isSize = columns === before && rows === painted.length
    if (!isSize || next.some((row, index) => row !== painted[index])) this.#frame = { columns, rows: next }
    return this.#frame
  }

  /** The terminal has taken all frames: what has changed meanwhile is one more. */
  caughtUp(): void {
    this.#tell()
  }

  /** The same screen in other colours. */
  repaint(paint: Painter): void {
    this.#paint = paint
    this.#isStale = true
    this.#tell()
  }

  /** What has arrived from the terminal in one read. */
  take(tokens: readonly Token[]): void {
    for (const arrived of arrivedTogether(tokens)) {
      if (arrived.kind === 'keys') this.#takeKeys(arrived.keys)
      else if (arrived.token.kind === 'takeBack') this.#takeBack()
      else if (arrived.token.kind === 'paste')
        this.#change(this.#keys.paste(this.#view, arrived.token.text, this.#shown()))
      else if (arrived.token.kind === 'key') this.#press(arrived.token.key)
      else if (arrived.token.kind === 'pair') this.#pair(arrived.token.key)
      else if (arrived.token.kind === 'mouse') this.#point(arrived.token.mouse)
    }
    if (tokens.length > 0) this.#tell()
  }

  /** Keys as if each had come by itself: for scripts and tests. */
  press(keys: readonly string[]): void {
    for (const key of keys) this.#press(key)
    if (keys.length > 0) this.#tell()
  }

  /** Keys of one read, one after the other; what was pasted is text, from where it is seen to be. */
  #takeKeys(keys: readonly string[]): void {
    let wasAsked: boolean | undefined
    const before = this.#view.question?.kind
    for (const [index, key] of keys.entries()) {
      const isAsked = asksForText(this.#view)
      // Whether it is text depends on what is asked: looked at again when that changes.
      const rest = isAsked === wasAsked ? undefined : keys.slice(index)
      if (rest && this.#isPasted(rest, isAsked)) {
        // A single key is refused, but does not make the pause begin anew: one that is held down would never act.
        if (rest.length > 1) this.#pastedAt = this.#monotonic()
        this.#change(this.#keys.paste(this.#view, textOf(rest), this.#shown(), true))
        return
      }
      wasAsked = isAsked
      this.#press(key)
      // Nobody has seen this question yet, and its answer costs money.
      if (this.#view.question?.kind === 'costs' && before !== 'costs') return
    }
  }

  #isPasted(keys: readonly string[], isAsked: boolean): boolean {
    if (this.#monotonic() - this.#pastedAt < PASTE_REST_MS) return true
    // A form takes line by line: enter goes to its next field.
    return isAsked ? this.#view.question?.kind !== 'own' && hasLines(keys) : isPasted(keys)
  }

  /** A click focuses a panel, chooses its row, or presses a key of the last line; the wheel scrolls what it stands over. */
  #point({ action, button, column, row }: MouseEvent): void {
    const isWheel = action === 'wheelUp' || action === 'wheelDown'
    if (!isWheel && (action !== 'press' || button !== 0)) return
    if (this.#view.question) return
    // Elsewhere than in the line that is typed: as enter there.
    if (this.#view.isFiltering && !isWheel) this.#press('return')
    const hit = this.#drawn?.regions.find(
      ({ left, right, top, bottom }) => column >= left && column < right && row >= top && row < bottom,
    )
    const keys = isWheel ? Array<string>(WHEEL_ROWS).fill(action === 'wheelUp' ? 'up' : 'down') : []
    if (this.#view.overlay || this.#view.detail) {
      for (const key of keys) this.#press(key)
      if (hit?.target.kind === 'key' && !isWheel) this.#press(hit.target.key)
      return
    }
    if (!hit) return
    const { target } = hit
    if (target.kind === 'key') {
      if (!isWheel) this.#press(target.key)
      return
    }
    if (target.kind === 'box') {
      if (!isWheel) this.#change({ ...this.#view, focused: target.id, cursor: undefined })
      return
    }
    const isSame = this.#view.focused === target.id
    this.#change({ ...this.#view, focused: target.id, ...(isSame && !isWheel ? {} : { cursor: undefined }) })
    if (isWheel) {
      // Where nothing scrolls, the wheel does nothing: keys would go to the next panel.
      const { scrollable = 0 } = this.#drawn ?? {}
      if (scrollable > 0)
        this.#change(scrollBy(this.#view, action === 'wheelUp' ? -WHEEL_ROWS : WHEEL_ROWS, scrollable))
      return
    }
    const cursor = row - target.firstRow
    if (isSame && this.#drawn?.details[cursor])
      if (cursor === this.#view.cursor) this.#press('return')
      else this.#change({ ...this.#view, cursor })
  }

  #press(key: string): void {
    this.#beforeEscape = key === 'escape' ? this.#view : undefined
    const { trace: slice } = this.#options.store.getState()
    this.#followed =
      key !== 'escape'
        ? undefined
        : slice?.trace
          ? { kind: 'position', ...slice.trace.position }
          : slice?.query
    this.#change(this.#keys.press(this.#view, key, this.#shown()))
  }

  /**
   * As in vim, what is bound with alt is that, and anything else is esc and the key: whoever pressed both on a busy machine
   * has left what lay on top. What acts on the pipeline must not come of alt by mistake: it says so.
   */
  #pair(key: string): void {
    if (isAlt(this.#view, key)) {
      this.#press(`alt+${key}`)
      return
    }
    this.#press('escape')
    this.#press(isRisky(key) ? `escape+${key}` : key)
  }

  /** The rows come into the overlay, if that still stands then; closed, the query is given up. */
  #ask(title: string, sql: string): string | undefined {
    const query = this.#options.query?.()
    if (!query) return 'The layers cannot be asked yet: not connected.'
    this.#answer(title, async (signal) => {
      try {
        return tableLines(await askLake(query, sql, this.#state.session.target === 'azure', signal))
      } catch (error) {
        return { lines: mistakeLines(error) }
      }
    })
    return undefined
  }

  /** @param ask never rejects. */
  #answer(title: string, ask: (signal: AbortSignal) => Promise<Partial<TableView>>): void {
    this.#asking?.abort()
    const controller = new AbortController()
    this.#asking = controller
    const show = (table: Partial<TableView>) => {
      if (controller.signal.aborted || this.#view.overlay !== 'table') return
      this.#change({ ...this.#view, table: { ...noTable(title), ...table } })
      this.#tell()
    }
    void ask(controller.signal).then(show)
  }

  #takeBack(): void {
    const before = this.#beforeEscape
    if (this.#followed && !this.#options.store.getState().trace) this.#options.actions.trace(this.#followed)
    if (before) this.#change(before)
    this.#beforeEscape = undefined
  }

  /** For scripts and tests. */
  paste(text: string): void {
    this.take([{ kind: 'paste', text }])
  }

  #change(view: ViewState): void {
    const wasFrozen = this.#view.isFrozen
    if (this.#view.overlay === 'table' && view.overlay !== 'table') this.#asking?.abort()
    this.#view = view
    if (wasFrozen !== view.isFrozen) this.#follow()
    if (!view.isFrozen) this.#state = this.#options.store.getState()
    this.#redraw()
  }

  /** Keys that come together see the screen as the ones before have left it. */
  #redraw(): void {
    this.#isStale = true
    if (this.#drawn) this.#drawn = this.#linesFor(this.#frame.columns, this.#frame.rows.length)
  }

  #linesFor(columns: number, rows: number, view = this.#view): ScreenLines {
    return screenLines(this.#state, view, columns, rows, this.#options.store.getState())
  }

  #shown(view = this.#view, drawn = this.#drawn): Drawn {
    const { layout, scrollable = 0, texts = [], details = [] } = drawn ?? {}
    // Zoomed, the focus goes through all panels, whether there is a place for them or not.
    const focusable = view.isZoomed ? PANELS : (layout?.focusable ?? PANELS)
    return { focusable, scrollable, page: Math.max(1, (layout?.bodyHeight ?? 3) - 3), texts, details }
  }

  /** While it is frozen or hidden, the screen does not listen to the store. */
  #follow(): void {
    const isWanted = this.#listeners.size > 0 && !this.#view.isFrozen
    if (isWanted === (this.#unsubscribe !== undefined)) return
    if (!isWanted) {
      this.#unsubscribe?.()
      this.#unsubscribe = undefined
      return
    }
    this.#unsubscribe = this.#options.store.subscribe((state) => this.#show(state))
    this.#show(this.#options.store.getState())
  }

  #show(state: AppState): void {
    if (state === this.#state) return
    this.#view = keepPlace(this.#view, this.#state, state)
    this.#state = state
    this.#isStale = true
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** What one has scrolled back to stays where it is while newer lines come in below. */
function keepPlace(view: ViewState, before: AppState, after: AppState): ViewState {
  // What is chosen stays under the cursor.
  const isHeld = view.cursor !== undefined || view.detail !== undefined
  const held = (id: 'log' | 'events') => (isHeld && view.focused === id ? true : (view.scroll[id] ?? 0) > 0)
  const { log = 0, events = 0 } = view.scroll
  const added = <T>(was: readonly T[], is: readonly T[], matches: (item: T) => boolean): number => {
    const last = was.at(-1)
    return last === undefined ? 0 : is.slice(is.lastIndexOf(last) + 1).filter(matches).length
  }
  if (!held('log') && !held('events')) return view
  return {
    ...view,
    scroll: {
      ...view.scroll,
      log: !held('log') ? log : log + added(before.log, after.log, (entry) => logMatches(entry, view.filter)),
      events: !held('events')
        ? events
        : events + added(before.events, after.events, (event) => eventMatches(event, view.filter)),
    },
  }
}
