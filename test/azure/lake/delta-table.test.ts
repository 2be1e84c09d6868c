/** Delta tables through their logs, over the wire: what is new in them, and nothing else, is asked for. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DeltaTable } from '../../../src/azure/lake/delta-table.ts'
import { DeltaBuilder, pad } from '../../support/delta-builder.ts'
import { lakeClient, type WatchedClient } from '../../support/lake-client.ts'
import { KEY, type LakeServer } from '../../support/lake-server.ts'
import { runPython } from '../../support/python.ts'
import { watchTable } from '../../support/watched-table.ts'

let running: LakeServer
let client: WatchedClient
let builder: DeltaBuilder
let table: DeltaTable

watchTable((watched) => {
  ;({ running, client, builder, table } = watched)
})

const names = (files: readonly { path: string }[]) => files.map(({ path }) => path.replace('weather/', ''))
const look = async () => names(await table.look())
const active = () => names(table.files).sort()
const { add, remove } = {
  add: (...args: Parameters<DeltaBuilder['add']>) => builder.add(...args),
  remove: (...args: Parameters<DeltaBuilder['remove']>) => builder.remove(...args),
}
const EMPTY = {
  version: -1,
  files: 0,
  bytes: 0,
  rows: 0,
  newestAt: undefined,
  committedAt: undefined,
  commitMetadata: undefined,
  commits: [],
}

describe('a table that grows', () => {
  it('is empty while there is no log, and is found when it comes', async () => {
    builder = new DeltaBuilder(join(running.root, 'silver/other'))
    const later = new DeltaTable(client, 'silver', 'other')
    expect(await later.look()).toEqual([])
    expect(later.snapshot()).toEqual(EMPTY)
    builder.commit([add('a', { rows: 2 })])
    expect((await later.look()).map(({ path }) => path)).toEqual(['other/a'])
    expect(later.snapshot()).toMatchObject({ version: 0, files: 1, rows: 2 })
    const nowhere = new DeltaTable(client, 'nothere', 'weather')
    expect(await nowhere.look()).toEqual([])
  })

  it('tells its rows, bytes and newest row, the commitMetadata of its newest commit, and what has arrived since', async () => {
    const totals = { input: 5, output: 3 }
    const commitMetadata = (batchId: number) => ({
      userMetadata: JSON.stringify({ batchId, durationMs: 1, batch: totals, totals }),
    })
    builder.commit([add('a', { rows: 3, newestAt: '2026-11-24T10:00:00.123Z' })], 5_000, commitMetadata(0))
    builder.commit([add('b', { rows: 2, newestAt: '2026-11-24T09:00:00.000Z' })], 6_000, {
      userMetadata: 'of somebody else',
    })
    expect(await look()).toEqual([])
    expect(table.snapshot()).toEqual({
      version: 1,
      files: 2,
      bytes: 200,
      rows: 5,
      newestAt: new Date('2026-11-24T10:00:00.123Z'),
      committedAt: new Date(6_000),
      commitMetadata: { batchId: 0, durationMs: 1, batch: totals, totals },
      commits: [
        expect.objectContaining({ version: 0, rows: 3, bytes: 100, at: 5_000, batchId: 0, durationMs: 1 }),
        expect.objectContaining({ version: 1, rows: 2, addedFiles: 1, at: 6_000, batchId: undefined }),
      ],
    })
    builder.commit([add('c', { rows: 1 })], 7_000, commitMetadata(1))
    builder.commit([add('d', { rows: 1 })], 8_000)
    expect(await look()).toEqual(['c', 'd'])
    expect(table.files.map(({ committedAt, version }) => [committedAt, version])).toEqual([
      [5_000, 0],
      [6_000, 1],
      [7_000, 2],
      [8_000, 3],
    ])
    expect(table.snapshot().commitMetadata?.batchId).toBe(1)
  })

  it('costs one request a look, one for each new commit, and after a quiet one that for the last known', async () => {
    const read = (version: number) => `read silver/weather/_delta_log/${pad(version)}.json`
    for (let version = 0; version < 22; version++) builder.commit([add(`${version}`)])
    await table.look()
    client.asked = []
    await table.look()
    expect(client.asked).toEqual([read(22)])
    client.asked = []
    builder.commit([add('22')])
    builder.commit([add('23')])
    await table.look()
    expect(client.asked).toEqual([read(22), read(21), read(23), read(24)])
    client.asked = []
    builder.commit([add('24')])
    await table.look()
    expect(client.asked).toEqual([read(24), read(25)])
  })

  it('takes adds without statistics, odd statistics, odd names and absolute paths', async () => {
    builder.commit([
      add('a', { stats: '' }),
      add('b', { stats: 'no json' }),
      add('c', { stats: '{"numRecords":4,"maxValues":{"enqueuedAt":17}}' }),
      add('d', { path: 'date=2026-11-24%2000%253A00/d%20%C3%A9.parquet' }),
      add('e', { path: 'abfss://silver@account.dfs.core.windows.net/weather/e.parquet' }),
    ])
    await table.look()
    expect(active()).toEqual(['a', 'b', 'c', 'date=2026-11-24 00%3A00/d é.parquet', 'e.parquet'])
    // Two have no statistics, and are not there to be asked: unknown, not 0.
    expect(table.snapshot()).toMatchObject({ rows: undefined, newestAt: undefined })
  })
})

describe('rows that are no new ones', () => {
  it('compaction replaces files and brings none', async () => {
    builder.commit([add('a', { rows: 1 })])
    builder.commit([add('b', { rows: 2 })])
    await table.look()
    builder.commit([remove('a', false), remove('b', false), add('ab', { rows: 3, dataChange: false })])
    builder.commit([add('c', { rows: 4 })])
    expect(await look()).toEqual(['c'])
    expect(active()).toEqual(['ab', 'c'])
    expect(table.snapshot().rows).toBe(7)
  })

  it('an overwrite leaves only what it wrote', async () => {
    builder.commit([add('a', { rows: 5 })])
    await table.look()
    builder.commit([remove('a'), add('b', { rows: 1 })])
    expect(await look()).toEqual(['b'])
    expect(table.snapshot()).toMatchObject({ files: 1, rows: 1 })
  })

  it.each([
    ['before', true],
    ['behind', false],
  ])(
    'a deletion vector takes rows from a file, its new entry %s the old one’s removal',
    async (_, isFirst) => {
      builder.commit([add('a', { rows: 5 }), add('b', { rows: 5 })])
      await table.look()
      const actions = [add('a', { rows: 5, deleted: 2 }), remove('a')]
      builder.commit(isFirst ? actions : actions.reverse())
      expect(await look()).toEqual([])
      expect(active()).toEqual(['a', 'b'])
      expect(table.snapshot().rows).toBe(8)
    },
  )
})

describe('a checkpoint', () => {
  it.each([
    ['in one file', { parts: 1 }],
    ['in three parts', { parts: 3 }],
    ['that no pointer names', { pointer: false }],
    ['in parts that no pointer names', { parts: 2, pointer: false }],
  ])('%s stands for the commits before it, which may be gone', async (_, options) => {
    const adds = ['a', 'b', 'c', 'd'].map((name) => add(name, { rows: 2 }))
    for (const one of adds) builder.commit([one])
    await builder.checkpoint(3, adds, options)
    builder.commit([add('e', { rows: 1 })], 9_000)
    builder.forgetCommits(0, 1, 2)
    expect(await look()).toEqual([])
    expect(active()).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(table.snapshot()).toMatchObject({ version: 4, rows: 9, committedAt: new Date(9_000) })
  })

  it('carries the commitMetadata of its own commit', async () => {
    const totals = { input: 1, output: 1 }
    const commitMetadata = { batchId: 7, durationMs: 1, batch: totals, totals }
    builder.commit([add('a')], 5_000, { userMetadata: JSON.stringify(commitMetadata) })
    await builder.checkpoint(0, [add('a')])
    await table.look()
    expect(table.snapshot()).toMatchObject({ commitMetadata, committedAt: new Date(5_000) })
  })

  it.each([
    ['names one that is gone', { version: 2, size: 1 }],
    ['is cut off', '{"version":'],
    ['names parts of which some are missing', { version: 3, size: 1, parts: 2 }],
  ])('whose pointer %s is passed over', async (_, pointer) => {
    for (const name of ['a', 'b', 'c', 'd']) builder.commit([add(name)])
    await builder.checkpoint(
      3,
      ['a', 'b', 'c', 'd'].map((name) => add(name)),
    )
    builder.point(pointer)
    await table.look()
    expect(active()).toEqual(['a', 'b', 'c', 'd'])
    builder.forgetCommits(0)
    const another = new DeltaTable(client, 'silver', 'weather')
    await another.look()
    expect(names(another.files).sort()).toEqual(['a', 'b', 'c', 'd'])
  })

  it('of 200,000 files is read', async () => {
    builder.commit([])
    const connection = await builder.connection()
    const place = join(builder.log, `${pad(0)}.checkpoint.parquet`)
    await connection.run(
      `COPY (SELECT {'path': 'f' || i, 'size': 1::BIGINT, 'modificationTime': 1::BIGINT, 'dataChange': false, 'stats': '{"numRecords":1}'} AS "add", NULL::STRUCT(minReaderVersion INTEGER) AS protocol FROM range(200000) r(i)) TO '${place}' (FORMAT parquet)`,
    )
    builder.point({ version: 0, size: 200_000 })
    await table.look()
    expect(table.snapshot()).toMatchObject({ files: 200_000, rows: 200_000 })
  })

  it('of a protocol that nobody here knows is refused', async () => {
    builder.commit([{ protocol: { minReaderVersion: 4, minWriterVersion: 9 } }, add('a')])
    await expect(table.look()).rejects.toThrow(/needs Delta reader version 4/)
  })
})

describe('a log that does not go on', () => {
  /** Looks until the log is listed once. */
  const lookForLong = async () => {
    for (let index = 0; index < 62; index++) await table.look()
  }

  it('behind a gap is read from its checkpoint', async () => {
    builder.commit([add('a')])
    builder.commit([add('b')])
    await table.look()
    for (const name of ['c', 'd', 'e']) builder.commit([add(name)])
    await builder.checkpoint(
      4,
      ['a', 'b', 'c', 'd', 'e'].map((name) => add(name)),
    )
    builder.forgetCommits(0, 1, 2, 3)
    await lookForLong()
    expect(table.snapshot().version).toBe(4)
    expect(active()).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it.each([
    ['fewer', ['x']],
    ['as many', ['x', 'y']],
  ])('of a table that was made anew with %s commits is read afresh', async (_, files) => {
    builder.commit([add('a')], 1_000)
    builder.commit([add('b')], 2_000)
    await table.look()
    builder = new DeltaBuilder(builder.folder)
    for (const name of files) builder.commit([add(name)], 3_000)
    await lookForLong()
    expect(active()).toEqual(files)
  })

  it.each([0, 1])(
    'of a table that was made anew and has passed the old one within %i quiet looks is read afresh',
    async (quiet) => {
      builder.commit([add('a')], 1_000)
      builder.commit([add('b')], 2_000)
      await table.look()
      builder = new DeltaBuilder(builder.folder)
      for (let index = 0; index < quiet; index++) await table.look()
      for (const name of ['x', 'y', 'z']) builder.commit([add(name)], 3_000)
      expect(await look()).toEqual([])
      expect(active()).toEqual(['x', 'y', 'z'])
      builder.commit([add('w')])
      expect(await look()).toEqual(['w'])
    },
  )

  /** Batches of ten readings each, as a stage commits them. */
  const batch = (batchId: number, input = 10 * (batchId + 1)) => ({
    userMetadata: JSON.stringify({
      ...{ batchId, durationMs: 1 },
      ...{ batch: { input: 10, output: 10 }, totals: { input, output: input } },
    }),
  })
  const schema = (id: string) => ({
    metaData: {
      ...{ id, format: { provider: 'parquet', options: {} }, schemaString: '{"type":"struct","fields":[]}' },
      ...{ partitionColumns: [], configuration: {} },
    },
  })

  it.each<[string, () => void]>([
    ['counts on from another total', () => builder.commit([add('z')], 4_000, batch(20, 400))],
    ['is of an earlier batch', () => builder.commit([add('z')], 4_000, batch(3))],
    ['takes away what is not there', () => builder.commit([remove('w'), add('z')], 4_000)],
    ['is of another table by its metadata', () => builder.commit([schema('new'), add('z')], 4_000)],
  ])(
    'of a table that was made anew and passed between two polls is read afresh where its commit %s',
    async (_, next) => {
      builder.commit([schema('old')])
      for (let version = 0; version < 20; version++)
        builder.commit([add(`${version}`)], 2_000, batch(version))
      await table.look()
      builder = new DeltaBuilder(builder.folder)
      for (let version = 0; version <= 20; version++) builder.commit([add(`new-${version}`)], 3_000)
      next()
      expect(await look()).toEqual([])
      expect(active()).toContain('z')
      expect(active()).not.toContain('1')
    },
  )

  it('is followed by one request a commit, whether of a batch, of maintenance, or after batches that wrote nothing', async () => {
    builder.commit([schema('old')])
    for (let version = 0; version < 20; version++) builder.commit([add(`${version}`)], 2_000, batch(version))
    await table.look()
    client.asked = []
    const commits = [
      () => builder.commit([add('a')], 3_000, batch(20)),
      () =>
        builder.commit([remove('1', false), add('1-of-another', { dataChange: false })], 3_000, batch(20)),
      () => builder.commit([add('b')], 3_000, batch(25, 300)),
      () => builder.commit([schema('old')], 3_000),
      () => builder.commit([remove('b'), add('b')], 3_000, batch(26, 310)),
    ]
    for (const commit of commits) {
      commit()
      await table.look()
    }
    // The one that is not there yet is asked for, too.
    expect(client.asked).toHaveLength(2 * commits.length)
  })

  it('of a table that was deleted leaves nothing', async () => {
    builder.commit([add('a')])
    await table.look()
    builder.forgetCommits(0)
    await lookForLong()
    expect(table.snapshot()).toEqual(EMPTY)
  })

  it('and is quiet is listed from its end only, and seldom', async () => {
    for (let version = 0; version < 50; version++) builder.commit([add(`${version}`)])
    await table.look()
    client.asked = []
    client.listed = 0
    for (let index = 0; index < 120; index++) await table.look()
    expect(client.asked.filter((what) => what.startsWith('list'))).toHaveLength(2)
    expect(client.listed).toBeLessThanOrEqual(4)
    expect(table.snapshot().files).toBe(50)
  })
})

