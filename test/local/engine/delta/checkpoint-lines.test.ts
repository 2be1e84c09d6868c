/** A checkpoint of thousands of files: written in pieces, since a large block of memory costs the process for good. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import pino from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { TABLES } from '../../../../src/contract/tables.ts'
import { checkpointName } from '../../../../src/delta/log-names.ts'
import { applyActions, emptyState } from '../../../../src/delta/replay.ts'
import { LakeFolder } from '../../../../src/local/data-lake/store/folder.ts'
import { DEFAULT_TUNING, type EngineContext } from '../../../../src/local/engine/api/options.ts'
import { checkpointReader, writeCheckpoint } from '../../../../src/local/engine/delta/delta-checkpoint.ts'
import { Database } from '../../../../src/local/engine/duckdb/database.ts'

const FILES = 3000
const LARGEST_PIECE = 150_000
let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rtstream-checkpoint-'))
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(root, { recursive: true, force: true })
})

it('is written in pieces of a bounded size, and holds every file that was removed', async () => {
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
  const probe = await open(root, 'r')
  const write = vi.spyOn(Object.getPrototypeOf(probe) as typeof probe, 'appendFile')
  await probe.close()
  const database = await Database.open({ temporaryFolder: join(root, 'tmp'), memoryLimit: '256MB' })
  try {
    const connection = await database.connect()
    await writeCheckpoint(context, connection, TABLES.silver, state)
    const log = join(root, TABLES.silver.container, TABLES.silver.path, '_delta_log')
    const actions = await checkpointReader(connection)(join(log, checkpointName(FILES - 1)))
    expect(actions.map(({ remove }) => remove)).toEqual(
      Array.from({ length: FILES }, (_, index) => removeOf(index)),
    )
    expect(JSON.parse(readFileSync(join(log, '_last_checkpoint'), 'utf8'))).toMatchObject({ size: FILES })
  } finally {
    database.close()
  }
  const pieces = write.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('"remove"'))
  expect(pieces.length).toBeGreaterThan(1)
  expect(Math.max(...pieces.map((text) => text.length))).toBeLessThan(LARGEST_PIECE)
})

/** Writes the checkpoint of `files` removed files whose lines have 512 bytes each, which is what a file may grow by (`ulimit -f`). */
const WRITER = `
const [root, src, files] = process.argv.slice(1)
const load = (name) => import(src + name)
const { LakeFolder } = await load('local/data-lake/store/folder.ts')
const { DEFAULT_TUNING } = await load('local/engine/api/options.ts')
const { writeCheckpoint } = await load('local/engine/delta/delta-checkpoint.ts')
const { Database } = await load('local/engine/duckdb/database.ts')
const { applyActions, emptyState } = await load('delta/replay.ts')
const clock = { now: () => 1_700_000_000_000 }
const context = { lake: new LakeFolder(root, { limitBytes: 1e9, clock }), clock, tuning: { ...DEFAULT_TUNING, flush: false } }
const state = emptyState()
for (let version = 0; version < Number(files); version++) {
  const remove = { path: String(version).padStart(10, '0'), deletionTimestamp: clock.now(), dataChange: false }
  const short = JSON.stringify({ remove }).length
  applyActions(state, version, [{ remove: { ...remove, path: remove.path + '-'.repeat(511 - short) } }])
}
const database = await Database.open({ temporaryFolder: root + '/tmp', memoryLimit: '256MB' })
const written = writeCheckpoint(context, await database.connect(), { container: 'silver', path: 'weather' }, state)
console.log(await written.then(() => 'written', (error) => error.code))
database.close()
`

// The checkpoint itself is smaller than its lines, so that it alone would not tell.
it.skipIf(process.platform === 'win32').each([
  [100, 'written'],
  [101, 'EFBIG'],
])(
  'of %i lines where a file may have 100 of them: %s, and none is left out',
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
