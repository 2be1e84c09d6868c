/** What the strip tells of each node of the pipeline, before it is drawn. Pure. */

import type { StageState } from '../../pipeline/ports/stages.ts'
import { nounOf } from '../../pipeline/state/count-of.ts'
import { counted, gaugesOf } from '../../pipeline/state/known.ts'
import type { AppState, StageSlice } from '../../pipeline/state/state.ts'
import { staleText } from '../panels/states.ts'
import { formatAge, formatCompact, formatCount, formatPercent, formatThousands } from '../text/format.ts'
import { badge, type Line, printable, type Span, span } from '../text/line.ts'

/** In two widths each, since what fits is decided later. */
export interface Node {
  /** From the longest name to the shortest. */
  names: readonly [long: string, middle: string, short: string]
  state: StageState
  /** Its key, if it has one. */
  hotkey?: string
  /** The state in one plain word, or a few while it changes. */
  word: string
  /** The same for a narrow place. */
  shortWord: string
  /** The service's own word, where it says something else. */
  service: string
  /** Third line, below the name. */
  detail: Span
  shortDetail: Span
  /** Fourth line: what leaves the main way here, or a badge. */
  branch: Line
  /** The same for a narrow place. */
  shortBranch: Line
  /** The same where not even that has room. */
  leastBranch?: Line
  /** Rows that wait in front of it; undefined: not known. */
  backlog: number | undefined
  /** What flows on to the next node; undefined: not known, or nothing behind it. */
  rate: number | undefined
  isLast?: boolean
}

type Details = Pick<Node, 'detail' | 'shortDetail'>

/** `running`, `starting 12 s of ~90 s`; the whole word and a short one. */
function plainWord(stage: StageSlice, now: number): [word: string, short: string] {
  if (!stage.command) return [stage.state, stage.state]
  const { kind, startedAt, usualMs } = stage.command
  const doing = kind === 'start' ? 'starting' : 'stopping'
  const elapsed = formatAge(now - startedAt)
  return [`${doing} ${elapsed} of ~${formatAge(usualMs)}`, doing]
}

/** The service's word, unless it is ours in other letters. */
function serviceWord(stage: StageSlice): string {
  const word = printable(stage.providerStatus)
  return word.toLowerCase() === stage.state ? '' : word
}

