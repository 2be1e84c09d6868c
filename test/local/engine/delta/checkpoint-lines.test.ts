/** A checkpoint of thousands of files: written in pieces, since a large block of memory costs the process for good. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, expect, it, vi } from 'vitest'
import { TABLES } from '../../../../src/contract/tables.ts'
import { checkpointName } from '../../../../src/delta/log-names.ts'
import { applyActions, emptyState } from '../../../../src/delta/replay.ts'
import { LakeFolder } from '../../../../src/local/data-lake/store/folder.ts'
import { DEFAULT_TUNING, type EngineContext } from '../../../../src/local/engine/api/options.ts'
import { checkpointReader, writeCheckpoint } from '../../../../src/local/engine/delta/delta-checkpoint.ts'
import { Database } from '../../../../src/local/engine/duckdb/database.ts'

const FILES = 3000
const LARGEST_PIECE = 150_000
const root = mkdtempSync(join(tmpdir(), 'rtstream-checkpoint-'))
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
