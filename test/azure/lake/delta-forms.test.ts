/**
 * The forms that other writers give to a Delta log and to data files: each is read right, or refused in words. What real Spark writes is in
 * test/notebooks/delta_matrix.py; of `catalogManaged` that is a table's first commit, as only a Unity Catalog makes more.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { DataFile } from '../../../src/azure/lake/data-file.ts'
import { DeltaTable } from '../../../src/azure/lake/delta-table.ts'
import { ParquetFile } from '../../../src/azure/lake/parquet.ts'
import { relation } from '../../../src/azure/lake/table-audit.ts'
import { type Action, DeltaBuilder, pad } from '../../support/delta-builder.ts'
import { inlineVector } from '../../support/inline-vector.ts'
import type { WatchedClient } from '../../support/lake-client.ts'
import { watchTable } from '../../support/watched-table.ts'

let client: WatchedClient
let builder: DeltaBuilder
let table: DeltaTable

watchTable((watched) => {
  ;({ client, builder, table } = watched)
})

const ROWS = `SELECT 'e' || i AS "eventId", i::INTEGER AS temperature,
  TIMESTAMPTZ '2026-03-01 12:00:00+00' + INTERVAL 1 SECOND * i AS "enqueuedAt" FROM range(5) r(i)`
const NEWEST = new Date('2026-03-01T12:00:04Z')

const metaData = (fields: readonly object[], configuration: object = {}): Action => ({
  metaData: { id: 'x', schemaString: JSON.stringify({ type: 'struct', fields }), configuration },
})
const field = (name: string, type: string, metadata: object = {}) => ({
  name,
  type,
  nullable: true,
  metadata,
})
const FIELDS = [field('eventId', 'string'), field('temperature', 'integer'), field('enqueuedAt', 'timestamp')]
const protocol = (readerFeatures: readonly string[]): Action => ({
  protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures, writerFeatures: readerFeatures },
})
const rowsOf = async (...columns: string[]) => {
  const rows = []
  for (const file of table.files) rows.push(...((await table.rowsOf(file, columns)) ?? []))
  return rows
}

describe('statistics', () => {
  it('that are missing are read from the file’s footer: rows and newest time, and only once', async () => {
    await builder.parquet('a', ROWS)
    builder.commit([metaData(FIELDS), builder.add('a', { stats: '' })])
    await table.look()
    expect(table.snapshot()).toMatchObject({ rows: 5, newestAt: NEWEST })
    client.asked = []
    builder.commit([builder.add('b', { rows: 2 })])
    await table.look()
    expect(client.asked.filter((what) => what.includes('weather/a'))).toEqual([])
    expect(table.snapshot().rows).toBe(7)
  })

  it('that leave out the time alone are asked of the footer once, where the partition does not say it', async () => {
    await builder.parquet('a', ROWS)
    const { add } = builder.add('b', { rows: 2 }) as { add: object }
    builder.commit([metaData(FIELDS), builder.add('a', { rows: 5 })])
    await table.look()
    expect(table.snapshot()).toMatchObject({ rows: 5, newestAt: NEWEST })
    client.asked = []
    builder.commit([{ add: { ...add, partitionValues: { enqueuedAt: '2026-03-01 12:00:09.5' } } }])
    await table.look()
    expect(table.snapshot()).toMatchObject({ rows: 7, newestAt: new Date('2026-03-01T12:00:09.500Z') })
    expect(client.asked.filter((what) => !what.includes('_delta_log'))).toEqual([])
  })

  it('of a file that cannot be asked stay unknown, whatever the others say', async () => {
    writeFileSync(join(builder.folder, 'b'), 'no Parquet at all')
    builder.commit([
      metaData(FIELDS),
      builder.add('a', { rows: 3 }),
      builder.add('b', { stats: '' }),
      builder.add('gone', { stats: '' }),
    ])
    await table.look()
    expect(table.snapshot()).toMatchObject({ files: 3, rows: undefined })
    builder.commit([builder.remove('b'), builder.remove('gone')])
    await table.look()
    expect(table.snapshot().rows).toBe(3)
  })

  it('that stand as a struct in a checkpoint are read there', async () => {
    builder.commit([metaData(FIELDS), builder.add('a')])
    await builder.parquet(
      `_delta_log/${pad(0)}.checkpoint.parquet`,
      `SELECT {'path': 'a', 'size': 100::BIGINT, 'modificationTime': 1::BIGINT, 'dataChange': true, 'stats': NULL::VARCHAR,
        'stats_parsed': {'numRecords': 70::BIGINT, 'maxValues': {'enqueuedAt': TIMESTAMPTZ '2026-03-01 12:00:04+00'}}} AS "add"`,
    )
    await table.look()
    expect(table.snapshot()).toMatchObject({ rows: 70, newestAt: NEWEST })
  })
})

describe('a checkpoint of version 2', () => {
  /** Five adds, the last of which comes behind the checkpoint. */
  const NAMES = ['a', 'b', 'c', 'd', 'e']
  const UUID = '3a0d65cd-4056-49b8-937b-95f9e3ee90e5'
  beforeEach(async () => {
    for (const name of NAMES) builder.commit([builder.add(name, { rows: 10 })], 1_000)
    builder.forgetCommits(0, 1, 2)
    mkdirSync(join(builder.log, '_sidecars'))
    for (const half of [0, 1]) {
      const adds = NAMES.slice(half * 2, half * 2 + 2).map(
        (name) =>
          `{'path': '${name}', 'size': 1::BIGINT, 'modificationTime': 1::BIGINT, 'dataChange': false, 'stats': '{"numRecords":10}'}`,
      )
      await builder.parquet(
        `_delta_log/_sidecars/${half}.parquet`,
        `SELECT unnest([${adds.join(', ')}]) AS "add"`,
      )
    }
  })
  const manifest = [
    { checkpointMetadata: { version: 3 } },
    protocol(['v2Checkpoint']),
    { sidecar: { path: '0.parquet', sizeInBytes: 1, modificationTime: 1 } },
    { sidecar: { path: 'abfss://silver@x/weather/_delta_log/_sidecars/1.parquet', sizeInBytes: 1 } },
  ]
  const asJson = () =>
    writeFileSync(
      join(builder.log, `${pad(3)}.checkpoint.${UUID}.json`),
      manifest.map((line) => `${JSON.stringify(line)}\n`).join(''),
    )
  const asParquet = (name: string) =>
    builder.parquet(
      `_delta_log/${name}`,
      `SELECT {'minReaderVersion': 3, 'minWriterVersion': 7, 'readerFeatures': ['v2Checkpoint']} AS protocol, NULL::STRUCT(path VARCHAR) AS sidecar
       UNION ALL SELECT NULL, {'path': unnest(['0.parquet', '1.parquet'])}`,
    )

  it.each<[string, () => void | Promise<void>]>([
    ['in JSON', asJson],
    ['in Parquet', () => asParquet(`${pad(3)}.checkpoint.${UUID}.parquet`)],
    ['with the classic name', () => asParquet(`${pad(3)}.checkpoint.parquet`)],
  ])('%s is read with its sidecars, with and without a pointer', async (_, make) => {
    await make()
    for (const pointer of [
      undefined,
      { version: 3, size: 4, v2Checkpoint: { path: 'x' } },
      { version: 3, size: 4 },
      { version: 4, size: 9 },
    ]) {
      if (pointer) builder.point(pointer)
      table = new DeltaTable(client, 'silver', 'weather')
      expect(await table.look()).toEqual([])
      expect(table.snapshot(), JSON.stringify(pointer)).toMatchObject({ version: 4, files: 5, rows: 50 })
    }
  })

  it('of which a sidecar is gone is passed over for an older one, or the log is said to have a hole', async () => {
    asJson()
    rmSync(join(builder.log, '_sidecars/1.parquet'))
    await expect(table.look()).rejects.toMatchObject({
      message: expect.stringMatching(/silver\/weather begins with version 3, without a checkpoint/),
      hint: expect.stringContaining('checkpoint'),
    })
    await builder.checkpoint(
      2,
      NAMES.slice(0, 3).map((name) => builder.add(name, { rows: 10 })),
    )
    await table.look()
    expect(table.snapshot()).toMatchObject({ version: 4, rows: 50 })
  })
})

