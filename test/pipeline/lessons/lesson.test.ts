import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadLessons, readLessons } from '../../../src/commands/shared/lessons.ts'
import { UserError } from '../../../src/commands/shared/user-error.ts'
import { FAULTS } from '../../../src/pipeline/faults/registry.ts'
import { whyNever } from '../../../src/pipeline/lessons/condition-check.ts'
import { holds, parseLesson } from '../../../src/pipeline/lessons/lesson.ts'
import { LessonRunner } from '../../../src/pipeline/lessons/runner.ts'
import { initialState } from '../../../src/pipeline/state/initial-state.ts'
import type { AudienceSlice } from '../../../src/pipeline/state/state.ts'
import { StateStore } from '../../../src/pipeline/state/store.ts'
import { bindingOf } from '../../../src/ui/input/keymap.ts'
import { LETTERS } from '../../../src/ui/input/letters.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { allRunning } from '../../support/scenario.ts'

const FOLDER = resolve(import.meta.dirname, '../../../lessons')
const lessons = readLessons(FOLDER)
const front = '---\ntitle: Mine\nminutes: 5\n---\n'

const openAudience: Pick<AudienceSlice, 'phase' | 'connected' | 'rules'> = {
  phase: 'open',
  connected: 0,
  rules: { isMischiefAllowed: true, readingsPerSecond: 5, isPaused: false, hasOwnNames: false },
}

describe('the lessons that come with the product', () => {
  it('are four, with bets', () => {
    expect(lessons.map(({ name }) => name)).toEqual(['pipeline', 'exactly-once', 'operations', 'room'])
    expect(lessons.map(({ minutes }) => minutes)).toEqual([15, 15, 30, 20])
    for (const { steps } of lessons) expect(steps.length).toBeGreaterThan(5)
  })

  it('have checks that can hold', () => {
    for (const { steps } of lessons)
      for (const { heading, check } of steps)
        for (const condition of check) expect(whyNever(condition), heading).toBeUndefined()
  })

  it('name keys that exist, and states that exist', () => {
    const state = allRunning()
    const known = {
      ...state,
      faults: FAULTS.map(({ name }) => ({ name, state: 'active' })),
      audience: openAudience,
      ledger: { ...state.ledger, audience: 0 },
      trace: { trace: { steps: ['acknowledged', 'bronze'].map((step) => ({ step, state: 'done' })) } },
    }
    for (const lesson of lessons)
      for (const { heading, press, check } of lesson.steps) {
        for (const key of press?.split(' ') ?? [])
          expect(
            bindingOf(key === 'esc' ? 'escape' : key) ?? LETTERS.includes(key),
            `${heading}: ${key}`,
          ).toBeTruthy()
        for (const condition of check) {
          const exists = holds(
            { ...condition, isIncrease: false, compare: '!=', value: 'undefined' },
            known,
            known,
          )
          expect(exists, `${lesson.name}, ${heading}: ${condition.path.join('.')}`).toBe(true)
        }
      }
  })

  it('no step that asks for a key is seen before anything was read of the services', () => {
    const initial = initialState()
    for (const lesson of lessons)
      for (const { heading, press, check } of lesson.steps)
        if (press !== undefined && check.some(({ path }) => path[0] === 'stages'))
          expect(
            check.every((condition) => holds(condition, initial, initial)),
            `${lesson.name}, ${heading}`,
          ).toBe(false)
  })

  it.each([
    ['Events', 'generator'],
    ['Four times as many', 'moreStations'],
    ['Landing raw data', 'streamAnalytics'],
    ['Trust', 'silver'],
    ['Dirty data', 'dirty'],
    ['Use', 'gold'],
    ['Follow one event', 'trace'],
    ['Start everything', 'startAll'],
    ['A burst', 'burst'],
    ['The end', 'stopAll'],
  ])('the key of “%s” is that of %s', (heading, command) => {
    const step = lessons.flatMap(({ steps }) => steps).find((one) => one.heading === heading)
    expect(bindingOf(step?.press?.split(' ')[0] ?? '')?.command).toBe(command)
  })

  it('ask for esc last: a key that acts right after it is taken for one that is pressed with alt', () => {
    for (const { press } of lessons.flatMap(({ steps }) => steps))
      expect(press?.split(' ').slice(0, -1) ?? []).not.toContain('esc')
  })

  it('are found by name; one of one’s own by its file', () => {
    expect(loadLessons(FOLDER, 'pipeline').first).toBe('pipeline')
    expect(loadLessons(FOLDER, `${FOLDER}/1-pipeline.md`).first).toBe('1-pipeline')
    expect(() => loadLessons(FOLDER, 'nothing')).toThrow(/no lesson named nothing/)
    expect(() => loadLessons(FOLDER, './nothing.md')).toThrow(/cannot be read/)
    expect(loadLessons(FOLDER, 'operations', 'azure').first).toBe('operations')
    expect(() => loadLessons(FOLDER, 'exactly-once', 'azure')).toThrow(/has no step for Azure/)
    expect(() => loadLessons(FOLDER, `${FOLDER}/2-exactly-once.md`, 'azure')).toThrow(/has no step for Azure/)
  })
})

