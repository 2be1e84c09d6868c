/** Lengths of time as all texts of the product write them. Pure. */
import { grouped } from '../../contract/grouped.ts'

const two = (value: number) => String(value).padStart(2, '0')

/** A place in what is played, and how long it is: `05:09`, `1:05:09`. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return `${hours > 0 ? `${hours}:` : ''}${two(minutes)}:${two(seconds % 60)}`
}

/** From here on nobody counts in seconds. */
const LONGEST_IN_SECONDS = 120

/** How long it went on: `15.6 s`, `5 min 9 s`, `26 h 15 min`. */
export function elapsedText(seconds: number): string {
  if (seconds < LONGEST_IN_SECONDS) return `${grouped(seconds, 1)} s`
  const whole = Math.round(seconds)
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`
}

/** How often something happens, exactly as it is set: `250 ms`, `10 s`, `2.5 min`, `1 d`. */
export function intervalText(ms: number): string {
  const [unit, size] = INTERVALS.find(([, size]) => ms >= size && (ms * 10) % size === 0) ?? ['ms', 1]
  return `${ms / size} ${unit}`
}

/** The largest in which one digit behind the point says all. */
const INTERVALS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
]
