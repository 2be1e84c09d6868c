/** Logs as other writers, and their accidents, leave them: what the engine makes of them, and of their statistics. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { statisticsOf } from '../../../../src/delta/statistics.ts'
import { LakeFolder } from '../../../../src/local/data-lake/store/folder.ts'
import { DEFAULT_TUNING, type EngineContext } from '../../../../src/local/engine/api/options.ts'
import { checkpointReader, writeCheckpoint } from '../../../../src/local/engine/delta/delta-checkpoint.ts'
import { listLog, loadTable } from '../../../../src/local/engine/delta/delta-log.ts'
import { DeltaTable } from '../../../../src/local/engine/delta/delta-writer.ts'
import { type Connection, Database } from '../../../../src/local/engine/duckdb/database.ts'
import { enqueuedIn } from '../../../../src/local/engine/jobs/deduplication.ts'
import { minuteIn } from '../../../../src/local/engine/jobs/time-bucket-range.ts'
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
  database = await Database.open({ temporaryFolder: join(root, 'tmp'), memoryLimit: '256MB' })
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
afterEach(() => {
  builder.close()
  database.close()
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
  await writeCheckpoint(context, connection, SILVER, await load())
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
  await writeCheckpoint(context, connection, SILVER, await load())
  expect(existsSync(left)).toBe(false)
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
