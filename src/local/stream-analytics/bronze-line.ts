/** One line of bronze: the event as it was sent, and what Stream Analytics adds to it. */

export interface EventMetadata {
  partition: number
  sequenceNumber: number
  /** Epoch milliseconds. */
  enqueuedAt: number
  /** Epoch milliseconds. */
  processedAt: number
}

const ADDED = ['EventProcessedUtcTime', 'PartitionId', 'EventEnqueuedUtcTime', 'SequenceNumber'] as const
const MENTIONS_ADDED = new RegExp(`"(?:${ADDED.join('|')})"`)
const UTF8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The event's own text is kept to the letter (a huge number stays what it was), with our fields spliced in at its end.
 * @returns the line without its end; undefined when the body is no JSON object: a deserialization error.
 */
export function bronzeLine(body: Uint8Array, metadata: EventMetadata): string | undefined {
  let text: string
  let parsed: unknown
  try {
    // The decoder takes a byte-order mark away, and refuses what is no UTF-8.
    text = UTF8.decode(body)
    parsed = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined
  const added =
    `"EventProcessedUtcTime":"${new Date(metadata.processedAt).toISOString()}","PartitionId":${metadata.partition},` +
    `"EventEnqueuedUtcTime":"${new Date(metadata.enqueuedAt).toISOString()}","SequenceNumber":${metadata.sequenceNumber}}`
  // Our fields stand for what the service knows: an event that brings one of them loses it.
  if (MENTIONS_ADDED.test(text)) text = JSON.stringify(without(parsed as Record<string, unknown>))
  // Raw line breaks can only be white space between tokens, as JSON allows none inside a string.
  const line = text.trim().replace(/[\r\n]+/g, ' ')
  const open = line.slice(0, -1).trimEnd()
  return open === '{' ? `{${added}` : `${open},${added}`
}

function without(event: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(event).filter(([name]) => !(ADDED as readonly string[]).includes(name)),
  )
}
