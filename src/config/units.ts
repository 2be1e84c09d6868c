/** Durations and sizes as people write them. Strict on purpose: `10` without a unit is a mistake, not ten of something. */

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}
const SIZE_UNITS: Readonly<Record<string, number>> = {
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
}

/** For the JSON schema too, which cannot call {@link parseDuration}: what it matches may still be out of bounds. */
export const DURATION_PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/
/** The same for {@link parseSize}. */
export const SIZE_PATTERN = /^(\d+(?:\.\d+)?)(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/

/** @returns milliseconds of `250ms`, `30s`, `2m`, `1.5h`, `1d`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  return parse(text, DURATION_PATTERN, DURATION_UNITS)
}

/** @returns bytes of `256MB`, `1.5GB` (powers of 1000) or `256MiB` (powers of 1024); undefined for anything else. */
export function parseSize(text: string): number | undefined {
  return parse(text, SIZE_PATTERN, SIZE_UNITS)
}

function parse(text: string, pattern: RegExp, units: Readonly<Record<string, number>>): number | undefined {
  const match = pattern.exec(text)
  const unit = units[match?.[2] ?? '']
  if (!match || unit === undefined) return undefined
  const value = Math.round(Number(match[1]) * unit)
  return Number.isSafeInteger(value) ? value : undefined
}

/** The shortest exact text that {@link parseDuration} reads back: 90000 → `90s`, 3600000 → `1h`. */
export function formatDuration(ms: number): string {
  return format(ms, DURATION_UNITS, 'ms')
}

/** The shortest exact text that {@link parseSize} reads back: 1000000000 → `1GB`. */
export function formatSize(bytes: number): string {
  return format(bytes, SIZE_UNITS, 'KB')
}

function format(value: number, units: Readonly<Record<string, number>>, smallest: string): string {
  if (value === 0) return `0${smallest}`
  const [name, unit] = Object.entries(units)
    .sort(([, a], [, b]) => b - a)
    .find(([, size]) => value % size === 0) ?? [smallest, units[smallest] ?? 1]
  return `${value / unit}${name}`
}
