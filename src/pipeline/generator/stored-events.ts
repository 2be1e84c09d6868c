/** Which events of a send that came to no end the hub holds already: asked before they are sent again late. */
import type { HubReader, OutgoingEvent } from '../ports/hub.ts'

/** Events read back over all partitions when it is not known where to begin: phones of minutes. */
const READ_BACK_LIMIT = 100_000

/**
 * @param positions by partition; everything up to there is something else. Undefined: the newest events are looked through.
 * @throws ServiceError when the hub cannot be read.
 */
export async function storedOf(
  events: readonly OutgoingEvent[],
  hub: HubReader,
  positions: Readonly<Record<string, number>> | undefined,
  signal?: AbortSignal,
): Promise<ReadonlySet<OutgoingEvent>> {
  // Copies that were made on purpose have one body: each counts.
  const open = new Map<string, OutgoingEvent[]>()
  for (const event of events) {
    const key = textOf(event.body)
    open.set(key, [...(open.get(key) ?? []), event])
  }
  const stored = new Set<OutgoingEvent>()
  for await (const page of hub.readAfter(await startOf(hub, positions, signal), signal))
    for (const { body } of page) {
      const event = body && open.get(textOf(body))?.shift()
      if (event) stored.add(event)
    }
  signal?.throwIfAborted()
  return stored
}

/** Bytes one to one: some bodies are no UTF-8. */
const textOf = (body: Uint8Array) =>
  Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')

async function startOf(
  hub: HubReader,
  positions: Readonly<Record<string, number>> | undefined,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, number>> {
  const partitions = await hub.partitions(signal)
  const share = Math.floor(READ_BACK_LIMIT / Math.max(1, partitions.length))
  return new Map(
    partitions.map(({ id, lastEnqueuedSequenceNumber: last }) => {
      const position = positions ? (positions[id] ?? -1) : last - share
      // A hub that was made anew counts from 0 again.
      return [id, position > last ? -1 : position]
    }),
  )
}
