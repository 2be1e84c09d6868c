/** Fetch: events of the hub as records. An offset is the event's sequence number; the first batch may begin before the one asked for. */
import type { EventPage } from '../../amqp/packed-events.ts'
import type { HubLog, LogPage } from '../../log/log.ts'
import { recordsOfEvents } from '../records/records-of-events.ts'
import { ERROR } from '../wire/protocol.ts'
import type { KafkaReader, KafkaWriter } from '../wire/values.ts'
import type { FetchDemand, FetchPartition, FetchSessions, FetchView } from './fetch-sessions.ts'
import { untilThereIs } from './long-poll.ts'

export interface FetchContext {
  log: HubLog
  hubName: string
  fetchSessions: FetchSessions
  /** Aborted when the connection is gone. */
  signal: AbortSignal
}

/** Of one answer, whatever the client takes. */
const MAX_BYTES = 4_000_000
const MAX_EVENTS = 20_000
const MAX_WAIT_MS = 60_000

/** Waits until there is as much as the client wants at least, or for as long as it wants; both are bounded. */
export async function fetch(
  context: FetchContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): Promise<void> {
  request.int32()
  const maxWaitMs = Math.min(Math.max(request.int32(), 0), MAX_WAIT_MS)
  const minBytes = request.int32()
  const maxBytes = Math.min(Math.max(request.int32(), 1), MAX_BYTES)
  request.int8()
  const view = context.fetchSessions.open(readDemand(version, request))
  answer.int32(0)
  if (version >= 7) answer.int16(view.error).int32(view.sessionId)
  const { partitions } = view
  if (view.error === ERROR.none && minBytes > 0 && maxWaitMs > 0)
    await untilThereIs(
      context,
      partitions.filter((one) => isThere(context, one)),
      { minBytes, maxWaitMs, isIncomplete: partitions.some((one) => !isThere(context, one)) },
    )
  writeTopics(answer, version, readAll(context, view, maxBytes))
}

function readDemand(version: number, request: KafkaReader): FetchDemand {
  const [sessionId, epoch] = version >= 7 ? [request.int32(), request.int32()] : [0, -1]
  const topics = request.array(() => ({
    topic: request.string(),
    partitions: request.array(() => {
      const partition = request.int32()
      if (version >= 9) request.int32()
      const offset = request.int64()
      // The epoch of what was fetched last; then where the reader's own log begins.
      if (version >= 12) request.int32()
      if (version >= 5) request.int64()
      return { partition, offset, maxBytes: request.int32() }
    }),
  }))
  const forgotten =
    version < 7
      ? []
      : request.array(() => ({ topic: request.string(), partitions: request.list(request.int32) }))
  return {
    sessionId,
    epoch,
    partitions: topics.flatMap(({ topic, partitions }) => partitions.map((one) => ({ ...one, topic }))),
    forgotten: forgotten.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    ),
  }
}

const isThere = ({ log, hubName }: FetchContext, { topic, partition }: FetchPartition) =>
  topic === hubName && partition >= 0 && partition < log.partitionCount

interface Read {
  error: number
  /** Offset behind the last event. */
  next: number
  begin: number
  /** Batches behind each other. */
  records: readonly Buffer[]
  bytes: number
}

/** By topic: what the client is told of each partition. */
function readAll(
  context: FetchContext,
  { partitions, session }: FetchView,
  maxBytes: number,
): Map<string, [number, Read][]> {
  let left = maxBytes
  const topics = new Map<string, [number, Read][]>()
  for (const one of partitions) {
    const read = readFrom(context, one, left)
    left -= read.bytes
    const hasRecords = read.bytes > 0
    if (session) {
      if (read.error === ERROR.none && !hasRecords && !session.isNews(one, read)) continue
      session.tell(one, { next: read.next, begin: read.begin }, hasRecords)
    }
    const told = topics.get(one.topic) ?? []
    topics.set(one.topic, told)
    told.push([one.partition, read])
  }
  return topics
}

function readFrom(context: FetchContext, wanted: FetchPartition, left: number): Read {
  const nothing = (error: number, next = -1, begin = -1): Read => ({
    error,
    next,
    begin,
    records: [],
    bytes: 0,
  })
  if (!isThere(context, wanted)) return nothing(ERROR.unknownTopicOrPartition)
  const { partition, offset, maxBytes } = wanted
  const properties = context.log.properties(partition)
  const [begin, next] = [properties.beginSequenceNumber, properties.lastEnqueuedSequenceNumber + 1]
  if (offset < begin || offset > next) return nothing(ERROR.offsetOutOfRange, next, begin)
  if (offset === next || left <= 0) return nothing(ERROR.none, next, begin)
  const pages = context.log.readPages(partition, offset, MAX_EVENTS, Math.min(maxBytes, left))
  const records = batchesOf(pages)
  const bytes = records.reduce((sum, { length }) => sum + length, 0)
  return { error: ERROR.none, next, begin, records, bytes }
}

/** Batches of Kafka's clients go as they lie there; of what came over AMQP they are made. */
function batchesOf(pages: readonly LogPage[]): Buffer[] {
  const batches: Buffer[] = []
  let run: EventPage[] = []
  const endRun = () => {
    if (run.length > 0) batches.push(recordsOfEvents(run))
    run = []
  }
  for (const page of pages)
    if (page.form === 'amqp') run.push(page)
    else {
      endRun()
      batches.push(page.batches)
    }
  endRun()
  return batches
}

function writeTopics(answer: KafkaWriter, version: number, topics: Map<string, [number, Read][]>): void {
  answer.array([...topics], ([topic, partitions]) => {
    answer.string(topic).array(partitions, ([partition, read]) => {
      answer.int32(partition).int16(read.error).int64(read.next).int64(read.next)
      if (version >= 5) answer.int64(read.begin)
      // Transactions that were given up: there are none.
      answer.array(undefined, () => {})
      // No other broker is nearer to the client.
      if (version >= 11) answer.int32(-1)
      answer.bytesOf(read.records, read.bytes)
    })
  })
}
