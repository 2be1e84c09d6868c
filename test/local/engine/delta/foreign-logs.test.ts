/** Logs as other writers, and their accidents, leave them: what the engine makes of them, and of their statistics. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { statisticsOf } from '../../../../src/delta/statistics.ts'
import { LakeFolder } from '../../../../src/local/data-lake/store/folder.ts'
import { DEFAULT_TUNING, type EngineContext } from '../../../../src/local/engine/api/options.ts'
import { checkpointReader, writeCheckpoint } from '../../../../src/local/engine/delta/delta-checkpoint.ts'
import { listLog, loadTable } from '../../../../src/local/engine/delta/delta-log.ts'
import { DeltaTable } from '../../../../src/local/engine/delta/delta-writer.ts'
import { enqueuedIn } from '../../../../src/local/engine/delta/enqueued-in.ts'
import { type Connection, Database } from '../../../../src/local/engine/duckdb/database.ts'
import { minuteIn } from '../../../../src/local/engine/jobs/time-bucket-range.ts'
import { DeltaSource } from '../../../../src/local/engine/query/delta-source.ts'
import { DeltaBuilder, pad } from '../../../support/delta-builder.ts'

const SILVER = { container: 'silver', path: 'weather', columns: [['city', 'string']] } as const
let root: string
let builder: DeltaBuilder
let database: Database
let connection: Connection
let context: EngineContext
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'rtstream-foreign-'))
  builder = new DeltaBuilder(join(root, 'silver/weather'))
  database = new Database({ temporaryFolder: join(root, 'tmp'), memoryLimit: '256MB' })
  connection = await database.connect()
  const clock = { now: () => 1_700_000_000_000 }
  context = {
    lake: new LakeFolder(root, { limitBytes: 1e9, clock }),
    clock,
    logger: pino({ level: 'silent' }),
    retentionMs: 3_600_000,
    newId: () => 'id',
    tuning: { ...DEFAULT_TUNING, flush: false },
  }
})
afterEach(async () => {
  builder.close()
  await database.close()
  rmSync(root, { recursive: true, force: true })
})

const load = () => loadTable(builder.folder, checkpointReader(connection))
const paths = async () => [...(await load()).files.keys()]

// Spark passes over checkpoints of no bytes, silently (delta-io/delta, SnapshotManagement).
it.each([
  ['of no bytes', () => ''],
  ['that was cut off', (whole: Buffer) => whole.subarray(0, whole.length - 20)],
])(
  'a checkpoint %s is none: the log is read without it, and nothing is cleaned up to it',
  async (_, damaged) => {
    builder.commit([builder.add('a')])
    await builder.checkpoint(0, [builder.add('a')])
    builder.commit([builder.add('b')])
    await builder.checkpoint(1, [builder.add('a'), builder.add('b')])
    const newest = join(builder.log, `${pad(1)}.checkpoint.parquet`)
    writeFileSync(newest, damaged(readFileSync(newest)))
    builder.commit([builder.add('c')])
    expect(await paths()).toEqual(['a', 'b', 'c'])
    expect(await listLog(builder.folder)).toEqual({ commits: [0, 1, 2], checkpoints: [0] })
  },
)

it('a checkpoint that is damaged inside is named, with what to do about it', async () => {
  builder.commit([builder.add('a')])
  const file = join(builder.log, `${pad(0)}.checkpoint.parquet`)
  writeFileSync(file, 'PAR1 and what is no footer PAR1')
  await expect(load()).rejects.toThrow(`The checkpoint ${file} cannot be read. Move it out of the log`)
  rmSync(file)
  expect(await paths()).toEqual(['a'])
})

it('a log of which only the newest checkpoint is left is a table that goes on, not a new one', async () => {
  const fields = [{ name: 'city', type: 'string', nullable: true, metadata: {} }]
  const schemaString = JSON.stringify({ type: 'struct', fields })
  const metaData = {
    id: 'x',
    format: { provider: 'parquet', options: {} },
    schemaString,
    partitionColumns: [],
    configuration: {},
  }
  builder.commit([{ protocol: { minReaderVersion: 1, minWriterVersion: 2 } }, { metaData }, builder.add('a')])
  await writeCheckpoint(context, SILVER, await load())
  builder.forgetCommits(0)
  const table = new DeltaTable(context, SILVER)
  await table.open(connection)
  expect(table.state).toMatchObject({ version: 0, metaData: { id: 'x' } })
  await table.commit({ operation: 'WRITE', add: [], dataChange: true, txn: { appId: 'silver', version: 7 } })
  expect(await load()).toMatchObject({ version: 1, metaData: { id: 'x' } })
  expect(await paths()).toEqual(['a'])
})

it('statistics of a checkpoint that JSON has no number for are left out, and the rest is read', async () => {
  builder.commit([builder.add('a')])
  await builder.parquet(
    `_delta_log/${pad(0)}.checkpoint.parquet`,
    `SELECT {'path': 'a:NaN,', 'size': 1::BIGINT, 'modificationTime': 1::BIGINT, 'dataChange': true, 'stats': NULL::VARCHAR,
      'stats_parsed': {'numRecords': 7::BIGINT, 'minValues': {'mean': 'NaN'::DOUBLE, 'least': 1.5::DOUBLE},
        'maxValues': {'mean': '-inf'::DOUBLE, 'least': 'inf'::DOUBLE}}} AS "add"`,
  )
  const [file] = [...(await load()).files.values()]
  expect(file && statisticsOf(file)).toEqual({ numRecords: 7, minValues: { least: 1.5 }, maxValues: {} })
})

it('the checksum that Hadoop has left beside _last_checkpoint goes with what it was of', async () => {
  builder.commit([builder.add('a')])
  const left = join(builder.log, '._last_checkpoint.crc')
  writeFileSync(left, 'of another')
  await writeCheckpoint(context, SILVER, await load())
  expect(existsSync(left)).toBe(false)
})

/** What the engine's own commits carry. */
const metadataOf = (batchId: number) => ({
  userMetadata: JSON.stringify({
    batchId,
    durationMs: 1,
    batch: { input: 1 },
    totals: { input: batchId + 1 },
  }),
})
const txn = (version: number) => ({ txn: { appId: 'silver', version } })