describe('the log', () => {
  const totals = { input: 5, output: 3 }
  const info = { userMetadata: JSON.stringify({ batchId: 0, durationMs: 1, batch: totals, totals }) }

  it('with compacted commits is read through them, and still tells the newest commit metadata', async () => {
    builder.commit([builder.add('a')])
    builder.commit([builder.add('b')], 1_000, info)
    builder.commit([builder.add('c')], 2_000)
    builder.commit([builder.remove('b'), builder.add('d')], 3_000)
    writeFileSync(
      join(builder.log, `${pad(1)}.${pad(3)}.compacted.json`),
      [builder.add('c'), builder.add('d'), builder.remove('b')]
        .map((one) => `${JSON.stringify(one)}\n`)
        .join(''),
    )
    builder.commit([builder.add('e')], 4_000)
    await table.look()
    expect(table.snapshot()).toMatchObject({ version: 4, files: 4, committedAt: new Date(4_000) })
    expect(table.snapshot().commitMetadata?.totals).toEqual(totals)
    expect(client.asked.filter((what) => what.includes(`${pad(2)}.json`))).toHaveLength(1)
  })

  it('whose newest commit before a checkpoint was maintenance tells the metadata of the batch before', async () => {
    builder.commit([builder.add('a')], 1_000, info)
    builder.commit([builder.remove('a', false), builder.add('b', { dataChange: false })], 2_000)
    await builder.checkpoint(1, [builder.add('b')])
    await table.look()
    expect(table.snapshot().commitMetadata?.totals).toEqual(totals)
  })

  it('with a checkpoint of no bytes is read as if there were none', async () => {
    builder.commit([builder.add('a')])
    builder.commit([builder.add('b')])
    writeFileSync(join(builder.log, `${pad(1)}.checkpoint.parquet`), '')
    builder.point({ version: 1, size: 2 })
    await table.look()
    expect(table.snapshot()).toMatchObject({ version: 1, files: 2, rows: 2 })
  })

  it('with compacted commits of no bytes is read by the commits themselves', async () => {
    for (const name of ['a', 'b', 'c']) builder.commit([builder.add(name)])
    writeFileSync(join(builder.log, `${pad(0)}.${pad(1)}.compacted.json`), '')
    await table.look()
    expect(table.snapshot()).toMatchObject({ version: 2, files: 3, rows: 3 })
  })

  it('with a damaged commit that a checkpoint stands for is read from that', async () => {
    for (const name of ['a', 'b', 'c']) builder.commit([builder.add(name)])
    await builder.checkpoint(
      2,
      ['a', 'b', 'c'].map((name) => builder.add(name)),
    )
    for (const version of [1, 2]) writeFileSync(join(builder.log, `${pad(version)}.json`), '{"add":{"pa')
    builder.commit([builder.add('d')])
    await table.look()
    expect(table.snapshot()).toMatchObject({ version: 3, files: 4, rows: 4 })
  })

  it('with in-commit timestamps goes by those', async () => {
    builder.commit([builder.add('a')], 9_000, { inCommitTimestamp: 5_000 })
    await table.look()
    expect(table.snapshot().committedAt).toEqual(new Date(5_000))
    expect(table.files[0]?.committedAt).toBe(5_000)
  })
})

