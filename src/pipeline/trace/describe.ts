/** A trace in words: what the command prints and the screen shows, from one place. */

import type {
  AggregateStep,
  MinuteStep,
  SilverStep,
  StepName,
  StepState,
  Trace,
  TracePosition,
  TraceRow,
  TraceStep,
} from '../ports/trace.ts'
import { countOf } from '../state/count-of.ts'

/** Times are epoch ms, sizes bytes; undefined where the step knows none. */
export interface DescribedStep {
  step: StepName
  state: StepState
  /** Where it happens: `hub`, `bronze`, … */
  title: string
  /** One line: what has happened, or what is waited for. */
  summary: string
  /** Further lines, each a name and a value; values may be long. */
  details: readonly (readonly [name: string, value: string])[]
  at: number | undefined
  /** Since the newest earlier step whose time is known (ms). */
  sinceMs: number | undefined
  bytes: number | undefined
  /** Of the file in which it lies, where it has no size of its own. */
  fileBytes: number | undefined
  /** Where it left the main way. */
  outcome: 'rejected' | 'quarantine' | 'duplicate' | undefined
}

const TITLES: Readonly<Record<StepName, string>> = {
  made: 'made',
  acknowledged: 'hub',
  bronze: 'bronze',
  silver: 'silver',
  gold: 'gold',
  minute: 'by minute',
  aggregate: 'aggregate',
}

const WAITS: Readonly<Record<StepName, string>> = {
  made: '',
  acknowledged: 'waits for the hub',
  bronze: 'waits for the Stream Analytics job to write its file',
  silver: 'waits for the next batch of silver',
  gold: 'waits for the next batch of gold',
  minute: 'waits for the means by minute',
  aggregate: 'waits for the next batch of the aggregate',
}

/** As a person types it to find the event. */
export const positionText = ({ partition, sequenceNumber }: TracePosition): string =>
  `${partition}:${sequenceNumber}`

/** A line and its details for each step, in the order of the layers, with the time since the step before (ms). */
export function describeTrace({ steps }: Pick<Trace, 'steps'>): DescribedStep[] {
  let last: number | undefined
  return steps.map((step) => {
    const sinceMs = step.at === undefined || last === undefined ? undefined : step.at - last
    last = step.at ?? last
    const { summary, details } = described(step)
    return {
      step: step.step,
      state: step.state,
      title: TITLES[step.step],
      summary,
      details: step.note && step.facts ? [...details, ['note', step.note]] : details,
      at: step.at,
      sinceMs,
      bytes: step.bytes,
      fileBytes: step.facts && 'fileBytes' in step.facts ? step.facts.fileBytes : undefined,
      outcome: outcomeOf(step),
    }
  })
}

function outcomeOf({ facts }: TraceStep): DescribedStep['outcome'] {
  if (!facts || !('outcome' in facts)) return undefined
  const { outcome } = facts
  return outcome === 'line' || outcome === 'row' ? undefined : outcome
}

type Described = Pick<DescribedStep, 'summary' | 'details'>

function described(step: TraceStep): Described {
  const plain = (summary: string): Described => ({ summary, details: [] })
  if (step.state === 'waiting') return plain(WAITS[step.step])
  if (step.state === 'never') return plain(step.note ?? 'does not come here')
  if (step.facts === undefined) return plain(step.note ?? 'not known')
  switch (step.step) {
    case 'made': {
      const { deviceId, station, number, body, bodyBase64 } = step.facts
      const numbered = number === undefined ? '' : ` as number ${number}`
      const by = station === undefined ? (deviceId ?? 'a sender that gave no device') : `station ${station}`
      return {
        summary: `made by ${by}${numbered}`,
        details: [bodyBase64 === undefined ? ['body', body] : ['body (base64)', bodyBase64]],
      }
    }
    case 'acknowledged': {
      const { partition, sequenceNumber, offset, batchEvents, isBatchWhole, partitionKey } = step.facts
      return {
        summary: `partition ${partition}, sequence number ${sequenceNumber}, offset ${offset}`,
        details: [
          ['batch', `${isBatchWhole ? '' : 'at least '}${countOf(batchEvents, 'event')}`],
          ...(partitionKey === undefined ? [] : [['partition key', partitionKey] as const]),
        ],
      }
    }
    case 'bronze': {
      const { outcome, file, line, lines, text, reason } = step.facts
      return outcome === 'rejected'
        ? { summary: `rejected: ${reason}`, details: [['file', file]] }
        : {
            summary: `line ${line} of ${lines}`,
            details: [
              ['file', file],
              ['line', text ?? ''],
            ],
          }
    }
    case 'silver':
      return silver(step.facts)
    case 'gold': {
      const { version, file, row } = step.facts
      return {
        summary: `version ${version}`,
        details: [
          ['file', file],
          ['row', rowText(row)],
        ],
      }
    }
    case 'minute': {
      const { minute, city } = step.facts
      return means(`${city}, ${minute.slice(0, 16).replace('T', ' ')}`, step.facts)
    }
    case 'aggregate': {
      const { city, date, hour } = step.facts
      return means(`${city}, ${date} ${String(hour).padStart(2, '0')} h`, step.facts)
    }
  }
}

function silver(facts: NonNullable<SilverStep['facts']>): Described {
  switch (facts.outcome) {
    case 'row':
      return {
        summary: `version ${facts.version}`,
        details: [
          ['file', facts.file],
          ['row', rowText(facts.row)],
        ],
      }
    case 'quarantine':
      return {
        summary: `quarantined: ${facts.reasons.join(', ')}`,
        details: [
          ['file', facts.file],
          ['version', String(facts.version)],
          ['raw', facts.raw],
        ],
      }
    case 'duplicate': {
      const { position, eventId, keptIn } = facts.of
      return {
        summary: `duplicate of ${position ? positionText(position) : eventId}, and dropped`,
        details: [
          ['kept in', keptIn],
          ['event', eventId],
        ],
      }
    }
  }
}

function means(where: string, facts: NonNullable<(MinuteStep | AggregateStep)['facts']>): Described {
  const { before, after, isBeforeKnown, version, files, readings } = facts
  const was = before ? meanText(before) : isBeforeKnown ? 'none' : 'not kept'
  return {
    summary: `${where}: ${was} → ${after ? meanText(after) : 'not kept'}`,
    details: [
      ['version', String(version)],
      ['files', files.join(', ')],
      ...(readings === undefined ? [] : [['readings of the batch', String(readings)] as const]),
    ],
  }
}

const meanText = (row: TraceRow) => {
  const mean = (value: TraceRow[string] | undefined) =>
    typeof value === 'number' ? String(Math.round(value * 100) / 100) : '–'
  return `${mean(row.avg_temperature)} °C of ${mean(row.readings)}`
}

const rowText = (row: TraceRow) => JSON.stringify(row)
