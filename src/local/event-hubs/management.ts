/** `$management` READ and `$cbs` put-token: requests on one link, answers on the client's own receiving link. */
import rhea, { type Message, type Sender } from 'rhea'
import type { Clock } from '../clock.ts'
import type { HubLog } from './log.ts'

/** @returns the answer to a READ of the hub or of a partition; with status 404 for anything else. */
export function manage(request: Message, log: HubLog, hubName: string, clock: Clock): Message {
  const properties = request.application_properties ?? {}
  const name = String(properties.name ?? '')
  const isOurs = name.toLowerCase() === hubName.toLowerCase()
  if (properties.operation !== 'READ' || !isOurs)
    return answer(request, 404, `There is no event hub ${name}.`)
  if (properties.type === 'com.microsoft:eventhub')
    return answer(request, 200, 'OK', {
      name: hubName,
      type: 'com.microsoft:eventhub',
      created_at: rhea.types.wrap_timestamp(log.createdAt),
      partition_count: rhea.types.wrap_int(log.partitionCount),
      partition_ids: rhea.types.wrap_array(
        Array.from({ length: log.partitionCount }, (_, id) => String(id)),
        0xa1,
        undefined,
      ),
      georeplication_factor: rhea.types.wrap_int(1),
    })
  const partition = Number(properties.partition)
  if (properties.type !== 'com.microsoft:partition' || !(partition >= 0 && partition < log.partitionCount))
    return answer(request, 404, `There is no partition ${properties.partition} in ${hubName}.`)
  const state = log.properties(partition)
  return answer(request, 200, 'OK', {
    name: hubName,
    type: 'com.microsoft:partition',
    partition: String(partition),
    begin_sequence_number: rhea.types.wrap_long(state.beginSequenceNumber),
    last_enqueued_sequence_number: rhea.types.wrap_long(state.lastEnqueuedSequenceNumber),
    last_enqueued_offset: String(state.lastEnqueuedSequenceNumber),
    last_enqueued_time_utc: rhea.types.wrap_timestamp(state.lastEnqueuedAt ?? 0),
    runtime_info_retrieval_time_utc: rhea.types.wrap_timestamp(clock.now()),
    is_partition_empty: state.isEmpty,
    partition_runtime_info_retrieval_time_utc: rhea.types.wrap_timestamp(clock.now()),
  })
}

/** An answer that the client finds by its own message id. */
export function answer(request: Message, status: number, description: string, body?: object): Message {
  return {
    correlation_id: request.message_id,
    application_properties: {
      'status-code': rhea.types.wrap_int(status),
      'status-description': description,
    } as Record<string, unknown>,
    body: body ?? null,
  } as Message
}

/** The link on which a client waits: the one named as its request's `reply_to`, or whose target says so. */
export function replyLink(links: Iterable<Sender>, request: Message): Sender | undefined {
  for (const link of links) {
    const target = (link.target as { address?: string } | undefined)?.address
    if (request.reply_to !== undefined && (link.name === request.reply_to || target === request.reply_to))
      return link
  }
  return undefined
}