describe('a table that asks more of its readers', () => {
  it.each<[string, Action, RegExp, RegExp]>([
    [
      'an unknown feature',
      protocol(['deletionVectors', 'sparkles']),
      /needs the reader feature sparkles/,
      /DROP FEATURE sparkles/,
    ],
    [
      'catalogManaged',
      protocol(['catalogManaged']),
      /managed by a catalog \(table feature catalogManaged\)/,
      /DROP FEATURE catalogManaged/,
    ],
    [
      'a newer reader',
      { protocol: { minReaderVersion: 4, minWriterVersion: 9 } },
      /needs Delta reader version 4/,
      /Update/,
    ],
  ])(
    'than is known here (%s) is refused in its log and in its checkpoint, until it asks no more',
    async (_, upgrade, message, hint) => {
      builder.commit([builder.add('a')])
      await table.look()
      builder.commit([upgrade, builder.add('b')])
      const refusal = { message: expect.stringMatching(message), hint: expect.stringMatching(hint) }
      await expect(table.look()).rejects.toMatchObject(refusal)
      client.asked = []
      await expect(table.look()).rejects.toMatchObject(refusal)
      expect(client.asked).toHaveLength(1)
      const afresh = new DeltaTable(client, 'silver', 'weather')
      await expect(afresh.look()).rejects.toMatchObject(refusal)
      builder.commit([{ protocol: { minReaderVersion: 1, minWriterVersion: 2 } }, builder.add('c')])
      await table.look()
      expect(table.snapshot()).toMatchObject({ version: 2, files: 3, rows: 3 })
    },
  )

  it.each([['columnMapping'], ['deletionVectors'], ['typeWidening'], ['v2Checkpoint'], ['timestampNtz']])(
    'with %s is read',
    async (feature) => {
      builder.commit([protocol([feature]), builder.add('a')])
      await table.look()
      expect(table.snapshot().rows).toBe(1)
    },
  )
})

