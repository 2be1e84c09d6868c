/** Bronze whose folders an earlier version began as `HH/mm` and today's goes on with as `HH-mm`, read by the embedded engine. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { bronzeFolder, formerBronzeFolder } from '../../../src/contract/bronze-layout.ts'
import type { NotebookEngine } from '../../../src/local/engine/api/engine.ts'
import { readTable } from '../../support/tables.ts'
import { readings, type TestLake, testLake } from './lake-fixture.ts'

const MINUTE = 60_000

let lake: TestLake
let engine: NotebookEngine | undefined
beforeEach(() => {
  lake = testLake()
})
afterEach(async () => {
  await engine?.close()
  lake.remove()
})

it('folders of both forms are read, each row once and the first of two duplicates by its minute', async () => {
  const first = lake.clock.time
  let placed = 0
  for (let minute = 0; minute < 6; minute++) {
    const folderOf = minute % 2 === 0 ? formerBronzeFolder : bronzeFolder
    await lake.place(minute % 3, readings(placed, 10), { at: first + minute * MINUTE, folderOf })
    placed += 10
  }
  // The same reading again, in another partition and a later minute, whose folder sorts before the others as text.
  await lake.place(3, readings(0, 1, { city: 'Bern' }), { at: first + 6 * MINUTE, folderOf: bronzeFolder })
  engine = lake.engine().engine
  const run = engine.run('silver')
  const rows = () =>
    readTable(
      `${lake.root}/..`,
      'silver/weather',
      'SELECT count(*) AS n, count(DISTINCT "eventId") AS ids, count(*) FILTER (city = \'Bern\') AS later FROM rows',
    )
  await vi.waitFor(
    async () => {
      expect(run.error).toBeUndefined()
      expect(existsSync(join(lake.root, 'silver/weather/_delta_log/00000000000000000000.json'))).toBe(true)
      expect(await rows()).toEqual([{ n: placed, ids: placed, later: 0 }])
    },
    { timeout: 30_000, interval: 100 },
  )
})
