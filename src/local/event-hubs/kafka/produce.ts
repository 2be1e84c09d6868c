/** Produce: records become events of the hub. A batch is acknowledged once the log has it. */
import type { Logger } from 'pino'
import type { HubFaults } from '../hub.ts'
import { checkBatch } from '../links/idempotence.ts'
import { MAX_MESSAGE_BYTES } from '../links/publisher.ts'
import { HubFullError } from '../log/database.ts'
import type { HubLog, Published } from '../log/log.ts'
import { CompressionError, TooLargeError } from './records/compression.ts'
import { eventsOfRecords } from './records/events-of-records.ts'
import { incomingBatch } from './records/kept-batch.ts'
import { batchOfMessages, isMessageSet } from './records/message-set.ts'
import { CorruptBatchError, openBatch, type RecordBatch, UnknownFormatError } from './records/record-batch.ts'
import { throttle } from './throttle.ts'
import { ERROR } from './wire/protocol.ts'
import type { KafkaReader, KafkaWriter } from './wire/values.ts'
import { MalformedKafkaError } from './wire/values.ts'

/** Of a partition's records, decompressed: what AMQP's clients may send at once, and some for the envelope. */
const MAX_BATCH_BYTES = MAX_MESSAGE_BYTES + 4096
const NO_OFFSET = -1
const TOO_LARGE = `The hub takes ${MAX_MESSAGE_BYTES} bytes in one send, decompressed.`

/** Where records go, and what may keep them from it. */
export interface ProduceContext {
  log: HubLog
  hubName: string
  logger: Logger
  faults?: HubFaults | undefined
  /** Aborted when the connection is gone. */
  signal: AbortSignal
}

interface Outcome {
  partition: number
  error: number
  /** Of a refusal, for a person: clients that ask in version 8 show it. */
  reason?: string
  offset: number
  appendedAt: number
}

const NO_TRANSACTIONS = 'Transactions are not served here.'

/**
 * @returns false when the client wants no answer.
 * @throws when such a client's records are refused: the end of its connection is all that tells it, as with Kafka's brokers.
 */
export async function produce(
  context: ProduceContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): Promise<boolean> {
  const transactionalId = version >= 3 ? request.nullableString() : undefined
  const acks = request.int16()
  const timeoutMs = request.int32()
  const topics = request.array(() => ({
    name: request.string(),
    partitions: request.array(() => ({ partition: request.int32(), records: request.nullableBytes() })),
  }))
  const { faults, signal, hubName, log } = context
  const throttledMs = faults?.refuseSend() ? await throttle(timeoutMs, signal) : 0
  const take = (name: string, partition: number, records: Buffer | undefined): Outcome => {
    if (throttledMs === undefined)
      return refused(
        partition,
        ERROR.policyViolation,
        `The namespace is being throttled for longer than the request's timeout of ${timeoutMs} ms.`,
      )
    if (transactionalId !== undefined)
      return refused(partition, ERROR.transactionalIdAuthorizationFailed, NO_TRANSACTIONS)
    if (![-1, 0, 1].includes(acks))
      return refused(partition, ERROR.invalidRequiredAcks, `acks is 0, 1 or all, not ${acks}.`)
    if (name !== hubName || partition < 0 || partition >= log.partitionCount)
      return refused(
        partition,
        ERROR.unknownTopicOrPartition,
        `There is no partition ${partition} of ${name}: the event hub here is ${hubName}, with partitions 0 to ${log.partitionCount - 1}.`,
      )
    return store(context, partition, records ?? Buffer.alloc(0))
  }
  let refusal: string | undefined
  answer.array(topics, ({ name, partitions }) => {
    answer.string(name).array(partitions, ({ partition, records }) => {
      const outcome = take(name, partition, records)
      if (outcome.error !== ERROR.none) refusal ??= outcome.reason ?? `error ${outcome.error}`
      answer.int32(partition).int16(outcome.error).int64(outcome.offset)
      if (version >= 2) answer.int64(outcome.appendedAt)
      if (version >= 5) answer.int64(0)
      if (version >= 8) answer.array([], () => {}).string(outcome.reason)
    })
  })
  if (version >= 1) answer.int32(throttledMs ?? 0)
  if (acks === 0 && refusal !== undefined)
    throw new Error(`records that want no answer were refused: ${refusal}`)
  return acks !== 0
}