describe('a look that fails half-way', () => {
  it('tells at the next one what it had read before', async () => {
    builder.commit([add('a')])
    await table.look()
    builder.commit([add('b')])
    builder.commit([add('c')])
    client.before = (what) => {
      if (what.includes(pad(2))) throw new Error('cut')
    }
    await expect(table.look()).rejects.toThrow('cut')
    client.before = () => {}
    expect(await look()).toEqual(['b', 'c'])
    expect(await look()).toEqual([])
  })

  it('at the first time begins anew, and keeps nothing that was removed meanwhile', async () => {
    builder.commit([add('a')])
    builder.commit([add('b')])
    client.before = (what) => {
      if (what.includes(pad(1))) throw new Error('cut')
    }
    await expect(table.look()).rejects.toThrow('cut')
    client.before = () => {}
    builder.commit([remove('a'), remove('b'), add('c')])
    await builder.checkpoint(2, [add('c')])
    builder.forgetCommits(0, 1)
    expect(await look()).toEqual([])
    expect(active()).toEqual(['c'])
  })

  it('because a commit is half written says which, and goes on when it is whole', async () => {
    builder.commit([add('a')])
    await table.look()
    builder.commit([add('b')])
    const place = join(builder.log, `${pad(1)}.json`)
    const whole = readFileSync(place)
    writeFileSync(place, whole.subarray(0, whole.length / 2))
    await expect(table.look()).rejects.toMatchObject({
      name: 'ServiceError',
      message: expect.stringContaining(`silver/weather/_delta_log/${pad(1)}.json`),
    })
    writeFileSync(place, whole)
    expect(await look()).toEqual(['b'])
  })

  it('is none because a commit has been made and not yet filled: it is read when it is, or when another follows', async () => {
    builder.commit([add('a')])
    await table.look()
    builder.commit([add('b')])
    const place = join(builder.log, `${pad(1)}.json`)
    const whole = readFileSync(place)
    writeFileSync(place, '')
    expect(await look()).toEqual([])
    expect(table.snapshot().version).toBe(0)
    writeFileSync(place, whole)
    expect(await look()).toEqual(['b'])
    builder.commit([])
    builder.commit([add('c')])
    expect(await look()).toEqual(['c'])
  })

  it('with a wrong token says so', async () => {
    const stranger = new DeltaTable(lakeClient(running, 'other'), 'silver', 'weather')
    await expect(stranger.look()).rejects.toMatchObject({ kind: 'authorization' })
  })
})

