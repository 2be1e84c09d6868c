import { describe, expect, it } from 'vitest'
import { textChart } from '../../src/report/text-chart.ts'

describe('a chart as text', () => {
  it('is as wide as its values, at most 72 columns, and begins at 0', () => {
    const rows =
      textChart(Array.from({ length: 1000 }, (_, index) => (index < 500 ? 10 : 1200)))?.split('\n') ?? []
    expect(rows).toHaveLength(9)
    expect(rows[0]).toMatch(/^ {4}1,200 [┤┼]/)
    expect(rows.at(-1)).toMatch(/^ {8}0 /)
    expect(Math.max(...rows.map((row) => row.length))).toBeLessThanOrEqual(10 + 1 + 72 + 1)
  })

  it('is none for too few values, and leaves out what is no number', () => {
    expect(textChart([])).toBeUndefined()
    expect(textChart([5])).toBeUndefined()
    expect(textChart([Number.NaN, 5])).toBeUndefined()
    expect(textChart([0, 0, Number.NaN, 0])).toMatch(/0 ┼/)
  })
})
