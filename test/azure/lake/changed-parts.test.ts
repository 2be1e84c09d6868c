/** A local lake tells what came into it: nothing else is asked for, and nothing is missed. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createLakeReader } from '../../../src/azure/lake/lake-reader.ts'
import { bronzeFileName, bronzeFolder } from '../../../src/contract/bronze-layout.ts'
import { LakeChanges } from '../../../src/contract/lake-changes.ts'
import { TABLES } from '../../../src/contract/tables.ts'
import type { LakeReader } from '../../../src/pipeline/ports/lake.ts'
import { DeltaBuilder } from '../../support/delta-builder.ts'
import { lakeClient, type WatchedClient } from '../../support/lake-client.ts'
import { type LakeServer, startLake } from '../../support/lake-server.ts'

const NOON = Date.parse('2026-11-24T12:00:00Z')

let running: LakeServer
let client: WatchedClient
let changes: LakeChanges
let reader: LakeReader
let silver: DeltaBuilder
let now: number

beforeAll(async () => {
  running = await startLake()
})
afterAll(() => running.close())
beforeEach(async () => {
  for (const container of ['bronze', 'silver', 'gold']) {
    rmSync(join(running.root, container), { recursive: true, force: true })
    mkdirSync(join(running.root, container))
  }
  client = lakeClient(running)
  changes = new LakeChanges()
  now = NOON
  reader = createLakeReader({ client, clock: { now: () => now }, changes })
  silver = new DeltaBuilder(join(running.root, TABLES.silver.container, TABLES.silver.path))
  await reader.poll(undefined)
  client.asked = []
})
afterEach(() => silver.close())

const poll = async () => {
  const { snapshot } = await reader.poll(undefined)
  return snapshot
}
/** @param counted false: by another process, straight into the folder. */
function commit({ counted = true } = {}): void {
  silver.commit([{ commitInfo: { operation: 'WRITE' } }])
  if (counted) changes.note('silver')
}

describe('the parts of the lake', () => {
  it('are asked for where something came, and only for what came', async () => {
    await poll()
    expect(client.asked).toEqual([])
    commit()
    commit()
    expect((await poll()).silver.version).toBe(1)
    expect(client.asked).toEqual(
      [0, 1].map((version) =>
        expect.stringContaining(`silver/weather/_delta_log/${'0'.repeat(19)}${version}.json`),
      ),
    )
    client.asked = []
    expect((await poll()).silver.version).toBe(1)
    expect(client.asked).toEqual([])
  })

  it('of bronze too', async () => {
    const folder = join(running.root, 'bronze', bronzeFolder(new Date(NOON)))
    mkdirSync(folder, { recursive: true })
    const batch = { partition: 0, firstSequenceNumber: 0, lastSequenceNumber: 4, rows: 5 }
    writeFileSync(join(folder, bronzeFileName(batch)), '{}\n')
    expect((await poll()).bronze.files).toBe(0)
    changes.note('bronze')
    expect((await poll()).bronze).toMatchObject({ files: 1, rows: 5 })
  })

  it('are all asked for every ten seconds: other processes may write into the folder', async () => {
    commit({ counted: false })
    commit({ counted: false })
    now += 9_999
    expect((await poll()).silver.version).toBe(-1)
    now += 1
    expect((await poll()).silver.version).toBe(1)
    expect(client.asked.some((what) => what.startsWith('list bronze/'))).toBe(true)
  })

  it('are all asked for then, however much comes meanwhile', async () => {
    commit()
    now += 6_000
    expect((await poll()).silver.version).toBe(0)
    commit({ counted: false })
    now += 4_000
    expect((await poll()).silver.version).toBe(1)
  })

  it('are all asked for at once when the clock was set back', async () => {
    commit({ counted: false })
    now -= 3_600_000
    expect((await poll()).silver.version).toBe(0)
  })

  it('that fail are asked for again, though nothing came', async () => {
    commit()
    client.before = (what) => {
      if (what.includes('silver/weather/')) throw new Error('away')
    }
    expect((await reader.poll(undefined)).errors.has('silver')).toBe(true)
    client.before = () => {}
    expect((await reader.poll(undefined)).errors.size).toBe(0)
    expect((await poll()).silver.version).toBe(0)
  })

  it('that were replaced by another process are seen as what they are now within a minute', async () => {
    for (let version = 0; version < 3; version++) commit()
    expect((await poll()).silver.version).toBe(2)
    silver.close()
    rmSync(silver.folder, { recursive: true })
    silver = new DeltaBuilder(silver.folder)
    commit({ counted: false })
    for (let second = 0; second < 60; second++) {
      now += 1000
      await poll()
    }
    // The table that is there now, at once: not an empty one until the next whole look.
    expect((await poll()).silver.version).toBe(0)
  })

  it('count on behind the largest number', async () => {
    const counts = new Int32Array(changes.memory)
    counts.fill(2 ** 31 - 1)
    now += 10_000
    await poll()
    client.asked = []
    commit()
    expect(counts).toContain(-(2 ** 31))
    expect((await poll()).silver.version).toBe(0)
    expect(client.asked).toHaveLength(1)
  })
})
