/** Produce: records become events of the hub. A batch is acknowledged once the log has it. */
import type { Logger } from 'pino'
import { judgeBatch } from '../links/idempotence.ts'
import { MAX_MESSAGE_BYTES } from '../links/publisher.ts'
import { HubFullError } from '../log/database.ts'
import type { HubLog, Published } from '../log/log.ts'
import { CompressionError, TooLargeError } from './compression.ts'
import { ERROR } from './protocol.ts'
import { CorruptBatchError, decodeBatch, OldFormatError, type RecordBatch } from './record-batch.ts'
import { messageOf } from './records.ts'
import type { KafkaReader, KafkaWriter } from './wire.ts'
import { MalformedKafkaError } from './wire.ts'

/** Of a partition's records, decompressed: what AMQP's clients may send at once, and some for the envelope. */
const MAX_BATCH_BYTES = MAX_MESSAGE_BYTES + 4096
const NO_OFFSET = -1

export interface ProduceContext {
  log: HubLog
  hubName: string
  logger: Logger
}

interface Outcome {
  partition: number
  error: number
  offset: number
  appendedAt: number
}

/** @returns false when the client wants no answer. */
export function produce(
  context: ProduceContext,
  version: number,
  request: KafkaReader,
  answer: KafkaWriter,
): boolean {
  const transactionalId = request.nullableString()
  const acks = request.int16()
  request.int32()
  const topics = request.array(() => ({
    name: request.string(),
    partitions: request.array(() => ({ partition: request.int32(), records: request.nullableBytes() })),
  }))
  const take = (name: string, partition: number, records: Buffer | undefined): Outcome => {
    if (transactionalId !== undefined) return refused(partition, ERROR.transactionalIdAuthorizationFailed)
    if (![-1, 0, 1].includes(acks)) return refused(partition, ERROR.invalidRequiredAcks)
    if (name !== context.hubName || partition < 0 || partition >= context.log.partitionCount)
      return refused(partition, ERROR.unknownTopicOrPartition)
    return store(context, partition, records ?? Buffer.alloc(0))
  }
  answer.array(topics, ({ name, partitions }) => {
    answer.string(name).array(partitions, ({ partition, records }) => {
      const outcome = take(name, partition, records)
      answer.int32(partition).int16(outcome.error).int64(outcome.offset).int64(outcome.appendedAt)
      if (version >= 5) answer.int64(0)
    })
  })
  answer.int32(0)
  return acks !== 0
}

const refused = (partition: number, error: number): Outcome => ({
  partition,
  error,
  offset: NO_OFFSET,
  appendedAt: NO_OFFSET,
})

function store({ log, logger }: ProduceContext, partition: number, records: Buffer): Outcome {
  try {
    if (records.length > MAX_BATCH_BYTES) throw new TooLargeError('The records are too large.')
    const batch = decodeBatch(records, MAX_BATCH_BYTES)
    if (batch.isTransactional) return refused(partition, ERROR.transactionalIdAuthorizationFailed)
    const events = batch.records.map(messageOf)
    const published = batch.producerId < 0 ? undefined : judged(log, partition, batch)
    if (typeof published === 'number') return refused(partition, published)
    const { firstSequenceNumber, enqueuedAt } = log.append(partition, events, published)
    return { partition, error: ERROR.none, offset: firstSequenceNumber, appendedAt: enqueuedAt }
  } catch (error) {
    return refused(partition, codeOf(error, logger))
  }
}

/** What is kept of an idempotent producer with its batch, or an error code; 0: the batch is there already. */
function judged(log: HubLog, partition: number, batch: RecordBatch): Published | number {
  const { producerId: id, producerEpoch: epoch, baseSequence: first, records } = batch
  const known = log.producers.find(partition, id)
  // A producer that has bumped its epoch counts from 0 again.
  if (known && epoch > known.epoch)
    return first === 0
      ? { id, state: { epoch, last: records.length - 1, recent: [{ first, count: records.length }] } }
      : ERROR.outOfOrderSequenceNumber
  const judgement = judgeBatch(log.producers, { partition, id, epoch }, first, records.length)
  if (judgement === 'repeated') return ERROR.none
  if ('state' in judgement) return { id, state: judgement.state }
  return judgement.condition === 'com.microsoft:producer-epoch-stolen'
    ? ERROR.invalidProducerEpoch
    : ERROR.outOfOrderSequenceNumber
}

function codeOf(error: unknown, logger: Logger): number {
  if (error instanceof TooLargeError) return ERROR.messageTooLarge
  if (error instanceof CompressionError) {
    logger.warn({ reason: error.message }, 'event hub (Kafka): records refused')
    return ERROR.unsupportedCompressionType
  }
  if (error instanceof OldFormatError) return ERROR.unsupportedForMessageFormat
  if (error instanceof CorruptBatchError || error instanceof MalformedKafkaError) return ERROR.corruptMessage
  if (error instanceof HubFullError) return ERROR.kafkaStorageError
  logger.error({ err: error }, 'event hub (Kafka): records could not be stored')
  return ERROR.unknownServerError
}
