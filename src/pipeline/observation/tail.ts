/** The live tail of events: readings as the hub takes them, rows as silver refuses them, and what other clients send. */
import type { Reading } from '../../contract/reading.ts'
import type { MadeEvent } from '../generator/generator.ts'
import type { ArrivedRow, QuarantinedRow } from '../ports/lake.ts'
import type { TraceQuery } from '../ports/trace.ts'
import type { TailEvent } from '../state/state.ts'

/** Events kept for the screen. */
export const TAIL_LIMIT = 300
/** How many readings are shown for each rejected one that arrived with them; a few rejected ones are always shown. */
const READINGS_PER_REFUSED = 4
const LEAST_REFUSED = 10
/** Longest text taken over from an event that anybody may have sent. */
const TEXT_LIMIT = 80
/** Longest id that an event is looked for by. */
const ID_LIMIT = 200
/** Characters kept of a body. */
const BODY_LIMIT = 2000

/** @returns undefined for a reading that was corrupted into no JSON: silver never sees it. */
export function tailOfMade({ shown, partitionKey, body }: MadeEvent): TailEvent | undefined {
  if (!shown) return undefined
  return {
    deviceId: partitionKey,
    city: shown.city.trim(),
    temperature: shown.temperature,
    humidity: shown.humidity,
    at: shown.at,
    reasons: [],
    body: Buffer.from(body).toString('utf8').slice(0, BODY_LIMIT),
  }
}

/** A row of silver; texts of other clients are cut. */
export function tailOfRow(row: ArrivedRow): TailEvent {
  return {
    at: row.enqueuedAt ?? row.committedAt,
    deviceId: clipped(row.deviceId ?? ''),
    city: clipped(row.city ?? ''),
    temperature: row.temperature ?? undefined,
    humidity: row.humidity ?? undefined,
    reasons: [],
    trace: byId(row.eventId),
  }
}

/** As far as the refused line can be read. @param now in place of a time that it lacks. */
export function tailOfQuarantined({ raw, reasons, enqueuedAt }: QuarantinedRow, now: number): TailEvent {
  const line = parse(raw) ?? {}
  return {
    ...fieldsOf(line),
    at: enqueuedAt ?? now,
    reasons,
    body: raw.slice(0, BODY_LIMIT),
    trace: byPlace(line) ?? byId(line.eventId),
  }
}

/**
 * Newest last. Rows that silver refused are seconds older than the readings that the hub takes meanwhile: they stand among
 * them, the last one at the end, or a busy pipeline would never show one.
 */
export function tailWith(
  before: readonly TailEvent[],
  readings: readonly TailEvent[],
  refused: readonly TailEvent[],
): readonly TailEvent[] {
  if (readings.length + refused.length === 0) return before
  const most = Math.max(LEAST_REFUSED, Math.ceil(readings.length / READINGS_PER_REFUSED))
  return [...before, ...spreadOver(inTime(readings), inTime(refused).slice(-most))].slice(-TAIL_LIMIT)
}

const inTime = (events: readonly TailEvent[]) => events.toSorted((a, b) => a.at - b.at)

function spreadOver(readings: readonly TailEvent[], refused: readonly TailEvent[]): TailEvent[] {
  const spread: TailEvent[] = []
  let taken = 0
  for (const [index, one] of refused.entries()) {
    const end = Math.round(((index + 1) * readings.length) / refused.length)
    spread.push(...readings.slice(taken, end), one)
    taken = end
  }
  return [...spread, ...readings.slice(taken)]
}

type Loose = Partial<Record<keyof Reading | 'PartitionId' | 'SequenceNumber', unknown>>

function fieldsOf(reading: Loose): Pick<TailEvent, 'deviceId' | 'city' | 'temperature' | 'humidity'> {
  return {
    deviceId: textOf(reading.deviceId),
    city: textOf(reading.city).trim(),
    temperature: numberOf(reading.temperature),
    humidity: numberOf(reading.humidity),
  }
}

/** A line of bronze says where the hub holds its event: an id may stand in several. */
function byPlace({ PartitionId, SequenceNumber }: Loose): TraceQuery | undefined {
  return Number.isSafeInteger(PartitionId) && Number.isSafeInteger(SequenceNumber)
    ? { kind: 'position', partition: String(PartitionId), sequenceNumber: Number(SequenceNumber) }
    : undefined
}

/** How the hub finds an event again; undefined: it has no id. Our own events have theirs in the body, which is parsed only here. */
export const traceOf = ({ trace, body }: TailEvent): TraceQuery | undefined =>
  trace ?? byId(parse(body ?? '')?.eventId)

const byId = (eventId: unknown): TraceQuery | undefined =>
  typeof eventId === 'string' && eventId.trim() !== '' && eventId.length <= ID_LIMIT
    ? { kind: 'id', eventId }
    : undefined

function parse(text: string): Loose | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Loose) : undefined
  } catch {
    return undefined
  }
}

const textOf = (value: unknown) => (typeof value === 'string' ? clipped(value) : '')
const numberOf = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined)

/** Control characters would reach the terminal. */
function clipped(text: string): string {
  return text.slice(0, TEXT_LIMIT).replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
}
