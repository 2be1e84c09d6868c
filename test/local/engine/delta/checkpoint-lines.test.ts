/** A checkpoint of thousands of files: whole, or not there. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import pino from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { TABLES } from '../../../../src/contract/tables.ts'
import { checkpointName } from '../../../../src/delta/log-names.ts'
import { applyActions, emptyState } from '../../../../src/delta/replay.ts'
import { LakeFolder } from '../../../../src/local/data-lake/store/folder.ts'
import { DEFAULT_TUNING, type EngineContext } from '../../../../src/local/engine/api/options.ts'
import { checkpointReader, writeCheckpoint } from '../../../../src/local/engine/delta/delta-checkpoint.ts'
import { Database } from '../../../../src/local/engine/duckdb/database.ts'

const FILES = 3000
/** Of a removed file's name, number, size and time. */
const BYTES_EACH = 50
let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rtstream-checkpoint-'))
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

it('holds every file that was removed, in few bytes, for us and for DuckDB', async () => {
  const clock = { now: () => 1_700_000_000_000 }
  const context: EngineContext = {
    lake: new LakeFolder(root, { limitBytes: 1e9, clock }),
    clock,
    logger: pino({ level: 'silent' }),
    retentionMs: 3_600_000,
    newId: () => 'id',
    tuning: { ...DEFAULT_TUNING, flush: false },
  }
  const state = emptyState()
  const removeOf = (version: number) => ({
    path: `part-${String(version).padStart(10, '0')}-b0.parquet`,
    deletionTimestamp: clock.now() + version,
    dataChange: false,
    extendedFileMetadata: true,
    partitionValues: {},
    size: 20_000 + version,
  })
  for (let version = 0; version < FILES; version++)
    applyActions(state, version, [{ remove: removeOf(version) }])
  await writeCheckpoint(context, TABLES.silver, state)
  const log = join(root, TABLES.silver.container, TABLES.silver.path, '_delta_log')
  const checkpoint = join(log, checkpointName(FILES - 1))
  const database = new Database({ temporaryFolder: join(root, 'tmp'), memoryLimit: '256MB' })
  const actions = await checkpointReader(database.connect())(checkpoint)
  await database.close()
  const expected = Array.from({ length: FILES }, (_, index) => removeOf(index))
  expect(actions.map(({ remove }) => remove)).toEqual(expected)
  expect(JSON.parse(readFileSync(join(log, '_last_checkpoint'), 'utf8'))).toMatchObject({ size: FILES })
  expect(statSync(checkpoint).size).toBeLessThan(FILES * BYTES_EACH)
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const rows = await connection.runAndReadAll(
    `SELECT remove.path AS path, remove.size::INTEGER AS size, remove.partitionValues::VARCHAR AS parts, add IS NULL AS only
      FROM read_parquet('${checkpoint}')`,
  )
  expect(rows.getRowObjectsJS()).toEqual(
    expected.map(({ path, size }) => ({ path, size, parts: '{}', only: true })),
  )
  instance.closeSync()
})

/** Writes the checkpoint of so many removed files, where a file may grow to 51,200 bytes (`ulimit -f`). */
const WRITER = `
const [root, src, files] = process.argv.slice(1)
const load = (name) => import(src + name)
const { randomBytes } = await import('node:crypto')
const { LakeFolder } = await load('local/data-lake/store/folder.ts')
const { DEFAULT_TUNING } = await load('local/engine/api/options.ts')
const { writeCheckpoint } = await load('local/engine/delta/delta-checkpoint.ts')
const { applyActions, emptyState } = await load('delta/replay.ts')
const clock = { now: () => 1_700_000_000_000 }
const context = { lake: new LakeFolder(root, { limitBytes: 1e9, clock }), clock, tuning: { ...DEFAULT_TUNING, flush: false } }
const state = emptyState()
for (let version = 0; version < Number(files); version++)
  applyActions(state, version, [{ remove: { path: randomBytes(256).toString('hex'), deletionTimestamp: clock.now(), dataChange: false } }])
const written = writeCheckpoint(context, { container: 'silver', path: 'weather' }, state)
console.log(await written.then(() => 'written', (error) => error.code))
`

it.skipIf(process.platform === 'win32').each([
  [50, 'written'],
  [101, 'EFBIG'],
])(
  'of %i long names where a file may have the bytes of 100: %s, and no half of it stands there',
  (files, outcome) => {
    const source = pathToFileURL(join(import.meta.dirname, '../../../../src/')).href
    const { stdout, stderr } = spawnSync(
      'sh',
      [
        ...['-c', 'ulimit -f 100; exec "$0" "$@"', process.execPath, '--input-type=module', '-e', WRITER],
        ...[root, source, String(files)],
      ],
      { encoding: 'utf8', timeout: 60_000 },
    )
    expect({ stderr, stdout: stdout.trim() }).toEqual({ stderr: '', stdout: outcome })
    const checkpoint = join(root, 'silver/weather/_delta_log', checkpointName(files - 1))
    expect(existsSync(checkpoint)).toBe(outcome === 'written')
  },
  90_000,
)
