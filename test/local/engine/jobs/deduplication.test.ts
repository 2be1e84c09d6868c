/** Readings that come again in later batches, with ids anywhere: silver keeps each once, and what is corrupted stays out. */
import { createHash } from 'node:crypto'
import { afterEach, expect, it, vi } from 'vitest'
import { readTable } from '../../../support/tables.ts'
import { reading, type TestLake, testLake } from '../lake-fixture.ts'

let lake: TestLake
afterEach(() => lake.remove())

/** Ids as the generator's: anywhere in their range, so that later batches hold lower and higher ones than all before. */
const eventId = (number: number) =>
  createHash('md5')
    .update(String(number))
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

const BATCHES = 25
const NEW = 12
const AGAIN = 4

it('each reading stands once, however many batches came between it and its repetition', async () => {
  lake = testLake()
  const { engine } = lake.engine()
  const silver = engine.run('silver')
  let corrupted = 0
  for (let batch = 0; batch < BATCHES; batch++) {
    const fresh = Array.from({ length: NEW }, (_, index) => batch * NEW + index)
    // Evenly taken from all that came before; in the last batches some are corrupted, which no plan has seen until then.
    const again = Array.from({ length: batch > 0 ? AGAIN : 0 }, (_, index) =>
      Math.floor(((index + 0.5) / AGAIN) * batch * NEW),
    )
    const bad = batch > BATCHES - 5 ? [{ eventId: eventId(1e6 + batch), temperature: 999 }] : []
    corrupted += bad.length
    await lake.place(0, [
      ...[...fresh, ...again].map((number) => reading(number, { eventId: eventId(number) })),
      ...bad.map((fields) => reading(0, fields)),
    ])
    lake.clock.time += 1000
    await vi.waitFor(() => expect(silver.progress?.batchId).toBe(batch), 10_000)
  }
  await engine.close()
  const [rows] = await readTable(
    lake.root.replace(/\/lake$/, ''),
    'silver/weather',
    'SELECT count(*) AS rows, count(DISTINCT eventId) AS ids FROM rows',
  )
  expect(rows).toEqual({ rows: BATCHES * NEW, ids: BATCHES * NEW })
  const [quarantined] = await readTable(
    lake.root.replace(/\/lake$/, ''),
    'silver/weather_quarantine',
    'SELECT count(*) AS rows FROM rows',
  )
  expect(quarantined).toEqual({ rows: corrupted })
}, 60_000)
