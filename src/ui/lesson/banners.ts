/** Lines below the header that matter more than the panels: what is broken on purpose, the lesson's step, where a recording is. */
import type { ActiveFault, AppState, LessonSlice } from '../../pipeline/state/state.ts'
import { formatDuration } from '../text/format.ts'
import { badge, type Line, left, span, wrap } from '../text/line.ts'

const MARK = 10

export function bannerLines(state: AppState, columns: number): Line[] {
  const { faults, lesson, replay, now } = state
  return [
    ...faults.flatMap((fault) => faultLines(fault, now, columns)),
    ...(replay
      ? [
          [
            badge(' replay ', 'accent'),
            span(replayText(replay)),
            span('   space pause  , . seek  < > speed', 'muted'),
          ],
        ]
      : []),
    ...(lesson ? lessonLines(lesson, columns) : []),
  ]
}

function faultLines(
  { title, happens, seen, since, until, state }: ActiveFault,
  now: number,
  columns: number,
): Line[] {
  const age = formatDuration(Math.max(0, now - since))
  if (state === 'healing')
    return [[badge(' mended ', 'ok'), span(` ${title}: what had failed by it is started again.`)]]
  const end =
    until === undefined ? 'esc mends it' : `mends itself in ${formatDuration(Math.max(0, until - now))}`
  return wrapped(columns, ` ${title}, ${age}: ${happens} ${seen} ${end}.`).map(
    (text, row): Line => [
      row === 0 ? badge(' broken ', 'fail') : span(left('', MARK - 2)),
      span(text, 'warn'),
    ],
  )
}

function replayText({ position, durationMs, speed, isPaused }: NonNullable<AppState['replay']>): string {
  return ` ${clock(position)} of ${clock(durationMs)}, ×${speed}${isPaused ? ', paused' : ''}`
}

function lessonLines(lesson: LessonSlice, columns: number): Line[] {
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
    return [[badge(' lesson ', 'accent'), span(` ${title}, step ${place}, paused: space goes on`, 'muted')]]
  const head: Line = [
    badge(' lesson ', 'accent'),
    span(` ${heading}`, 'title', true),
    span(`   ${place}   , back  . ${isSeen ? 'next' : 'skip'}  space pause`, 'muted'),
  ]
  const text = wrapped(columns, caption).map((part): Line => [span(' '), span(part)])
  const todo: Line[] = press === undefined ? [] : [[span(' press ', 'muted'), span(press, 'accent', true)]]
  const bets: Line[] =
    question === undefined
      ? []
      : [
          [span(` ${question} `, 'title')],
          [
            span(' '),
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
  const seen: Line[] = isSeen ? [[span(' ✓ ', 'ok'), span(say ?? 'Seen.', 'ok')]] : []
  return [head, ...text, ...todo, ...bets, ...seen]
}

const wrapped = (columns: number, text: string) => wrap(text, Math.max(20, columns - MARK))

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`
}
