/** A file of bronze that is cut before silver has read it: named, and nothing of the batch is committed. */
import { copyFileSync, readFileSync, renameSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { NotebookEngine } from '../../../../src/local/engine/api/engine.ts'
import { newestCommitMetadata } from '../../../support/delta-log.ts'
import { reading, readings, type TestLake, testLake } from '../lake-fixture.ts'

let lake: TestLake
let engine: NotebookEngine
beforeEach(() => {
  lake = testLake()
})
afterEach(async () => {
  await engine.close()
  lake.remove()
})

function silver() {
  engine = lake.engine().engine
  return engine.run('silver')
}

const rows = () => newestCommitMetadata(join(lake.root, 'silver/weather'))?.totals.output

it.each([
  ['in half', (size: number) => Math.floor(size / 2), 10],
  ['to nothing', () => 0, 0],
  ['behind a whole line', (size: number, text: string) => text.lastIndexOf('\n', size - 2) + 1, 19],
  ['in its last line', (size: number) => size - 9, 19],
])('%s: it is named, and once it is back everything is read', async (_, length, held) => {
  const path = await lake.place(0, readings(0, 20))
  await lake.place(1, readings(20, 20))
  const file = join(lake.root, 'bronze', path)
  copyFileSync(file, `${file}.whole`)
  const { size } = statSync(file)
  truncateSync(file, length(size, readFileSync(file, 'latin1')))
  const cut = silver()
  await vi.waitFor(() => expect(cut.error).toBeDefined(), 20_000)
  expect(cut.error).toMatch(new RegExp(`^bronze/${path} was cut: it holds ${held} of the 20 rows`))
  expect(rows() ?? 0).toBe(0)
  await engine.close()
  renameSync(`${file}.whole`, file)
  const whole = silver()
  await vi.waitFor(() => {
    expect(whole.error).toBeUndefined()
    expect(rows()).toBe(40)
  }, 20_000)
})

it('rows that break a rule are no reason to call a file cut', async () => {
  await lake.place(0, [...readings(0, 5), reading(6, { city: null }), 'no JSON at all'])
  const run = silver()
  await vi.waitFor(() => expect(rows()).toBe(5), 20_000)
  expect(run.error).toBeUndefined()
})
