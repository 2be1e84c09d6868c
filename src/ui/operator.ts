/** From keys to deeds: what a key means now, given what is on the screen. */
import type { ActionResult, Actions } from '../pipeline/actions.ts'
import { STAGE_IDS, type StageId } from '../pipeline/ports.ts'
import type { ReadonlyStore } from '../pipeline/session-types.ts'
import type { AppState } from '../pipeline/state.ts'
import { bindingOf, type Command } from './keymap.ts'
import { initialView, moveFocus, type Overlay, scrollBy, scrollsBack, type ViewState } from './view-state.ts'

export interface OperatorOptions {
  store: ReadonlyStore
  actions: Actions
  acceptCosts: boolean
  onQuit: (choice: { stopAll: boolean }) => void
  setFrozen: (state: AppState | undefined) => void
  /** Rows beyond what is shown, by panel or overlay; filled by whoever draws. */
  scrollable: ReadonlyMap<string, number>
}

const FILTER_LENGTH = 40
const UP: readonly string[] = ['starting', 'running', 'degraded', 'stopping']

export class Operator {
  readonly #options: OperatorOptions
  #costsAccepted: boolean

  constructor(options: OperatorOptions) {
    this.#options = options
    this.#costsAccepted = options.acceptCosts
  }

  /** @param key as the key map names it. */
  press(view: ViewState, key: string, screen: { height: number }): ViewState {
    if (key === 'ctrl+c') return this.#quit(view)
    if (view.question) return this.#answer(view, key)
    if (view.isFiltering) return typeFilter(view, key)
    const binding = bindingOf(key)
    if (!binding) return view
    return this.#do(view, binding.command, key, screen)
  }

  #do(view: ViewState, command: Command, key: string, screen: { height: number }): ViewState {
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
        return { ...view, question: { kind: 'stopAll' } }
      case 'moreStations':
        return this.#act(view, () => actions.scaleStations(2))
      case 'fewerStations':
        return this.#act(view, () => actions.scaleStations(0.5))
      case 'setStations':
        return { ...view, question: { kind: 'stations', text: '' } }
      case 'burst':
        return this.#act(view, () => actions.burst())
      case 'dirty':
        return this.#act(view, () => actions.toggleDirty())
      case 'nextPanel':
        return view.overlay ? view : moveFocus(view, 1)
      case 'previousPanel':
        return view.overlay ? view : moveFocus(view, -1)
      case 'zoom':
        return view.overlay ? { ...view, overlay: undefined } : { ...view, isZoomed: !view.isZoomed }
      case 'back':
        return back(view)
      case 'filter':
        return {
          ...view,
          isFiltering: true,
          overlay: undefined,
          focused: view.focused === 'events' ? 'events' : 'log',
        }
      case 'follow':
        return { ...view, scroll: { ...view.scroll, [view.focused]: 0 } }
      case 'freeze':
        return this.#freeze(view)
      case 'scroll':
        return this.#scroll(view, key, screen.height)
      case 'help':
      case 'endpoints':
      case 'books':
        return toggleOverlay(view, command)
      case 'quit':
        return this.#quit(view)
    }
  }

  #toggle(view: ViewState, id: StageId): ViewState {
    const { actions, store } = this.#options
    const runs = UP.includes(store.getState().stages[id].state)
    return runs
      ? this.#act(view, () => actions.toggle(id))
      : this.#afterCosts(view, [id], () => actions.toggle(id))
  }

  /** Starting anything on Azure costs: the first time, the operator says yes. */
  #afterCosts(view: ViewState, ids: readonly StageId[], perform: () => ActionResult): ViewState {
    const { session } = this.#options.store.getState()
    const isFree = session.target === 'local' || session.readOnly || ids.every((id) => id === 'generator')
    if (isFree || this.#costsAccepted) return this.#act(view, perform)
    return { ...view, question: { kind: 'costs', perform: () => void perform() } }
  }

  #act(view: ViewState, perform: () => ActionResult): ViewState {
    const result = perform()
    const at = this.#options.store.getState().now
    return { ...view, toast: { text: result.ok ? result.message : result.reason, isRefusal: !result.ok, at } }
  }

  #answer(view: ViewState, key: string): ViewState {
    const { question } = view
    const closed = { ...view, question: undefined }
    const isYes = key === 'y' || key === 'return'
    const isNo = key === 'n' || key === 'escape' || key === 'q'
    switch (question?.kind) {
      case 'stopAll':
        return isYes ? this.#act(closed, () => this.#options.actions.stopAll()) : isNo ? closed : view
      case 'costs':
        if (!isYes) return isNo ? closed : view
        this.#costsAccepted = true
        question.perform()
        return closed
      case 'quit':
        if (key === 's') this.#options.onQuit({ stopAll: true })
        if (key === 'l') this.#options.onQuit({ stopAll: false })
        return isNo || key === 'b' ? closed : view
      case 'stations':
        return this.#typeStations(view, question.text, key)
      default:
        return view
    }
  }

  #typeStations(view: ViewState, text: string, key: string): ViewState {
    if (key === 'escape') return { ...view, question: undefined }
    if (key === 'return')
      return this.#act({ ...view, question: undefined }, () =>
        this.#options.actions.setStations(Number(text)),
      )
    if (key === 'backspace') return { ...view, question: { kind: 'stations', text: text.slice(0, -1) } }
    return /^\d$/.test(key) && text.length < 7
      ? { ...view, question: { kind: 'stations', text: text + key } }
      : view
  }

  #quit(view: ViewState): ViewState {
    const { session, stages } = this.#options.store.getState()
    const billed =
      session.target === 'azure' &&
      !session.readOnly &&
      STAGE_IDS.some((id) => id !== 'generator' && UP.includes(stages[id].state))
    if (billed && view.question?.kind !== 'quit') return { ...view, question: { kind: 'quit' } }
    this.#options.onQuit({ stopAll: false })
    return view
  }

  #freeze(view: ViewState): ViewState {
    const isFrozen = !view.isFrozen
    this.#options.setFrozen(isFrozen ? this.#options.store.getState() : undefined)
    return { ...view, isFrozen }
  }

  #scroll(view: ViewState, key: string, height: number): ViewState {
    const id = view.overlay ?? view.focused
    const most = this.#options.scrollable.get(id) ?? 0
    const page = Math.max(1, height - 4)
    const rows: Record<string, number> = {
      up: -1,
      down: 1,
      pageup: -page,
      pagedown: page,
      home: -most,
      end: most,
    }
    const toEnd = scrollsBack(id) ? { home: -most, end: most } : rows
    return scrollBy(view, id, (key in toEnd ? toEnd[key as 'home'] : rows[key]) ?? 0, most)
  }
}

function typeFilter(view: ViewState, key: string): ViewState {
  if (key === 'escape') return { ...view, isFiltering: false, filter: '' }
  if (key === 'return') return { ...view, isFiltering: false }
  if (key === 'backspace') return { ...view, filter: [...view.filter].slice(0, -1).join('') }
  if ([...key].length !== 1 || view.filter.length >= FILTER_LENGTH) return view
  return { ...view, filter: view.filter + key }
}

/** Leaves one thing at a time: overlay, zoom, filter. */
function back(view: ViewState): ViewState {
  if (view.overlay) return { ...view, overlay: undefined }
  if (view.isZoomed) return { ...view, isZoomed: false }
  if (view.filter) return { ...view, filter: '' }
  return { ...view, scroll: initialView.scroll, toast: undefined }
}

const toggleOverlay = (view: ViewState, overlay: Overlay): ViewState => ({
  ...view,
  overlay: view.overlay === overlay ? undefined : overlay,
})