it('is read as editors of Windows write it: a byte-order mark, and two characters at a line end', () => {
  const text = `\uFEFF${front}## One\nAll.\n`.replaceAll('\n', '\r\n')
  expect(parseLesson('mine', text).steps).toMatchObject([{ heading: 'One', caption: 'All.' }])
})

describe('a lesson that cannot be read', () => {
  it.each([
    ['# Title', /begins with ---/],
    ['---\ntitle: x\n---\n## One\n', /title and minutes/],
    [`${front}no steps`, /under a heading/],
    [`${front}## One\nbet: What? | one\nanswer: 1\n`, /two or three answers/],
    [`${front}## One\nbet: What? | one | two\nanswer: 3\n`, /names the right one/],
    [`${front}## One\ncheck: ledger is fine\n`, /not a condition such as/],
    [`${front}## One\ntarget: moon\n`, /local or azure/],
  ])('%j says what was expected', (text, message) => {
    expect(() => parseLesson('mine', text)).toThrow(message)
  })
})

describe('a check of one’s own that could never hold', () => {
  const load = (check: string) => {
    const file = join(mkdtempSync(join(tmpdir(), 'lesson-')), 'mine.md')
    writeFileSync(file, `${front}## One\ncheck: ledger.lost = 0 and ${check}\n`)
    try {
      return loadLessons(FOLDER, file).first
    } finally {
      rmSync(dirname(file), { recursive: true })
    }
  }

  it.each([
    ['ledgr.lost = 0', 'there is no ledgr', 'Did you mean ledger?'],
    ['+ledger.quarantine >= 1', 'there is no ledger.quarantine', 'Did you mean quarantined?'],
    ['stages.job.state = running', 'there is no stages.job', 'There are: generator, streamAnalytics, silver'],
    ['stages.silver.state = runing', 'stages.silver.state is never “runing”', 'Did you mean running?'],
    ['stages.silver.state >= 1', 'stages.silver.state is no number', 'There are: stopped'],
    ['+ledger.verdict >= 1', 'ledger.verdict is no number', 'There are: empty, balanced'],
    ['faults.hub-gone.state = active', 'there is no faults.hub-gone', 'There are: length, hub-away'],
    ['trace.trace.steps.bronce.state = done', 'there is no trace.trace.steps.bronce', 'Did you mean bronze?'],
    ['audience.rules.isPaused = yes', 'audience.rules.isPaused is never “yes”', 'There are: true, false.'],
    ['ledger.lost = none', 'ledger.lost is a number, and never “none”', 'docs/workshop.md'],
    ['ledger.lost.rows = 0', 'ledger.lost has no rows', 'docs/workshop.md'],
    ['ledger = 0', 'ledger is not one value', 'There are: acknowledged'],
    ['hub.partitions.0.backlg > 3', 'there is no hub.partitions.0.backlg', 'Did you mean backlog?'],
    ['hub.partitions.0 > 3', 'hub.partitions.0 is not one value', 'There are: id'],
    [
      'hub.groups.spark.protocol = kafka',
      'hub.groups.spark.protocol is never “kafka”',
      'Did you mean Kafka?',
    ],
    ['events.0.city = Oslo', 'the members of events have no names to find one by', 'There are: length.'],
  ])('%s is told when it is loaded', (check, reason, hint) => {
    let told: unknown
    try {
      load(check)
    } catch (error) {
      told = error
    }
    expect(told).toBeInstanceOf(UserError)
    const { message, hint: mends } = told as UserError
    expect(message).toContain(`mine, “One”: ${reason}`)
    expect(mends).toContain(hint)
  })

  it.each([
    'hub.partitions.0.backlog > 3',
    'hub.partitions.length = 4',
    'aggregate.cities.length >= 20',
    '+events.length >= 1',
    'hub.groups.spark.lag = 0',
    'audience.senders.Ada.at > 0',
    'stages.silver.batch.rows >= 100',
    '+ledger.typed >= 1',
    'hub.rate > 0',
  ])('%s may hold, and is taken', (check) => expect(load(check)).toBe('mine'))
})

