/** The wait of a fetch for events that are still to come. */
import type { HubLog } from '../../log/log.ts'
import type { FetchPartition } from './fetch-sessions.ts'

/** Milliseconds and bytes, already bounded. */
export interface Patience {
  /** The client wants so many at least, or waits so long. */
  minBytes: number
  maxWaitMs: number
  /** Some of what it asks for is not there, which it is told at once. */
  isIncomplete: boolean
}

/** Waits until enough can be read, a partition cannot be read, or the client's timeout passes. */
export async function untilThereIs(
  { log, signal }: { log: HubLog; signal: AbortSignal },
  wanted: readonly FetchPartition[],
  { minBytes, maxWaitMs, isIncomplete }: Patience,
): Promise<void> {
  if (isIncomplete) return
  // What was counted is not read again: an append costs what it brought, however long the client waits for more.
  const counted = wanted.map((one) => ({ ...one, next: one.offset }))
  let bytes = 0
  const isReady = () => {
    for (const one of counted) {
      const { partition, offset } = one
      const { lastEnqueuedSequenceNumber: last, beginSequenceNumber: begin } = log.properties(partition)
      if (offset > last + 1 || offset < begin) return true
      if (one.next > last) continue
      if (minBytes <= 1) return true
      while (one.next <= last && bytes < minBytes) {
        const more = log.sizeFrom(partition, one.next)
        if (more.next === one.next) break
        bytes += more.bytes
        one.next = more.next
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
      if (wanted.some((one) => one.partition === partition) && isReady()) end()
    })
    signal.addEventListener('abort', end, { once: true })
  })
}
