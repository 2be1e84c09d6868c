/** Plays a lesson: shows a step, sees by itself when its claim is visible, and goes on when a person says so. */

import { type ActionResult, accepted, type LessonActions, refused } from '../state/actions.ts'
import { countOf } from '../state/count-of.ts'
import type { AppState, LessonSlice } from '../state/state.ts'
import type { StateStore } from '../state/store.ts'
import { holds, type Lesson, type LessonStep, noSteps, stepsFor } from './lesson.ts'

interface Playing {
  lesson: Lesson
  steps: readonly LessonStep[]
  index: number
  atStart: AppState
}

/** One lesson at a time. It looks at the store only while one is played. */
export class LessonRunner {
  readonly actions: LessonActions
  readonly #store: StateStore
  #lessons: readonly Lesson[] = []
  #playing: Playing | undefined
  #unsubscribe: (() => void) | undefined

  constructor(store: StateStore) {
    this.#store = store
    this.actions = {
      begin: (name) => this.#begin(name),
      next: () => this.#move(1),
      back: () => this.#move(-1),
      pause: () => this.#pause(),
      bet: (option) => this.#bet(option),
      end: () => this.#end('The lesson has ended.'),
    }
  }

  setLessons(lessons: readonly Lesson[]): void {
    this.#lessons = lessons
    this.#store.update({ lessons: lessons.map(({ name, title, minutes }) => ({ name, title, minutes })) })
  }

  /** It follows the store no more. */
  close(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
  }

  #begin(name: string): ActionResult {
    const lesson = this.#lessons.find((one) => one.name === name)
    if (!lesson)
      return refused(`There is no lesson named ${name}: ${this.#lessons.map((one) => one.name).join(', ')}.`)
    const { target } = this.#store.state.session
    const steps = stepsFor(lesson, target)
    if (steps.length === 0) return refused(noSteps(lesson, target))
    this.#unsubscribe ??= this.#store.published.subscribe(() => this.#look())
    this.#show({ lesson, steps, index: 0, atStart: this.#store.state })
    return accepted(`${lesson.title}: ${countOf(steps.length, 'step')}.`)
  }

  #move(by: 1 | -1): ActionResult {
    const playing = this.#playing
    if (!playing) return refused('No lesson is being played: L has them.')
    const index = playing.index + by
    if (index < 0) return refused('This is the first step.')
    if (index >= playing.steps.length) return this.#end(`${playing.lesson.title}: that was all.`)
    this.#show({ ...playing, index, atStart: this.#store.state })
    return accepted(`Step ${index + 1} of ${playing.steps.length}.`)
  }

  #bet(option: number): ActionResult {
    const slice = this.#store.state.lesson
    const chosen = slice?.options[option]
    if (!slice || slice.question === undefined || chosen === undefined)
      return refused('There is nothing to bet on.')
    if (slice.isSeen) return refused('The answer is seen already.')
    return this.#change(() => ({ bet: option }), `Your bet: ${chosen}.`)
  }

  #pause(): ActionResult {
    const wasPaused = this.#store.state.lesson?.isPaused === true
    return this.#change(
      () => ({ isPaused: !wasPaused }),
      wasPaused ? 'The lesson goes on.' : 'The lesson is paused.',
    )
  }

  #change(change: (slice: LessonSlice) => Partial<LessonSlice>, message: string): ActionResult {
    const slice = this.#store.state.lesson
    if (!slice) return refused('No lesson is being played: L has them.')
    this.#store.update({ lesson: { ...slice, ...change(slice) } })
    this.#store.flush()
    return accepted(message)
  }

  #end(message: string): ActionResult {
    if (!this.#playing) return refused('No lesson is being played: L has them.')
    this.#playing = undefined
    this.close()
    this.#store.update({ lesson: undefined })
    this.#store.flush()
    return accepted(message)
  }

  #show(playing: Playing): void {
    this.#playing = playing
    const { lesson, steps, index } = playing
    const step = steps[index] as LessonStep
    this.#store.update({
      lesson: {
        name: lesson.name,
        title: lesson.title,
        index,
        count: steps.length,
        heading: step.heading,
        caption: step.caption,
        press: step.press,
        question: step.question,
        options: step.options,
        bet: undefined,
        answer: step.answer,
        say: step.say,
        isSeen: false,
        isPaused: false,
      },
    })
    this.#store.flush()
    this.#look()
  }

  /** Once seen, it stays so: what was shown need not last. */
  #look(): void {
    const playing = this.#playing
    const { lesson: slice } = this.#store.state
    if (!playing || !slice || slice.isSeen) return
    const { check } = playing.steps[playing.index] as LessonStep
    if (check.every((condition) => holds(condition, this.#store.state, playing.atStart)))
      this.#store.update({ lesson: { ...slice, isSeen: true } })
  }
}
