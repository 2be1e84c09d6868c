/** The embedded engine and the notebooks on Spark, over the same bronze: the same tables, row by row. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { BatchBooks } from '../../src/pipeline/contract/tables.ts'
import { python } from '../support/python.ts'
import { placeGenerated, placeHandMade } from './bronze-fixture.ts'
import { sparkOrReason } from './spark.ts'

const READINGS = 50_000
const lacks = sparkOrReason('the parity of the two engines')

const folder = mkdtempSync(join(tmpdir(), 'rtstream-parity-'))
const embedded = join(folder, 'embedded')
const spark = join(folder, 'spark')
let engine: ChildProcess | undefined
afterEach(() => {
  engine?.kill('SIGKILL')
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

/** The books in the table's newest commit that has some. */
function booksOf(table: string): BatchBooks | undefined {
  const log = join(embedded, table, '_delta_log')
  if (!existsSync(log)) return undefined
  for (const name of readdirSync(log)
    .filter((name) => /^\d{20}\.json$/.test(name))
    .sort()
    .reverse())
    for (const line of readFileSync(join(log, name), 'utf8').split('\n').filter(Boolean)) {
      const text = JSON.parse(line).commitInfo?.userMetadata
      if (text) return JSON.parse(text)
    }
  return undefined
}

/** Runs a script with arguments of its own. */
const RUN = 'import runpy, sys; del sys.argv[0]; runpy.run_path(sys.argv[0], run_name="__main__")'

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
    cpSync(join(embedded, 'bronze'), join(spark, 'bronze'), { recursive: true, preserveTimestamps: true })
  })

  it('the embedded engine, killed on its way, leaves tables that others read, and goes on', async () => {
    const killed = await startEngine()
    await vi.waitFor(() => expect(booksOf('gold/weather')?.totals.input).toBeGreaterThan(0), 60_000)
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    const [rows, different] = python(COUNT, [join(embedded, 'silver/weather')])
      .split(' ')
      .map(Number)
    expect(rows).toBeGreaterThan(0)
    expect(different).toBe(rows)
    const resumed = await startEngine()
    await vi.waitFor(
      () => {
        const silver = booksOf('silver/weather')?.totals
        expect(silver?.input).toBe(lines)
        expect(booksOf('gold/weather')?.totals.input).toBe(silver?.output)
        expect(booksOf('gold/weather_aggregated')?.totals.input).toBe(silver?.output)
      },
      { timeout: 120_000, interval: 200 },
    )
    resumed.stdin?.end()
    await once(resumed, 'exit')
  }, 240_000)

  it('have equal tables', async () => {
    const script = join(import.meta.dirname, 'parity.py')
    const printed = python(RUN, [script, embedded, spark], { timeoutMs: 390_000 })
    const found = JSON.parse(printed.split('\n').at(-1) ?? '')
    for (const [table, { different, differences }] of Object.entries<{
      different: number
      differences: unknown[]
    }>(found))
      expect({ table, different, differences }).toEqual({ table, different: 0, differences: [] })
    for (const table of ['silver', 'quarantine', 'gold', 'byMinute', 'aggregated'])
      expect(found[table].deltalake, table).toBe(found[table].rows)
    expect(found.silver.rows + found.quarantine.rows).toBeGreaterThan(READINGS * 0.8)
    expect(found.aggregated.rows).toBeGreaterThan(10)
  }, 400_000)
})
