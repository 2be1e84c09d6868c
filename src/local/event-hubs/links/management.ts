/** `$management` READ: what the hub and its partitions are, as answers to requests. */
import rhea, { type Message, type Sender } from 'rhea'
import type { Clock } from '../../runtime/clock.ts'
import type { Rejection } from '../amqp/refusal.ts'
import type { HubLog } from '../log/log.ts'
import { entityNotFound, type HubNames, noSuchHub, noSuchPartition, partitionNumber } from './address.ts'

const { wrap_timestamp, wrap_int, wrap_long, wrap_array, wrap_symbol } = rhea.types
const STRING_CODE = 0xa1
/**
 * Of a partition that never had an event: the first moment of the year 1, as the service answers since the end of 2024 (Azure SDK for Python,
 * issue 38303, and the note on unset times in its utc_from_timestamp). Epoch milliseconds.
 */
const NEVER = -62_135_596_800_000

/** @returns the answer to a READ of the hub or of a partition; why there is none to anything else. */
export function manage(request: Message, log: HubLog, names: HubNames, clock: Clock): Message {
  const { operation, name, type, partition } = request.application_properties ?? {}
  const { hubName } = names
  if (String(name).toLowerCase() !== hubName.toLowerCase())
    return refusal(request, 404, noSuchHub(String(name), names))
  if (operation === 'READ' && type === 'com.microsoft:eventhub')
    return answer(request, 200, 'OK', describeHub(log, hubName))
  if (operation !== 'READ' || type !== 'com.microsoft:partition')
    return refusal(
      request,
      404,
      entityNotFound(`${hubName}/$management`, `It has no ${operation} of ${type}.`),
    )
  const number = partitionNumber(partition, log.partitionCount)
  if (number === undefined) return refusal(request, 400, noSuchPartition(partition, names))
  return answer(request, 200, 'OK', describePartition(log, hubName, number, clock.now()))
}

function describeHub(log: HubLog, hubName: string): object {
  const ids = Array.from({ length: log.partitionCount }, (_, id) => String(id))
  return {
    name: hubName,
    type: 'com.microsoft:eventhub',
    created_at: wrap_timestamp(log.createdAt),
    partition_count: wrap_int(log.partitionCount),
    partition_ids: wrap_array(ids, STRING_CODE, undefined),
    georeplication_factor: wrap_int(1),
  }
}

function describePartition(log: HubLog, hubName: string, partition: number, now: number): object {
  const state = log.properties(partition)
  return {
    name: hubName,
    type: 'com.microsoft:partition',
    partition: String(partition),
    // Of replicated hubs; Azure's client for Rust reads no answer without one.
    last_enqueued_sequence_number_epoch: wrap_int(0),
    // Of a partition that never had an event both are −1: so azeventhubs' own test of geo-replication has it of the service, and
    // mslearn-azure-developer's issue 70 counts.
    begin_sequence_number: wrap_long(state.lastEnqueuedSequenceNumber < 0 ? -1 : state.beginSequenceNumber),
    last_enqueued_sequence_number: wrap_long(state.lastEnqueuedSequenceNumber),
    last_enqueued_offset: String(state.lastEnqueuedSequenceNumber),
    last_enqueued_time_utc: wrap_timestamp(state.lastEnqueuedAt ?? NEVER),
    runtime_info_retrieval_time_utc: wrap_timestamp(now),
    is_partition_empty: state.isEmpty,
  }
}

/** An answer that the client finds by its own message id. */
export function answer(request: Message, status: number, description: string, body?: object): Message {
  return {
    ...(request.message_id === undefined ? {} : { correlation_id: request.message_id }),
    application_properties: { 'status-code': wrap_int(status), 'status-description': description },
    body: body ?? null,
  }
}

/** An answer that says why there is none: with the condition, clients make the error of it that a refused link is. */
export function refusal(request: Message, status: number, { condition, description }: Rejection): Message {
  const refused = answer(request, status, description)
  Object.assign(refused.application_properties ?? {}, { 'error-condition': wrap_symbol(condition) })
  return refused
}

/**
 * The link on which a client waits: the one named as its request's `reply_to`, or whose target says so. The Python SDK
 * names none: it waits on the link that comes from the same address.
 * @param kind of the node that was asked: links from it are the only ones that may answer.
 */
export function replyLink(
  links: Iterable<Sender>,
  request: Message,
  kind: 'cbs' | 'management',
): Sender | undefined {
  for (const link of links) {
    const target = (link.target as { address?: string } | undefined)?.address
    const source = String((link.source as { address?: unknown } | undefined)?.address ?? '')
    const isNamed = link.name === request.reply_to || target === request.reply_to
    if (request.reply_to === undefined || request.reply_to === null ? source.endsWith(`$${kind}`) : isNamed)
      return link
  }
  return undefined
}
