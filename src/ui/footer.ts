/** The last line: keys, or what is being typed, or what the last key has come to. */
import type { AppState } from '../pipeline/state.ts'
import { KEYMAP, type KeyBinding, whyNot } from './keymap.ts'
import { type Line, lineWidth, span } from './line.ts'
import { growsAtEnd, scrollTarget, type ViewState } from './view-state.ts'

/** How long what a key came to is shown (ms of store time), unless another key comes. */
const TOAST_MS = 5000

export function footerLine(state: AppState, view: ViewState, width: number): Line {
  if (view.isFiltering)
    return [
      span(' filter  ', 'accent', true),
      span(view.filter),
      span('▏', 'accent'),
      span('   enter keeps it, esc clears it', 'muted'),
    ]
  const { toast } = view
  if (toast && state.now - toast.at < TOAST_MS)
    return [span(toast.isRefusal ? ' ▲ ' : ' ✓ ', toast.isRefusal ? 'warn' : 'ok'), span(toast.text)]
  return keyHints(state, view, width)
}

interface Hint {
  key: string
  label: string
  rank: number
  isOff: boolean
}

/** As many as fit, the most useful ones first; `q quit` always. */
function keyHints(state: AppState, view: ViewState, width: number): Line {
  let hints = [...contextHints(view), ...KEYMAP.flatMap((binding) => hintOf(binding, state, view))]
  while (lineWidth(hintsLine(hints)) > width && hints.length > 1) {
    const last = Math.max(...hints.map(({ rank }) => rank))
    const drop = hints.findLastIndex(({ rank }) => rank === last)
    hints = hints.filter((_, index) => index !== drop)
  }
  return hintsLine(hints)
}

function hintOf(binding: KeyBinding, state: AppState, view: ViewState): Hint[] {
  const { footer } = binding
  if (!footer) return []
  return [
    { ...footer, isOff: binding.needs === 'control' && whyNot(binding, state, view, false) !== undefined },
  ]
}

/** Keys that matter only where one is. */
function contextHints(view: ViewState): Hint[] {
  const hints: Hint[] = []
  if (view.isZoomed || view.overlay || view.filter)
    hints.push({ key: 'esc', label: 'back', rank: 0, isOff: false })
  if (growsAtEnd(scrollTarget(view))) hints.push({ key: '↑↓', label: 'scroll', rank: 1, isOff: false })
  return hints
}

const hintsLine = (hints: readonly Hint[]): Line =>
  hints.flatMap(({ key, label, isOff }, index) => [
    span(index === 0 ? ' ' : '  '),
    span(key, isOff ? 'border' : 'accent', !isOff),
    span(` ${label}`, isOff ? 'border' : 'muted'),
  ])
