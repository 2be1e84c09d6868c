/** What `npm run bench -- --profile` sums up of DuckDB's statements, by a real DuckDB. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { profileText, StatementSums } from '../bench/duckdb-profile-sums.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rtstream-profile-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('statements that differ in numbers and texts are one, the dearest first', () => {
  const sums = new StatementSums()
  const scan = { operator_name: 'SEQ_SCAN ', operator_timing: 0.25, operator_cardinality: 7, children: [] }
  sums.add({ query_name: "SELECT 1 FROM 'a b'", children: [scan] }, 0.5)
  sums.add({ query_name: "SELECT  22 FROM 'c''d'", children: [{ ...scan, operator_timing: 0.125 }] }, 0.5)
  sums.add({ query_name: 'TRUNCATE batch', children: [] }, 0.001)
  expect(profileText(sums).split('\n')).toEqual([
    "    1000.0 ms in 2 runs: SELECT # FROM '…'",
    '         375.0 ms SEQ_SCAN, 14 rows',
    '         625.0 ms planning and all else',
    '       1.0 ms in 1 runs: TRUNCATE batch',
    '           1.0 ms planning and all else',
    '',
  ])
})

test('each statement of a program is in it, those with a kept plan too', () => {
  const script = `
    import { createRequire } from 'node:module'
    import { profileDuckDb } from './test/bench/duckdb-profile.ts'
    const library = createRequire(import.meta.url)('@duckdb/node-api')
    profileDuckDb(library, ${JSON.stringify(folder)})
    const connection = await (await library.DuckDBInstance.create()).connect()
    await connection.run('CREATE TABLE readings AS SELECT range AS n FROM range(1000)')
    const prepared = await connection.prepare('SELECT sum(n) FROM readings')
    for (let run = 0; run < 3; run++) await prepared.run()`
  execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
  const files = readdirSync(folder)
  expect(files).toHaveLength(1)
  const text = readFileSync(join(folder, files[0] ?? ''), 'utf8')
  expect(text).toMatch(/ms in 3 runs: SELECT sum\(n\) FROM readings/)
  expect(text).toMatch(/ms in 1 runs: CREATE TABLE readings/)
})