/** Version 0 is the empty table; version n + 1 has batch n with its file. */
function placeBatches(count: number): void {
  const fields = [{ name: 'city', type: 'string', nullable: true, metadata: {} }]
  const schemaString = JSON.stringify({ type: 'struct', fields })
  const format = { provider: 'parquet', options: {} }
  const metaData = { id: 'x', format, schemaString, partitionColumns: [], configuration: {} }
  builder.commit([{ protocol: { minReaderVersion: 1, minWriterVersion: 2 } }, { metaData }])
  for (let batch = 0; batch < count; batch++)
    builder.commit([txn(batch), builder.add(`batch-${batch}`)], 1, metadataOf(batch))
}
const restoreTo = (version: number, actions: readonly object[]) =>
  builder.commit(actions as never, 2, {
    operation: 'RESTORE',
    operationParameters: { version: String(version) },
  })
const checkpointNow = async () => writeCheckpoint(context, SILVER, await load())
const openTable = async () => {
  const table = new DeltaTable(context, SILVER)
  await table.open(connection)
  return table
}
const nextBatch = (version: number) =>
  ({ operation: 'WRITE', add: [], dataChange: true, txn: { appId: 'silver', version } }) as const

describe('a RESTORE that took a batch out while the engine stood', () => {
  it.each([
    ['in a checkpoint', checkpointNow],
    [
      'in a checkpoint behind commits of others',
      async () => {
        builder.commit([builder.add('of another')], 3, { operation: 'WRITE', userMetadata: 'nightly' })
        await checkpointNow()
      },
    ],
    [
      'in compacted commits',
      async () => {
        const last = [txn(1), builder.remove('batch-1')].map((action) => `${JSON.stringify(action)}\n`)
        writeFileSync(join(builder.log, `${pad(2)}.${pad(3)}.compacted.json`), last.join(''))
      },
    ],
    ['behind another one that brings nothing back', async () => void restoreTo(3, [])],
  ])('is told, though it stands %s', async (_, hide) => {
    placeBatches(2)
    restoreTo(1, [builder.remove('batch-1')])
    await hide()
    const table = await openTable()
    await expect(table.commit(nextBatch(2))).rejects.toThrow(/^silver\/weather was put back to version/)
    restoreTo(2, [builder.add('batch-1')])
    await table.refresh()
    await table.commit(nextBatch(2))
    expect(await load()).toMatchObject({ version: builder.version + 1 })
  })

  it('is not looked for before what the engine itself has written since', async () => {
    placeBatches(2)
    restoreTo(2, [])
    builder.commit([txn(2), builder.add('batch-2')], 3, metadataOf(2))
    await checkpointNow()
    expect((await load()).restored).toBeUndefined()
  })
})

it('the text of another writer’s commit is of that commit: a compaction carries the counts of the batches on', async () => {
  placeBatches(2)
  const optimize = { operation: 'OPTIMIZE', add: [], dataChange: false } as const
  const newest = () => {
    const line = readFileSync(join(builder.log, `${pad(builder.version + 1)}.json`), 'utf8').split('\n')[0]
    return (JSON.parse(line ?? '') as { commitInfo: object }).commitInfo
  }
  for (const userMetadata of ['nightly', '{"job":7}', 7, null])
    builder.commit([builder.add(`of ${userMetadata}`)], 3, { operation: 'WRITE', userMetadata })
  await (await openTable()).commit(optimize)
  expect(newest()).toMatchObject(metadataOf(1))
  // So it is when they are all behind a checkpoint.
  builder.version++
  builder.commit([builder.add('z')], 3, { operation: 'WRITE', userMetadata: 'nightly' })
  await checkpointNow()
  await (await openTable()).commit(optimize)
  expect(newest()).toMatchObject(metadataOf(1))
})

