import type { HubLog } from './log.ts'

const SELECTOR =
  /^amqp\.annotation\.(x-opt-offset|x-opt-sequence-number|x-opt-enqueued-time(?:utc)?)\s*(>=?)\s*'?([^']*)'?$/i

/**
 * The first sequence number that a receiver wants, from the selector filter of its source.
 * No selector means the oldest event. Offsets equal sequence numbers here, written as text.
 * @returns undefined when nobody can say what the selector means.
 */
export function startPosition(
  log: HubLog,
  partition: number,
  selector: string | undefined,
): number | undefined {
  const { beginSequenceNumber, lastEnqueuedSequenceNumber } = log.properties(partition)
  if (selector === undefined) return beginSequenceNumber
  const match = SELECTOR.exec(selector.trim())
  if (!match) return undefined
  const [, field, operator, value = ''] = match
  const inclusive = operator === '>='
  if (value === '@latest')
    return inclusive
      ? Math.max(beginSequenceNumber, lastEnqueuedSequenceNumber)
      : lastEnqueuedSequenceNumber + 1
  if (!/^-?\d+$/.test(value)) return undefined
  const number = Number(value)
  if (field?.toLowerCase().startsWith('x-opt-enqueued-time'))
    return log.sequenceNumberAt(partition, inclusive ? number : number + 1)
  // '-1' is the start of the stream, whatever it has been cut down to.
  return Math.max(beginSequenceNumber, inclusive ? number : number + 1)
}
