import { type Filter, isTyped } from '../amqp/library.ts'
import type { Rejection } from '../amqp/refusal.ts'
import type { HubLog } from '../log/log.ts'

/** The name of the time in the annotations, and the one in Microsoft's samples for bare AMQP clients. */
const SELECTOR =
  /^amqp\.annotation\.(x-opt-offset|x-opt-sequence-number|x-opt-enqueued-?time(?:utc)?)\s*(>=?)\s*'?([^']*)'?$/i

/** What describes a selector, by name and by number. http://www.amqp.org/specification/1.0/filters */
const SELECTOR_FILTER = 'apache.org:selector-filter:string'
const SELECTOR_CODE = 0x468c00000004

/**
 * The selector among the filters of a source. Its type tells it, whatever its key: SDKs give it the name of the type, Qpid's clients
 * names of their own.
 * @param link its name.
 * @returns why not, when a filter bears the name of a selector and is of no type: the service takes none that is not described (Azure SDK for
 * JavaScript, issue 6706, with the sentence; rabbitmq-amqp1.0-client, issue 3).
 */
export function selectorOf(
  filters: Readonly<Record<string, Filter>> | null | undefined,
  link: string,
): string | undefined | Rejection {
  for (const [name, filter] of Object.entries(filters ?? {})) {
    if (filter === undefined || filter === null) continue
    const described = isTyped(filter) ? filter : undefined
    const isSelector = [name, described?.descriptor?.value].some(
      (type) => type === SELECTOR_FILTER || type === SELECTOR_CODE,
    )
    if (!isSelector) continue
    if (typeof described?.value === 'string') return described.value
    return {
      condition: 'amqp:not-allowed',
      description: `The link '${link}' contains invalid filter type. System only support Jms or Apache selector filter type but we found type '${typeNameOf(filter)}' associated with key '${name}'.`,
    }
  }
  return undefined
}

/** As the service calls it: the name of a map is recorded, that of a text follows it. */
const typeNameOf = (filter: unknown): string =>
  typeof filter === 'string' ? 'System.String' : 'Microsoft.ServiceBus.Messaging.Amqp.Encoding.AmqpMap'

/**
 * The first sequence number that a receiver wants, from the selector filter of its source.
 * No selector means the oldest event. Offsets equal sequence numbers here, written as text.
 * @returns why not, when the selector means nothing, or a place that the partition has never reached.
 */
export function startPosition(
  log: HubLog,
  partition: number,
  selector: string | undefined,
): number | Rejection {
  const { beginSequenceNumber: begin, lastEnqueuedSequenceNumber: last } = log.properties(partition)
  if (selector === undefined) return begin
  const [, field = '', operator, value = ''] = SELECTOR.exec(selector.trim()) ?? []
  const isInclusive = operator === '>='
  if (value === '@latest') return isInclusive ? Math.max(begin, last) : last + 1
  // As many digits as a number of 64 bits has.
  if (!/^-?\d{1,19}$/.test(value))
    return {
      condition: 'com.microsoft:argument-error',
      description: `The filter '${selector}' is not a valid amqp filter for EventHub entities: it names no start position.`,
    }
  const number = Number(value)
  if (/time/i.test(field)) return log.sequenceNumberAt(partition, isInclusive ? number : number + 1)
  // Otherwise a position from another hub of the same name would be waited for silently. The sentences are the
  // service's, as clients log them. What it says of "from last + 1 on" is recorded nowhere: taken here.
  if (number > last + (isInclusive ? 1 : 0)) {
    const name = /offset/i.test(field) ? 'offset' : 'sequence number'
    return {
      condition: 'com.microsoft:argument-error',
      description: `The supplied ${name} '${value}' is invalid. The last ${name} in the system is '${last}'`,
    }
  }
  // '-1' is the start of the stream, whatever it has been cut down to.
  return Math.max(begin, isInclusive ? number : number + 1)
}
