/** From keys to deeds: what a key means now, given what is on the screen. */

import { NEWEST_ROWS, PREPARED_QUERIES } from '../../pipeline/ports/query.ts'
import { STAGE_IDS, type StageId } from '../../pipeline/ports/stages.ts'
import type { ActionResult, Actions } from '../../pipeline/state/actions.ts'
import type { AppState } from '../../pipeline/state/state.ts'
import type { HandOver } from '../ink/hand-over.ts'
import type { PanelId } from '../layout.ts'
import { bindingOf, type Command, whyNot } from './keymap.ts'
import { chooseFrom, openOverlay, playResult, typeOwn } from './lesson-keys.ts'
import { paletteKey } from './palette-keys.ts'
import {
  type Detail,
  goBack,
  growsAtEnd,
  isCovered,
  leaveZoom,
  moveFocus,
  noPalette,
  type Overlay,
  type Question,
  scrollBy,
  scrollTarget,
  type TypedKind,
  toggleZoomOf,
  type ViewState,
} from './view-state.ts'

/** What keys need to know of the screen as it is drawn. */
export interface Drawn {
  focusable: readonly PanelId[]
  /** Lines of the target of scrolling that are not shown. */
  scrollable: number
  /** Lines of a page. */
  page: number
  /** Of the focused panel, or of what covers it: the rows as they stand, and what is behind each. */
  texts: readonly string[]
  details: readonly (Detail | undefined)[]
}

export interface KeyDispatchOptions {
  /** The pipeline as it is now, also while the screen is frozen. */
  state: () => AppState
  /** Milliseconds that never go back: how far apart two presses are. */
  monotonic: () => number
  actions: Actions
  /** Costs were accepted beforehand. */
  acceptCosts: boolean
  /** Quit at the first press, whatever runs. */
  yesQuit: boolean
  /** Goes on to the next theme. @returns its name. */
  onTheme: () => string
  /** To the clipboard of the terminal. */
  onCopy: (text: string) => void
  /** Writes the screen to files. @returns where they are. */
  onSave: () => string
  /** Switches the mouse. @returns whether it is on. */
  onMouse: () => boolean
  /** Asks the layers in SQL; the answer comes to the screen later. @returns why it cannot be asked. */
  onAsk: (title: string, sql: string) => string | undefined
  onQuit: (choice: { stopAll: boolean }) => void
  /** The terminal is to be drawn on anew, or given back to the shell for a while. @returns why not. */
  onHandOver: (what: HandOver) => string | undefined
}

const FILTER_LENGTH = 40
/** The second press of `q` or ctrl+c within this quits (ms). */
const SECOND_PRESS_MS = 2000
const TYPED_LENGTH = 7
const SQL_LENGTH = 2000
/** Questions that are remembered. */
const SQL_HISTORY = 50
const LETTERS: Readonly<Record<TypedKind, RegExp>> = {
  stations: /^\d$/,
  share: /^[\d.]$/,
  interval: /^[\d.mshd]$/,
  sql: /^[^\p{C}]$/u,
}

/** `500ms`, `10s`, `2m`; a number alone is seconds. NaN for anything else. */
function millisecondsOf(text: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text) ?? []
  return Number(number) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as 's']
}
const isUp = (state: AppState, id: StageId) =>
  ['starting', 'running', 'degraded', 'stopping'].includes(state.stages[id].state)

/** One that ran when it was last seen is not stopped because it cannot be seen any more. */
const mayRun = (state: AppState, id: StageId) =>
  isUp(state, id) || (state.stages[id].state === 'unknown' && state.cost.billed.includes(id))

export class KeyDispatch {
  readonly #options: KeyDispatchOptions
  #costsAccepted: boolean
  /** Newest first. */
  #history: readonly string[] = []
  /** Which of them stands in the line; −1: none. */
  #asked = -1

  constructor(options: KeyDispatchOptions) {
    this.#options = options
    this.#costsAccepted = options.acceptCosts
  }

