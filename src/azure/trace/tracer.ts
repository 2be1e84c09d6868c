/**
 * Follows one event through all layers. Each step tells the next one where to search, so nothing is read
 * needlessly.
 */
import { LineWriter } from '../../contract/bronze-line.ts'
import { idByDevice, idByPlace, isDerivedId } from '../../contract/derived-id.ts'
import { eventIn } from '../../contract/deserialization.ts'
import { stationOf } from '../../pipeline/generator/stations.ts'
import type {
  AcknowledgedStep,
  MadeStep,
  StepName,
  Trace,
  TracePosition,
  TraceQuery,
  Tracer,
  TraceStep,
} from '../../pipeline/ports/trace.ts'
import type { LakeClient } from '../lake/data-lake.ts'
import { searchBronze } from './bronze-search.ts'
import { type CountingClient, countingClient } from './counting-client.ts'
import { searchAggregate, searchGold, searchMinute } from './gold-search.ts'
import type { HubEvent, HubSearch } from './hub-search.ts'
import { searchSilver } from './silver-search.ts'

export interface TracerOptions {
  hub: HubSearch
  client: LakeClient
  clock: { now(): number }
}

/** How many neighbours of an event are read to count those that the hub took together with it. */
const BATCH_NEIGHBOURS = 500

/** What the hub said of the newest followed event is remembered: it does not change. */
export function createTracer({ hub, client, clock }: TracerOptions): Tracer {
  /** What the last look has found in the hub: an event is looked at again and again, and nothing of this changes any more. */
  let last: { event: HubEvent; steps: readonly [MadeStep, AcknowledgedStep] } | undefined

  const inHub = async (query: TraceQuery, signal: AbortSignal | undefined) => {
    if (query.kind === 'position' && last && isAt(last.event, query)) return last
    const found = await findEvent(hub, query, signal)
    if (!found) return undefined
    const { event, also } = found
    last = { event, steps: [made(event, also), await acknowledged(hub, event, signal)] }
    return last
  }

  return {
    async trace(query, signal) {
      const lookedAt = clock.now()
      const counting = countingClient(client)
      const found = await inHub(query, signal)
      if (!found) return undefined
      const { event } = found
      const own = ownId(event)
      const steps: TraceStep[] = [...found.steps]
      steps.push(...(await followInLake(hub, counting, event, own, signal)))
      const { partition, sequenceNumber } = event
      return {
        eventId: own,
        position: { partition, sequenceNumber },
        steps,
        lookedAt,
        cost: counting.cost,
      } satisfies Trace
    },
  }
}

const isAt = (event: HubEvent, { partition, sequenceNumber }: TracePosition) =>
  event.partition === partition && event.sequenceNumber === sequenceNumber

interface Found {
  event: HubEvent
  /** Other events that match as well. */
  also: readonly HubEvent[]
}

async function findEvent(
  hub: HubSearch,
  query: TraceQuery,
  signal: AbortSignal | undefined,
): Promise<Found | undefined> {
  if (query.kind === 'position') {
    const partition = (await hub.partitions(signal)).find(({ id }) => id === query.partition)
    const { sequenceNumber } = query
    const [event] = partition ? await hub.read(partition, sequenceNumber, sequenceNumber, signal) : []
    return event?.sequenceNumber === sequenceNumber ? { event, also: [] } : undefined
  }
  if (query.kind === 'newest') {
    const ends = await Promise.all(
      (await hub.partitions(signal)).map((one) =>
        hub.read(one, one.lastEnqueuedSequenceNumber, one.lastEnqueuedSequenceNumber, signal),
      ),
    )
    const event = ends
      .flat()
      .reduce<HubEvent | undefined>(
        (newest, one) => (newest && newest.enqueuedAt >= one.enqueuedAt ? newest : one),
        undefined,
      )
    return event && { event, also: [] }
  }
  const events = await hub.find(query.kind === 'id' ? hasId(query.eventId) : isOfCity(query.city), signal)
  // When several have the same id, silver keeps the first.
  const event = query.kind === 'id' ? events[0] : events.at(-1)
  return event && { event, also: query.kind === 'id' ? events.slice(1) : [] }
}

function hasId(eventId: string): (event: HubEvent) => boolean {
  return (event) => {
    const body = Buffer.from(event.body.buffer, event.body.byteOffset, event.body.byteLength)
    if (body.includes(eventId)) return ownId(event) === eventId
    return isDerivedId(eventId) && ownId(event) === undefined && derivedIds(event).includes(eventId)
  }
}

function isOfCity(city: string): (event: HubEvent) => boolean {
  const wanted = city.toLowerCase()
  return ({ body }) => {
    const named = eventIn(body)?.event.city
    return typeof named === 'string' && named.trim().toLowerCase() === wanted
  }
}

function ownId({ body }: HubEvent): string | undefined {
  const id = eventIn(body)?.event.eventId
  return typeof id === 'string' && id.trim() !== '' ? id : undefined
}

