import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { LONG_SECONDS, runOrder, SPARK_SECONDS } from './run-order.ts'

it('knows only files that are there', () => {
  const root = join(import.meta.dirname, '../..')
  const known = [...Object.keys(SPARK_SECONDS), ...Object.keys(LONG_SECONDS)]
  expect(known.filter((path) => !existsSync(join(root, path)))).toEqual([])
})

it('starts each file once, one Spark at a time beside the others, the longest first', () => {
  const short = Array.from({ length: 300 }, (_, number) => `test/short-${number}.test.ts`)
  const paths = [...short, ...Object.keys(LONG_SECONDS), ...Object.keys(SPARK_SECONDS)]
  const order = runOrder(paths)
  expect(order.toSorted()).toEqual(paths.toSorted())
  expect(order.slice(0, 3)).toEqual([
    'test/notebooks/notebooks.test.ts',
    'test/e2e/kill.test.ts',
    'test/screen-azure/starting.test.ts',
  ])
  const sparks = order.flatMap((path, at) => (path in SPARK_SECONDS ? [at] : []))
  expect(sparks[0]).toBe(0)
  // The second begins when the others have lasted as long as the first, whatever the weights are today.
  const lasted = (upTo: number) =>
    order.slice(1, upTo).reduce((sum, path) => sum + (LONG_SECONDS[path] ?? 0), 0)
  const first = SPARK_SECONDS[order[0] as string] ?? 0
  const second = sparks[1] ?? 0
  expect(lasted(second)).toBeGreaterThanOrEqual(first)
  expect(lasted(second - 1)).toBeLessThan(first)
  // Three workers take the others two at a time.
  const ofThree = runOrder(paths, 3)
  expect(ofThree.indexOf('test/notebooks/spark4.test.ts')).toBeGreaterThan(8)
})

it('starts all when there are only Sparks, or none', () => {
  expect(runOrder(['test/notebooks/abfss.test.ts', 'test/notebooks/spark4.test.ts'])).toEqual([
    'test/notebooks/spark4.test.ts',
    'test/notebooks/abfss.test.ts',
  ])
  expect(runOrder(['test/a.test.ts', 'test/e2e/kill.test.ts'])).toEqual([
    'test/e2e/kill.test.ts',
    'test/a.test.ts',
  ])
})
