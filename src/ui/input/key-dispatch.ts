/** From keys to deeds: what a key means now, given what is on the screen. */

import { NEWEST_ROWS } from '../../pipeline/ports/query.ts'
import { STAGE_IDS, type StageId } from '../../pipeline/ports/stages.ts'
import type { TraceQuery } from '../../pipeline/ports/trace.ts'
import { MASKED_KEY } from '../../pipeline/state/state.ts'
import { LAYER_NAMES } from '../text/layer-names.ts'
import { textToCopy } from './copied.ts'
import type { PaletteEntry } from './fuzzy.ts'
import type { Drawn, KeyDispatchOptions } from './key-options.ts'
import { bindingOf, type Command, type KeyBinding, PAGE_KEYS, type RoomCommand, whyNot } from './keymap.ts'
import { chooseFrom, isFollowing, isUnderWay, openOverlay, playResult } from './lesson-keys.ts'
import { linkFor, noLink } from './links.ts'
import { paletteKey } from './palette-keys.ts'
import { Questions } from './questions.ts'
import { Replies } from './replies.ts'
import { roomCommand, toggleRoom } from './room-keys.ts'
import { isUp } from './running.ts'
import { changeOf, isViewCommand, type ViewCommand } from './view-commands.ts'
import { CHART_STEP_MS, moveCursor, moveInTime, typeFilter } from './view-keys.ts'
import { asksForText, goBack, isCovered, leaveZoom, type ViewState } from './view-state.ts'

/** What a keyboard of another script writes: whoever forgot to switch it presses `й` for `q`. */
const OTHER_SCRIPT = /^(?!\p{Script=Latin})\p{L}$/u

const nameOf = (key: string) => key.replace(/ $/, 'space')

/** A terminal sends alt+x as esc and x: whoever pressed esc and then x at once must be told why x did nothing. */
function nothingBehind(key: string): string {
  const [, second] = /^escape\+(.+)$/u.exec(key) ?? []
  return second !== undefined
    ? `${nameOf(second)} came so soon after esc that it may be alt+${nameOf(second)}: press it again.`
    : OTHER_SCRIPT.test(key)
      ? `${key} does nothing here: switch the keyboard to Latin letters.`
      : `${nameOf(key)} does nothing here: ? shows every key.`
}

/** A terminal does not answer whether it took it. */
const COPIED = "Sent to the terminal's clipboard; not all take it (tmux: set-clipboard on)."
const COPIED_WITHOUT_KEY = 'Copied without its key: rtstream-tui endpoints prints it whole.'
const CHOOSE_FIRST = 'j and k choose a row to copy.'
const NOTHING_TO_COPY = 'Nothing to copy here; in a list j and k choose a row.'

const TOO_MUCH_AT_ONCE = 'Taken for pasted text, which does nothing: press keys one by one.'

/** A key changes the view, or does something and says so; it never draws. */
export class KeyDispatch {
  readonly #options: KeyDispatchOptions
  readonly #replies: Replies
  readonly #questions: Questions

  constructor(options: KeyDispatchOptions) {
    this.#options = options
    this.#replies = new Replies(() => options.state().now)
    this.#questions = new Questions(options, this.#replies)
  }

