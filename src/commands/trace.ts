/** `rtstream-tui trace`: one event, from the station that made it to the means that it went into. */

import { abortableSleep } from '../azure/http/abortable-sleep.ts'
import { grouped } from '../contract/grouped.ts'
import { isComplete, type Trace, type TraceQuery, type Tracer } from '../pipeline/ports/trace.ts'
import { countOf } from '../pipeline/state/count-of.ts'
import { type DescribedStep, describeTrace, positionText } from '../pipeline/trace/describe.ts'
import { UserError } from './shared/user-error.ts'

/** `tracer` undefined: this target cannot follow events. */
export interface TraceOptions {
  tracer: Tracer | undefined
  query: TraceQuery
  /** Look again until nothing is to come any more, for that long at most (ms); 0: look once. */
  waitMs: number
  json: boolean
  write: (text: string) => void
  /** Epoch milliseconds. */
  now: () => number
  /** Milliseconds that never go back; injected in tests. */
  monotonic?: () => number
  sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>
  signal: AbortSignal
}

const LOOK_EVERY_MS = 500
const POSITION = /^(\d{1,4}):(\d{1,15})$/

/** @throws UserError when not exactly one way of naming an event is given. */
export function traceQuery(given: {
  id?: string | undefined
  newest?: boolean
  city?: string | undefined
}): TraceQuery {
  const { id, newest, city } = given
  const queries: TraceQuery[] = []
  if (newest) queries.push({ kind: 'newest' })
  if (city !== undefined) queries.push({ kind: 'city', city })
  if (id !== undefined) {
    const [, partition, sequenceNumber] = POSITION.exec(id) ?? []
    queries.push(
      partition === undefined
        ? { kind: 'id', eventId: id }
        : { kind: 'position', partition, sequenceNumber: Number(sequenceNumber) },
    )
  }
  const [query] = queries
  if (!query || queries.length > 1)
    throw new UserError(
      'Name one event: its id, its position (PARTITION:SEQUENCE), --newest, or --city NAME.',
      'For example: rtstream-tui trace --newest',
      { exitCode: 2 },
    )
  return query
}

/** @returns 0 when the event was found, else 1. */
export async function runTrace(options: TraceOptions): Promise<number> {
  const { tracer, query, json, write, signal, now } = options
  if (!tracer) throw new UserError('This target cannot follow single events.')
  const trace = await look(tracer, options)
  if (!trace) throw notFound(query)
  signal.throwIfAborted()
  write(json ? `${JSON.stringify({ type: 'trace', ...trace })}\n` : traceText(trace, now()))
  return 0
}

const SEARCHED = 'The newest 50,000 events of each partition are searched'

function notFound(query: TraceQuery): UserError {
  switch (query.kind) {
    case 'newest':
      return new UserError('The hub holds no event.', 'Start the generator first: rtstream-tui, then key 1.')
    case 'position':
      return new UserError(
        `The hub holds no event at ${query.partition}:${query.sequenceNumber}.`,
        'It was never sent, or the hub keeps it no longer. rtstream-tui status shows the partitions.',
      )
    case 'city':
      return new UserError(`The hub holds no event from ${query.city}.`, `${SEARCHED}. Is the name right?`)
    case 'id':
      return new UserError(
        `The hub holds no event ${query.eventId}.`,
        `${SEARCHED}. An older one can be named by its position, PARTITION:SEQUENCE.`,
      )
  }
}

async function look(
  tracer: Tracer,
  { query, waitMs, signal, monotonic = () => performance.now(), sleep = abortableSleep }: TraceOptions,
): Promise<Trace | undefined> {
  const until = monotonic() + waitMs
  let trace = await tracer.trace(query, signal)
  while (monotonic() < until && !(trace && isComplete(trace)) && !signal.aborted) {
    await sleep(LOOK_EVERY_MS, signal)
    // The newest would be another one by now.
    trace = await tracer.trace(trace ? { kind: 'position', ...trace.position } : query, signal)
  }
  return trace
}

const MARKS: Readonly<Record<DescribedStep['state'], string>> = {
  done: '✓',
  waiting: '…',
  never: '–',
  gone: '?',
  unknown: '?',
}

/** For a person; ends with a line end. */
export function traceText(trace: Trace, now: number): string {
  const lines = [`Event ${trace.eventId ?? '(without an id)'} at ${positionText(trace.position)}`]
  for (const step of describeTrace(trace)) {
    const time = step.at === undefined ? '' : new Date(step.at).toISOString().slice(11, 23)
    const since = step.sinceMs === undefined ? '' : signed(step.sinceMs)
    const bytes = step.bytes === undefined ? '' : `${grouped(step.bytes)} B`
    lines.push(
      `${MARKS[step.state]} ${step.title.padEnd(10)}${time.padEnd(13)}${since.padStart(9)}${bytes.padStart(9)}  ${step.summary}`,
      ...step.details.map(([name, value]) => `${' '.repeat(12)}${name}: ${value}`),
    )
  }
  const { reads, listed, bytes } = trace.cost
  const age = Math.max(0, now - trace.lookedAt)
  lines.push(
    `As of ${(age / 1000).toFixed(1)} s ago. It took reading ${countOf(reads, 'file')} of the lake (${grouped(bytes)} B) and listing ${countOf(listed, 'name')}.`,
  )
  return `${lines.join('\n')}\n`
}

const signed = (ms: number) => {
  const seconds = Math.abs(ms) / 1000
  return `${ms < 0 ? '−' : '+'}${seconds < 1 ? `${Math.abs(Math.round(ms))} ms` : `${seconds.toFixed(seconds < 100 ? 1 : 0)} s`}`
}
