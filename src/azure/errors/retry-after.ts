/** The header by which a service says when to come back. */
interface HeadersLike {
  get(name: string): string | null | undefined
}

/**
 * Milliseconds to wait, from seconds or from an HTTP date. A date is compared with the service's clock if the
 * answer gives the time, as ours may be wrong. Undefined when the header does not say.
 */
export function retryAfterMs(headers: HeadersLike | undefined): number | undefined {
  const value = headers?.get('retry-after')
  if (!value) return undefined
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const at = Date.parse(value)
  const sent = Date.parse(headers?.get('date') ?? '')
  return Number.isNaN(at) ? undefined : Math.max(0, at - (Number.isNaN(sent) ? Date.now() : sent))
}
