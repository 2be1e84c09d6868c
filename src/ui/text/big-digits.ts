/** Digits of five rows, two columns for each dot, or a multiple of that: read from the last row of a room. */
import type { Line } from './line.ts'
import { span } from './line.ts'
import type { Token } from './theme.ts'

/** At the smallest scale. */
export const BIG_ROWS = 5
/** Columns of three digits, the most that {@link bigNumber} has, with their unit. */
export const bigColumns = (scale: number): number => (3 * 6 + 2 * 2) * scale + UNIT_COLUMNS
/** A blank, and `min`. */
const UNIT_COLUMNS = 4

/** Rows of dots, from the top; three dots wide, a point is one. */
const DOTS: Readonly<Record<string, readonly string[]>> = {
  '0': ['###', '# #', '# #', '# #', '###'],
  '1': [' # ', '## ', ' # ', ' # ', '###'],
  '2': ['###', '  #', '###', '#  ', '###'],
  '3': ['###', '  #', '###', '  #', '###'],
  '4': ['# #', '# #', '###', '  #', '  #'],
  '5': ['###', '#  ', '###', '  #', '###'],
  '6': ['###', '#  ', '###', '# #', '###'],
  '7': ['###', '  #', '  #', '  #', '  #'],
  '8': ['###', '# #', '###', '# #', '###'],
  '9': ['###', '# #', '###', '  #', '###'],
  '.': [' ', ' ', ' ', ' ', '#'],
  '–': ['   ', '   ', '###', '   ', '   '],
  '<': ['  #', ' # ', '#  ', ' # ', '  #'],
}

/**
 * @param text digits, a point, a dash. What has no dots is written in letters in the last row, as units are.
 * @param scale how many times as large, each way.
 */
export function bigText(text: string, unit: string, token: Token | undefined, scale = 1): Line[] {
  const characters = [...text].filter((character) => DOTS[character])
  const [dot, gap] = ['██'.repeat(scale), '  '.repeat(scale)]
  return Array.from({ length: BIG_ROWS * scale }, (_, row): Line => {
    const dots = characters
      .map((character) =>
        (DOTS[character]?.[Math.floor(row / scale)] ?? '').replaceAll('#', dot).replaceAll(' ', gap),
      )
      .join(gap)
    const isLast = row === BIG_ROWS * scale - 1
    return [span(dots, token), ...(isLast && unit !== '' ? [span(` ${unit}`, token, true)] : [])]
  })
}

/** `7.2 k`: three digits at most, and their unit. */
export function bigNumber(value: number | undefined): { text: string; unit: string } {
  if (value === undefined) return { text: '–', unit: '' }
  const [scaled, unit] =
    value >= 999.5e6
      ? [value / 1e9, 'G']
      : value >= 999_500
        ? [value / 1e6, 'M']
        : value >= 999.5
          ? [value / 1e3, 'k']
          : [value, '']
  const digits = unit === '' && Number.isInteger(value) ? 0 : scaled < 9.95 ? 1 : 0
  return { text: scaled.toFixed(digits), unit }
}
