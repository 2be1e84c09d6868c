/** A lesson as Markdown with front matter: steps, each with a caption, what to press, a bet, and a check (docs/workshop.md). */

/** Read and checked as a whole before it is played. */
export interface Lesson {
  /** Of its file, and as the command line names it. */
  name: string
  title: string
  minutes: number
  /** What stands before the first step. */
  introduction: string
  steps: readonly LessonStep[]
}

/** Texts are plain, one paragraph each. */
export interface LessonStep {
  heading: string
  caption: string
  /** Keys, as people read them. */
  press: string | undefined
  question: string | undefined
  /** Up to three answers, and which one is right. */
  options: readonly string[]
  answer: number | undefined
  /** When the step's claim is visible; none: at once. */
  check: readonly Condition[]
  /** What to say when it is. */
  say: string | undefined
  /** The step is for this target only. */
  target: 'local' | 'azure' | undefined
}

/** A step without a target is for both. */
export const stepsFor = ({ steps }: Lesson, target: 'local' | 'azure'): LessonStep[] =>
  steps.filter((step) => step.target === undefined || step.target === target)

/** Why a lesson that has none of them cannot be begun. */
export const noSteps = ({ title }: Lesson, target: 'local' | 'azure'): string =>
  target === 'azure'
    ? `“${title}” is for the local target: it has no step for Azure.`
    : `“${title}” is for Azure: it has no step for the local target.`

/** `ledger.lost = 0`, `+ledger.quarantined >= 3` (since the step began), `stages.silver.state = failed`. */
export interface Condition {
  path: readonly string[]
  isIncrease: boolean
  compare: Comparison
  value: string | number
}

const COMPARISONS = ['>=', '<=', '!=', '=', '>', '<'] as const
/** Between a number of the state and one of the lesson. */
export type Comparison = (typeof COMPARISONS)[number]

/** A lesson that cannot be read: which line, and what was expected. */
export class LessonError extends Error {
  override readonly name = 'LessonError'
}

const FRONT_MATTER = /^---\n([\s\S]*?)\n---\n/
const FIELDS = ['press', 'bet', 'answer', 'check', 'say', 'target'] as const
const FIELD = new RegExp(`^(${FIELDS.join('|')}): (.+)$`)

/** @throws LessonError */
export function parseLesson(name: string, text: string): Lesson {
  // A byte-order mark is what Windows editors leave behind.
  const normal = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
  const [whole = '', front = ''] = FRONT_MATTER.exec(normal) ?? []
  if (whole === '') throw new LessonError(`${name}: a lesson begins with --- and its title and minutes.`)
  const fields = new Map(
    front
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const title = fields.get('title')
  const minutes = Number(fields.get('minutes'))
  if (!title || !(minutes > 0))
    throw new LessonError(`${name}: title and minutes are needed before the first step.`)
  const [introduction = '', ...parts] = normal.slice(whole.length).split(/^## /m)
  const steps = parts.map((part) => parseStep(name, part))
  if (steps.length === 0) throw new LessonError(`${name}: a lesson has steps, each under a heading ##.`)
  return { name, title, minutes, introduction: introduction.trim(), steps }
}

function parseStep(name: string, part: string): LessonStep {
  const [heading = '', ...lines] = part.split('\n')
  const fields = new Map<string, string>()
  const caption: string[] = []
  for (const line of lines) {
    const [, field, value] = FIELD.exec(line) ?? []
    if (field !== undefined && value !== undefined) fields.set(field, value.trim())
    else caption.push(line)
  }
  const [question, ...options] = (fields.get('bet') ?? '').split('|').map((one) => one.trim())
  const answer = fields.has('answer') ? Number(fields.get('answer')) - 1 : undefined
  const where = `${name}, “${heading}”`
  if (question && (options.length < 2 || options.length > 3))
    throw new LessonError(`${where}: a bet is a question and two or three answers, with | between them.`)
  if (question && (answer === undefined || options[answer] === undefined))
    throw new LessonError(`${where}: answer: names the right one of the bet's, from 1.`)
  const target = fields.get('target')
  if (target !== undefined && target !== 'local' && target !== 'azure')
    throw new LessonError(`${where}: target: is local or azure.`)
  return {
    heading: heading.trim(),
    caption: caption.join(' ').replace(/\s+/g, ' ').trim(),
    press: fields.get('press'),
    question: question === '' ? undefined : question,
    options,
    answer,
    check: parseCheck(where, fields.get('check')),
    say: fields.get('say'),
    target,
  }
}

function parseCheck(where: string, text: string | undefined): Condition[] {
  if (text === undefined) return []
  return text.split(' and ').map((part) => {
    const [, plus, path = '', compare, value = ''] =
      /^(\+?)([\w.-]+) (>=|<=|!=|=|>|<) (\S+)$/.exec(part.trim()) ?? []
    if (compare === undefined)
      throw new LessonError(
        `${where}: “${part}” is not a condition such as ledger.lost = 0 or +ledger.gold >= 10.`,
      )
    const number = Number(value)
    return {
      path: path.split('.'),
      isIncrease: plus === '+',
      compare: compare as Comparison,
      value: Number.isNaN(number) ? value : number,
    }
  })
}

/** @param atStart the state when the step began. */
export function holds(condition: Condition, state: object, atStart: object): boolean {
  const { path, isIncrease, compare, value } = condition
  const found = valueAt(state, path)
  const before = isIncrease ? valueAt(atStart, path) : undefined
  if (isIncrease && (typeof found !== 'number' || typeof before !== 'number')) return false
  const actual = isIncrease ? (found as number) - (before as number) : found
  switch (compare) {
    case '=':
      return String(actual) === String(value)
    case '!=':
      // What nobody has read yet is not told from anything.
      return actual !== 'unknown' && String(actual) !== String(value)
    default:
      if (typeof actual !== 'number' || typeof value !== 'number') return false
      if (compare === '>=') return actual >= value
      if (compare === '<=') return actual <= value
      return compare === '>' ? actual > value : actual < value
  }
}

/** By the names of members; the members of a list also by their `name`, `id` or `step`. */
function valueAt(from: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null) return undefined
    if (Array.isArray(value) && key !== 'length')
      return value.find((item: Record<string, unknown>) => [item.name, item.id, item.step].includes(key))
    return (value as Record<string, unknown>)[key]
  }, from)
}
