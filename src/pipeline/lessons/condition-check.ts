/**
 * Whether a lesson's conditions can ever hold: what is misspelt would wait for ever. Names are looked up in a state in which as
 * much as possible stands; which partitions or consumer groups there are a session tells, but not what each of them has. Pure.
 */
import { FAULTS } from '../faults/registry.ts'
import type { StepName, StepState, Trace } from '../ports/trace.ts'
import { EMPTY_AUDIENCE, initialState } from '../state/initial-state.ts'
import type {
  ActiveFault,
  AppState,
  AudienceSlice,
  ConsumerGroupSlice,
  EndpointLine,
  LedgerSlice,
  LessonSlice,
  MachineAddress,
  PartitionSlice,
  ReplaySlice,
  StageSlice,
  TraceSlice,
} from '../state/state.ts'
import type { Condition } from './lesson.ts'

/** Why a condition never holds. */
export interface Impossible {
  /** What is wrong, as a sentence goes on after the step's name. */
  reason: string
  /** The word that was not found, and the words that are there. */
  word: string
  known: readonly string[]
}

/** All of the words; one that is left out does not compile. */
const wordsOf = <Word extends string>(words: Readonly<Record<Word, true>>) => Object.keys(words)

const STAGE_STATES = wordsOf<StageSlice['state']>({
  stopped: true,
  starting: true,
  running: true,
  stopping: true,
  degraded: true,
  failed: true,
  unknown: true,
})
const STEP_STATES = wordsOf<StepState>({ done: true, waiting: true, never: true, gone: true, unknown: true })
const VERDICTS = wordsOf<LedgerSlice['verdict']>({
  empty: true,
  balanced: true,
  flowing: true,
  unbalanced: true,
})
const PHASES = wordsOf<AudienceSlice['phase']>({ choosing: true, opening: true, open: true })
const FAULT_STATES = wordsOf<ActiveFault['state']>({ active: true, healing: true })

/** Members with a few words, by their path. */
const WORDS: readonly (readonly [path: RegExp, words: readonly string[]])[] = [
  [/^stages\.\w+\.state$/, STAGE_STATES],
  [/^trace\.trace\.steps\.\w+\.state$/, STEP_STATES],
  [/^ledger\.verdict$/, VERDICTS],
  [/^audience\.phase$/, PHASES],
  [/^faults\.[\w-]+\.state$/, FAULT_STATES],
  [/^hub\.groups\.[^.]+\.protocol$/, wordsOf<ConsumerGroupSlice['protocol']>({ AMQP: true, Kafka: true })],
  [/^session\.target$/, wordsOf<AppState['session']['target']>({ local: true, azure: true })],
  [/^session\.engine$/, wordsOf<AppState['session']['engine']>({ duckdb: true, spark: true })],
]

const STEPS = wordsOf<StepName>({
  made: true,
  acknowledged: true,
  bronze: true,
  silver: true,
  gold: true,
  minute: true,
  aggregate: true,
})

const AUDIENCE: AudienceSlice = {
  ...EMPTY_AUDIENCE,
  rules: { isMischiefAllowed: false, readingsPerSecond: 0, isPaused: false, hasOwnNames: false },
}
/** Its steps by their names; their facts are as many as there are kinds. */
const TRACE = {
  query: undefined,
  trace: {
    eventId: undefined,
    position: undefined,
    steps: STEPS.map((step) => ({ step, state: 'done', at: 0, bytes: 0, note: '', facts: undefined })),
    lookedAt: 0,
    cost: { reads: 0, listed: 0, bytes: 0 } satisfies Trace['cost'],
  } satisfies Record<keyof Trace, unknown>,
  problem: undefined,
  lookedAt: undefined,
} satisfies Record<keyof TraceSlice, unknown>
const REPLAY: ReplaySlice = { position: 0, durationMs: 0, speed: 1, isPaused: false }
const LESSON: LessonSlice = {
  name: '',
  title: '',
  index: 0,
  count: 0,
  heading: '',
  caption: '',
  press: undefined,
  question: undefined,
  options: [],
  bet: undefined,
  answer: undefined,
  say: undefined,
  isSeen: false,
  isPaused: false,
}

const PARTITION: Readonly<Record<keyof PartitionSlice, unknown>> = {
  id: '',
  lastSequenceNumber: 0,
  beginningSequenceNumber: 0,
  rate: 0,
  share: 0,
  backlog: undefined,
  lastEnqueuedAt: undefined,
  history: undefined,
}
const GROUP: ConsumerGroupSlice = { name: '', protocol: 'AMQP', members: 0, lag: undefined, lags: [] }