describe('the history', () => {
  it('tells the files that brought rows since a moment, also those that were rewritten', async () => {
    const now = Date.now()
    builder.commit([add('a')], now - 60_000)
    builder.commit([add('b')], now - 2_000)
    builder.commit([add('c')], now - 1_000)
    builder.commit([remove('b', false), remove('c', false), add('bc', { dataChange: false })], now)
    await table.look()
    const found: [string, number][] = []
    for await (const { path, committedAt } of table.history(new Date(now - 2_000)))
      found.push([path, committedAt])
    expect(found).toEqual([
      ['weather/b', now - 2_000],
      ['weather/c', now - 1_000],
    ])
  })

  it.each([
    ['whole', 0],
    ['without its beginning', 350],
  ])('of a long log that is %s costs what the commits since then do', async (_, gone) => {
    const now = Date.now()
    for (let version = 0; version < 400; version++)
      builder.commit([add(`${version}`)], now - (400 - version) * 60_000)
    if (gone > 0) await builder.checkpoint(gone, [])
    builder.forgetCommits(...Array.from({ length: gone }, (_, version) => version))
    await table.look()
    client.asked = []
    client.listed = 0
    const found: string[] = []
    for await (const { path } of table.history(new Date(now - 40 * 60_000))) found.push(path)
    expect(found).toEqual(Array.from({ length: 40 }, (_, index) => `weather/${360 + index}`))
    // The search's few commits, one listing from there on, and no file of the log that was written before.
    expect(client.listed).toBeLessThan(100)
    expect(client.asked.filter((what) => what.startsWith('list'))).toHaveLength(1)
  })

  it('that begins before the table does is whole', async () => {
    const now = Date.now()
    for (let version = 0; version < 40; version++) builder.commit([add(`${version}`)], now - 1000)
    await table.look()
    let count = 0
    for await (const _ of table.history(new Date(now - 60_000))) count++
    expect(count).toBe(40)
  })
})

