/** The embedded engine and the notebooks on Spark, over the same bronze: the same tables, row by row. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { newestCommitMetadata } from '../support/delta-log.ts'
import { python } from '../support/python.ts'
import { placeGenerated, placeHandMade, placeLate } from './bronze-fixture.ts'
import { killPythons, runPythonProgram } from './python-process.ts'
import { sparkOrReason } from './spark.ts'

const READINGS = 50_000
/** `RTSTREAM_PARITY=spark4` compares with Spark 4 instead. */
const environment = process.env.RTSTREAM_PARITY === 'spark4' ? 'spark4' : 'spark3'
const lacks = sparkOrReason('the parity of the two engines', environment)

const folder = mkdtempSync(join(tmpdir(), 'rtstream-parity-'))
const embedded = join(folder, 'embedded')
const spark = join(folder, 'spark')
const crashed = join(folder, 'crashed')
let engine: ChildProcess | undefined
afterEach(() => {
  engine?.kill('SIGKILL')
  killPythons()
})
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 3 }))

async function startEngine(): Promise<ChildProcess> {
  const started = spawn(
    process.execPath,
    ['--no-warnings', join(import.meta.dirname, 'embedded-engine.ts'), embedded],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  engine = started
  await once(started.stdout, 'data')
  return started
}

/** The ledger in the table's newest commit that has some. */
const commitMetadataOf = (table: string) => newestCommitMetadata(join(embedded, table))

/** What `deltalake` finds in a table: rows, and rows of different ids. */
const COUNT = `
import sys, deltalake
rows = deltalake.DeltaTable(sys.argv[1]).to_pyarrow_table(columns=["eventId", "enqueuedAt"])
print(rows.num_rows, rows.group_by(["eventId", "enqueuedAt"]).aggregate([]).num_rows)
`

describe.skipIf(lacks !== undefined)('the embedded engine and Spark', () => {
  let lines = 0
  beforeAll(async () => {
    lines = await placeGenerated(embedded, {
      readings: READINGS,
      stations: 1000,
      dirty: 0.2,
      seed: 'parity',
      from: Date.parse('2026-03-01T12:55:00Z'),
    })
    lines += await placeHandMade(embedded)
  })

  it('the embedded engine, killed on its way, leaves tables that others read, and goes on', async () => {
    const killed = await startEngine()
    await vi.waitFor(() => expect(commitMetadataOf('gold/weather')?.totals.input).toBeGreaterThan(0), 60_000)
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    for (const layer of ['silver', 'gold'])
      cpSync(join(embedded, layer), join(crashed, layer), { recursive: true })
    const [rows, different] = python(COUNT, [join(embedded, 'silver/weather')])
      .split(' ')
      .map(Number)
    expect(rows).toBeGreaterThan(0)
    expect(different).toBe(rows)
    const isThrough = () => {
      const silver = commitMetadataOf('silver/weather')?.totals
      expect(silver?.input).toBe(lines)
      expect(commitMetadataOf('gold/weather')?.totals.input).toBe(silver?.output)
      expect(commitMetadataOf('gold/weather_aggregated')?.totals.input).toBe(silver?.output)
    }
    const goOn = async () => {
      const resumed = await startEngine()
      await vi.waitFor(isThrough, { timeout: 120_000, interval: 200 })
      resumed.stdin?.end()
      await once(resumed, 'exit')
    }
    await goOn()
    lines += await placeLate(embedded)
    await goOn()
  }, 480_000)

  it('have equal tables', async () => {
    cpSync(join(embedded, 'bronze'), join(spark, 'bronze'), { recursive: true, preserveTimestamps: true })
    const script = join(import.meta.dirname, 'parity.py')
    const { status, stdout, stderr } = await runPythonProgram(
      [script, embedded, spark, crashed],
      {},
      environment,
    )
    expect(status, stderr.slice(-4000)).toBe(0)
    const { crashed: atTheKill, ...found } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
    for (const [table, { different, differences }] of Object.entries<{
      different: number
      differences: unknown[]
    }>(found))
      expect({ table, different, differences }).toEqual({ table, different: 0, differences: [] })
    // Its package is in the environment of Spark 3.5 only.
    if (environment === 'spark3')
      for (const table of ['silver', 'quarantine', 'gold', 'byMinute', 'aggregated'])
        expect(found[table].deltalake, table).toBe(found[table].rows)
    // Both readers were shown tables whose files had been replaced, and tables of a process that was killed.
    for (const table of ['byMinute', 'aggregated']) expect(found[table].overwrites, table).toBeGreaterThan(0)
    expect(Object.keys(atTheKill)).toEqual(expect.arrayContaining(['silver', 'gold']))
    for (const [table, { spark, deltalake }] of Object.entries<Record<string, number>>(atTheKill))
      if (environment === 'spark3') expect({ table, rows: spark }).toEqual({ table, rows: deltalake })
    expect(found.silver.rows + found.quarantine.rows).toBeGreaterThan(READINGS * 0.8)
    expect(found.aggregated.rows).toBeGreaterThan(10)
  }, 800_000)
})