  /** @param pressed as the key map names it. */
  press(view: ViewState, pressed: string, drawn: Drawn): ViewState {
    const key = asksForText(view) ? pressed : (PAGE_KEYS[pressed] ?? pressed)
    if (key === 'ctrl+c') return this.#questions.closeOrQuit({ ...view, toast: undefined })
    const command = bindingOf(key)?.command
    if (command === 'redraw' || command === 'suspend') return this.#do(view, command, key, drawn)
    // What the last key came to has been read.
    const clean = { ...view, toast: undefined }
    if (view.question) return this.#questions.answer(clean, key)
    if (view.isFiltering) return typeFilter(clean, key)
    if (view.overlay === 'help') {
      const result = paletteKey(clean, key, drawn.page, this.#options.state())
      // It acts on what the palette lay on, not on the palette.
      if (result?.run) return this.#runEntry(result.view, result.run, this.#options.onShow(result.view))
      if (result) return result.view
    }
    if (view.cursor !== undefined && !view.detail && (key === 'up' || key === 'down'))
      return moveCursor(clean, key === 'up' ? -1 : 1, drawn)
    const choice = chooseFrom(view.overlay, key, this.#options.state(), this.#options.actions)
    // The room shows what comes of it; a frozen screen would show nothing of it.
    if (choice)
      return this.#replies.act(
        { ...clean, isFrozen: false, overlay: view.overlay === 'audience' ? 'audience' : undefined },
        choice,
      )
    const binding = bindingOf(key)
    if (!binding) return this.#replies.refuse(clean, nothingBehind(key))
    return this.#run(clean, binding, drawn, key)
  }

  /** What is chosen in the palette. */
  #runEntry(view: ViewState, { binding, fault }: PaletteEntry, drawn: Drawn): ViewState {
    if (fault === undefined) return this.#run(view, binding, drawn)
    const reason = whyNot(binding, this.#options.state(), view, false)
    return reason === undefined
      ? this.#replies.act({ ...view, isFrozen: false }, () => this.#options.actions.injectFault(fault))
      : this.#replies.refuse(view, reason)
  }

  #run(view: ViewState, binding: KeyBinding, drawn: Drawn, key = binding.keys[0] ?? ''): ViewState {
    const reason = whyNot(binding, this.#options.state(), view, drawn.scrollable > 0)
    return reason === undefined
      ? this.#do(view, binding.command, key, drawn)
      : this.#replies.refuse(view, reason)
  }

  /**
   * Text from the clipboard is typed where text is asked for, and is never a row of commands.
   * @param isGuess the terminal did not say so: it may have been typed ahead.
   */
  paste(view: ViewState, text: string, drawn: Drawn, isGuess = false): ViewState {
    if (asksForText(view))
      // Words of two lines stay two words.
      return [...text.trim().replace(/[\r\n\t]+/g, ' ')]
        .filter((one) => one >= ' ')
        .reduce((before, key) => this.press(before, key, drawn), view)
    return this.#replies.refuse(
      view,
      isGuess ? TOO_MUCH_AT_ONCE : 'Pasted text does nothing here: / filters by it.',
    )
  }

  #do(view: ViewState, command: Command, key: string, drawn: Drawn): ViewState {
    return isViewCommand(command)
      ? changeOf(command)(view, key, drawn, this.#options.state())
      : this.#act(view, command, key, drawn)
  }

  #act(view: ViewState, command: Exclude<Command, ViewCommand>, key: string, drawn: Drawn): ViewState {
    const { actions } = this.#options
    switch (command) {
      case 'generator':
      case 'streamAnalytics':
      case 'silver':
      case 'gold':
      case 'aggregate':
        return this.#toggle(view, command)
      case 'startAll':
        return this.#questions.afterCosts(view, STAGE_IDS, () => actions.startAll())
      case 'stopAll':
        return this.#askToStop(view)
      case 'moreStations':
        return this.#replies.act(view, () => actions.scaleStations(2))
      case 'fewerStations':
        return this.#replies.act(view, () => actions.scaleStations(0.5))
      case 'burst':
        return this.#replies.act(view, () => actions.burst())
      case 'dirty':
        return this.#replies.act(view, () => actions.toggleCorruption())
      case 'data':
        return this.#newestRows(view, drawn)
      case 'sql':
        return this.#questions.askForSql(view)
      case 'copy':
        return this.#copy(view, drawn)
      case 'openLink':
        return this.#openLink(view, drawn)
      case 'save':
        return this.#replies.act(view, this.#options.onSave)
      case 'mouse':
        return this.#replies.say(view, `The mouse is ${this.#options.onMouse() ? 'on' : 'off'}.`, false)
      case 'zoom':
        return this.#zoom(view, drawn)
      case 'back':
        return this.#back(view)
      case 'later':
        if (view.chartAt === undefined) return this.#replies.refuse(view, 'The chart ends at now already.')
        return moveInTime(view, CHART_STEP_MS, this.#options.state())
      case 'theme':
        // In an opened event the key follows that one.
        if (view.detail?.trace) return this.#follow(view, view.detail.trace)
        return this.#replies.say(view, `theme: ${this.#options.onTheme()}`, false)
      case 'trace':
        if (view.overlay === 'trace') return { ...view, overlay: undefined }
        if (isUnderWay(this.#options.state())) return openOverlay(view, 'trace')
        return this.#follow(view, { kind: 'newest' })
      case 'playPause':
      case 'playBack':
      case 'playNext':
      case 'slower':
      case 'faster':
        return this.#replies.act(view, () => playResult(command, actions))
      case 'bet':
        return this.#replies.act(view, () => playResult(key as 'A' | 'B' | 'C', actions))
      case 'audience':
        // While a lesson asks, this is its first answer.
        return this.#options.state().lesson?.question !== undefined
          ? this.#replies.act(view, () => playResult('A', actions))
          : this.#audience(view)
      case 'roomMischief':
      case 'roomPause':
      case 'roomRate':
      case 'roomRemove':
      case 'roomClear':
      case 'roomNames':
        return this.#decideInRoom(view, command)
      case 'redraw':
      case 'suspend': {
        const reason = this.#options.onHandOver(command)
        return reason === undefined ? view : this.#replies.refuse(view, reason)
      }
      case 'quit':
        return this.#questions.closeOrQuit(view)
    }
  }

  /** Of the layer that is chosen or opened, else of silver. */
  #newestRows(view: ViewState, drawn: Drawn): ViewState {
    const chosen =
      view.focused === 'lake' && view.cursor !== undefined ? drawn.details[view.cursor] : view.detail
    const layer = chosen?.layer ?? 'silver'
    return this.#questions.ask(view, `newest rows of ${LAYER_NAMES[layer]}`, NEWEST_ROWS[layer])
  }

  /** Opens the chosen row, or the panel; again: closes it. */
  #zoom(view: ViewState, drawn: Drawn): ViewState {
    if (view.detail) return { ...view, detail: undefined }
    if (view.cursor !== undefined) {
      const detail = drawn.details[view.cursor]
      return detail
        ? { ...view, detail, scroll: { ...view.scroll, detail: 0 } }
        : this.#replies.refuse(view, 'There is nothing behind this row.')
    }
    if (view.overlay) return { ...view, overlay: undefined }
    return view.isZoomed ? leaveZoom(view) : { ...view, isZoomed: true }
  }