describe('a table of another writer', () => {
  it('deltalake’s appends, checkpoint, compaction, delete and vacuum are followed', async () => {
    const script = (steps: string) => `
import sys, pyarrow, deltalake
options = {"azure_storage_account_name": "rtstreamlocal", "azure_storage_account_key": sys.argv[2], "azure_storage_endpoint": sys.argv[1], "allow_http": "true"}
table = "az://gold/foreign"
read = lambda: deltalake.DeltaTable(table, storage_options=options)
write = lambda batch: deltalake.write_deltalake(table, pyarrow.table({"id": [batch * 2, batch * 2 + 1]}), mode="append", storage_options=options)
${steps}
print(read().to_pyarrow_table().num_rows, len(read().file_uris()), read().version())`
    const run = async (steps: string) => {
      const printed = await runPython(script(steps), [running.endpoint, KEY])
      return printed.split(' ').map(Number)
    }
    const foreign = new DeltaTable(client, 'gold', 'foreign')
    const seen = () => {
      const { rows, files, version } = foreign.snapshot()
      return [rows, files, version]
    }
    const first = await run('for batch in range(4): write(batch)\nread().create_checkpoint()\nwrite(4)')
    expect(await foreign.look()).toEqual([])
    expect(seen()).toEqual(first)
    const second = await run(
      'write(5)\nread().optimize.compact()\nread().delete("id = 3")\nread().vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)\nwrite(6)',
    )
    await foreign.look()
    expect(seen()).toEqual(second)
    const afresh = new DeltaTable(client, 'gold', 'foreign')
    await afresh.look()
    expect([afresh.snapshot().rows, afresh.snapshot().files, afresh.snapshot().version]).toEqual(second)
  })
})
