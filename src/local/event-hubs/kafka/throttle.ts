/**
 * Throttling as the service does it over Kafka: records are acknowledged late, and the answer says how late
 * (`throttle_time_ms`); a request that would have to wait longer than its timeout is refused.
 * https://learn.microsoft.com/azure/event-hubs/apache-kafka-troubleshooting-guide
 */

/** How late, in milliseconds. */
export const THROTTLE_MS = 1000

/** @returns milliseconds waited; undefined: the client would not wait so long. */
export async function throttle(timeoutMs: number, signal: AbortSignal): Promise<number | undefined> {
  if (timeoutMs < THROTTLE_MS) return undefined
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, THROTTLE_MS)
    signal.addEventListener('abort', end, { once: true })
  })
  return THROTTLE_MS
}
