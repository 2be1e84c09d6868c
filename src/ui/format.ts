/** Numbers, sizes, times and ages as people read them; the same width wherever they stand in a column. */

const groups = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** `7,214`; from ten millions on `12.3 M`, so that a column never grows wider than 10. */
export function formatCount(value: number | undefined): string {
  if (value === undefined) return '–'
  if (Math.abs(value) < 10_000_000) return groups.format(value)
  if (Math.abs(value) < 1e10) return `${(value / 1e6).toFixed(1)} M`
  return `${(value / 1e9).toFixed(1)} G`
}

/** Events or rows per second: `0`, `0.5`, `9.8`, `120`, `10.2k`. */
export function formatRate(value: number | undefined): string {
  if (value === undefined) return '–'
  if (value === 0) return '0'
  if (value < 9.95) return value.toFixed(1)
  if (value < 9_999.5) return String(Math.round(value))
  return `${(value / 1000).toFixed(1)}k`
}

const SIZES = ['B', 'KB', 'MB', 'GB', 'TB']

/** Decimal units, as disks and clouds count: `640.0 KB`. */
export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return '–'
  let value = bytes
  let unit = 0
  while (value >= 999.95 && unit < SIZES.length - 1) {
    value /= 1000
    unit++
  }
  return unit === 0 ? `${Math.round(value)} B` : `${value.toFixed(1)} ${SIZES[unit]}`
}

/** `00:12:31`; a day and more: `2d 03:04`. */
export function formatUptime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (value: number) => String(value).padStart(2, '0')
  const days = Math.floor(seconds / 86_400)
  const hours = Math.floor(seconds / 3600) % 24
  const minutes = Math.floor(seconds / 60) % 60
  return days > 0
    ? `${days}d ${two(hours)}:${two(minutes)}`
    : `${two(hours)}:${two(minutes)}:${two(seconds % 60)}`
}

/** How long ago or how long: `0.8 s`, `12 s`, `3 min`, `2 h`, `4 d`. */
export function formatAge(ms: number | undefined): string {
  if (ms === undefined) return '–'
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} d`
}

/** `0.3 s`, `45 ms`. */
export const formatDuration = (ms: number | undefined): string =>
  ms === undefined ? '–' : ms < 100 ? `${Math.round(ms)} ms` : formatAge(ms)

/** Time of day, UTC: `12:31:10`. */
export const formatClock = (time: number): string => new Date(time).toISOString().slice(11, 19)

/** `31:10.204`: minutes, seconds and milliseconds, for rows that come many a second. */
export const formatInstant = (time: number): string => new Date(time).toISOString().slice(14, 23)

/** `25 %` */
export const formatShare = (share: number): string => `${Math.round(share * 100)} %`

/** `34.1 °C`, with a true minus sign. */
export const formatTemperature = (value: number, digits = 1): string =>
  `${value.toFixed(digits).replace('-', '−')} °C`

/** `$0.42` */
export const formatMoney = (dollars: number): string => `$${dollars.toFixed(2)}`

/** The next of 1, 2, 5 × 10ⁿ at or above the value: axes keep still while numbers move within a step. */
export function scaleStep(value: number): number {
  if (value <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  for (const factor of [1, 2, 5, 10]) if (value <= factor * power * 1.000001) return factor * power
  return 10 * power
}

/** One character per value, newest last, from zero to the greatest of them. Zero is the lowest line. */
export function sparkline(values: readonly number[], width: number, glyphs: readonly string[]): string {
  const shown = values.slice(-width)
  const most = Math.max(...shown)
  const level = (value: number) =>
    most <= 0 ? 0 : Math.round((Math.max(0, value) / most) * (glyphs.length - 1))
  return shown
    .map((value) => glyphs[level(value)])
    .join('')
    .padStart(width)
}

/** Differences of neighbours: what a growing count grew by, for a sparkline of growth. */
export const increments = (values: readonly number[]): number[] =>
  values.slice(1).map((value, index) => Math.max(0, value - (values[index] as number)))
