/** Fetch and ListOffsets: events of the hub as records. An offset is the event's sequence number. */
import type { HubLog, StoredEvent } from '../log/log.ts'
import { ERROR } from './protocol.ts'
import { encodeBatch } from './record-batch.ts'
import { recordOf } from './records.ts'
import type { KafkaReader, KafkaWriter } from './wire.ts'

export interface FetchContext {
  log: HubLog
  hubName: string
  /** Aborted when the connection is gone. */
  signal: AbortSignal
}

/** Of one answer, whatever the client takes. */
const MAX_BYTES = 4_000_000
const MAX_EVENTS = 20_000
const MAX_WAIT_MS = 60_000

interface Wanted {
  topic: string
  partition: number
  offset: number
  maxBytes: number
}

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
  const [sessionId, sessionEpoch] = version >= 7 ? [request.int32(), request.int32()] : [0, -1]
  const topics = request.array(() => ({
    name: request.string(),
    partitions: request.array((): Omit<Wanted, 'topic'> => {
      const partition = request.int32()
      if (version >= 9) request.int32()
      const offset = request.int64()
      if (version >= 5) request.int64()
      return { partition, offset, maxBytes: request.int32() }
    }),
  }))
  answer.int32(0)
  if (version >= 7) {
    // No sessions are kept: clients then name all partitions each time.
    const isUnknown = sessionId !== 0 && sessionEpoch > 0
    answer.int16(isUnknown ? ERROR.fetchSessionIdNotFound : ERROR.none).int32(0)
    if (isUnknown) {
      answer.int32(0)
      return
    }
  }
  const wanted = topics.flatMap(({ name, partitions }) => partitions.map((one) => ({ ...one, topic: name })))
  if (minBytes > 0 && maxWaitMs > 0) await untilThereIs(context, wanted, minBytes, maxWaitMs)
  let left = maxBytes
  answer.array(topics, ({ name, partitions }) => {
    answer.string(name).array(partitions, (one) => {
      const read = readFrom(context, { ...one, topic: name }, left)
      left -= read.records.length
      answer.int32(one.partition).int16(read.error).int64(read.next).int64(read.next)
      if (version >= 5) answer.int64(read.begin)
      answer.int32(-1).bytes(read.records)
    })
  })
}

const isThere = ({ log, hubName }: FetchContext, { topic, partition }: Wanted) =>
  topic === hubName && partition >= 0 && partition < log.partitionCount

/** Waits until enough can be read, a partition cannot be read, or the client's timeout passes. */
async function untilThereIs(
  context: FetchContext,
  wanted: readonly Wanted[],
  minBytes: number,
  maxWaitMs: number,
): Promise<void> {
  const { log, signal } = context
  const known = wanted.filter((one) => isThere(context, one))
  if (known.length < wanted.length) return
  // What was counted is not read again: an append costs what it brought, however long the client waits for more.
  const counted = known.map((one) => ({ ...one, next: one.offset }))
  let bytes = 0
  const isReady = () => {
    for (const one of counted) {
      const { partition, offset } = one
      const { lastEnqueuedSequenceNumber: last, beginSequenceNumber: begin } = log.properties(partition)
      if (offset > last + 1 || offset < begin) return true
      if (one.next > last) continue
      if (minBytes <= 1) return true
      for (const { sequenceNumber, message } of log.read(partition, one.next, MAX_EVENTS, minBytes - bytes)) {
        bytes += message.length
        one.next = sequenceNumber + 1
      }
      if (bytes >= minBytes) return true
    }
    return false
  }
  if (isReady() || signal.aborted) return
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer)
      unsubscribe()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, maxWaitMs)
    const unsubscribe = log.onAppend((partition) => {
      if (known.some((one) => one.partition === partition) && isReady()) end()
    })
    signal.addEventListener('abort', end, { once: true })
  })
}

interface Read {
  error: number
  /** Offset behind the last event. */
  next: number
  begin: number
  records: Buffer
}

function readFrom(context: FetchContext, wanted: Wanted, left: number): Read {
  const nothing = (error: number, next = -1, begin = -1): Read => ({
    error,
    next,
    begin,
    records: Buffer.alloc(0),
  })
  if (!isThere(context, wanted)) return nothing(ERROR.unknownTopicOrPartition)
  const { partition, offset, maxBytes } = wanted
  const properties = context.log.properties(partition)
  const [begin, next] = [properties.beginSequenceNumber, properties.lastEnqueuedSequenceNumber + 1]
  if (offset < begin || offset > next) return nothing(ERROR.offsetOutOfRange, next, begin)
  if (offset === next || left <= 0) return nothing(ERROR.none, next, begin)
  const events = context.log.read(partition, offset, MAX_EVENTS, Math.min(maxBytes, left))
  return { error: ERROR.none, next, begin, records: Buffer.concat(batchesOf(events)) }
}

/** A batch has one time, that of the hub: events that came at one time share it. */
function batchesOf(events: readonly StoredEvent[]): Buffer[] {
  const batches: Buffer[] = []
  let from = 0
  for (let index = 1; index <= events.length; index++) {
    const [first, here] = [events[from] as StoredEvent, events[index]]
    if (here?.enqueuedAt === first.enqueuedAt) continue
    const records = events.slice(from, index).map(({ message }) => recordOf(message))
    batches.push(encodeBatch(records, first.sequenceNumber, first.enqueuedAt))
    from = index
  }
  return batches
}

const LATEST = -1
const EARLIEST = -2

export function listOffsets(
  { log, hubName }: Omit<FetchContext, 'signal'>,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): void {
  request.int32()
  if (version >= 2) request.int8()
  const topics = request.array(() => ({
    name: request.string(),
    partitions: request.array(() => {
      const partition = request.int32()
      if (version >= 4) request.int32()
      return { partition, timestamp: request.int64() }
    }),
  }))
  if (version >= 2) answer.int32(0)
  answer.array(topics, ({ name, partitions }) => {
    answer.string(name).array(partitions, ({ partition, timestamp }) => {
      const isKnown = name === hubName && partition >= 0 && partition < log.partitionCount
      const found = isKnown ? offsetAt(log, partition, timestamp) : { offset: -1, timestamp: -1 }
      answer.int32(partition).int16(isKnown ? ERROR.none : ERROR.unknownTopicOrPartition)
      answer.int64(found.timestamp).int64(found.offset)
      if (version >= 4) answer.int32(0)
    })
  })
}

/** @param timestamp epoch milliseconds, or one of the two that stand for an end. */
function offsetAt(log: HubLog, partition: number, timestamp: number): { offset: number; timestamp: number } {
  const { beginSequenceNumber: begin, lastEnqueuedSequenceNumber: last } = log.properties(partition)
  if (timestamp === EARLIEST) return { offset: begin, timestamp: -1 }
  if (timestamp === LATEST) return { offset: last + 1, timestamp: -1 }
  const offset = log.sequenceNumberAt(partition, timestamp)
  const [event] = offset > last ? [] : log.read(partition, offset, 1)
  return event ? { offset, timestamp: event.enqueuedAt } : { offset: -1, timestamp: -1 }
}
