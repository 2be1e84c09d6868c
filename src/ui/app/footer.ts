/** The last line: the keys that act here, or what is being typed, or what the last key has come to. */
import { FAULTS } from '../../pipeline/faults/registry.ts'
import { STAGE_IDS } from '../../pipeline/ports/stages.ts'
import { isUp } from '../../pipeline/stages/stage.ts'
import type { AppState } from '../../pipeline/state/state.ts'
import { bindingOf, type Command, KEYMAP, type KeyBinding, whyNot } from '../input/keymap.ts'
import { isFollowing } from '../input/lesson-keys.ts'
import { LETTERS } from '../input/letters.ts'
import { linksOfDetail, roomAddress } from '../input/links.ts'
import { canClose, growsAtEnd, isCovered, scrollTarget, type ViewState } from '../input/view-state.ts'
import type { Region } from '../regions.ts'
import { cutStart, type Line, lineWidth, printable, span } from '../text/line.ts'
import textWidth from '../text/text-width.ts'
import { ANSWERS, quitAnswers } from './modal.ts'

/** How long what a key came to is shown (ms of store time, which goes faster in a recording), unless another key comes. */
const TOAST_MS = 5000

const FILTER = ' filter  '

/** @param scrollable lines of what the keys of scrolling work on that are not shown. */
export function footerLine(state: AppState, view: ViewState, width: number, scrollable: number): Line {
  if (view.question) {
    const { kind } = view.question
    const answers = kind === 'quit' ? quitAnswers(state) : ANSWERS[kind]
    return hintsLine(answers.map(([key, label]) => ({ key, label, rank: 0 })))
  }
  if (view.isFiltering)
    return [
      span(FILTER, 'accent', true),
      span(cutStart(printable(view.filter), width - FILTER.length - 2)),
      span('▏', 'accent'),
      span('   enter keeps it, esc clears it', 'muted'),
    ]
  const { toast } = view
  if (toast && Math.abs(state.now - toast.at) < TOAST_MS * Math.max(1, state.replay?.speed ?? 1))
    return [
      span(toast.isRefusal ? ' ▲ ' : ' ✓ ', toast.isRefusal ? 'warn' : 'ok'),
      span(printable(toast.text)),
    ]
  return keyHints(state, view, width, scrollable)
}

/** Keys of the last line, where they stand: a click presses them. */
export function footerRegions(
  state: AppState,
  view: ViewState,
  width: number,
  scrollable: number,
  row: number,
): Region[] {
  if (view.question || view.isFiltering) return []
  const line = footerLine(state, view, width, scrollable)
  const regions: Region[] = []
  let column = 0
  for (const { text, token, bold } of line) {
    const end = column + textWidth(text)
    const key = PRESSED[text] ?? text
    if (token === 'accent' && bold && bindingOf(key))
      regions.push({ left: column, right: end, top: row, bottom: row + 1, target: { kind: 'key', key } })
    // The label behind it belongs to it.
    else if (token === 'muted' && regions.length > 0) (regions.at(-1) as { right: number }).right = end
    column = end
  }
  return regions
}

/** What a key is called in the footer, where that is not its name. */
const PRESSED: Readonly<Record<string, string>> = { enter: 'return', esc: 'escape' }

interface Hint {
  key: string
  label: string
  rank: number
}

/** As many as fit, the most useful ones first; what `q` does always. */
function keyHints(state: AppState, view: ViewState, width: number, scrollable: number): Line {
  // Letters are typed there, and no keys.
  if (view.overlay === 'help' && view.palette.isTyping) return hintsLine(TYPING)
  let hints = [
    ...contextHints(state, view, scrollable),
    ...KEYMAP.flatMap((binding) => hintOf(binding, state, view)),
  ]
  while (lineWidth(hintsLine(hints)) > width && hints.length > 1) {
    const last = Math.max(...hints.map(({ rank }) => rank))
    const drop = hints.findLastIndex(({ rank }) => rank === last)
    hints = hints.filter((_, index) => index !== drop)
  }
  return hintsLine(hints)
}

const TYPING: readonly Hint[] = [
  { key: 'enter', label: 'run', rank: 0 },
  { key: '↑↓', label: 'choose', rank: 0 },
  { key: 'esc', label: 'back', rank: 0 },
]

const IN_HELP: readonly Hint[] = [
  { key: '/', label: 'search', rank: 1 },
  { key: '↑↓', label: 'choose', rank: 1 },
  { key: 'enter', label: 'run', rank: 1 },
]

const NEED_PANELS: ReadonlySet<Command> = new Set(['nextPanel', 'zoom', 'filter'])

