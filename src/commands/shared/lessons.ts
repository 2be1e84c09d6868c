/** The lessons that come with the product, and lessons from a person's own files. */

import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { nearest } from '../../config/suggest.ts'
import { whyNever } from '../../pipeline/lessons/condition-check.ts'
import {
  type Condition,
  type Lesson,
  LessonError,
  noSteps,
  parseLesson,
  stepsFor,
} from '../../pipeline/lessons/lesson.ts'
import { countOf } from '../../pipeline/state/count-of.ts'
import { readPackage, UserError } from './user-error.ts'

const nameOf = (file: string) => basename(file).replace(/\.md$/, '')

/**
 * In the order of their names; files that begin with a number come in its order, without it in their names.
 * @throws UserError where the folder, which is the package's, cannot be read.
 */
export const readLessons = (folder: string): Lesson[] =>
  readPackage('The lessons', folder, () =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.md') && file !== 'README.md')
      .sort()
      .map((file) =>
        parseLesson(nameOf(file).replace(/^\d+-/, ''), readFileSync(join(folder, file), 'utf8')),
      ),
  )

/**
 * @param wanted name of a lesson in the folder, or the path of another file; undefined: none is begun.
 * @throws UserError when there is no such lesson, it cannot be read, or it has no step for the target.
 */
export function loadLessons(
  folder: string,
  wanted: string | undefined,
  target: 'local' | 'azure' = 'local',
): { lessons: readonly Lesson[]; first: string | undefined } {
  const lessons = readLessons(folder)
  const known = lessons.find(({ name }) => name === wanted)
  if (known) checkTarget(known, target)
  if (known || wanted === undefined) return { lessons, first: wanted }
  if (!wanted.endsWith('.md'))
    throw new UserError(
      `There is no lesson named ${wanted}.`,
      `There are: ${lessons.map(({ name }) => name).join(', ')}; or name a file of your own, such as ./mine.md.`,
      { exitCode: 2 },
    )
  const own = readOwn(wanted)
  for (const { heading, check } of own.steps)
    for (const condition of check) requirePossible(`${own.name}, “${heading}”`, condition)
  checkTarget(own, target)
  return { lessons: [own, ...lessons], first: own.name }
}

/** Before anything is started. @throws UserError */
function checkTarget(lesson: Lesson, target: 'local' | 'azure'): void {
  if (stepsFor(lesson, target).length > 0) return
  const hint = target === 'azure' ? 'Leave out --target azure.' : 'Add --target azure.'
  throw new UserError(noSteps(lesson, target), hint, { exitCode: 2 })
}

/** What is misspelt would never be seen, and the lesson would wait. @throws UserError */
function requirePossible(where: string, condition: Condition): void {
  const never = whyNever(condition)
  if (!never) return
  const near = nearest(never.word, never.known)
  const hint =
    near !== undefined
      ? `Did you mean ${near}?`
      : never.known.length > 0
        ? `There are: ${never.known.join(', ')}.`
        : 'docs/workshop.md says how a lesson is written.'
  throw new UserError(`${where}: ${never.reason}: its check would never be seen.`, hint)
}

function readOwn(file: string): Lesson {
  try {
    return parseLesson(nameOf(file), readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof LessonError)
      throw new UserError(error.message, 'docs/workshop.md says how a lesson is written.')
    throw new UserError(`The lesson ${file} cannot be read: ${(error as Error).message}.`)
  }
}

/** A line each, for `lesson` without a name. */
export const lessonList = (folder: string): string =>
  readLessons(folder)
    .map(
      ({ name, title, minutes, steps }) =>
        `${name.padEnd(14)}${title} (${countOf(minutes, 'minute')}, ${countOf(steps.length, 'step')})\n`,
    )
    .join('')
