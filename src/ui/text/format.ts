/** Numbers, sizes, times and ages as people read them; never wider than their column. */
import { grouped } from '../../contract/grouped.ts'
import { SPARKS } from './glyphs.ts'

export { intervalText as formatInterval } from '../../pipeline/state/clock-text.ts'

/** Unknown is not 0. */
export const UNKNOWN = '–'

/** `7,214`; from ten millions on `12.3 M`, then `8.6 G`: nine columns at most. */
export const formatCount = (value: number | undefined): string => countBelow(value, 9_999_999.5)

/** `7,214`, from a hundred thousand on `105 k`: seven columns at most, up to a billion. */
export const formatCompact = (value: number | undefined): string => countBelow(value, 99_999.5)

/** `999`, `1.2k`, `48k`, `2.1M`, `12M`: four columns at most, up to a billion. */
export function formatThousands(value: number): string {
  if (value < 999.5) return String(Math.round(value))
  const [part, unit] =
    value < 999_500 ? [value / 1e3, 'k'] : value < 999_500_000 ? [value / 1e6, 'M'] : [value / 1e9, 'G']
  return `${part < 9.95 ? part.toFixed(1) : Math.round(part)}${unit}`
}

function countBelow(value: number | undefined, limit: number): string {
  if (value === undefined) return UNKNOWN
  const size = Math.abs(value)
  if (size < limit) return grouped(value)
  if (size < 999_500) return `${Math.round(value / 1e3)} k`
  if (size < 999_950_000) return `${(value / 1e6).toFixed(1)} M`
  return `${(value / 1e9).toFixed(1)} G`
}

/** Events or rows per second: `0`, `0.5`, `9.8`, `120`, `10.2k`, `1.2M`: five columns at most. */
export function formatRate(value: number | undefined): string {
  if (value === undefined) return UNKNOWN
  if (value < 0.05) return '0'
  if (value < 9.95) return value.toFixed(1)
  if (value < 9_999.5) return String(Math.round(value))
  if (value < 99_950) return `${(value / 1000).toFixed(1)}k`
  if (value < 999_500) return `${Math.round(value / 1000)}k`
  return value < 99_950_000 ? `${(value / 1e6).toFixed(1)}M` : `${Math.round(value / 1e6)}M`
}

const SIZES = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']

/** Decimal units, as disks and clouds count: `640.0 KB`: eight columns at most. */
export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return UNKNOWN
  let value = bytes
  let unit = 0
  while (value >= 999.95 && unit < SIZES.length - 1) {
    value /= 1000
    unit++
  }
  return unit === 0 ? `${Math.round(value)} B` : `${value.toFixed(1)} ${SIZES[unit]}`
}

const two = (value: number) => String(value).padStart(2, '0')

/** `00:12:31`; a day and more: `2d 03:04`. Eight columns up to a hundred days. */
export function formatUptime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const days = Math.floor(seconds / 86_400)
  const hours = Math.floor(seconds / 3600) % 24
  const minutes = Math.floor(seconds / 60) % 60
  return days > 0
    ? `${days}d ${two(hours)}:${two(minutes)}`
    : `${two(hours)}:${two(minutes)}:${two(seconds % 60)}`
}

/** How long ago or how long: `0.8 s`, `12 s`, `3 min`, `2 h`, `4 d`: six columns at most. */
export function formatAge(ms: number | undefined): string {
  if (ms === undefined) return UNKNOWN
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  if (seconds < 119.5) return `${Math.round(seconds)} s`
  if (seconds < 7170) return `${Math.round(seconds / 60)} min`
  if (seconds < 171_000) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} d`
}

/** `45 ms`, `0.3 s` */
export const formatDuration = (ms: number | undefined): string =>
  ms !== undefined && ms < 99.5 ? `${Math.round(ms)} ms` : formatAge(ms)

/** Time of day, UTC: `12:31:10`. */
export const formatClock = (time: number): string => new Date(time).toISOString().slice(11, 19)

/** `12:31:10.2`, for rows that come many a second. */
export const formatInstant = (time: number): string => new Date(time).toISOString().slice(11, 21)

/** `25 %`: five columns at most for what is a share. */
export const formatShare = (share: number): string => `${Math.round(share * 100)} %`

/** Up to one decimal where there is one: `5 %`, `0.5 %`; less than that is not nought: `<0.1 %`. */
export const formatPercent = (share: number): string =>
  share > 0 && share < 0.0005 ? '<0.1 %' : `${Math.round(share * 1000) / 10} %`

/** `34.1 °C`, with a true minus sign; what is nought when it is rounded has none. */
export const formatTemperature = (value: number, digits = 1): string =>
  `${value
    .toFixed(digits)
    .replace(/^-(?=[0.]+$)/, '')
    .replace('-', '−')} °C`

/** `$0.42`, `$12,345` */
export const formatMoney = (dollars: number): string =>
  dollars < 1000 ? `$${dollars.toFixed(2)}` : `$${grouped(dollars)}`

const STEPS = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]

/** The next round number at or above a value: 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 × 10ⁿ, but no fraction below ten. */
export function niceStep(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  const step = STEPS.find((factor) => value <= factor * power * 1.000001 && (factor * power) % 1 === 0) ?? 10
  return Math.max(1, step * power)
}

/** One character per value, newest last, from zero to the greatest of them; filled with blanks at the left. */
export function sparkline(values: readonly number[], width: number): string {
  if (width <= 0) return ''
  const shown = values.slice(-width)
  const most = Math.max(0, ...shown)
  const level = (value: number) =>
    most === 0 ? 0 : Math.round((Math.max(0, value) / most) * (SPARKS.length - 1))
  return shown
    .map((value) => SPARKS[level(value)])
    .join('')
    .padStart(width)
}

/**
 * What a growing count grew by, from one value to the next, as the mean of the last so many steps: what comes once a second
 * and is looked at once a second would seem to come double and not at all.
 */
export const increments = (values: readonly number[], over = 3): number[] =>
  values.slice(1).map((value, index) => {
    const from = Math.max(0, index + 1 - over)
    return Math.max(0, (value - (values[from] ?? 0)) / (index + 1 - from))
  })

/** A share as a bar: `━━━━──────`, whole columns. */
export function bar(share: number, width: number): { full: string; rest: string } {
  const columns = Math.max(0, width)
  const filled = Math.round((share > 0 ? Math.min(1, share) : 0) * columns)
  return { full: '━'.repeat(filled), rest: '─'.repeat(columns - filled) }
}