  /** @param key as the key map names it. */
  press(view: ViewState, key: string, drawn: Drawn): ViewState {
    if (key === 'ctrl+c') return this.#closeOrQuit({ ...view, toast: undefined })
    const command = bindingOf(key)?.command
    if (command === 'redraw' || command === 'suspend') return this.#do(view, command, key, drawn)
    // What the last key came to has been read.
    const clean = { ...view, toast: undefined }
    if (view.question) return this.#answer(clean, key)
    if (view.isFiltering) return typeFilter(clean, key)
    if (view.overlay === 'help') {
      const result = paletteKey(clean, key, drawn.page)
      if (result?.run?.keys[0] !== undefined) return this.press(result.view, result.run.keys[0], drawn)
      if (result) return result.view
    }
    if (view.cursor !== undefined && !view.detail && (key === 'up' || key === 'down'))
      return moveCursor(clean, key === 'up' ? -1 : 1, drawn)
    const choice = chooseFrom(view.overlay, key, this.#options.state(), this.#options.actions)
    if (choice) return this.#act({ ...clean, overlay: undefined }, choice)
    const binding = bindingOf(key)
    if (!binding)
      return this.#refuse(clean, `${key.replace(/ $/, 'space')} does nothing here: ? shows every key.`)
    const reason = whyNot(binding, this.#options.state(), view, drawn.scrollable > 0)
    return reason === undefined ? this.#do(clean, binding.command, key, drawn) : this.#refuse(clean, reason)
  }

  /** Text from the clipboard is typed where text is asked for, and is never a row of commands. */
  paste(view: ViewState, text: string, drawn: Drawn): ViewState {
    if (
      view.isFiltering ||
      (view.question && ('text' in view.question || view.question.kind === 'own')) ||
      view.palette.isTyping
    )
      return [...text.trim()]
        .filter((one) => one >= ' ')
        .reduce((before, key) => this.press(before, key, drawn), view)
    return this.#refuse(view, 'Pasted text does nothing here: / filters by it.')
  }

  #do(view: ViewState, command: Command, key: string, drawn: Drawn): ViewState {
    const { actions } = this.#options
    switch (command) {
      case 'generator':
      case 'streamAnalytics':
      case 'silver':
      case 'gold':
      case 'aggregate':
        return this.#toggle(view, command)
      case 'startAll':
        return this.#afterCosts(view, STAGE_IDS, () => actions.startAll())
      case 'stopAll':
        return this.#askToStop(view)
      case 'moreStations':
        return this.#act(view, () => actions.scaleStations(2))
      case 'fewerStations':
        return this.#act(view, () => actions.scaleStations(0.5))
      case 'setStations':
        return { ...view, question: { kind: 'stations', text: '' } }
      case 'burst':
        return this.#act(view, () => actions.burst())
      case 'setShare':
        return { ...view, question: { kind: 'share', text: '' } }
      case 'setInterval':
        return { ...view, question: { kind: 'interval', text: '' } }
      case 'data': {
        const chosen =
          view.focused === 'lake' && view.cursor !== undefined ? drawn.details[view.cursor] : view.detail
        const layer = chosen && NEWEST_ROWS[chosen.title] ? chosen.title : 'silver'
        return this.#ask(view, `newest rows of ${layer}`, NEWEST_ROWS[layer] as string)
      }
      case 'sql':
        this.#asked = -1
        return { ...view, question: { kind: 'sql', text: '' } }
      case 'palette':
        return { ...view, overlay: 'help', palette: { query: '', isTyping: true, chosen: 0 } }
      case 'rowUp':
      case 'rowDown':
        return moveCursor(view, command === 'rowUp' ? -1 : 1, drawn)
      case 'focusPanel':
        return this.#focus(view, key)
      case 'copy':
        return this.#copy(view, drawn)
      case 'openLink':
        return this.#refuse(view, view.detail?.link ?? 'Nothing with an address is opened here.')
      case 'save':
        return this.#say(view, this.#options.onSave(), false)
      case 'mouse':
        return this.#say(view, `The mouse is ${this.#options.onMouse() ? 'on' : 'off'}.`, false)
      case 'dirty':
        return this.#act(view, () => actions.toggleCorruption())
      case 'nextPanel':
        return moveFocus({ ...view, overlay: undefined }, 1, drawn.focusable)
      case 'previousPanel':
        return moveFocus({ ...view, overlay: undefined }, -1, drawn.focusable)
      case 'zoom':
        if (view.detail) return { ...view, detail: undefined }
        if (view.overlay) return { ...view, overlay: undefined }
        if (view.cursor !== undefined) {
          const detail = drawn.details[view.cursor]
          return detail ? { ...view, detail } : this.#refuse(view, 'There is nothing behind this row.')
        }
        return view.isZoomed ? leaveZoom(view) : { ...view, isZoomed: true }
      case 'back':
        return this.#back(view)
      case 'up':
      case 'down':
        return upOrDown(view, command === 'up' ? -1 : 1, drawn)
      case 'page':
        return page(view, key, drawn)
      case 'filter':
        return startFilter(view)
      case 'follow':
        return { ...view, scroll: { ...view.scroll, [view.focused]: 0 } }
      case 'freeze':
        return { ...view, isFrozen: !view.isFrozen }
      case 'earlier':
        return moveInTime(view, -CHART_STEP_MS, this.#options.state())
      case 'later':
        if (view.chartAt === undefined) return this.#refuse(view, 'The chart ends at now already.')
        return moveInTime(view, CHART_STEP_MS, this.#options.state())
      case 'present':
        return { ...view, isPresenting: !view.isPresenting, overlay: undefined, isZoomed: false }
      case 'theme':
        return this.#say(view, `theme: ${this.#options.onTheme()}`, false)
      case 'trace':
        if (view.overlay === 'trace') return { ...view, overlay: undefined }
        return openOverlay(
          this.#act(view, () => actions.trace({ kind: 'newest' })),
          'trace',
        )
      case 'sendOne':
        return { ...view, question: { kind: 'own', parts: ['', '', ''], at: 0 } }
      case 'faults':
      case 'lessons':
        return toggleOverlay(view, command)
      case 'playPause':
      case 'playBack':
      case 'playNext':
      case 'slower':
      case 'faster':
        return this.#act(view, () => playResult(command, actions))
      case 'bet':
        return this.#act(view, () => playResult(key as 'A' | 'B' | 'C', actions))
      case 'ledger':
        return toggleZoomOf(view, 'ledger')
      case 'audience':
        // While a lesson asks, this is its first answer.
        return this.#options.state().lesson?.question !== undefined
          ? this.#act(view, () => playResult('A', actions))
          : this.#audience(view)
      case 'help':
      case 'endpoints':
        return toggleOverlay(view, command)
      case 'redraw':
      case 'suspend': {
        const reason = this.#options.onHandOver(command)
        return reason === undefined ? view : this.#refuse(view, reason)
      }
      case 'quit':
        return this.#closeOrQuit(view)
    }
  }

  /** What lies on top is closed first; then what is broken on purpose is mended. */
  #back(view: ViewState): ViewState {
    const isBroken = this.#options.state().faults.some(({ state }) => state === 'active')
    if (isBroken && !isCovered(view)) return this.#act(view, () => this.#options.actions.mendFaults())
    return goBack(view)
  }

  /** An open room that is hidden is shown; one that is shown is closed. */
  #audience(view: ViewState): ViewState {
    const isOpen = this.#options.state().audience !== undefined
    if (isOpen && view.overlay !== 'audience') return { ...view, overlay: 'audience' }
    const next = this.#act(view, () => this.#options.actions.toggleAudience())
    return isOpen
      ? { ...next, overlay: undefined }
      : { ...next, overlay: next.toast?.isRefusal ? view.overlay : 'audience' }
  }

  #toggle(view: ViewState, id: StageId): ViewState {
    const perform = () => this.#options.actions.toggle(id)
    return isUp(this.#options.state(), id) ? this.#act(view, perform) : this.#afterCosts(view, [id], perform)
  }

  #askToStop(view: ViewState): ViewState {
    const state = this.#options.state()
    return STAGE_IDS.every((id) => state.stages[id].state === 'stopped')
      ? this.#refuse(view, 'Nothing runs.')
      : { ...view, question: { kind: 'stopAll' } }
  }

