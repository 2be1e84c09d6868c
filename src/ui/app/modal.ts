/** Questions that stand in the middle of the screen until they are answered. */

import { STAGE_IDS } from '../../pipeline/ports/stages.ts'
import { isUp } from '../../pipeline/stages/stage.ts'
import { MAX_STATIONS, PHONE_RATES } from '../../pipeline/state/actions.ts'
import type { AppState } from '../../pipeline/state/state.ts'
import { namesThatBegin } from '../input/room-keys.ts'
import { runsOrMay } from '../input/running.ts'
import type { Question, TypedKind } from '../input/view-state.ts'
import { formatCount, formatInterval, formatMoney, formatPercent } from '../text/format.ts'
import { FRAME, type Framed, framed } from '../text/frame.ts'
import { cut, cutStart, type Line, left, overlay, printable, span, wrap } from '../text/line.ts'

/** Of a question, where the window is not narrower. */
const MOST_WIDTH = 62

type Answer = readonly [key: string, does: string]

const TYPED_ANSWERS: readonly Answer[] = [
  ['enter', 'set'],
  ['esc', 'leave it'],
]

/** The keys that a question waits for. */
export const ANSWERS: Readonly<Record<Question['kind'], readonly Answer[]>> = {
  stopAll: [
    ['y', 'stop all'],
    ['n', 'keep them running'],
  ],
  quit: [
    ['s', 'stop all and quit'],
    ['l', 'leave them running and quit'],
    ['esc', 'stay'],
  ],
  costs: [
    ['y', 'start'],
    ['n', 'do not'],
  ],
  stations: TYPED_ANSWERS,
  share: TYPED_ANSWERS,
  interval: TYPED_ANSWERS,
  sql: [
    ['enter', 'ask'],
    ['↑ ↓', 'earlier and prepared questions'],
    ['esc', 'leave it'],
  ],
  export: [
    ['enter', 'write it'],
    ['esc', 'leave it'],
  ],
  phoneRate: TYPED_ANSWERS,
  phone: [
    ['enter', 'remove it'],
    ['esc', 'leave it'],
  ],
  own: [
    ['tab', 'next'],
    ['enter', 'send'],
    ['esc', 'leave it'],
  ],
}

/** Something runs that this window does not end. */
const goesOn = ({ session, stages, cost }: AppState): boolean =>
  session.target === 'azure' &&
  STAGE_IDS.some(
    (id) =>
      id !== 'generator' &&
      (isUp(stages[id].state) || stages[id].state === 'starting' || cost.billed.includes(id)),
  )

/** Offline nothing can be left running. */
export const quitAnswers = ({ session }: AppState): readonly Answer[] =>
  session.target === 'azure'
    ? ANSWERS.quit
    : [
        ['enter', 'quit, or q again at once'],
        ['esc', 'stay'],
      ]

/** Rows that no question covers: the header, and the last line with its answers. */
const OUTSIDE = 2

/** Puts the question over the lines of the screen. */
export function withQuestion(
  lines: readonly Line[],
  question: Question,
  state: AppState,
  columns: number,
): Line[] {
  const width = Math.min(MOST_WIDTH, columns)
  const content = questionBox(question, state, { width, height: lines.length - OUTSIDE })
  const box = framed(content, width, content.lines.length + FRAME.rows, 'borderFocused')
  const top = Math.max(0, Math.floor((lines.length - box.length) / 2))
  const start = Math.floor((columns - width) / 2)
  return lines.map((line, row) => {
    const inBox = box[row - top]
    return inBox ? overlay(line, start, inBox) : line
  })
}

function questionBox(
  question: Question,
  state: AppState,
  { width, height }: { width: number; height: number },
): Framed {
  switch (question.kind) {
    case 'stopAll':
    case 'quit':
    case 'costs':
      return choiceBox(question.kind, state, width)
    case 'own':
      return ownBox(question, width)
    case 'sql':
      return sqlBox(question.text, width, height)
    default:
      return typedBox(question.kind, question.text, state, width)
  }
}

function choiceBox(kind: 'stopAll' | 'quit' | 'costs', state: AppState, width: number): Framed {
  const box = boxOf(width)
  const running = STAGE_IDS.filter((id) => runsOrMay(state, id)).length
  switch (kind) {
    case 'stopAll':
      return box(
        'stop all stages?',
        `${running} of ${STAGE_IDS.length} run. They stop in reverse order; what is in the hub and the lake stays.`,
        ANSWERS.stopAll,
      )
    case 'quit':
      return box(
        'quit?',
        goesOn(state)
          ? `Stages still run on Azure, ≈ ${formatMoney(state.cost.perHour)}/h, and go on without this window.`
          : `${running} of ${STAGE_IDS.length} stages run, and end with this window. What they have written stays.`,
        quitAnswers(state),
      )
    case 'costs':
      return box(
        'start on Azure?',
        'This starts resources that cost money until they are stopped. Asked once a session.',
        ANSWERS.costs,
      )
  }
}

