/** Questions that the screen asks before it acts, and what is typed as their answer. */
import { EXPORT_FORMATS, PREPARED_QUERIES, QUERY_TABLES } from '../../pipeline/ports/query.ts'
import type { StageId } from '../../pipeline/ports/stages.ts'
import type { ActionResult } from '../../pipeline/state/actions.ts'
import type { KeyDispatchOptions } from './key-options.ts'
import { openOverlay, typeOwn } from './lesson-keys.ts'
import type { Replies } from './replies.ts'
import { setOfRoom } from './room-keys.ts'
import { endsOrCosts } from './running.ts'
import { edited } from './typing.ts'
import { canClose, goBack, noTable, type Question, type TypedKind, type ViewState } from './view-state.ts'

/** The second press of `q` or ctrl+c within this quits (ms). */
const SECOND_PRESS_MS = 2000
const TYPED_LENGTH = 7
/** A question in SQL is as long as a pasted text may be: none is cut without a word. */
const LENGTHS: Readonly<Partial<Record<TypedKind, number>>> = { sql: 10_000, export: 24, phone: 24 }
/** Questions that are remembered. */
const SQL_HISTORY = 50
const LETTERS: Readonly<Record<TypedKind, RegExp>> = {
  stations: /^\d$/,
  share: /^[\d.]$/,
  interval: /^[\d.mshd]$/,
  // What joins letters and emoji has no look of its own, but is part of the name of a city.
  sql: /^(?:[^\p{C}]|[\u200c\u200d])$/u,
  export: /^[a-z_ ]$/,
  phoneRate: /^\d$/,
  phone: /^[^\p{C}]$/u,
}

/** `500ms`, `10s`, `2m`; a number alone is seconds. NaN for anything else. */
function millisecondsOf(text: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text) ?? []
  return Number(number) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as 's']
}

/** What stands there until the answer comes. */
const showTable = (view: ViewState, title: string, meanwhile: string): ViewState => ({
  ...view,
  detail: undefined,
  cursor: undefined,
  overlay: 'table',
  table: noTable(title, [meanwhile]),
  scroll: { ...view.scroll, table: 0 },
})

/** One at a time: the view holds it. Costs are asked about once in a session. */
export class Questions {
  readonly #options: KeyDispatchOptions
  readonly #replies: Replies
  #costsAccepted: boolean
  /** Queries that were asked, newest first. */
  #history: readonly string[] = []
  /** Which of them is in the line; −1: none. */
  #asked = -1

  constructor(options: KeyDispatchOptions, replies: Replies) {
    this.#options = options
    this.#replies = replies
    this.#costsAccepted = options.acceptCosts
  }

  /** Opens the line for a query, with nothing in it. */
  askForSql(view: ViewState): ViewState {
    this.#asked = -1
    return { ...view, question: { kind: 'sql', text: '' } }
  }