  /** Starting anything on Azure costs: the first time, the operator says yes. */
  #afterCosts(view: ViewState, ids: readonly StageId[], perform: () => ActionResult): ViewState {
    const { session } = this.#options.state()
    const isFree = session.target === 'local' || ids.every((id) => id === 'generator')
    if (isFree || this.#costsAccepted) return this.#act(view, perform)
    return { ...view, question: { kind: 'costs', perform } }
  }

  #act(view: ViewState, perform: () => ActionResult): ViewState {
    const result = perform()
    return result.ok ? this.#say(view, result.message, false) : this.#refuse(view, result.reason)
  }

  #refuse(view: ViewState, reason: string): ViewState {
    return this.#say(view, reason, true)
  }

  #say(view: ViewState, text: string, isRefusal: boolean): ViewState {
    return { ...view, toast: { text, isRefusal, at: this.#options.state().now } }
  }

  #answer(view: ViewState, key: string): ViewState {
    const { question } = view
    const closed = { ...view, question: undefined }
    const isYes = key === 'y' || key === 'return'
    if (question?.kind === 'quit' && key === 'q') return this.#quitAgain(view)
    const isNo = key === 'n' || key === 'escape' || key === 'q'
    switch (question?.kind) {
      case 'stopAll':
        if (isYes) return this.#act(closed, () => this.#options.actions.stopAll())
        return isNo ? closed : view
      case 'costs':
        if (!isYes) return isNo ? closed : view
        this.#costsAccepted = true
        return this.#act(closed, question.perform)
      case 'quit':
        if (key === 's') this.#options.onQuit({ stopAll: true })
        if (key === 'l') this.#options.onQuit({ stopAll: false })
        return isNo || key === 'b' ? closed : view
      case 'stations':
      case 'share':
      case 'interval':
      case 'sql':
        return this.#typeValue(view, question.kind, question.text, key)
      case 'own':
        return this.#typeOwn(view, question, key)
      case undefined:
        return view
    }
  }

  #typeValue(view: ViewState, kind: TypedKind, text: string, key: string): ViewState {
    const closed = { ...view, question: undefined }
    const typed = (next: string): ViewState => ({ ...view, question: { kind, text: next } })
    if (key === 'escape' || (key === 'return' && text === '')) return closed
    if (key === 'return' && kind === 'sql') {
      this.#history = [text, ...this.#history.filter((one) => one !== text)].slice(0, SQL_HISTORY)
      return this.#ask(closed, text, text)
    }
    if (kind === 'sql' && (key === 'up' || key === 'down')) {
      const all = [...this.#history, ...PREPARED_QUERIES.map(({ sql }) => sql)]
      this.#asked = Math.min(all.length - 1, Math.max(-1, this.#asked + (key === 'up' ? 1 : -1)))
      return typed(all[this.#asked] ?? '')
    }
    if (key === 'return') return this.#act(closed, () => this.#set(kind, text))
    if (key === 'backspace') return typed(text.slice(0, -1))
    return LETTERS[kind].test(key) && text.length < (kind === 'sql' ? SQL_LENGTH : TYPED_LENGTH)
      ? typed(text + key)
      : view
  }

  #set(kind: TypedKind, text: string): ActionResult {
    const { actions } = this.#options
    if (kind === 'stations') return actions.setStations(Number(text))
    if (kind === 'share') return actions.setCorruption(Number(text) / 100)
    return actions.setInterval(millisecondsOf(text))
  }

  #ask(view: ViewState, title: string, sql: string): ViewState {
    const reason = this.#options.onAsk(title, sql)
    if (reason !== undefined) return this.#refuse(view, reason)
    return {
      ...view,
      detail: undefined,
      cursor: undefined,
      overlay: 'table',
      table: { title, lines: ['asking …'] },
      scroll: { ...view.scroll, table: 0 },
    }
  }

  #focus(view: ViewState, key: string): ViewState {
    const id = NUMBERED[Number(key.at(-1)) - 1]
    return id ? { ...view, focused: id, overlay: undefined, detail: undefined, cursor: undefined } : view
  }

  #copy(view: ViewState, drawn: Drawn): ViewState {
    const { detail, cursor } = view
    const text = detail
      ? (detail.text ?? detail.facts.map(([name, value]) => `${name}  ${value}`).join('\n'))
      : cursor === undefined
        ? undefined
        : drawn.texts[cursor]
    if (text === undefined) return this.#refuse(view, 'j and k choose a row to copy.')
    this.#options.onCopy(text)
    return this.#say(view, 'Copied.', false)
  }

  #typeOwn(view: ViewState, question: Extract<Question, { kind: 'own' }>, key: string): ViewState {
    const typed = typeOwn(view, question, key)
    if (!('reading' in typed)) return typed
    const sent = this.#act({ ...view, question: undefined }, () =>
      this.#options.actions.sendOne(typed.reading),
    )
    return openOverlay(sent, 'trace')
  }

  /** What lies on top is closed; at the top, it quits: asked first where something runs. */
  #closeOrQuit(view: ViewState): ViewState {
    if (view.question?.kind === 'quit') return this.#quitAgain(view)
    if (view.question) return { ...view, question: undefined }
    if (view.isFiltering) return { ...view, isFiltering: false, filter: '' }
    if (isCovered(view)) return goBack(view)
    if (!this.#mayRun() || this.#options.yesQuit) this.#options.onQuit({ stopAll: false })
    else return { ...view, question: { kind: 'quit', askedAt: this.#options.monotonic() } }
    return view
  }

  /** The second press within two seconds means it; later, it puts the question away. */
  #quitAgain(view: ViewState): ViewState {
    const { question } = view
    if (question?.kind !== 'quit') return view
    if (this.#options.monotonic() - question.askedAt > SECOND_PRESS_MS)
      return { ...view, question: undefined }
    this.#options.onQuit({ stopAll: false })
    return view
  }

  /** Something would end, or would go on and cost. */
  #mayRun(): boolean {
    const state = this.#options.state()
    const { target, readOnly } = state.session
    if (readOnly) return false
    return STAGE_IDS.some((id) => (target === 'azure' ? mayRun(state, id) : isUp(state, id)))
  }
}