/** Lists that a session fills, and what their members have; those of any other list have no name by which one is found. */
const MEMBERS: Readonly<Record<string, object>> = {
  'hub.partitions': PARTITION,
  'hub.groups': GROUP,
  'audience.addresses': { name: '', address: '' } satisfies MachineAddress,
  'audience.senders': { name: '', at: 0 } satisfies AudienceSlice['senders'][number],
  lessons: { name: '', title: '', minutes: 0 } satisfies AppState['lessons'][number],
  endpoints: { name: '', value: '', opens: undefined } satisfies Record<keyof EndpointLine, unknown>,
}

/** Whatever a session may have, it has. */
function fullState(): object {
  const state = initialState()
  const stage = {
    command: { kind: 'start', startedAt: 0, usualMs: 0 },
    batch: { id: 0, rows: 0, durationMs: 0, committedAt: 0 },
  } satisfies Partial<StageSlice>
  return {
    ...state,
    stages: Object.fromEntries(Object.entries(state.stages).map(([id, one]) => [id, { ...one, ...stage }])),
    hub: { ...state.hub, groups: [] },
    ledger: { ...state.ledger, audience: 0, typed: 0 },
    assertions: { ...state.assertions, percentiles: undefined },
    faults: FAULTS.map(
      ({ name, title, happens, seen }): ActiveFault => ({
        name,
        title,
        happens,
        seen,
        since: 0,
        until: undefined,
        state: 'active',
      }),
    ),
    audience: AUDIENCE,
    replay: REPLAY,
    lesson: LESSON,
    trace: TRACE,
  }
}

/** @returns undefined: nothing is known that keeps it from holding. */
export function whyNever({ path, isIncrease, compare, value }: Condition): Impossible | undefined {
  let found: unknown = fullState()
  for (const [depth, key] of path.entries()) {
    const known = namesIn(found)
    if (known === undefined) {
      if (found === undefined) return undefined
      return { reason: `${path.slice(0, depth).join('.')} has no ${key}`, word: key, known: [] }
    }
    const name = path.slice(0, depth).join('.')
    const isOpen = Array.isArray(found) && found.length === 0 && key !== 'length'
    const member = isOpen ? MEMBERS[name] : undefined
    if (isOpen && member === undefined)
      return { reason: `the members of ${name} have no names to find one by`, word: '', known }
    if (!isOpen && !known.includes(key))
      return { reason: `there is no ${path.slice(0, depth + 1).join('.')}`, word: key, known }
    found = member ?? memberOf(found, key)
  }
  return neverOf(path.join('.'), found, { isIncrease, compare, value })
}

/** By the value that stands there. */
function neverOf(
  name: string,
  found: unknown,
  { isIncrease, compare, value }: Omit<Condition, 'path'>,
): Impossible | undefined {
  const word = String(value)
  if (typeof found === 'object' && found !== null)
    return { reason: `${name} is not one value`, word: '', known: namesIn(found) ?? [] }
  const words = WORDS.find(([path]) => path.test(name))?.[1]
  const isWord = words !== undefined || typeof found === 'string' || typeof found === 'boolean'
  if (isWord && (isIncrease || (compare !== '=' && compare !== '!=')))
    return { reason: `${name} is no number, and is compared by = or !=`, word: '', known: words ?? [] }
  if (typeof found === 'number' && typeof value !== 'number')
    return { reason: `${name} is a number, and never “${word}”`, word: '', known: [] }
  const allowed = words ?? (typeof found === 'boolean' ? ['true', 'false'] : undefined)
  return allowed === undefined || allowed.includes(word)
    ? undefined
    : { reason: `${name} is never “${word}”`, word, known: allowed }
}

/** Undefined: it has no members. */
function namesIn(from: unknown): string[] | undefined {
  if (typeof from !== 'object' || from === null) return undefined
  if (!Array.isArray(from)) return Object.keys(from)
  return [
    'length',
    ...(from as Readonly<Record<string, unknown>>[]).map(({ name, step }) => String(name ?? step)),
  ]
}

const memberOf = (from: unknown, key: string): unknown =>
  Array.isArray(from) && key !== 'length'
    ? from.find(({ name, step }) => (name ?? step) === key)
    : (from as Readonly<Record<string, unknown>>)[key]
