/** Numbers are written without `Intl`, whose first number leaves megabytes of all languages in memory. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { grouped } from '../../src/contract/grouped.ts'

it.each([
  [0, 0, '0'],
  [-0, 0, '0'],
  [999, 0, '999'],
  [999.5, 0, '1,000'],
  [1204, 0, '1,204'],
  [-1204.5, 0, '-1,205'],
  [12_345_678, 0, '12,345,678'],
  [12.5, 1, '12.5'],
  [12.04, 1, '12'],
  [1204.26, 1, '1,204.3'],
  [1e21, 0, '1,000,000,000,000,000,000,000'],
  [Number.POSITIVE_INFINITY, 0, '∞'],
  [Number.NEGATIVE_INFINITY, 0, '-∞'],
  [Number.NaN, 0, 'NaN'],
])('%d with %i places at most', (value, places, text) => {
  expect(grouped(value, places)).toBe(text)
})

it('writes as Intl does', () => {
  const intl = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
  for (let value = 0.5; value < 1e15; value *= 3.7)
    for (const each of [value, Math.round(value), -value]) expect(grouped(each)).toBe(intl.format(each))
})

it('is what all of the program writes numbers with', () => {
  const src = resolve(import.meta.dirname, '../../src')
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))
  const found = files.filter((file) =>
    /toLocale(?:Date|Time)?String|localeCompare|Intl\.(?:NumberFormat|DateTimeFormat|Collator)/.test(
      readFileSync(join(src, file), 'utf8'),
    ),
  )
  expect(found).toEqual([])
})