const refused = (partition: number, error: number, reason: string): Outcome => ({
  partition,
  error,
  reason,
  offset: NO_OFFSET,
  appendedAt: NO_OFFSET,
})

function store({ log, logger }: ProduceContext, partition: number, sent: Buffer): Outcome {
  try {
    if (sent.length > MAX_BATCH_BYTES) throw new TooLargeError(TOO_LARGE)
    const records = isMessageSet(sent) ? batchOfMessages(sent, MAX_BATCH_BYTES) : sent
    const batch = openBatch(records, MAX_BATCH_BYTES)
    if (batch.isTransactional)
      return refused(partition, ERROR.transactionalIdAuthorizationFailed, NO_TRANSACTIONS)
    const kept = incomingBatch(records, batch)
    const published = batch.producerId < 0 ? undefined : checked(log, partition, batch)
    if (published !== undefined && 'error' in published)
      return { partition, offset: NO_OFFSET, appendedAt: NO_OFFSET, ...published }
    if (published !== undefined && 'offset' in published) return repeated(log, partition, published.offset)
    const { firstSequenceNumber, enqueuedAt } = kept
      ? log.appendBatch(partition, kept, published)
      : log.appendPacked(partition, eventsOf(batch), published)
    return { partition, error: ERROR.none, offset: firstSequenceNumber, appendedAt: enqueuedAt }
  } catch (error) {
    return refused(partition, codeOf(error, logger), (error as Error).message)
  }
}

/** For a client that numbers its records otherwise than others expect: its events get batches of the hub's own making. */
const eventsOf = ({ content, count }: RecordBatch) => ({ events: eventsOfRecords(content, count), count })

const OUT_OF_ORDER = {
  error: ERROR.outOfOrderSequenceNumber,
  reason: "The batch does not follow the producer's last one.",
}

/** A batch that is there already is acknowledged as the first time, as long as its events are kept. */
function repeated(log: HubLog, partition: number, offset: number): Outcome {
  const isKept = offset >= log.properties(partition).beginSequenceNumber
  const appendedAt = isKept ? log.firstFrom(partition, offset)?.enqueuedAt : undefined
  return { partition, error: ERROR.none, offset, appendedAt: appendedAt ?? NO_OFFSET }
}

/** What is kept of an idempotent producer with its batch; or where the batch is already, or why it is refused. */
function checked(
  log: HubLog,
  partition: number,
  batch: RecordBatch,
): Published | { offset: number } | { error: number; reason?: string } {
  const { producerId: id, producerEpoch: epoch, baseSequence: first, count } = batch
  const known = log.producers.find(partition, id)
  const offset = log.properties(partition).lastEnqueuedSequenceNumber + 1
  // A producer that has bumped its epoch counts from 0 again.
  if (known && epoch > known.epoch)
    return first === 0
      ? { id, state: { epoch, last: count - 1, recent: [{ first, count, offset }] } }
      : OUT_OF_ORDER
  const outcome = checkBatch(log.producers, { partition, id, epoch }, first, count)
  if (outcome === 'repeated') {
    const before = known?.recent.find((one) => one.first === first && one.count === count)
    return { offset: before?.offset ?? NO_OFFSET }
  }
  if ('state' in outcome) {
    const { recent } = outcome.state
    return { id, state: { ...outcome.state, recent: [...recent.slice(0, -1), { first, count, offset }] } }
  }
  return outcome.condition === 'com.microsoft:producer-epoch-stolen'
    ? { error: ERROR.invalidProducerEpoch, reason: outcome.description }
    : { ...OUT_OF_ORDER, reason: outcome.description }
}

function codeOf(error: unknown, logger: Logger): number {
  if (error instanceof TooLargeError) return ERROR.messageTooLarge
  if (error instanceof CompressionError || error instanceof UnknownFormatError) {
    logger.warn({ reason: error.message }, 'event hub (Kafka): records refused')
    return ERROR.unsupportedForMessageFormat
  }
  if (error instanceof CorruptBatchError || error instanceof MalformedKafkaError) return ERROR.corruptMessage
  if (error instanceof HubFullError) return ERROR.kafkaStorageError
  logger.error({ err: error }, 'event hub (Kafka): records could not be stored')
  return ERROR.unknownServerError
}