describe('files that lie elsewhere', () => {
  const refusal = {
    message: expect.stringContaining('silver/weather has a file that is not in its container: '),
    hint: expect.stringContaining('shallow clone'),
  }
  it.each([
    'abfss://other@account.dfs.core.windows.net/weather/a',
    'wasbs://other@account.blob.core.windows.net/weather/a',
    'az://other/weather/a',
    'https://account.blob.core.windows.net/other/weather/a',
    'file:///dbfs/silver/weather/a',
    '/silver/weather/a',
    '../other/a',
    'x/%2E%2E/../other/a',
  ])('as %s are not taken for those of the table’s container, until they are gone', async (path) => {
    builder.commit([builder.add('a', { path, rows: 3 })])
    await expect(table.look()).rejects.toMatchObject(refusal)
    builder.commit([builder.remove(path), builder.add('b', { rows: 2 })])
    await table.look()
    expect(table.snapshot()).toMatchObject({ files: 1, rows: 2 })
    // Nor by who reads the commits one after the other.
    table = new DeltaTable(client, 'silver', 'weather')
    await table.look()
    expect(table.snapshot()).toMatchObject({ files: 1, rows: 2 })
  })

  it.each([
    'abfs://silver@account.dfs.core.windows.net/weather/a%20b',
    'wasbs://silver@account.blob.core.windows.net/weather/a%20b',
    'az://silver/weather/a%20b',
    'https://account.dfs.core.windows.net/silver/weather/a%20b',
    'a%20b',
  ])('but not as %s, which names the table’s own', async (path) => {
    builder.commit([builder.add('a', { path })])
    await table.look()
    expect(table.files.map((file) => file.path)).toEqual(['weather/a b'])
  })

  it('are not mixed up with names that a writer did not encode', async () => {
    builder.commit([builder.add('100%'), builder.add('dots..parquet')])
    await table.look()
    expect(table.files.map(({ path }) => path)).toEqual(['weather/100%', 'weather/dots..parquet'])
  })
})