it('commits of others that were cleaned up, but for a checkpoint, before the engine saw them are taken in', async () => {
  placeBatches(1)
  const table = await openTable()
  builder.commit([builder.add('b')])
  builder.commit([builder.add('c')])
  await checkpointNow()
  builder.forgetCommits(0, 1, 2)
  await table.refresh()
  await table.commit(nextBatch(1))
  expect(await load()).toMatchObject({ version: 4 })
  expect(await paths()).toEqual(['batch-0', 'b', 'c'])
})

it('a damaged commit that a checkpoint stands for is as good as gone', async () => {
  placeBatches(2)
  await checkpointNow()
  writeFileSync(join(builder.log, `${pad(2)}.json`), '{"add":{"pa')
  expect(await load()).toMatchObject({ version: 2, userMetadata: undefined })
  expect(await paths()).toEqual(['batch-0', 'batch-1'])
})

describe('a file of the log without bytes', () => {
  // Spark takes such a commit as one without actions, and kernels pass over such compactions (delta-io/delta-kernel-rs#2336, #2358).
  it('that is compacted commits is passed over; one that was cut is named', async () => {
    placeBatches(2)
    const file = join(builder.log, `${pad(1)}.${pad(2)}.compacted.json`)
    writeFileSync(file, '')
    expect(await paths()).toEqual(['batch-0', 'batch-1'])
    writeFileSync(file, '{"add":{"path":"ba')
    await expect(load()).rejects.toThrow(`The compacted commits ${file} cannot be read. Move the file out`)
  })

  it('that is a commit is waited for, and is one without actions when it stays so', async () => {
    placeBatches(1)
    const table = await openTable()
    const next = join(builder.log, `${pad(2)}.json`)
    writeFileSync(next, '')
    const waiting = table.refresh()
    await setImmediate()
    writeFileSync(next, `${JSON.stringify(builder.add('late'))}\n`)
    await waiting
    expect([...table.state.files.keys()]).toEqual(['batch-0', 'late'])
    writeFileSync(join(builder.log, `${pad(3)}.json`), '')
    await table.refresh()
    expect(table.state.version).toBe(3)
    // Filled after all: what was read is read anew.
    writeFileSync(join(builder.log, `${pad(3)}.json`), `${JSON.stringify(builder.remove('late'))}\n`)
    await table.refresh()
    expect([...table.state.files.keys()]).toEqual(['batch-0'])
    await table.commit(nextBatch(1))
    expect(await load()).toMatchObject({ version: 4 })
  })
})

describe('a reader of the table that finds the commits behind its own gone', () => {
  const source = (version: number) =>
    new DeltaSource(context, connection, SILVER, {
      position: { tableId: 'x', version },
      rowsPerBatch: 100,
      rebuilt: ['gold/weather', 'checkpoints/gold'],
    })
  const isTold =
    /^The log of silver\/weather was cleaned up .* version 2 is gone, .* at version 3\..* move gold\/weather, checkpoints\/gold out of the lake/

  it.each([true, false])('says so, and what builds its own anew (it ran meanwhile: %s)', async (isOpen) => {
    placeBatches(1)
    const reader = source(1)
    if (isOpen) await reader.open()
    builder.commit([builder.add('b')])
    builder.commit([builder.add('c')])
    await checkpointNow()
    builder.forgetCommits(0, 1, 2)
    await expect(isOpen ? reader.plan() : reader.open()).rejects.toThrow(isTold)
  })

  it('goes on where only what it has read is gone', async () => {
    placeBatches(1)
    await checkpointNow()
    builder.forgetCommits(0, 1)
    const reader = source(1)
    await reader.open()
    expect(await reader.plan()).toBeUndefined()
    builder.commit([builder.add('b')])
    expect((await reader.plan())?.files).toMatchObject([{ path: 'b' }])
  })
})

describe('times in statistics', () => {
  const fileWith = (earliest: unknown, latest: unknown) => ({
    stats: JSON.stringify({
      numRecords: 1,
      minValues: { enqueuedAt: earliest },
      maxValues: { enqueuedAt: latest },
    }),
  })
  const NOON = Date.parse('2026-03-01T12:00:00Z')

  it.each([
    ['2026-03-01T12:00:00.000Z', '2026-03-01T12:00:00.000Z'],
    ['2026-03-01 12:00:00', '2026-03-01 12:00:00+00'],
    ['2026-03-01T13:00:00.000+01:00', '2026-03-01T13:00:00.000+0100'],
  ])('as %s and %s are read the same in every time zone, and may be cut off', (earliest, latest) => {
    const zone = process.env.TZ
    process.env.TZ = 'Asia/Tokyo'
    try {
      expect(enqueuedIn(fileWith(earliest, latest))).toEqual({ earliest: NOON, latest: NOON + 1 })
      expect([earliest, latest].map(minuteIn)).toEqual([NOON / 60_000, NOON / 60_000])
    } finally {
      if (zone === undefined) delete process.env.TZ
      else process.env.TZ = zone
    }
  })

  it('that are none may be any time: such a file is looked into for duplicates', () => {
    const all = { earliest: Number.NEGATIVE_INFINITY, latest: Number.POSITIVE_INFINITY }
    expect(enqueuedIn(fileWith('soon', '+12026-03-01T12:00:00Z'))).toEqual(all)
    expect(minuteIn('soon')).toBeNaN()
  })
})
