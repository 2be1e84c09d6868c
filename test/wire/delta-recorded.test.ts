/** Delta tables in every form that Spark writes them in, as it wrote them once: read by both of our readers as Spark read them. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectAdapters, expectEmbedded, truthIn } from '../notebooks/delta-matrix.ts'
import { RECORD_NAMES, recipe, unpack } from '../notebooks/recorded-tables.ts'
import { type LakeServer, startLake } from '../support/lake-server.ts'

describe.each(RECORD_NAMES)('what Delta writes on %s', (name) => {
  let running: LakeServer
  let made: string
  beforeAll(async () => {
    running = await startLake()
    made = unpack(name, join(running.root, 'silver'))
  })
  afterAll(() => running?.close())

  it('was made by the present program on the pinned versions (node test/notebooks/record-tables.ts)', () => {
    expect(made).toBe(recipe(name))
  })

  it('is read as Spark reads it, by both readers', async () => {
    const truth = truthIn(join(running.root, 'silver'))
    expect(Object.keys(truth).length).toBeGreaterThanOrEqual(name === 'spark4' ? 23 : 7)
    await expectAdapters(running, truth)
    await expectEmbedded(running.root, truth)
  })
})
