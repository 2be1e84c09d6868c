/** What a lesson and a fault say above the panels has room, also in the window that most people have. */
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readLessons } from '../../../src/commands/shared/lessons.ts'
import { FAULTS } from '../../../src/pipeline/faults/registry.ts'
import type { ActiveFault, AppState, LessonSlice } from '../../../src/pipeline/state/state.ts'
import { screenLines } from '../../../src/ui/app/screen-lines.ts'
import { initialView } from '../../../src/ui/input/view-state.ts'
import { bannerLines } from '../../../src/ui/lesson/banners.ts'
import { plainText } from '../../../src/ui/text/line.ts'
import { scenarios } from '../../support/scenario.ts'

const state = scenarios.allRunning()
const lessons = readLessons(resolve(import.meta.dirname, '../../../lessons'))
const seenStep = ({ lesson, step }: (typeof steps)[number], bet?: number): LessonSlice => ({
  ...step,
  name: lesson.name,
  title: lesson.title,
  index: 7,
  count: 11,
  bet,
  isSeen: true,
  isPaused: false,
})
const steps = lessons.flatMap((lesson) => lesson.steps.map((step) => ({ lesson, step })))
const broken = (count: number): ActiveFault[] =>
  FAULTS.toSorted((a, b) => b.happens.length + b.seen.length - a.happens.length - a.seen.length)
    .slice(0, count)
    .map(({ name, title, happens, seen }) => ({
      ...{ name, title, happens, seen },
      ...{ since: state.now - 4000, until: undefined, state: 'active' },
    }))
const textOf = (changes: Partial<AppState>, columns = 80, rows = 24) =>
  screenLines({ ...state, ...changes }, initialView, columns, rows)
    .lines.map((line) =>
      line
        .map(({ text }) => text)
        .join('')
        .trim(),
    )
    .join(' ')
    .replace(/\s+/g, ' ')

describe('a fault above the panels', () => {
  it.each(FAULTS)(
    '$name says what was broken, since when, what will be seen, and how it is mended',
    (fault) => {
      const { name, title, happens, seen } = fault
      const active: ActiveFault = {
        ...{ name, title, happens, seen },
        ...{ since: state.now - 4000, until: undefined, state: 'active' },
      }
      expect(textOf({ faults: [active] })).toContain(
        `broken ${title}, 4.0 s: ${happens} ${seen} esc mends it.`,
      )
      expect(textOf({ faults: [{ ...active, until: state.now + 6000 }] })).toContain('mends itself in 6.0 s.')
    },
  )

  it('has its words under each other, a blank behind the badge, which begins where the boxes of the strip do', () => {
    const lines = bannerLines({ ...state, faults: broken(1) }, 80).map((line) => plainText(line))
    expect(lines.length).toBeGreaterThan(1)
    expect(lines[0]).toMatch(/^ {2}broken {2}\S/)
    for (const line of lines.slice(1)) expect(line).toMatch(/^ {10}\S/)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('says less beside others, before one of them is cut', () => {
    const text = textOf({ faults: broken(5) })
    for (const { title } of broken(5)) expect(text).toContain(`broken ${title}, 4.0 s:`)
  })
})

describe('a step of a lesson above the panels', () => {
  it.each(steps)('“$step.heading” has all its words at 80×24, and what was seen beside two faults', (one) => {
    const { heading, caption, question, say = '' } = one.step
    const alone = textOf({ lesson: seenStep(one) })
    for (const words of [heading, caption, question ?? '', say]) expect(alone).toContain(words)
    const crowded = textOf({ lesson: seenStep(one), faults: broken(2) })
    for (const words of [heading, question ?? '', say]) expect(crowded).toContain(words)
  })

  it('tells who has bet whether they were right', () => {
    const one = steps.find(({ step }) => step.question !== undefined) as (typeof steps)[number]
    const answer = one.step.answer ?? 0
    expect(textOf({ lesson: seenStep(one, answer) })).toContain(`✓ You were right. ${one.step.say}`)
    const wrong = (answer + 1) % one.step.options.length
    expect(textOf({ lesson: seenStep(one, wrong) })).toContain(
      `✓ You had bet on “${one.step.options[wrong]}”. ${one.step.say}`,
    )
  })
})

it('tells the place in a recording of more than an hour in hours', () => {
  const replay = { position: 4_509_000, durationMs: 5_400_000, speed: 4, isPaused: false }
  const [line = []] = bannerLines({ ...scenarios.allRunning(), replay }, 120)
  expect(plainText(line)).toContain('1:15:09 of 1:30:00, ×4')
})