  /** Starting anything on Azure costs: the first time, a person says yes. */
  afterCosts(view: ViewState, ids: readonly StageId[], perform: () => ActionResult): ViewState {
    const { session } = this.#options.state()
    const isFree = session.target === 'local' || ids.every((id) => id === 'generator')
    if (isFree || this.#costsAccepted) return this.#replies.act(view, perform)
    return { ...view, question: { kind: 'costs', perform } }
  }

  /** Other keys than those of the question leave it as it is. */
  answer(view: ViewState, key: string): ViewState {
    const { question } = view
    const closed = { ...view, question: undefined }
    const isYes = key === 'y' || key === 'return'
    if (question?.kind === 'quit' && key === 'q') return this.#quitAgain(view)
    const isNo = key === 'n' || key === 'escape' || key === 'q'
    switch (question?.kind) {
      // Here enter is no answer: whoever types a word and enter in the wrong window has seen no question.
      case 'stopAll':
        if (key === 'y') return this.#replies.act(closed, () => this.#options.actions.stopAll())
        return isNo ? closed : view
      case 'costs':
        if (key !== 'y') return isNo ? closed : view
        this.#costsAccepted = true
        return this.#replies.act(closed, question.perform)
      case 'quit':
        // On Azure it must be said whether the stages go on: no key means both.
        if (isYes && this.#options.state().session.target === 'local')
          this.#options.onQuit({ stopAll: false })
        if (key === 's') this.#options.onQuit({ stopAll: true })
        if (key === 'l') this.#options.onQuit({ stopAll: false })
        return isNo || key === 'b' ? closed : view
      case 'stations':
      case 'share':
      case 'interval':
      case 'sql':
      case 'export':
      case 'phoneRate':
      case 'phone':
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
    if (key === 'escape' || key === 'return') this.#remember(view)
    if (key === 'escape' || (key === 'return' && text === '')) return closed
    if (key === 'return' && kind === 'sql') return this.ask(closed, text, text)
    if (key === 'return' && kind === 'export') return this.#export(closed, text)
    if (kind === 'sql' && (key === 'up' || key === 'down')) {
      const all = [...new Set([...this.#history, ...PREPARED_QUERIES.map(({ sql }) => sql)])]
      this.#asked = Math.min(all.length - 1, Math.max(-1, this.#asked + (key === 'up' ? 1 : -1)))
      return typed(all[this.#asked] ?? '')
    }
    if (key === 'return') return this.#replies.act(closed, () => this.#set(kind, text))
    const shorter = edited(text, key)
    if (shorter !== undefined) return typed(shorter)
    return LETTERS[kind].test(key) && text.length < (LENGTHS[kind] ?? TYPED_LENGTH) ? typed(text + key) : view
  }

  /** A question in SQL that was left is brought back as one that was asked: it may have taken a while to type. */
  #remember({ question }: ViewState): void {
    if (question?.kind !== 'sql' || question.text.trim() === '') return
    const { text } = question
    this.#history = [text, ...this.#history.filter((one) => one !== text)].slice(0, SQL_HISTORY)
  }

  /** `gold`, or `gold parquet`. */
  #export(view: ViewState, text: string): ViewState {
    const [name = '', form = EXPORT_FORMATS[0], ...rest] = text.trim().split(/ +/)
    const table = QUERY_TABLES.find((one) => one === name)
    const format = EXPORT_FORMATS.find((one) => one === form)
    if (!table)
      return this.#replies.refuse(view, `There is no table ${name}: one of ${QUERY_TABLES.join(', ')}.`)
    if (!format || rest.length > 0)
      return this.#replies.refuse(view, `A table is written as ${EXPORT_FORMATS.join(' or ')}.`)
    this.#options.onExport(table, format)
    return showTable(view, `export of ${table}`, 'writing …')
  }

  #set(kind: TypedKind, text: string): ActionResult {
    const { actions, state } = this.#options
    if (kind === 'phoneRate' || kind === 'phone') return setOfRoom(kind, text, state(), actions)
    if (kind === 'stations') return actions.setStations(Number(text))
    if (kind === 'share') return actions.setCorruption(Number(text) / 100)
    return actions.setInterval(millisecondsOf(text))
  }

  /** The table is shown at once, and filled when the answer comes. */
  ask(view: ViewState, title: string, sql: string): ViewState {
    const reason = this.#options.onAsk(title, sql)
    if (reason !== undefined) return this.#replies.refuse(view, reason)
    return showTable(view, title, 'asking …')
  }

  #typeOwn(view: ViewState, question: Extract<Question, { kind: 'own' }>, key: string): ViewState {
    const typed = typeOwn(view, question, key)
    if (!('reading' in typed)) return typed
    const sent = this.#replies.act({ ...view, question: undefined }, () =>
      this.#options.actions.sendOne(typed.reading),
    )
    return openOverlay(sent, 'trace')
  }

  /** What lies on top is closed; at the top, it quits: asked first where something runs. */
  closeOrQuit(view: ViewState): ViewState {
    if (view.question?.kind === 'quit') return this.#quitAgain(view)
    this.#remember(view)
    if (view.question) return { ...view, question: undefined }
    if (view.isFiltering) return { ...view, isFiltering: false, filter: '' }
    if (canClose(view)) return goBack(view)
    if (!endsOrCosts(this.#options.state()) || this.#options.yesQuit) this.#options.onQuit({ stopAll: false })
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
}