/** Columns of the name of a field. */
const FIELD = 18

const ownBox = ({ parts, at }: Extract<Question, { kind: 'own' }>, width: number): Framed => ({
  title: 'send one reading',
  lines: [
    [],
    ...(['city', 'temperature, °C', 'humidity, %'] as const).map(
      (name, index): Line => [
        span(left(name, FIELD), 'muted'),
        span(cutStart(printable(parts[index] ?? ''), roomFor(FIELD, width)), 'title', true),
        span(index === at ? CARET : '', 'accent'),
      ],
    ),
    [],
    ...answerLines(ANSWERS.own),
    [],
  ],
})

const CARET = '▏'
/** Columns of what is typed behind so many others: where it is longer, its end is seen. */
const roomFor = (before: number, width: number) => width - FRAME.columns - before - CARET.length

/** Where a long question has no room, its end is seen: that is where one types. */
function sqlBox(text: string, width: number, height: number): Framed {
  const wrapped = (words: string) => wrap(words, width - FRAME.columns)
  const below: Line[] = [
    [],
    ...wrapped('views: bronze, silver, quarantine, gold, by_minute, aggregated; read only').map(
      (part): Line => [span(part, 'muted')],
    ),
    [],
    ...answerLines(ANSWERS.sql),
    [],
  ]
  const all = wrapped(`${printable(text)}${CARET}`)
  const room = Math.max(2, height - FRAME.rows - 1 - below.length)
  const shown = all.length <= room ? all : ['…', ...all.slice(1 - room)]
  return {
    title: 'SQL over the layers',
    lines: [[], ...shown.map((part): Line => [span(part, 'title', true)]), ...below],
  }
}

function typedBox(
  kind: Exclude<TypedKind, 'sql'>,
  text: string,
  { generator, audience }: AppState,
  width: number,
): Framed {
  switch (kind) {
    case 'stations':
      return typed(
        'stations',
        'How many?',
        text,
        `now ${formatCount(generator.stations)}, at most ${formatCount(MAX_STATIONS)}`,
      )
    case 'export':
      return typed(
        'export a table',
        'Which one?',
        text,
        [
          'bronze, silver, quarantine, gold, by_minute or aggregated;',
          'then csv or parquet, such as: gold parquet',
        ],
        ANSWERS.export,
      )
    case 'share':
      return typed('dirty data', 'How many percent?', text, `now ${formatPercent(generator.dirty)}; 0 is off`)
    case 'interval':
      return typed(
        'interval',
        'How often does each station report?',
        text,
        `now every ${formatInterval(generator.intervalMs)}; such as 500ms, 10s or 2m`,
      )
    case 'phoneRate':
      return typed(
        'rate of each phone',
        'How many readings a second?',
        text,
        `now ${audience?.rules.readingsPerSecond ?? '–'}, at most ${PHONE_RATES.most}`,
      )
    case 'phone': {
      const names = namesThatBegin(text, audience?.names ?? [])
      const hint = names.map(printable).join(' · ') || 'No phone is named so.'
      const ask = 'Its name, or how it begins?'
      return typed(
        'remove a phone',
        ask,
        cutStart(printable(text), roomFor(ask.length + 2, width)),
        cut(hint, width - FRAME.columns),
        ANSWERS.phone,
      )
    }
  }
}

const typed = (
  title: string,
  ask: string,
  text: string,
  hint: string | readonly string[],
  answers: readonly Answer[] = TYPED_ANSWERS,
): Framed => ({
  title,
  lines: [
    [],
    [span(`${ask}  `), span(text, 'title', true), span(CARET, 'accent')],
    ...[hint].flat().map((line): Line => [span(line, 'muted')]),
    [],
    ...answerLines(answers),
    [],
  ],
})

const boxOf =
  (width: number) =>
  (title: string, text: string, answers: readonly Answer[]): Framed => ({
    title,
    lines: [
      [],
      ...wrap(text, width - FRAME.columns).map((part): Line => [span(part)]),
      [],
      ...answerLines(answers),
      [],
    ],
  })

const answerLines = (answers: readonly Answer[]): Line[] =>
  answers.map(([key, does]): Line => [span(left(key, 7), 'accent', true), span(does)])