/** How far one press goes back in the charts, and how far at most (ms): as long as series are kept. */
const CHART_STEP_MS = 30_000
const CHART_MOST_MS = 3_600_000

function moveInTime(view: ViewState, by: number, { now }: AppState): ViewState {
  const at = Math.max(now - CHART_MOST_MS, (view.chartAt ?? now) + by)
  // Time goes on while one looks: what is left of a step towards now is now.
  const isNow = at >= now || (by > 0 && now - at < CHART_STEP_MS)
  return { ...view, chartAt: isNow ? undefined : at }
}

/** Panels by the number that alt goes with. */
const NUMBERED: readonly PanelId[] = ['rate', 'hub', 'job', 'lake', 'databricks', 'synapse', 'events', 'log']

/** The first press chooses the first row that has something behind it; at the edges the list scrolls. */
function moveCursor(view: ViewState, by: 1 | -1, { details, texts, scrollable }: Drawn): ViewState {
  const first = details.findIndex((one) => one !== undefined)
  if (view.cursor === undefined) {
    const last = details.findLastIndex((one) => one !== undefined)
    const start = growsAtEnd(scrollTarget(view)) ? last : first
    return start < 0 ? scrollBy(view, by, scrollable) : { ...view, cursor: start }
  }
  const next = view.cursor + by
  const isInside = next >= Math.max(0, first) && next < texts.length
  return isInside ? { ...view, cursor: next } : scrollBy(view, by, scrollable)
}