/** @returns the nodes from the generator to the aggregate, in the order of the flow. */
export function nodesOf(state: AppState): Node[] {
  const { stages, hub, aggregate } = state
  const { now } = state
  const { watermarkDelaySeconds: delay, backlogged } = gaugesOf(state)
  const stageNode = (stage: StageSlice): Pick<Node, 'state' | 'word' | 'shortWord' | 'service' | 'rate'> => {
    const [word, shortWord] = plainWord(stage, now)
    // A stopped stage passes nothing on, so the rate is known: zero.
    const rate = stage.rate ?? (stage.state === 'stopped' ? 0 : undefined)
    return { state: stage.state, word, shortWord, service: serviceWord(stage), rate }
  }
  const detail = (at: number | undefined, text: string, short: string): Details => {
    const stale = staleText(at, now)
    if (stale) return { detail: span(stale, 'warn'), shortDetail: span(stale, 'warn') }
    return { detail: span(text, 'muted'), shortDetail: span(short, 'muted') }
  }
  /** While a command is under way, a narrow strip says here how long it takes. */
  const work = (stage: StageSlice, text: string, short: string): Details => {
    const { command } = stage
    if (!command) return detail(stage.updatedAt, text, short)
    const progress = `${formatAge(now - command.startedAt)}/${formatAge(command.usualMs)}`.replace(
      / (s|min)\//,
      '/',
    )
    return { detail: span(text, 'muted'), shortDetail: span(progress, 'warn') }
  }
  const batch = (stage: StageSlice) => {
    const id = stage.batch ? `#${formatCount(stage.batch.id)}` : ''
    return work(stage, id && `batch ${id}`, id)
  }
  const watermark = delay === undefined ? '' : formatAge(delay * 1000)
  const stations = formatCompact(state.generator.stations)
  const cities =
    aggregate.cities.length === 0
      ? ''
      : `${formatCompact(aggregate.cities.length)} ${nounOf(aggregate.cities.length, 'city', 'cities')}`
  const none: Pick<Node, 'branch' | 'shortBranch'> = { branch: [], shortBranch: [] }
  return [
    {
      names: ['generator', 'generator', 'gen'],
      hotkey: '1',
      ...stageNode(stages.generator),
      ...detail(undefined, `${stations} ${nounOf(state.generator.stations, 'station')}`, `${stations} stn`),
      ...badges(state),
      backlog: undefined,
    },
    {
      names: ['event hub', 'event hub', 'hub'],
      state: hub.error ? 'failed' : hub.updatedAt === undefined ? 'unknown' : 'running',
      word: hub.error ? 'no answer' : hub.updatedAt === undefined ? 'unknown' : 'takes events',
      shortWord: hub.error ? 'no answer' : hub.updatedAt === undefined ? 'unknown' : 'running',
      service: '',
      ...detail(
        hub.updatedAt,
        hub.updatedAt === undefined ? '' : `${formatCompact(hub.enqueued)} ${nounOf(hub.enqueued, 'event')}`,
        hub.updatedAt === undefined ? '' : formatCompact(hub.enqueued),
      ),
      ...none,
      backlog: stages.generator.backlog,
      rate: hub.updatedAt === undefined ? undefined : hub.rate,
    },
    {
      names: ['stream analytics', 'analytics', 'asa'],
      hotkey: '2',
      ...stageNode(stages.streamAnalytics),
      ...work(stages.streamAnalytics, watermark && `watermark ${watermark}`, watermark),
      ...branch('rejected', 'rej', counted(state, 'rejected')),
      backlog: stages.streamAnalytics.backlog ?? backlogged,
    },
    {
      names: ['silver', 'silver', 'silver'],
      hotkey: '3',
      ...stageNode(stages.silver),
      ...batch(stages.silver),
      ...branch('quarantine', 'quarantine', counted(state, 'quarantined')),
      backlog: stages.silver.backlog,
    },
    {
      names: ['gold', 'gold', 'gold'],
      hotkey: '4',
      ...stageNode(stages.gold),
      ...batch(stages.gold),
      ...none,
      backlog: stages.gold.backlog,
    },
    {
      names: ['aggregate', 'aggregate', 'agg'],
      hotkey: '5',
      ...stageNode(stages.aggregate),
      ...work(stages.aggregate, cities, cities),
      ...none,
      backlog: stages.aggregate.backlog,
      rate: undefined,
      isLast: true,
    },
  ]
}

/** `╰▶ quarantine 174`: highlighted once it holds rows; a dash when the count is unknown. A number is never cut. */
function branch(
  name: string,
  short: string,
  rows: number | undefined,
): Pick<Node, 'branch' | 'shortBranch' | 'leastBranch'> {
  const isLoud = rows !== undefined && rows > 0
  const one = (label: string, number: string): Line => [
    span('╰▶ ', isLoud ? 'warn' : 'border'),
    span(`${label} `, isLoud ? 'warn' : 'muted'),
    span(number, isLoud ? 'warn' : 'muted', isLoud),
  ]
  const number = formatCompact(rows)
  return {
    branch: one(name, number),
    shortBranch: one(short, number),
    leastBranch: one(short, rows === undefined ? number : formatThousands(rows)),
  }
}

function badges({ generator, now }: AppState): Pick<Node, 'branch' | 'shortBranch'> {
  const left = generator.burstUntil === undefined ? 0 : generator.burstUntil - now
  const marks = (full: string, isShort: boolean) => [
    ...(left > 0 ? [badge(`burst ${formatAge(left)}`, 'accent')] : []),
    ...(generator.backPressure ? [badge(full, 'warn')] : []),
    ...(generator.dirty > 0
      ? [badge(`${formatPercent(generator.dirty)}${isShort ? '' : ' dirty'}`, 'warn')]
      : []),
  ]
  const branch = marks('back-pressure', false)
  return { branch, shortBranch: branch.length > 1 ? marks(left > 0 ? 'full' : 'buffer full', true) : branch }
}