  #decideInRoom(view: ViewState, command: RoomCommand): ViewState {
    const next = roomCommand(command, this.#options.state(), this.#options.actions)
    return 'ask' in next ? { ...view, question: { kind: next.ask, text: '' } } : this.#replies.act(view, next)
  }

  /** Closes the topmost window first; then ends the active faults; then what is followed. */
  #back(view: ViewState): ViewState {
    if (isCovered(view)) return goBack(view)
    const { state, actions } = this.#options
    const { faults } = state()
    if (faults.some(({ state }) => state === 'active'))
      return this.#replies.act(view, () => actions.mendFaults())
    return isFollowing(state()) ? this.#replies.act(view, () => actions.endTrace()) : goBack(view)
  }

  #follow(view: ViewState, query: TraceQuery): ViewState {
    const next = this.#replies.act({ ...view, detail: undefined }, () => this.#options.actions.trace(query))
    return openOverlay(next, 'trace')
  }

  #audience(view: ViewState): ViewState {
    const { state, actions } = this.#options
    const { view: next, act } = toggleRoom(view, state(), actions)
    const acted = act ? this.#replies.act(next, act) : next
    return acted.toast?.isRefusal ? { ...view, toast: acted.toast } : acted
  }

  #toggle(view: ViewState, id: StageId): ViewState {
    const perform = () => this.#options.actions.toggle(id)
    return isUp(this.#options.state(), id)
      ? this.#replies.act(view, perform)
      : this.#questions.afterCosts(view, [id], perform)
  }

  #openLink(view: ViewState, drawn: Drawn): ViewState {
    const state = this.#options.state()
    const chosen = view.cursor === undefined ? undefined : drawn.details[view.cursor]
    const url = linkFor(view, chosen, state)
    if (url === undefined) return this.#replies.refuse(view, noLink(state))
    const reason = this.#options.onOpenLink(url)
    if (reason === undefined) return this.#replies.say(view, `Opens ${url}`, false)
    // One line may be too short for it, and it is what is needed now: whole, and to be copied.
    return {
      ...this.#replies.refuse(view, reason),
      detail: view.detail ?? { title: 'address', facts: [], text: url },
    }
  }

  #askToStop(view: ViewState): ViewState {
    const state = this.#options.state()
    return STAGE_IDS.every((id) => state.stages[id].state === 'stopped')
      ? this.#replies.refuse(view, 'Nothing runs.')
      : { ...view, question: { kind: 'stopAll' } }
  }

  #copy(view: ViewState, drawn: Drawn): ViewState {
    const text = textToCopy(view, drawn, this.#options.state())
    if (text === undefined)
      return this.#replies.refuse(view, drawn.details.some(Boolean) ? CHOOSE_FIRST : NOTHING_TO_COPY)
    this.#options.onCopy(text)
    return this.#replies.say(view, text.includes(MASKED_KEY) ? COPIED_WITHOUT_KEY : COPIED, false)
  }
}