/**
 * The ids that silver gives to the rows of an event without an id of its own.
 * @param line in bronze. Without it, the line as the local job writes it; the service's may differ.
 */
function derivedIds(event: HubEvent, line?: string): string[] {
  const { partition, sequenceNumber, body } = event
  const byDevice = idByDevice(eventIn(body)?.event)
  if (byDevice !== undefined) return [byDevice]
  const lines = line === undefined ? new LineWriter(Number(partition), 0).lines(body, event) : [line]
  return (lines ?? []).map((one) => idByPlace(partition, sequenceNumber, one))
}

function made(event: HubEvent, also: readonly HubEvent[]): MadeStep {
  const parsed = eventIn(event.body)
  const body = Buffer.from(event.body).toString('utf8')
  const isText = Buffer.from(body).equals(Buffer.from(event.body))
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  const deviceId = text(parsed?.event.deviceId)
  const number = parsed?.event.deviceSequenceNumber
  const at = Date.parse(text(parsed?.event.createdAt) ?? '')
  const places = also.map(({ partition, sequenceNumber }) => `${partition}:${sequenceNumber}`)
  return {
    step: 'made',
    state: 'done',
    at: Number.isNaN(at) ? undefined : at,
    bytes: event.body.byteLength,
    note: places.length > 0 ? `sent ${places.length + 1} times, also as ${places.join(', ')}` : undefined,
    facts: {
      body,
      bodyBase64: isText ? undefined : Buffer.from(event.body).toString('base64'),
      deviceId,
      station: stationOf(deviceId ?? ''),
      number: typeof number === 'number' ? number : undefined,
    },
  }
}

async function acknowledged(
  hub: HubSearch,
  event: HubEvent,
  signal: AbortSignal | undefined,
): Promise<AcknowledgedStep> {
  const { partition, sequenceNumber, offset, partitionKey, enqueuedAt } = event
  const properties = (await hub.partitions(signal)).find(({ id }) => id === partition)
  const around = properties
    ? await hub.read(properties, sequenceNumber - BATCH_NEIGHBOURS, sequenceNumber + BATCH_NEIGHBOURS, signal)
    : [event]
  const together = around.filter((one) => one.enqueuedAt === enqueuedAt)
  return {
    step: 'acknowledged',
    state: 'done',
    at: enqueuedAt,
    bytes: event.body.byteLength,
    facts: {
      partition,
      sequenceNumber,
      offset,
      partitionKey,
      batchEvents: together.length,
      isBatchWhole:
        Math.abs(sequenceNumber - (together[0]?.sequenceNumber ?? 0)) < BATCH_NEIGHBOURS &&
        Math.abs(sequenceNumber - (together.at(-1)?.sequenceNumber ?? 0)) < BATCH_NEIGHBOURS,
    },
  }
}

async function followInLake(
  hub: HubSearch,
  client: CountingClient,
  event: HubEvent,
  own: string | undefined,
  signal: AbortSignal | undefined,
): Promise<TraceStep[]> {
  const bronze = await searchBronze(client, event, signal)
  const isRejected = bronze.step.facts?.outcome === 'rejected'
  if (isRejected || bronze.step.state === 'never')
    return [bronze.step, ...never(['silver', 'gold', 'minute', 'aggregate'])]
  if (bronze.step.state === 'waiting')
    return [bronze.step, ...waiting(['silver', 'gold', 'minute', 'aggregate'])]
  const silver = await searchSilver(
    client,
    hub,
    {
      event,
      eventIds: own === undefined ? derivedIds(event, bronze.line) : [own],
      line: bronze.line,
      neighbours: bronze.neighbours,
      from: bronze.step.at ?? event.enqueuedAt,
    },
    signal,
  )
  const behind: StepName[] = ['gold', 'minute', 'aggregate']
  if (silver.step.state === 'waiting') return [bronze.step, silver.step, ...waiting(behind)]
  const { commit, row } = silver
  if (!commit || !row)
    return [
      bronze.step,
      silver.step,
      ...(silver.step.state === 'gone'
        ? unknown(behind, 'where silver wrote it is not known')
        : never(behind)),
    ]
  const gold = await searchGold(client, { commit, row }, signal)
  if (!gold.commit) return [bronze.step, silver.step, gold.step, ...waiting(['minute', 'aggregate'])]
  const [minute, aggregate] = await Promise.all([
    searchMinute(client, gold.commit, row, signal),
    searchAggregate(client, gold.commit, row, signal),
  ])
  return [bronze.step, silver.step, gold.step, minute, aggregate]
}

const steps = (names: readonly StepName[], state: TraceStep['state'], note?: string) =>
  names.map((step) => ({ step, state, note }) as TraceStep)
const waiting = (names: readonly StepName[]) => steps(names, 'waiting')
const never = (names: readonly StepName[]) => steps(names, 'never')
const unknown = (names: readonly StepName[], note: string) => steps(names, 'unknown', note)
