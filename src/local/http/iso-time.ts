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

const DURATION =
  /^P(?=\d|T\d)(?:(\d{1,6}(?:\.\d+)?)D)?(?:T(?=\d)(?:(\d{1,9}(?:\.\d+)?)H)?(?:(\d{1,9}(?:\.\d+)?)M)?(?:(\d{1,9}(?:\.\d+)?)S)?)?$/

/** A duration as clients write one, ISO-8601 of days and shorter. @returns ms; undefined for anything else. */
export function isoDuration(value: unknown): number | undefined {
  const found = typeof value === 'string' ? DURATION.exec(value) : null
  if (!found) return undefined
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = found.slice(1).map((part) => Number(part ?? 0))
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000
}
