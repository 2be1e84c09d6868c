/** SQL over the live tables of the real chain: what is asked, what is refused, and what is written to files. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { runExport, runSql } from '../../src/commands/sql.ts'
import { type LocalAzure, startLocalAzure } from '../../src/local/hosting/host.ts'
import { DEFAULT_LIMITS, type LakeQuery, PREPARED_QUERIES } from '../../src/pipeline/ports/query.ts'
import type { Target } from '../../src/pipeline/ports/target.ts'
import { connect, dataFolder, localOptions, removeDataFolders } from '../support/local-azure.ts'

let azure: LocalAzure
let folder: string
let target: Target
let query: LakeQuery

const reading = (number: number, change: object = {}) => ({
  body: Buffer.from(
    JSON.stringify({
      eventId: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
      deviceId: 'station-00007',
      deviceSequenceNumber: number,
      city: 'Oslo',
      temperature: 20,
      humidity: 50,
      timestamp: '2026-11-24 02:07:11',
      createdAt: new Date().toISOString(),
      ...change,
    }),
  ),
  partitionKey: 'station-00007',
})

const ask = (sql: string, limits = DEFAULT_LIMITS, signal?: AbortSignal) => query.run(sql, limits, signal)
const signal = new AbortController().signal

beforeAll(async () => {
  folder = dataFolder()
  azure = await startLocalAzure(localOptions(folder))
  target = await connect(azure.endpoints)
  query = target.query as LakeQuery
  expect((await ask('SELECT count(*) AS n FROM silver')).rows).toEqual([[0]])
  for (const id of ['streamAnalytics', 'silver', 'gold', 'aggregate'] as const)
    await target.stages[id].start()
  await target.producer.send([reading(1), reading(2), reading(3), reading(4, { city: ' ' })])
  await vi.waitFor(
    async () => {
      expect((await ask('SELECT sum(readings) FROM aggregated')).rows).toEqual([[3]])
      expect((await ask('SELECT count(*) FROM quarantine')).rows).toEqual([[1]])
    },
    { timeout: 40_000, interval: 500 },
  )
}, 60_000)
afterAll(async () => {
  await target?.close()
  await azure?.close()
  removeDataFolders()
})

describe('sql', () => {
  it('sees every layer as a view, bronze as lines with the names of their files', async () => {
    expect((await ask('SELECT deviceSequenceNumber, city FROM gold ORDER BY 1')).rows).toEqual([
      [1, 'Oslo'],
      [2, 'Oslo'],
      [3, 'Oslo'],
    ])
    expect((await ask('SELECT reasons FROM quarantine')).rows).toEqual([[['city is missing']]])
    const bronze = await ask('SELECT file, line FROM bronze')
    expect(bronze.rows).toHaveLength(4)
    expect(String(bronze.rows[0]?.[0])).toMatch(/^weather\/\d{4}\/\d\d\/\d\d\//)
    expect(JSON.parse(String(bronze.rows[0]?.[1]))).toMatchObject({ deviceId: 'station-00007' })
    for (const { sql } of PREPARED_QUERIES) expect((await ask(sql)).rows.length).toBeGreaterThan(0)
  })

  it('takes bronze files of other writers under the names that they have, and none that is hidden', async () => {
    const others = join(folder, 'lake/bronze/weather/line=x')
    mkdirSync(join(others, '_temporary'), { recursive: true })
    // Windows has no names with a star.
    const star = process.platform === 'win32' ? 'b+.json' : 'b*.json'
    const names = ['a[1].json', 'a1.json', star, '_c.json', '.d.json', '_temporary/e.json']
    for (const name of names) writeFileSync(join(others, name), `of ${name}\n`)
    try {
      const found = await ask("SELECT file, line FROM bronze WHERE file LIKE '%line=x%' ORDER BY 1")
      expect(found.rows).toEqual(
        names
          .slice(0, 3)
          .sort()
          .map((name) => [`weather/line=x/${name}`, `of ${name}`]),
      )
    } finally {
      rmSync(others, { recursive: true })
    }
  })

  it('is read-only, reaches no other file, and takes one statement', async () => {
    for (const sql of [
      'CREATE TABLE t(a INT)',
      "COPY (SELECT 1) TO '/tmp/x.csv'",
      'DELETE FROM silver',
      'SET threads = 8',
    ])
      await expect(ask(sql), sql).rejects.toThrow(/Only SELECT|configuration|Can only delete/)
    await expect(ask('SELECT 1; SELECT 2')).rejects.toThrow(/One statement/)
    for (const nothing of ['', ' \n', ';', '-- SELECT 1', '/* SELECT\n1 */ ;;'])
      await expect(ask(nothing)).rejects.toThrow(/There is no statement/)
    expect((await ask("-- two\nSELECT '--' AS a /* ; */;")).rows).toEqual([['--']])
    await expect(ask("SELECT * FROM read_text('/etc/hostname')")).rejects.toThrow(/disabled|Permission/i)
  })

  it('is bounded in rows and time, and can be cancelled', async () => {
    const cut = await ask('SELECT * FROM range(1000000)', { rows: 10, timeoutMs: 30_000 })
    expect(cut.rows).toHaveLength(10)
    expect(cut.isCut).toBe(true)
    const endless = 'SELECT count(*) FROM range(10000000) a, range(1000000) b'
    await expect(ask(endless, { rows: 10, timeoutMs: 300 })).rejects.toThrow(/longer than/)
    const controller = new AbortController()
    const asked = ask(endless, DEFAULT_LIMITS, controller.signal)
    setTimeout(() => controller.abort(new Error('enough')), 200)
    await expect(asked).rejects.toThrow('enough')
  })

  it('the command prints a table, JSON or CSV, and what is wrong with the SQL', async () => {
    const out: string[] = []
    const common = {
      query,
      target: 'local' as const,
      maxRows: 100,
      yes: false,
      write: (text: string) => out.push(text),
      writeError: () => {},
      drained: async () => {},
      signal,
    }
    const sql = 'SELECT city, readings FROM aggregated'
    await runSql({ ...common, sql, format: 'table' })
    expect(out.join('')).toMatch(/^city +readings\n-+ +-+\nOslo +3\n$/)
    out.length = 0
    await runSql({ ...common, sql, format: 'json' })
    expect(JSON.parse(out.join(''))).toEqual({ city: 'Oslo', readings: 3 })
    out.length = 0
    await runSql({ ...common, sql, format: 'csv' })
    expect(out.join('')).toBe('city,readings\nOslo,3\n')
    await expect(runSql({ ...common, sql: 'SELCT 1', format: 'csv' })).rejects.toThrow(
      'The query failed: Parser Error: syntax error at or near "SELCT"',
    )
    await expect(runSql({ ...common, sql: 'SELECT nothing FROM silver', format: 'csv' })).rejects.toThrow(
      /nothing/,
    )
  })

  it('says how much it fetches from Azure, and asks first beyond 100 MB', async () => {
    const errors: string[] = []
    const big: LakeQuery = { ...query, size: async () => ({ files: 7, bytes: 123_000_000 }) }
    const options = {
      query: big,
      target: 'azure' as const,
      sql: 'SELECT count(*) FROM silver',
      format: 'csv' as const,
      maxRows: 1,
      write: () => {},
      writeError: (text: string) => errors.push(text),
      drained: async () => {},
      signal,
    }
    await expect(runSql({ ...options, yes: false })).rejects.toThrow('7 files, 123.0 MB')
    expect(await runSql({ ...options, yes: true })).toBe(0)
    expect(errors.join('')).toContain('Fetching 7 files, 123.0 MB')
  })
})

it('export writes a table as CSV or Parquet, which other readers open', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'export-'))
  const options = {
    query,
    target: 'local' as const,
    yes: false,
    write: () => {},
    writeError: () => {},
    drained: async () => {},
    signal,
  }
  try {
    const csv = join(folder, 'gold.csv')
    await runExport({ ...options, table: 'gold', format: 'csv', out: csv })
    expect(readFileSync(csv, 'utf8').trim().split('\n')).toHaveLength(4)
    const parquet = join(folder, 'silver.parquet')
    await runExport({ ...options, table: 'silver', format: 'parquet', out: parquet })
    const { buffer, byteOffset, byteLength } = readFileSync(parquet)
    const file = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer
    expect((await parquetReadObjects({ file })).map(({ city }) => city)).toEqual(['Oslo', 'Oslo', 'Oslo'])
    await expect(runExport({ ...options, table: 'users', format: 'csv', out: csv })).rejects.toThrow(
      'no table users',
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
