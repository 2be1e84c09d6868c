/** The last line: keys, or a question, or what an action has come to. */
import type { AppState } from '../pipeline/state.ts'
import { Row } from './components/row.tsx'
import { KEYMAP } from './keymap.ts'
import { type Line, lineWidth, span } from './line.ts'
import type { Question, ViewState } from './view-state.ts'

/** How long what an action came to is shown (ms). */
const TOAST_MS = 5000

export function Footer({ state, view, width }: { state: AppState; view: ViewState; width: number }) {
  return <Row width={width} line={footerLine(state, view, width)} />
}

function footerLine(state: AppState, view: ViewState, width: number): Line {
  if (view.question) return questionLine(view.question, state)
  if (view.isFiltering)
    return [
      span(' filter: ', 'accent', true),
      span(view.filter),
      span('▏', 'accent'),
      span('  enter keeps it, esc clears it', 'muted'),
    ]
  const { toast } = view
  if (toast && state.now - toast.at < TOAST_MS)
    return [span(` ${toast.text}`, toast.isRefusal ? 'warn' : 'ok')]
  return keys(width)
}

function questionLine(question: Question, state: AppState): Line {
  const ask = (text: string, answers: string): Line => [
    span(` ${text} `, 'warn', true),
    span(answers, 'accent'),
  ]
  switch (question.kind) {
    case 'stopAll':
      return ask('Stop all stages?', 'y yes   n no')
    case 'quit':
      return ask(
        `Stages still run on Azure (≈ $${state.cost.perHour.toFixed(2)}/h).`,
        's stop all and quit   l leave running   esc back',
      )
    case 'costs':
      return ask('This starts Azure resources that cost money.', 'y yes, for this session   n no')
    case 'stations':
      return [
        span(' stations: ', 'accent', true),
        span(question.text),
        span('▏', 'accent'),
        span('  enter sets it, esc leaves it', 'muted'),
      ]
  }
}

/** As many hints as fit; `q quit` always does. */
function keys(width: number): Line {
  const hints = KEYMAP.flatMap(({ footer }) => (footer === undefined ? [] : [footer]))
  const quit = hints.at(-1) as string
  const shown: Line[] = []
  let used = quit.length + 3
  for (const hint of hints.slice(0, -1)) {
    if (used + hint.length + 2 > width) continue
    shown.push(hintLine(hint))
    used += hint.length + 2
  }
  const line = [...shown, hintLine(quit)].flatMap(
    (hint, index): Line => (index === 0 ? [span(' '), ...hint] : [span('  '), ...hint]),
  )
  return lineWidth(line) <= width ? line : hintLine(quit)
}

function hintLine(hint: string): Line {
  const space = hint.indexOf(' ')
  return [span(hint.slice(0, space), 'accent'), span(hint.slice(space), 'muted')]
}