describe('data files', () => {
  it.each(['zstd', 'gzip', 'lz4_raw', 'brotli', 'snappy', 'uncompressed'])(
    'compressed with %s are read',
    async (codec) => {
      await builder.parquet('a', ROWS, codec)
      builder.commit([metaData(FIELDS), builder.add('a', { stats: '' })])
      await table.look()
      expect(await rowsOf('eventId', 'temperature')).toEqual(
        Array.from({ length: 5 }, (_, index) => ({ eventId: `e${index}`, temperature: index })),
      )
    },
  )

  it('with mapped columns are read by their physical names, or by their ids', async () => {
    const names = ['eventId', 'temperature', 'enqueuedAt', 'added']
    const types = ['string', 'integer', 'timestamp', 'string']
    const mapped = names.map((name, index) =>
      field(name, types[index] as string, {
        'delta.columnMapping.physicalName': `col-${index}`,
        'delta.columnMapping.id': index + 1,
      }),
    )
    const stats = JSON.stringify({ numRecords: 5, maxValues: { 'col-2': '2026-03-01T12:00:04.000Z' } })
    for (const mode of ['name', 'id']) {
      builder = new DeltaBuilder(builder.folder)
      await builder.parquet(
        'a',
        `SELECT "eventId" AS "col-0", temperature AS "col-1", "enqueuedAt" AS "col-2" FROM (${ROWS})`,
      )
      builder.commit([metaData(mapped, { 'delta.columnMapping.mode': mode }), builder.add('a', { stats })])
      table = new DeltaTable(client, 'silver', 'weather')
      await table.look()
      expect(table.snapshot()).toMatchObject({ rows: 5, newestAt: NEWEST })
      expect((await rowsOf('eventId', 'temperature', 'added'))[4]).toEqual({
        eventId: 'e4',
        temperature: 4,
        added: null,
      })
    }
  })

  it('of a partitioned table take the values of their partition from the log', async () => {
    await builder.parquet('a', `SELECT "eventId" FROM (${ROWS})`)
    const { add } = builder.add('a', { rows: 5 }) as { add: object }
    builder.commit([metaData(FIELDS), { add: { ...add, partitionValues: { temperature: '21' } } }])
    await table.look()
    expect((await rowsOf('eventId', 'temperature'))[0]).toEqual({ eventId: 'e0', temperature: 21 })
  })

  it.each<[string, string, unknown]>([
    // "An empty string for any type translates to a null partition value", says the protocol.
    ['string', '', null],
    ['integer', '', null],
    ['date', '2026-03-01', new Date('2026-03-01')],
    ['timestamp', '2026-03-01 12:00:09.5', new Date('2026-03-01T12:00:09.500Z')],
    ['boolean', 'false', false],
    ['decimal(5,2)', '-1.50', -1.5],
  ])(
    'of a partition by a column of type %s have its value (%j) in that type, in SQL too',
    async (type, text, value) => {
      await builder.parquet('a', `SELECT "eventId" FROM (${ROWS})`)
      const { add } = builder.add('a', { rows: 5 }) as { add: object }
      const columns = [field('eventId', 'string'), field('part', type)]
      builder.commit([metaData(columns), { add: { ...add, partitionValues: { part: text } } }])
      await table.look()
      expect((await rowsOf('part'))[0]).toEqual({ part: value })
      const place = join(builder.folder, 'a')
      const [file] = table.files as [DataFile]
      const sql = relation(table, file, new ParquetFile(readFileSync(place)), place, [])
      const found = await (await builder.connection()).runAndReadAll(
        `SELECT typeof(part), part IS NULL FROM (${sql}) LIMIT 1`,
      )
      const types: Record<string, string> = { string: 'VARCHAR', timestamp: 'TIMESTAMP WITH TIME ZONE' }
      expect(found.getRowsJson()).toEqual([[types[type] ?? type.toUpperCase(), value === null]])
    },
  )

  it('of a checkpoint that has a vector of nulls have no deleted rows', async () => {
    await builder.parquet('a', ROWS)
    builder.commit([metaData(FIELDS), builder.add('a', { rows: 5 })])
    await builder.parquet(
      `_delta_log/${pad(0)}.checkpoint.parquet`,
      `SELECT {'path': 'a', 'size': 1000::BIGINT, 'modificationTime': 1::BIGINT, 'dataChange': true, 'stats': '{"numRecords":5}',
        'deletionVector': {'storageType': NULL::VARCHAR, 'pathOrInlineDv': NULL::VARCHAR, 'offset': NULL::INTEGER,
          'sizeInBytes': NULL::INTEGER, 'cardinality': NULL::BIGINT}} AS "add", NULL::VARCHAR AS "metaData"`,
    )
    await table.look()
    expect(table.snapshot().rows).toBe(5)
    expect(await rowsOf('temperature')).toHaveLength(5)
  })

  it('with deleted rows are read without them, and tell the newest row that is left', async () => {
    await builder.parquet('a', ROWS)
    // Rows 1 and 4, in the log itself: the bitmap in Base85.
    const vector = inlineVector([1, 4])
    const { add } = builder.add('a', { rows: 5, newestAt: '2026-03-01T12:00:04.000Z' }) as { add: object }
    builder.commit([metaData(FIELDS), { add: { ...add, deletionVector: vector } }])
    await table.look()
    expect(table.snapshot()).toMatchObject({ rows: 3, newestAt: new Date('2026-03-01T12:00:03Z') })
    expect((await rowsOf('temperature')).map(({ temperature }) => temperature)).toEqual([0, 2, 3])
  })
})