describe('playing a lesson', () => {
  const lesson = parseLesson(
    'mine',
    `${front}## One\nText\nof two lines.\npress: 1\nbet: Lost? | none | all\nanswer: 1\ncheck: +ledger.gold >= 10 and ledger.lost = 0\nsay: None.\n## Cloud\ntarget: azure\n## Two\nEnd.\n`,
  )
  const play = () => {
    const store = new StateStore(allRunning(), new FakeClock())
    const runner = new LessonRunner(store)
    runner.setLessons([lesson])
    const gold = (by: number) => {
      const { ledger } = store.state
      store.update({ ledger: { ...ledger, gold: ledger.gold + by } })
      store.tick()
      store.flush()
    }
    return { store, actions: runner.actions, gold }
  }

  it('shows a step, takes a bet, and sees by itself when its claim is visible', () => {
    const { store, actions, gold } = play()
    expect(actions.begin('mine')).toMatchObject({ ok: true })
    expect(store.state.lesson).toMatchObject({
      index: 0,
      count: 2,
      caption: 'Text of two lines.',
      isSeen: false,
    })
    gold(9)
    expect(store.state.lesson?.isSeen).toBe(false)
    expect(actions.bet(1)).toMatchObject({ ok: true })
    gold(1)
    expect(store.state.lesson).toMatchObject({ isSeen: true, bet: 1, answer: 0, say: 'None.' })
    expect(actions.bet(0)).toMatchObject({ ok: false })
  })

  it('goes on, back, pauses, leaves out what is for Azure, and ends', () => {
    const { store, actions } = play()
    expect(actions.next()).toMatchObject({ ok: false })
    actions.begin('mine')
    expect(actions.back()).toMatchObject({ ok: false })
    actions.next()
    expect(store.state.lesson).toMatchObject({ index: 1, heading: 'Two', isSeen: true })
    expect(actions.pause()).toEqual({ ok: true, message: 'The lesson is paused.' })
    expect(store.state.lesson?.isPaused).toBe(true)
    expect(actions.pause()).toEqual({ ok: true, message: 'The lesson goes on.' })
    actions.pause()
    actions.back()
    expect(store.state.lesson).toMatchObject({ index: 0, isPaused: false })
    actions.next()
    actions.next()
    expect(store.state.lesson).toBeUndefined()
    expect(actions.begin('other')).toMatchObject({ ok: false })
  })

  it('refuses a lesson without a step for the target', () => {
    const store = new StateStore(allRunning(), new FakeClock())
    const runner = new LessonRunner(store)
    runner.setLessons([parseLesson('cloud', `${front}## One\ntarget: azure\n`)])
    expect(runner.actions.begin('cloud')).toEqual({
      ok: false,
      reason: '“Mine” is for Azure: it has no step for the local target.',
    })
    expect(store.state.lesson).toBeUndefined()
  })
})
