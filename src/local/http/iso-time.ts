const ISO = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/i

/**
 * A time as the services take it, ISO-8601; without a zone it is UTC.
 * `Date.parse` alone would take `5` for a month, and a time without a zone for one of this machine's.
 * @returns epoch ms; undefined for anything else.
 */
export function isoTime(value: unknown): number | undefined {
  if (typeof value !== 'string' || !ISO.test(value)) return undefined
  const hasZone = !value.includes('T') || /(?:Z|[+-]\d\d:?\d\d)$/i.test(value)
  const time = Date.parse(hasZone ? value : `${value}Z`)
  return Number.isNaN(time) ? undefined : time
}