/** None for a key that would be refused, or does here what another one says already. */
function hintOf(binding: KeyBinding, state: AppState, view: ViewState): Hint[] {
  const { footer, command } = binding
  const isControl = binding.needs === 'start' || binding.needs === 'control'
  // In a list whose items are chosen by a letter, `d` chooses a fault and does not mean `dirty`.
  if (footer && picksByLetter(state, view) && command !== 'help' && command !== 'quit') return []
  if (!footer || (isControl && whyNot(binding, state, view, false) !== undefined)) return []
  const { stages } = state
  const all = STAGE_IDS.map((id) => stages[id].state)
  if (command === 'startAll' && all.every((one) => isUp(one) || one === 'starting')) return []
  if (command === 'stopAll' && all.every((one) => one === 'stopped')) return []
  if (command === 'burst' && !isUp(stages.generator.state)) return []
  if (command === 'zoom' && (view.isZoomed || view.overlay || view.detail || view.cursor !== undefined))
    return []
  // No panel is in sight there.
  if (view.isPresenting && !isCovered(view) && NEED_PANELS.has(command)) return []
  // There it searches, and the keys stand in the list.
  if (view.overlay === 'help' && !view.detail && command !== 'quit') return []
  // What lies on top is closed first.
  if (command === 'quit' && canClose(view)) return [{ ...footer, label: 'back' }]
  if (command === 'freeze' && view.isFrozen) return [{ ...footer, label: 'go on' }]
  return [footer]
}

/** Keys that matter only where one is. */
function contextHints(state: AppState, view: ViewState, scrollable: number): Hint[] {
  const { lessons, audience } = state
  const hints = escapeHint(state, view)
  const target = scrollTarget(view)
  hints.push(...rowHints(state, view))
  if (view.overlay === 'table' && view.table.starts.length > 1 && !view.detail)
    hints.push({ key: '←→', label: 'columns', rank: 1 })
  if (view.isZoomed && view.focused === 'log' && !view.overlay && !view.detail)
    hints.push({ key: '←→', label: 'whose', rank: 1 })
  if (view.overlay === 'help') hints.push(...IN_HELP)
  if (isChartInSight(view)) hints.push({ key: '[ ]', label: 'time', rank: 1 })
  if (view.isPresenting && !isCovered(view)) hints.push({ key: 'v', label: 'panels', rank: 0 })
  if (view.overlay === 'faults') hints.push({ key: lettersOf(FAULTS.length), label: 'break', rank: 1 })
  if (view.overlay === 'lessons' && lessons.length > 0)
    hints.push({ key: lettersOf(lessons.length), label: 'begin', rank: 1 })
  if (view.overlay === 'audience' && audience?.phase === 'choosing' && audience.addresses.length > 0)
    hints.push({ key: lettersOf(audience.addresses.length), label: 'open there', rank: 1 })
  if (scrollable > 0) hints.push({ key: '↑↓', label: 'scroll', rank: 1 })
  if (growsAtEnd(target) && (view.scroll[target] ?? 0) > 0) hints.push({ key: 'f', label: 'follow', rank: 1 })
  return hints
}

/** What esc does. That it mends what is broken on purpose stands above the panels. */
function escapeHint(state: AppState, view: ViewState): Hint[] {
  const hint = (label: string): Hint[] => [{ key: 'esc', label, rank: 0 }]
  if (isCovered(view)) return hint('back')
  if (state.faults.some((one) => one.state === 'active')) return []
  if (view.chartAt !== undefined && !view.isPresenting) return hint('now')
  return isFollowing(state) ? hint('ends following') : []
}

/** Panels whose rows open. */
const LISTS: ReadonlySet<string> = new Set(['hub', 'lake', 'databricks', 'synapse', 'events', 'log'])

/** What can be done with what is opened, with the chosen row, or with a list that fills the window. */
function rowHints(state: AppState, view: ViewState): Hint[] {
  const { detail, cursor, overlay, isZoomed, focused, table } = view
  const copy = { key: 'y', label: 'copy', rank: 1 }
  if (detail) {
    const open = linksOfDetail(detail, state).length > 0 ? [{ key: 'g', label: 'open', rank: 1 }] : []
    return [...(detail.trace ? [{ key: 't', label: 'follow', rank: 1 }] : []), copy, ...open]
  }
  if (cursor !== undefined) return [{ key: 'enter', label: 'open', rank: 1 }, copy]
  if (roomAddress(view, state) !== undefined) return [copy, { key: 'g', label: 'open', rank: 1 }]
  const isList = overlay
    ? overlay === 'endpoints' || (overlay === 'table' && table.starts.length > 0)
    : isZoomed && LISTS.has(focused)
  return isList ? [{ key: 'j k', label: 'choose', rank: 1 }] : []
}

/** Scrolled back, or the chart has the whole window. */
const isChartInSight = ({ focused, isZoomed, overlay, detail, isPresenting, chartAt }: ViewState): boolean =>
  !overlay && !detail && (isZoomed ? focused === 'rate' : !isPresenting && chartAt !== undefined)

const picksByLetter = ({ audience }: AppState, { overlay }: ViewState): boolean =>
  overlay === 'faults' || overlay === 'lessons' || (overlay === 'audience' && audience?.phase === 'choosing')

/** `a–n`. */
const lettersOf = (count: number): string =>
  count === 1 ? (LETTERS[0] as string) : `${LETTERS[0]}–${LETTERS[count - 1]}`

const hintsLine = (hints: readonly Hint[]): Line =>
  hints.flatMap(({ key, label }, index) => [
    span(index === 0 ? ' ' : '  '),
    span(key, 'accent', true),
    span(` ${label}`, 'muted'),
  ])
