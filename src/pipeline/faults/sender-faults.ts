/** Faults of a sender: change readings on their way to the hub, after the generator and before the SDK. */
import { formatTimestamp } from '../generator/encode.ts'
import { type HubProducer, type OutgoingEvent, SendError } from '../ports/hub.ts'

const HOUR_MS = 3_600_000
const FIVE_YEARS_MS = 5 * 365 * 24 * HOUR_MS
const WRONG_STATION = 'station-00000'
const LEVELS = 2000
const LONG_BYTES = 100_000

type Body = Record<string, unknown>

/** By the fault's name. @param index of the event in its batch. @returns the event itself where nothing is changed. */
const CHANGES: Readonly<Record<string, (event: OutgoingEvent, index: number) => OutgoingEvent>> = {
  'late-hour': (event) => withBody(event, (body) => shifted(body, -HOUR_MS)),
  'wrong-clock': (event) =>
    event.partitionKey === WRONG_STATION
      ? withBody(event, (body) => ({ ...shifted(body, FIVE_YEARS_MS), createdAt: body.createdAt }))
      : event,
  'schema-change': (event, index) => withBody(event, (body) => otherSchema(body, index % 3)),
  'hot-partition': (event) => ({ ...event, partitionKey: 'hot' }),
}

/**
 * A producer that applies the active faults.
 * @param isActive asked for each batch, by the fault's name.
 */
export function faultyProducer(inner: HubProducer, isActive: (name: string) => boolean): HubProducer {
  return {
    open: async (signal) => inner.open?.(signal),
    async send(events, signal) {
      const changes = Object.entries(CHANGES).filter(([name]) => isActive(name))
      const changed =
        changes.length === 0
          ? events
          : events.map((event, index) => changes.reduce((one, [, change]) => change(one, index), event))
      try {
        await inner.send(changed, signal)
      } catch (error) {
        throw error instanceof SendError ? originals(error, events, changed) : error
      }
      // A failure of the copies is ignored: a producer that sends twice by mistake does not know it.
      if (isActive('duplicate-storm')) await inner.send(changed, signal).catch(() => {})
    },
    close: () => inner.close(),
  }
}

/** The generator only knows its own events. */
function originals(
  error: SendError,
  events: readonly OutgoingEvent[],
  changed: readonly OutgoingEvent[],
): SendError {
  const left = new Set(error.unacknowledged)
  const cause = error.cause as ConstructorParameters<typeof SendError>[1]
  return new SendError(
    events.filter((_, index) => left.has(changed[index] as OutgoingEvent)),
    cause,
  )
}

/** Unexpected bodies. Each is a valid event of the hub. */
export function poisonEvents(): OutgoingEvent[] {
  const nested = `${'['.repeat(LEVELS)}${']'.repeat(LEVELS)}`
  const bodies: (string | Uint8Array)[] = [
    Uint8Array.of(0xff, 0xfe, 0x00, 0xd8, 0x7b),
    '',
    'null',
    '[1,2,3]',
    '"text"',
    '{"city":"Oslo","temperature":NaN}',
    '{"city":"Oslo","temperature":21',
    `{"city":"Oslo","deep":${nested}}`,
    nested,
    `{"city":"${'x'.repeat(LONG_BYTES)}"}`,
    '{"city":"\\ud800","temperature":1e999,"humidity":-0,"timestamp":"2026-02-30 24:61:61"}',
    '{"__proto__":{"city":"Oslo"},"constructor":null,"eventId":{"$ne":null}}',
    '{"city":"Oslo\\u0000","temperature":"21; DROP TABLE silver","humidity":true,"timestamp":[]}',
  ]
  return bodies.map((body) => ({ body: Buffer.from(body as string), partitionKey: 'poison' }))
}

/** A body that is not JSON (corrupted on purpose) stays as it is. */
function withBody(event: OutgoingEvent, change: (body: Body) => Body): OutgoingEvent {
  try {
    const body = JSON.parse(Buffer.from(event.body).toString('utf8')) as Body
    return { ...event, body: Buffer.from(JSON.stringify(change(body))) }
  } catch {
    return event
  }
}

function shifted(body: Body, ms: number): Body {
  const timestamp = Date.parse(`${String(body.timestamp).replace(' ', 'T')}Z`)
  const createdAt = Date.parse(String(body.createdAt))
  return {
    ...body,
    ...(Number.isNaN(timestamp) ? {} : { timestamp: formatTimestamp(timestamp + ms) }),
    ...(Number.isNaN(createdAt) ? {} : { createdAt: new Date(createdAt + ms).toISOString() }),
  }
}

function otherSchema(body: Body, kind: number): Body {
  if (kind === 0) return { ...body, temperature: String(body.temperature) }
  if (kind === 1) return { ...body, firmware: '2.0.1' }
  const { humidity: _, ...rest } = body
  return rest
}
