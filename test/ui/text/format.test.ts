import { describe, expect, it } from 'vitest'
import {
  bar,
  formatAge,
  formatBytes,
  formatClock,
  formatCompact,
  formatCount,
  formatDuration,
  formatInstant,
  formatInterval,
  formatMoney,
  formatPercent,
  formatRate,
  formatTemperature,
  formatThousands,
  formatUptime,
  increments,
  niceStep,
  sparkline,
} from '../../../src/ui/text/format.ts'

/** Awkward values around every limit, up to a hundred thousand million. */
const VALUES = Array.from({ length: 12 }, (_, power) => 10 ** power).flatMap((limit) =>
  [0.4, 0.94, 0.99, 0.9994, 0.9999, 1, 1.5, 9.994, 9.996].map((factor) => factor * limit),
)

describe('numbers keep to their columns', () => {
  it.each([
    ['count', formatCount, 9],
    ['compact', formatCompact, 7],
    ['rate', formatRate, 7],
    ['bytes', formatBytes, 8],
  ] as const)('%s', (_name, format, width) => {
    for (const value of VALUES)
      expect(format(value).length, `${value}: ${format(value)}`).toBeLessThanOrEqual(width)
    expect(format(undefined)).toBe('–')
    expect(format(0)).toMatch(/^0( B)?$/)
  })

  it('ages', () => {
    for (const value of VALUES.filter((one) => one < 1e11))
      expect(formatAge(value).length, formatAge(value)).toBeLessThanOrEqual(7)
  })
})

it.each([
  [formatCount(7214), '7,214'],
  [formatCount(9_999_999), '9,999,999'],
  [formatCount(12_345_678), '12.3 M'],
  [formatCount(8_640_000_000), '8.6 G'],
  [formatCompact(1_048_576), '1.0 M'],
  [formatCompact(104_858), '105 k'],
  [formatRate(0.5), '0.5'],
  [formatRate(9.96), '10'],
  [formatRate(120.4), '120'],
  [formatRate(10_240), '10.2k'],
  [formatRate(100_000), '100k'],
  [formatBytes(999.96), '1.0 KB'],
  [formatBytes(640_000), '640.0 KB'],
  [formatBytes(2_473_901_162_496), '2.5 TB'],
  [formatUptime(751_000), '00:12:31'],
  [formatUptime(183_840_000), '2d 03:04'],
  [formatAge(800), '0.8 s'],
  [formatAge(64_000), '64 s'],
  [formatAge(240_000), '4 min'],
  [formatAge(90_000_000), '25 h'],
  [formatAge(-5), '0.0 s'],
  [formatDuration(45), '45 ms'],
  [formatDuration(300), '0.3 s'],
  [formatClock(Date.UTC(2026, 10, 24, 12, 31, 10, 250)), '12:31:10'],
  [formatInstant(Date.UTC(2026, 10, 24, 12, 31, 10, 250)), '12:31:10.2'],
  [formatTemperature(-6.24), '−6.2 °C'],
  [formatTemperature(-0.04), '0.0 °C'],
  [formatTemperature(-0.4, 0), '0 °C'],
  [formatMoney(1.417), '$1.42'],
  [formatMoney(12_345.67), '$12,346'],
  [formatPercent(0.005), '0.5 %'],
  [formatPercent(0), '0 %'],
  [formatPercent(0.0004), '<0.1 %'],
  [formatInterval(250), '250 ms'],
  [formatInterval(1250), '1250 ms'],
  [formatInterval(10_000), '10 s'],
  [formatInterval(61_200), '61.2 s'],
  [formatInterval(150_000), '2.5 min'],
  [formatInterval(86_400_000), '1 d'],
])('%s', (shown, expected) => {
  expect(shown).toBe(expected)
})

describe('axes', () => {
  it('has round steps, never fractions', () => {
    expect([1, 1.2, 2.4, 7, 11, 26, 28.8, 144, 900, 12_345].map(niceStep)).toEqual([
      1, 2, 3, 8, 15, 30, 30, 150, 1000, 15_000,
    ])
    for (const value of VALUES) {
      expect(niceStep(value)).toBeGreaterThanOrEqual(value * 0.999)
      expect(niceStep(value) % 1, String(value)).toBe(0)
    }
  })

  it('stands still while values move within a step', () => {
    expect(niceStep(25.2)).toBe(niceStep(29.8))
  })
})

describe('sparklines', () => {
  it('end at now, newest at the right, from zero to the greatest', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6], 7)).toBe('▁▂▃▄▅▆▇')
    expect(sparkline([9, 9, 0, 6], 2)).toBe('▁▇')
    expect(sparkline([1], 4)).toBe('   ▇')
    expect(sparkline([0, 0], 2)).toBe('▁▁')
    expect(sparkline([], 3)).toBe('   ')
    expect(sparkline([1], 0)).toBe('')
  })

  it('shows growth as what was added', () => {
    expect(increments([10, 12, 12, 20], 1)).toEqual([2, 0, 8])
    expect(increments([0, 3, 3, 9, 12])).toEqual([3, 1.5, 3, 3])
    // A batch a second, looked at once a second: three in a row, none, two at once.
    expect(
      increments([0, 9, 18, 27, 27, 45, 54, 63])
        .slice(3)
        .every((one) => one >= 6 && one <= 12),
    ).toBe(true)
    expect(increments([10, 3])).toEqual([0])
    expect(increments([])).toEqual([])
  })
})

it('draws a share as a bar of exactly its width', () => {
  expect(bar(0.25, 8)).toEqual({ full: '━━', rest: '──────' })
  expect(bar(7, 4)).toEqual({ full: '━━━━', rest: '' })
  expect(bar(Number.NaN, 4).rest.length + bar(-1, 4).rest.length).toBe(8)
})

it.each([
  [0, '0'],
  [999, '999'],
  [1204, '1.2k'],
  [9960, '10k'],
  [48_210, '48k'],
  [999_499, '999k'],
  [2_100_000, '2.1M'],
  [270_000_000, '270M'],
  [1_200_000_000, '1.2G'],
])('%i in four columns', (value, text) => {
  expect(formatThousands(value)).toBe(text)
  expect(text.length).toBeLessThanOrEqual(4)
})