function typeFilter(view: ViewState, key: string): ViewState {
  if (key === 'escape') return { ...view, isFiltering: false, filter: '' }
  if (key === 'return') return { ...view, isFiltering: false }
  if (key === 'backspace') return { ...view, filter: [...view.filter].slice(0, -1).join('') }
  if ([...key].length !== 1 || view.filter.length >= FILTER_LENGTH) return view
  return { ...view, filter: view.filter + key, scroll: { ...view.scroll, log: 0, events: 0 } }
}

/** What is filtered must be seen. */
function startFilter(view: ViewState): ViewState {
  const focused = growsAtEnd(view.focused) ? view.focused : 'log'
  return { ...view, isFiltering: true, overlay: undefined, focused }
}

function upOrDown(view: ViewState, by: 1 | -1, drawn: Drawn): ViewState {
  if (drawn.scrollable > 0) return scrollBy(view, by, drawn.scrollable)
  return view.overlay ? view : moveFocus(view, by, drawn.focusable)
}

function page(view: ViewState, key: string, { page: rows, scrollable }: Drawn): ViewState {
  const by = { pageup: -rows, pagedown: rows, home: -scrollable, end: scrollable }[key] ?? 0
  return scrollBy(view, by, scrollable)
}

const toggleOverlay = (view: ViewState, overlay: Overlay): ViewState => ({
  ...view,
  palette: noPalette,
  cursor: undefined,
  overlay: view.overlay === overlay ? undefined : overlay,
  scroll: { ...view.scroll, [overlay]: 0 },
})
