/** Lines below the header that matter more than the panels: what is broken on purpose, the lesson's step, where a recording is. */
import { clockText } from '../../pipeline/state/clock-text.ts'
import type { ActiveFault, AppState, LessonSlice } from '../../pipeline/state/state.ts'
import { formatDuration } from '../text/format.ts'
import { badge, type Line, left, span, wrap } from '../text/line.ts'
import type { Token } from '../text/theme.ts'

/** Columns before the words of a fault: a blank, the badge, a blank. */
const MARK = 10

/** In the first column of the strip's boxes. */
const marked = (text: string, token: Token): Line => [span(' '), badge(text, token)]

/** How much a fault says: the first form that leaves room for a lesson. */
const FORMS = ['whole', 'without the cause', 'name'] as const
type Form = (typeof FORMS)[number]

/** Without it: as many rows as it takes, on the panels. */
export interface BannerPlace {
  /** Rows that there are: faults say less, then the lesson's caption is cut; what to press and what was seen stay. */
  room?: number
  /** Something lies on the panels, which esc closes before it mends anything. */
  isCovered?: boolean
}

/** No more lines than there is room for. */
export function bannerLines(
  state: AppState,
  columns: number,
  { room = Number.POSITIVE_INFINITY, isCovered = false }: BannerPlace = {},
): Line[] {
  const { faults, lesson, replay, now } = state
  const lessonPart = lesson ? lessonLines(lesson, columns) : []
  const replayPart: Line[] = replay
    ? [
        [
          ...marked('replay', 'accent'),
          span(replayText(replay)),
          span('   space pause  , . seek  < > speed', 'muted'),
        ],
      ]
    : []
  const above = (form: Form): Line[] => [
    ...faults.flatMap((fault) => faultLines(fault, now, columns, form, isCovered)),
    ...replayPart,
  ]
  const fitting = FORMS.map(above).find((lines) => lines.length + lessonPart.length <= room) ?? above('name')
  if (!lesson || fitting.length + lessonPart.length <= room) return [...fitting, ...lessonPart]
  return [...fitting, ...lessonLines(lesson, columns, room - fitting.length)].slice(0, Math.max(0, room))
}

function faultLines(
  { title, happens, seen, since, until, state }: ActiveFault,
  now: number,
  columns: number,
  form: Form,
  isCovered: boolean,
): Line[] {
  const age = formatDuration(Math.max(0, now - since))
  if (state === 'healing')
    return [[...marked('mended', 'ok'), span(` ${title}: what had failed by it is started again.`)]]
  const end =
    until !== undefined
      ? `mends itself in ${formatDuration(Math.max(0, until - now))}`
      : isCovered
        ? 'on the panels esc mends it'
        : 'esc mends it'
  const said = { whole: [happens, seen], 'without the cause': [seen], name: [] }[form]
  return wrapped(columns, [`${title}, ${age}:`, ...said, `${end}.`].join(' ')).map(
    (text, row): Line => [
      ...(row === 0 ? [...marked('broken', 'fail'), span(' ')] : [span(left('', MARK))]),
      span(text, 'warn'),
    ],
  )
}

function replayText({ position, durationMs, speed, isPaused }: NonNullable<AppState['replay']>): string {
  return ` ${clockText(position)} of ${clockText(durationMs)}, ×${speed}${isPaused ? ', paused' : ''}`
}

/** @param room rows that there are: the caption gives way. */
function lessonLines(lesson: LessonSlice, columns: number, room = Number.POSITIVE_INFINITY): Line[] {
  const {
    title,
    index,
    count,
    heading,
    caption,
    press,
    question,
    options,
    bet,
    answer,
    isSeen,
    say,
    isPaused,
  } = lesson
  const place = `${index + 1}/${count}`
  if (isPaused)
    return [[...marked('lesson', 'accent'), span(` ${title}, step ${place}, paused: space goes on`, 'muted')]]
  const head: Line = [
    ...marked('lesson', 'accent'),
    span(` ${heading}`, 'title', true),
    span(`   ${place}   , back  . ${isSeen ? 'next' : 'skip'}  space pause`, 'muted'),
  ]
  const todo: Line[] =
    press === undefined
      ? []
      : [[span(' press ', 'muted'), span(press.split(' ').join(', then '), 'accent', true)]]
  const bets: Line[] =
    question === undefined
      ? []
      : [
          [span(' bet   ', 'muted'), span(question, 'title')],
          [
            span('       '),
            ...options.flatMap((option, at) => {
              const isChosen = bet === at
              const isRight = isSeen && answer === at
              return [
                span(`${'ABC'[at]} `, 'accent', true),
                span(option, isRight ? 'ok' : isChosen ? 'title' : 'muted', isChosen),
                span('   '),
              ]
            }),
          ],
        ]
  const seen = isSeen
    ? wrapped(columns, [betText(lesson), say ?? 'Seen.'].join('')).map(
        (part, row): Line => [span(row === 0 ? ' ✓ ' : '   ', 'ok'), span(part, 'ok')],
      )
    : []
  // First the bet: what is pressed shows the answer.
  const after = [...bets, ...todo, ...seen]
  const captionRows = Math.max(0, room - 1 - after.length)
  const text = wrapped(columns, caption)
  const shown = text.slice(0, captionRows)
  if (shown.length < text.length && shown.length > 0) shown.push(`${shown.pop()} …`)
  return [head, ...shown.map((part): Line => [span(' '), span(part)]), ...after]
}

/** Shown to a person who has placed a bet. */
const betText = ({ bet, answer, options }: LessonSlice): string =>
  bet === undefined ? '' : bet === answer ? 'You were right. ' : `You had bet on “${options[bet]}”. `

const wrapped = (columns: number, text: string) => wrap(text, Math.max(20, columns - MARK))
