/** Other writers on the engine's tables, between its batches and within them: taken in, or refused in words. */
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ParquetFile } from '../../../src/azure/lake/parquet.ts'
import type { NotebookEngine, NotebookRun } from '../../../src/local/engine/api/engine.ts'
import { actionsIn, commitNames, type LogAction, newestCommitMetadata } from '../../support/delta-log.ts'
import { python } from '../../support/python.ts'
import { readTable } from '../../support/tables.ts'
import { readings, type TestLake, testLake } from './lake-fixture.ts'

let lake: TestLake
let engine: NotebookEngine | undefined
beforeEach(() => {
  lake = testLake()
})
afterEach(async () => {
  await engine?.close()
  lake.remove()
})

const TABLES = ['silver/weather', 'gold/weather', 'gold/weather_by_minute', 'gold/weather_aggregated']
const NAMES = ['silver', 'gold', 'aggregate'] as const
let runs: NotebookRun[] = []

function start(failpoint: (point: string) => void | Promise<void> = () => {}): void {
  engine = lake.engine({ failpoint, filesPerCompaction: 100 }).engine
  runs = NAMES.map((name) => engine?.run(name) as NotebookRun)
}

const folderOf = (table: string) => join(lake.root, table)
const log = (table: string) => join(folderOf(table), '_delta_log')
const commits = (table: string) => commitNames(folderOf(table))

/** Readings that the aggregate has taken in, by its newest commit that says so. */
const aggregated = () => newestCommitMetadata(folderOf('gold/weather_aggregated'))?.totals.output ?? 0

const batchOf = (table: string) => newestCommitMetadata(folderOf(table))?.batchId

const isThrough = (rows: number) =>
  vi.waitFor(
    () => {
      expect(runs.map(({ error }) => error)).toEqual([undefined, undefined, undefined])
      expect(aggregated()).toBe(rows)
      // The aggregate follows gold's first table, and may be done before gold has written its second one.
      expect(batchOf('gold/weather_by_minute')).toBe(batchOf('gold/weather'))
    },
    { timeout: 30_000, interval: 20 },
  )

async function expectRows(rows: number): Promise<void> {
  const data = join(lake.root, '..')
  for (const [table, sql] of [
    ['silver/weather', 'SELECT count(*) AS n, count(DISTINCT "eventId") AS ids FROM rows'],
    ['gold/weather', 'SELECT count(*) AS n, count(DISTINCT "eventId") AS ids FROM rows'],
    ['gold/weather_by_minute', 'SELECT sum(readings)::BIGINT AS n, sum(readings)::BIGINT AS ids FROM rows'],
    ['gold/weather_aggregated', 'SELECT sum(readings)::BIGINT AS n, sum(readings)::BIGINT AS ids FROM rows'],
  ] as const)
    expect({ table, ...(await readTable(data, table, sql))[0] }).toEqual({ table, n: rows, ids: rows })
}

/** What `deltalake` does to each of the tables. */
const onAll = (statement: string) =>
  python(
    `import sys, deltalake
for path in sys.argv[1:]:
    table = deltalake.DeltaTable(path)
    ${statement}`,
    TABLES.map((table) => join(lake.root, table)),
  )

it('another writer’s optimize, checkpoint and added column between two batches are taken in', async () => {
  start()
  await lake.place(0, readings(0, 20))
  await isThrough(20)
  await lake.place(0, readings(20, 10), { at: lake.clock.time + 1000 })
  await isThrough(30)
  // The files that the engine knows are gone: it must look before it plans.
  for (const table of TABLES) rewriteByHand(table, { vacuum: true })
  onAll(`table.optimize.compact(); table.create_checkpoint()
    table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)`)
  await lake.place(0, readings(30, 10), { at: lake.clock.time + 2000 })
  await isThrough(40)
  onAll(
    'table.alter.add_columns([deltalake.schema.Field("added", deltalake.schema.PrimitiveType("string"))]); table.optimize.compact()',
  )
  await lake.place(0, readings(40, 10), { at: lake.clock.time + 3000 })
  await isThrough(50)
  // A new life begins on what the other one left.
  await engine?.close()
  start()
  await lake.place(0, readings(50, 10), { at: lake.clock.time + 4000 })
  await isThrough(60)
  await expectRows(60)
}, 120_000)

it('an optimize in the middle of a batch makes the batch begin anew on what it left', async () => {
  let isArmed = false
  let done = 0
  start((point) => {
    if (!isArmed || !/weather_(by_minute|aggregated): file written/.test(point)) return
    const table = `gold/${point.slice(5, point.indexOf(':'))}`
    isArmed = false
    done++
    rewriteByHand(table)
  })
  await lake.place(0, readings(0, 20))
  await isThrough(20)
  isArmed = true
  await lake.place(0, readings(20, 10), { at: lake.clock.time + 1000 })
  await isThrough(30)
  isArmed = true
  await lake.place(0, readings(30, 10), { at: lake.clock.time + 2000 })
  await isThrough(40)
  expect(done).toBe(2)
  await expectRows(40)
}, 120_000)

/** Puts every active file in again under another name, as an optimize does that finds something to do; then, if asked, a vacuum. */
function rewriteByHand(table: string, { vacuum = false, hasStatistics = true } = {}): void {
  const active = new Map<string, Record<string, unknown>>()
  const names = commits(table)
  for (const name of names)
    for (const { add, remove } of actionsIn(folderOf(table), name)) {
      if (add) active.set(add.path, add)
      if (remove) active.delete(remove.path)
    }
  const lines: object[] = [{ commitInfo: { timestamp: lake.clock.time, operation: 'OPTIMIZE' } }]
  for (const [path, { tags: _, ...add }] of active) {
    const copy = `of-another-${names.length}-${path}`
    writeFileSync(join(lake.root, table, copy), readFileSync(join(lake.root, table, path)))
    if (vacuum) rmSync(join(lake.root, table, path))
    lines.push({ remove: { path, deletionTimestamp: lake.clock.time, dataChange: false } })
    const { stats, ...rest } = add
    lines.push({ add: { ...rest, ...(hasStatistics && { stats }), path: copy, dataChange: false } })
  }
  const next = join(log(table), `${String(names.length).padStart(20, '0')}.json`)
  writeFileSync(next, lines.map((line) => `${JSON.stringify(line)}\n`).join(''), { flag: 'wx' })
}

it.each([
  ['of its own output', 'silver/weather'],
  ['of the table that is read', 'gold/weather'],
])(
  'an upgrade %s ends the run, naming the feature and what to do',
  async (_, table) => {
    start()
    await lake.place(0, readings(0, 20))
    await isThrough(20)
    const upgrade = {
      protocol: {
        minReaderVersion: 3,
        minWriterVersion: 7,
        readerFeatures: ['deletionVectors'],
        writerFeatures: ['deletionVectors', 'appendOnly'],
      },
    }
    appendFileSync(
      join(log(table), `${String(commits(table).length).padStart(20, '0')}.json`),
      `${JSON.stringify(upgrade)}\n`,
    )
    await lake.place(0, readings(20, 10), { at: lake.clock.time + 1000 })
    await vi.waitFor(() => expect(runs.map(({ error }) => error).join('\n')).toMatch(/DROP FEATURE/), 30_000)
    expect(runs.find(({ error }) => error)?.error).toMatch(
      new RegExp(
        `^${table} was upgraded by another writer \\(reader 3, writer 7, table feature deletionVectors\\)`,
      ),
    )
  },
  60_000,
)

function commitByHand(table: string, ...actions: object[]): void {
  const next = join(log(table), `${String(commits(table).length).padStart(20, '0')}.json`)
  writeFileSync(next, actions.map((action) => `${JSON.stringify(action)}\n`).join(''), { flag: 'wx' })
}

type TableMetadata = NonNullable<LogAction['metaData']>

function changeMetadata(table: string, change: (metaData: TableMetadata) => TableMetadata): void {
  const [first = ''] = commits(table)
  const metaData = actionsIn(folderOf(table), first).find((one) => one.metaData)?.metaData
  commitByHand(table, { metaData: change(metaData as TableMetadata) })
}

const withField = (name: string, more: object) => (metaData: TableMetadata) => {
  const schema = JSON.parse(metaData.schemaString) as { fields: { name: string }[] }
  const fields = schema.fields.map((field) => (field.name === name ? { ...field, ...more } : field))
  return { ...metaData, schemaString: JSON.stringify({ ...schema, fields }) }
}
const withProperty =
  (name: string, value = 'true') =>
  (metaData: TableMetadata) => ({
    ...metaData,
    configuration: { ...metaData.configuration, [name]: value },
  })
const appendOnly = withProperty('delta.appendOnly')

describe('what another writer asks of all writers', () => {
  it.each<[string, string, (metaData: TableMetadata) => TableMetadata, RegExp]>([
    [
      'to add rows only',
      'gold/weather_by_minute',
      appendOnly,
      /only rows may be added to it.*delta\.appendOnly to false/,
    ],
    [
      'an invariant',
      'silver/weather',
      withField('humidity', {
        metadata: { 'delta.invariants': '{"expression":{"expression":"humidity > 90"}}' },
      }),
      /its column humidity has an invariant/,
    ],
    [
      'a column without nulls',
      'silver/weather',
      withField('deviceId', { nullable: false }),
      /its column deviceId must not be null, and rows of this batch have none/,
    ],
    [
      'to feed changes on',
      'gold/weather_aggregated',
      withProperty('delta.enableChangeDataFeed'),
      /its change data feed would lack what this batch rewrites: .*delta\.enableChangeDataFeed to false/,
    ],
    [
      'a constraint',
      'gold/weather',
      withProperty('delta.constraints.warm', 'temperature > 0'),
      /cannot check its constraint warm: ALTER TABLE … DROP CONSTRAINT warm/,
    ],
    [
      'a default of a column of its own',
      'gold/weather',
      (metaData) => {
        const schema = JSON.parse(metaData.schemaString) as { fields: object[] }
        const metadata = { CURRENT_DEFAULT: '7', EXISTS_DEFAULT: '7' }
        const fields = [...schema.fields, { name: 'seven', type: 'integer', nullable: true, metadata }]
        return { ...metaData, schemaString: JSON.stringify({ ...schema, fields }) }
      },
      /cannot fill in the default of its column seven: ALTER TABLE … ALTER COLUMN seven DROP DEFAULT/,
    ],
    [
      'a generated column',
      'silver/weather',
      withField('city', { metadata: { 'delta.generationExpression': 'upper(deviceId)' } }),
      /cannot fill in its column city/,
    ],
  ])(
    'is held to or refused in words: %s',
    async (_, table, change, message) => {
      start()
      await lake.place(0, readings(0, 20))
      await isThrough(20)
      const before = commits(table).length
      changeMetadata(table, change)
      await lake.place(0, readings(20, 10, { deviceId: undefined }), { at: lake.clock.time + 1000 })
      await vi.waitFor(() => expect(runs.map(({ error }) => error).join('\n')).toMatch(message), 30_000)
      expect(runs.find(({ error }) => error)?.error).toContain(`Another writer has changed ${table}: `)
      expect(commits(table)).toHaveLength(before + 1)
    },
    60_000,
  )

  it('does not stop what keeps to it', async () => {
    start()
    await lake.place(0, readings(0, 20))
    await isThrough(20)
    changeMetadata('silver/weather', (metaData) =>
      withField('city', { nullable: false })(appendOnly(metaData)),
    )
    changeMetadata('gold/weather', appendOnly)
    await lake.place(0, readings(20, 10), { at: lake.clock.time + 1000 })
    await isThrough(30)
    await expectRows(30)
  }, 60_000)
})

it('rows that another writer has changed end what is built on them, with what builds it anew', async () => {
  start()
  await lake.place(0, readings(0, 20))
  await isThrough(20)
  const first = commits('silver/weather').flatMap((name) => actionsIn(folderOf('silver/weather'), name))
  const add = first.find((action) => action.add)?.add as object & { path: string }
  const copy = join(folderOf('silver/weather'), 'updated.parquet')
  writeFileSync(copy, readFileSync(join(folderOf('silver/weather'), add.path)))
  commitByHand(
    'silver/weather',
    { commitInfo: { timestamp: lake.clock.time, operation: 'UPDATE' } },
    { remove: { path: add.path, deletionTimestamp: 1, dataChange: true } },
    { add: { ...add, path: 'updated.parquet', dataChange: true } },
  )
  await lake.place(0, readings(20, 10), { at: lake.clock.time + 1000 })
  await vi.waitFor(
    () => expect(runs[1]?.error).toMatch(/^Rows of silver\/weather were changed .*UPDATE/),
    30_000,
  )
  await engine?.close()
  const [, moved = ''] = /move (.*) out of the lake/.exec(runs[1]?.error ?? '') ?? []
  for (const one of moved.split(', '))
    renameSync(join(lake.root, one), join(lake.root, '..', one.replace('/', '-')))
  start()
  await lake.place(0, readings(30, 10), { at: lake.clock.time + 2000 })
  await isThrough(40)
  await expectRows(40)
}, 60_000)

/** As `overwriteSchema` leaves a table: other columns under the id that it had. */
const withColumn =
  (name: string, type: string | undefined, called = name) =>
  (metaData: TableMetadata): TableMetadata => {
    const schema = JSON.parse(metaData.schemaString) as { fields: { name: string }[] }
    const fields = schema.fields.flatMap((field) =>
      field.name !== name ? [field] : type === undefined ? [] : [{ ...field, type, name: called }],
    )
    return { ...metaData, schemaString: JSON.stringify({ ...schema, fields }) }
  }

it.each([
  ['silver/weather', 'temperature', 'string', [0, 1]],
  ['silver/weather', 'city', undefined, [0, 1]],
  ['gold/weather_by_minute', 'readings', 'integer', [1]],
  // Our files would have the name in its old letters, in which readers that heed them find nothing.
  ['gold/weather_by_minute', 'city', 'string', [1], 'City'],
] as const)(
  'another type of a column of %s (%s: %s) ends the runs that write and read it, in words, with nothing written',
  async (table, name, type, ended, called?: string) => {
    const retyped = type === undefined ? 'is gone' : `is of type ${type}, and was`
    const change = called === undefined ? retyped : `is called ${called}`
    const message = new RegExp(
      `^Another writer has overwritten the schema of ${table}: its column ${name} ${change}.*overwriteSchema`,
    )
    const expectRefusals = () =>
      vi.waitFor(() => {
        for (const index of ended) expect(runs[index]?.error).toMatch(message)
      }, 30_000)
    start()
    await lake.place(0, readings(0, 20))
    await isThrough(20)
    const before = commits(table).length
    changeMetadata(table, withColumn(name, type, called))
    await lake.place(0, readings(20, 10), { at: lake.clock.time + 1000 })
    await vi.waitFor(() => expect(runs[ended[0]]?.error).toMatch(message), 30_000)
    // So does a new life, before it writes.
    await engine?.close()
    start()
    await expectRefusals()
    expect(commits(table)).toHaveLength(before + 1)
  },
  60_000,
)

const restore = (table: string, version: number) =>
  python('import sys, deltalake\ndeltalake.DeltaTable(sys.argv[1]).restore(int(sys.argv[2]))', [
    folderOf(table),
    String(version),
  ])

it('a RESTORE that takes batches out of a table ends the run that writes it, until another puts them back', async () => {
  const table = 'gold/weather_by_minute'
  start()
  await lake.place(0, readings(0, 20))
  await isThrough(20)
  await lake.place(0, readings(20, 10), { at: lake.clock.time + 1000 })
  await isThrough(30)
  restore(table, 1)
  const before = commits(table).length
  await lake.place(0, readings(30, 10), { at: lake.clock.time + 2000 })
  const isRefused = () =>
    vi.waitFor(
      () =>
        expect(runs[1]?.error).toMatch(
          /^gold\/weather_by_minute was put back to version 1 .*RESTORE TABLE … TO VERSION AS OF 2 takes that back/,
        ),
      30_000,
    )
  await isRefused()
  await engine?.close()
  start()
  await isRefused()
  expect(commits(table)).toHaveLength(before)
  await engine?.close()
  restore(table, 2)
  start()
  await isThrough(40)
  await lake.place(0, readings(40, 10), { at: lake.clock.time + 3000 })
  await isThrough(50)
  await expectRows(50)
}, 120_000)

it.each([
  ['without a minute', 'row["minute"] = None', 'minute IS NULL'],
  ['without a mean', 'row["avg_humidity"] = None', 'avg_humidity IS NULL'],
  ['with a mean that is no number', 'row["avg_temperature"] = float("nan")', 'isnan(avg_temperature)'],
])(
  'a row %s, which another writer has added, is named before it is lost or makes others wrong',
  async (_, change, condition) => {
    const table = folderOf('gold/weather_by_minute')
    start()
    await lake.place(0, readings(0, 20))
    await isThrough(20)
    python(
      `import sys, deltalake
table = deltalake.DeltaTable(sys.argv[1])
rows = table.to_pyarrow_table().slice(0, 1)
[row] = rows.to_pylist()
${change}
deltalake.write_deltalake(table, type(rows).from_pylist([row], schema=rows.schema), mode="append")`,
      [table],
    )
    await lake.place(0, readings(20, 10), { at: lake.clock.time + 1000 })
    await vi.waitFor(
      () =>
        expect(runs[1]?.error).toMatch(
          /^Another writer has put rows into gold\/weather_by_minute in which minute, readings, .*: 1\. Correct or delete them/,
        ),
      30_000,
    )
    await engine?.close()
    python(`import sys, deltalake\ndeltalake.DeltaTable(sys.argv[1]).delete("${condition}")`, [table])
    start()
    await isThrough(30)
    await expectRows(30)
  },
  120_000,
)

it('a table that was partitioned is refused in words by who writes it and who reads it', async () => {
  start()
  await lake.place(0, readings(0, 20))
  await isThrough(20)
  await engine?.close()
  changeMetadata('gold/weather', (metaData) => ({ ...metaData, partitionColumns: ['city'] }))
  start()
  await vi.waitFor(() => {
    for (const run of runs.slice(1))
      expect(run.error).toMatch(/^gold\/weather was partitioned by another writer \(city\)/)
  }, 30_000)
}, 60_000)

it('a writer version that is raised, and a change data feed of added rows, are gone on with', async () => {
  start()
  await lake.place(0, readings(0, 20))
  await isThrough(20)
  for (const [index, table] of TABLES.entries())
    commitByHand(table, {
      protocol:
        index < 2
          ? { minReaderVersion: 1, minWriterVersion: 6 }
          : {
              ...{ minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ['vacuumProtocolCheck'] },
              writerFeatures: [
                'vacuumProtocolCheck',
                'appendOnly',
                'invariants',
                'checkConstraints',
                'changeDataFeed',
              ],
            },
    })
  for (const table of TABLES.slice(0, 2)) changeMetadata(table, withProperty('delta.enableChangeDataFeed'))
  await lake.place(0, readings(20, 10), { at: lake.clock.time + 1000 })
  await isThrough(30)
  await engine?.close()
  start()
  await lake.place(0, readings(30, 10), { at: lake.clock.time + 2000 })
  await isThrough(40)
  await expectRows(40)
}, 120_000)

it('what a table is clustered by stays in its checkpoints, and the stages go on', async () => {
  const clustered = {
    domain: 'delta.clustering',
    configuration: '{"clusteringColumns":[["city"]]}',
    removed: false,
  }
  const gone = { domain: 'mine', configuration: '{}', removed: false }
  engine = lake.engine({ commitsPerCheckpoint: 3, filesPerCompaction: 100 }).engine
  runs = NAMES.map((name) => engine?.run(name) as NotebookRun)
  await lake.place(0, readings(0, 20))
  await isThrough(20)
  for (const table of TABLES) {
    const writerFeatures = ['domainMetadata', 'clustering', 'appendOnly', 'invariants', 'allowColumnDefaults']
    commitByHand(
      table,
      { protocol: { minReaderVersion: 1, minWriterVersion: 7, writerFeatures } },
      ...[{ domainMetadata: clustered }, { domainMetadata: gone }],
    )
    commitByHand(table, { domainMetadata: { ...gone, removed: true } })
  }
  const isCheckpoint = (name: string) => name.endsWith('.checkpoint.parquet')
  const place = async (from: number) => {
    await lake.place(0, readings(from, 10), { at: lake.clock.time + from * 100 })
    await isThrough(from + 10)
  }
  for (let from = 20; from < 80; from += 10) await place(from)
  await engine?.close()
  start()
  await place(80)
  for (const table of TABLES) {
    const name = readdirSync(log(table)).sort().findLast(isCheckpoint) as string
    const rows = await new ParquetFile(readFileSync(join(log(table), name))).rows(['domainMetadata'])
    expect(rows.flatMap(({ domainMetadata }) => domainMetadata ?? [])).toEqual([clustered])
  }
  await expectRows(90)
}, 120_000)

it('a feature that was added and dropped again leaves a table that is read and written', async () => {
  const NAMES_LEFT = ['appendOnly', 'invariants', 'checkpointProtection']
  start()
  await lake.place(0, readings(0, 20))
  await isThrough(20)
  await engine?.close()
  for (const table of TABLES) {
    const features = {
      readerFeatures: ['deletionVectors'],
      writerFeatures: ['deletionVectors', ...NAMES_LEFT],
    }
    commitByHand(table, { protocol: { minReaderVersion: 3, minWriterVersion: 7, ...features } })
    commitByHand(table, {
      protocol: { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: NAMES_LEFT },
    })
  }
  engine = lake.engine({ commitsPerCheckpoint: 3, filesPerCompaction: 100 }).engine
  runs = NAMES.map((name) => engine?.run(name) as NotebookRun)
  for (let batch = 0; batch < 5; batch++) {
    await lake.place(0, readings(20 + batch * 10, 10), { at: lake.clock.time + (batch + 1) * 1000 })
    await isThrough(30 + batch * 10)
  }
  const isCheckpoint = (name: string) => name.endsWith('.checkpoint.parquet')
  for (const table of TABLES) {
    const found = await vi.waitFor(() => {
      const name = readdirSync(log(table)).sort().findLast(isCheckpoint)
      expect(name).toBeDefined()
      return readFileSync(join(log(table), name as string))
    })
    const rows = await new ParquetFile(found).rows(['protocol'])
    expect(rows.find((row) => row.protocol)?.protocol).toMatchObject({
      minReaderVersion: 1,
      minWriterVersion: 7,
      writerFeatures: NAMES_LEFT,
    })
  }
  expect(
    python(
      'import sys, deltalake\nprint([deltalake.DeltaTable(path).to_pyarrow_table().num_rows for path in sys.argv[1:3]])',
      TABLES.map(folderOf),
    ),
  ).toBe('[70, 70]')
  // A new life begins on those checkpoints.
  await engine?.close()
  start()
  await lake.place(0, readings(70, 10), { at: lake.clock.time + 9000 })
  await isThrough(80)
  await expectRows(80)
}, 120_000)

it('a feature, and a type of a column, that were there for a while between two batches do not end the runs', async () => {
  start()
  await lake.place(0, readings(0, 20))
  await isThrough(20)
  for (const table of TABLES) {
    const features = {
      readerFeatures: ['deletionVectors'],
      writerFeatures: ['deletionVectors', 'appendOnly'],
    }
    commitByHand(table, { protocol: { minReaderVersion: 3, minWriterVersion: 7, ...features } })
    const column = table.includes('weather_') ? 'readings' : 'temperature'
    changeMetadata(table, withColumn(column, 'string'))
    changeMetadata(table, (metaData) => metaData)
    commitByHand(table, { protocol: { minReaderVersion: 1, minWriterVersion: 2 } })
  }
  await lake.place(0, readings(20, 10), { at: lake.clock.time + 1000 })
  await isThrough(30)
  await expectRows(30)
}, 60_000)

it.each(['abfss://other@account.dfs.core.windows.net/part.parquet', '../elsewhere/part.parquet'])(
  'a file of another table (%s) ends the run in words, and is not deleted when the table lets it go',
  async (path) => {
    start()
    await lake.place(0, readings(0, 20))
    await isThrough(20)
    const add = {
      path,
      partitionValues: {},
      size: 1,
      modificationTime: 1,
      dataChange: false,
      stats: '{"numRecords":1}',
    }
    commitByHand('gold/weather_by_minute', { add })
    await lake.place(0, readings(20, 10), { at: lake.clock.time + 1000 })
    await vi.waitFor(
      () => expect(runs[1]?.error).toMatch(/^gold\/weather_by_minute has a file that is not in its folder/),
      30_000,
    )
    await engine?.close()
    mkdirSync(join(lake.root, 'gold/elsewhere'), { recursive: true })
    writeFileSync(join(lake.root, 'gold/elsewhere/part.parquet'), 'kept')
    commitByHand('gold/weather_by_minute', { remove: { path, deletionTimestamp: 1, dataChange: false } })
    start()
    await lake.place(0, readings(30, 10), { at: lake.clock.time + 2000 })
    await isThrough(40)
    expect(readFileSync(join(lake.root, 'gold/elsewhere/part.parquet'), 'utf8')).toBe('kept')
  },
  60_000,
)

/**
 * What `deltalake` appends to silver: readings as the table has them, under other ids, so many seconds later; `none`: without a time.
 * One that is called `cold` or `dry` has no temperature or humidity.
 */
const APPEND_READINGS = `
import datetime, sys, deltalake, pyarrow
table = deltalake.DeltaTable(sys.argv[1])
first = table.to_pyarrow_table().slice(0, 1).to_pylist()[0]
rows = []
for given in sys.argv[2:]:
    id, later = given.split("+")
    time = None if later == "none" else first["enqueuedAt"] + datetime.timedelta(seconds=int(later))
    without = {"cold": "temperature", "dry": "humidity"}.get(id)
    rows.append({**first, "eventId": id, "enqueuedAt": time, **({without: None} if without else {})})
schema = table.schema().to_arrow() if hasattr(table.schema(), "to_arrow") else table.schema().to_pyarrow()
deltalake.write_deltalake(table, pyarrow.Table.from_pylist(rows, schema=pyarrow.schema(schema)), mode="append")
`

it('a reading that another writer has appended is not taken once more', async () => {
  start()
  await lake.place(0, readings(0, 20))
  await isThrough(20)
  const [again] = readings(25, 1) as [{ eventId: string }]
  python(APPEND_READINGS, [folderOf('silver/weather'), `${again.eventId}+1`])
  await lake.place(0, readings(20, 10), { at: lake.clock.time + 2000 })
  await isThrough(30)
  expect(newestCommitMetadata(folderOf('silver/weather'))?.totals.duplicates).toBe(1)
  // Those after it, and a new life, know it too.
  await lake.place(0, [...readings(25, 1), ...readings(30, 1)], { at: lake.clock.time + 3000 })
  await isThrough(31)
  await engine?.close()
  start()
  await lake.place(0, [...readings(25, 1), ...readings(31, 1)], { at: lake.clock.time + 4000 })
  await isThrough(32)
  expect(newestCommitMetadata(folderOf('silver/weather'))?.totals.duplicates).toBe(3)
  // So do those whose files tell nothing of their times.
  await engine?.close()
  rewriteByHand('silver/weather', { hasStatistics: false })
  start()
  await lake.place(0, [...readings(25, 1), ...readings(32, 1)], { at: lake.clock.time + 5000 })
  await isThrough(33)
  expect(newestCommitMetadata(folderOf('silver/weather'))?.totals.duplicates).toBe(4)
  await expectRows(33)
}, 120_000)

it('a reading without a time that another writer has appended leaves the means of the others as they are', async () => {
  start()
  await lake.place(0, readings(0, 20))
  await isThrough(20)
  // One of another minute with it: the minutes of the batch are looked at one by one.
  python(APPEND_READINGS, [folderOf('silver/weather'), 'without+none', 'later+300'])
  await lake.place(0, readings(20, 10), { at: lake.clock.time + 1000 })
  await isThrough(32)
  const [means] = await readTable(
    join(lake.root, '..'),
    'gold/weather_by_minute',
    'SELECT count(*) AS rows, count(DISTINCT (minute, city)) AS keys, sum(readings)::BIGINT AS readings FROM rows',
  )
  expect(means).toEqual({ rows: 4, keys: 4, readings: 31 })
}, 120_000)

it.each([
  ['of the present', '1'],
  // The minutes of the batch are looked at one by one then.
  ['of any time', '600'],
])(
  'readings %s without temperature or humidity leave the means of the others as they are',
  async (_, later) => {
    start()
    await lake.place(0, readings(0, 20))
    await isThrough(20)
    const sums = (table: string) =>
      readTable(
        join(lake.root, '..'),
        table,
        'SELECT sum(readings)::BIGINT AS n, sum(avg_temperature * readings) AS warm, sum(avg_humidity * readings) AS wet FROM rows',
      )
    const tables = ['gold/weather_by_minute', 'gold/weather_aggregated']
    const before = await Promise.all(tables.map(sums))
    python(APPEND_READINGS, [folderOf('silver/weather'), `cold+${later}`, `dry+${later}`])
    await lake.place(0, readings(20, 1, { temperature: 0, humidity: 0 }), { at: lake.clock.time + 1000 })
    await isThrough(23)
    for (const [index, table] of tables.entries()) {
      const [{ n, warm, wet }] = before[index] as [{ n: number; warm: number; wet: number }]
      const [after] = await sums(table)
      expect({ table, ...after }).toEqual({
        table,
        n: Number(n) + 1,
        warm: expect.closeTo(warm),
        wet: expect.closeTo(wet),
      })
    }
  },
  120_000,
)

it('what another writer has put into a column of its own stays with its row when the row changes', async () => {
  const KEYED = ['gold/weather_by_minute', 'gold/weather_aggregated']
  start()
  await lake.place(0, readings(0, 20))
  await isThrough(20)
  python(
    `import sys, deltalake
for path in sys.argv[1:]:
    table = deltalake.DeltaTable(path)
    table.alter.add_columns([deltalake.schema.Field("my note", deltalake.schema.PrimitiveType("string")), deltalake.schema.Field("mine", deltalake.schema.PrimitiveType("short"))])
    table.update(updates={"my note": "'of ' || city", "mine": "7"})`,
    KEYED.map(folderOf),
  )
  const notes = async (table: string) =>
    await readTable(
      join(lake.root, '..'),
      table,
      'SELECT count(*) AS n, count(*) FILTER ("my note" = \'of \' || city AND mine = 7) AS kept, sum(readings)::BIGINT AS readings FROM rows',
    )
  const before = await Promise.all(KEYED.map(notes))
  // The present, and then any time: two ways into the table.
  await lake.place(0, readings(20, 10), { at: lake.clock.time + 1000 })
  await isThrough(30)
  await lake.place(0, readings(30, 10, { timestamp: '2026-03-01 12:00:30' }), { at: lake.clock.time + 2000 })
  await isThrough(40)
  for (const [index, table] of KEYED.entries()) {
    const [found] = await notes(table)
    expect({ table, ...found }).toEqual({ table, ...before[index]?.[0], readings: 40 })
    expect(found?.kept).toBeGreaterThan(0)
  }
}, 120_000)

it('a time in a column of another writer, as INT96 as Spark writes it, is of its type when its row changes', async () => {
  const table = 'gold/weather_by_minute'
  const place = folderOf(table)
  start()
  await lake.place(0, readings(0, 20))
  await isThrough(20)
  const replaced = python(
    `import sys, deltalake, pyarrow.parquet
table = deltalake.DeltaTable(sys.argv[1])
table.alter.add_columns([deltalake.schema.Field("seen", deltalake.schema.PrimitiveType("timestamp"))])
rows = table.to_pyarrow_table()
rows = rows.set_column(rows.schema.get_field_index("seen"), "seen", rows["minute"])
pyarrow.parquet.write_table(rows, sys.argv[1] + "/int96.parquet", use_deprecated_int96_timestamps=True)
print("\\n".join(table.get_add_actions()["path"].to_pylist()))`,
    [place],
  ).split('\n')
  const add = { path: 'int96.parquet', partitionValues: {}, size: 1, modificationTime: 1, dataChange: true }
  commitByHand(
    table,
    ...replaced.map((path) => ({ remove: { path, deletionTimestamp: 1, dataChange: true } })),
    { add },
  )
  await lake.place(0, readings(20, 10), { at: lake.clock.time + 1000 })
  await isThrough(30)
  const stored = python(
    `import sys, deltalake, pyarrow.parquet
for uri in deltalake.DeltaTable(sys.argv[1]).file_uris():
    rows = pyarrow.parquet.read_table(uri)
    print(rows.schema.field("seen").type, rows["seen"] == rows["minute"])`,
    [place],
  )
  expect(stored).toBe('timestamp[us, tz=UTC] True')
}, 120_000)

/** Another table of the same form in the place of one, which has passed its version: its log under another id, and one commit more. */
function replaceByHand(table: string): void {
  const names = commits(table)
  for (const name of names) {
    const place = join(log(table), name)
    const text = readFileSync(place, 'utf8').replace(/("metaData":\{"id":")[^"]*/, '$1of-another-table')
    rmSync(place)
    // Written beside it, so that it cannot get the place of the old one on the disk.
    writeFileSync(`${place}.new`, text)
    renameSync(`${place}.new`, place)
  }
  commitByHand(table, { commitInfo: { timestamp: lake.clock.time, operation: 'WRITE' } })
}

it.each([
  ['is read', 'silver/weather', 1],
  ['is written', 'gold/weather_by_minute', 1],
  ['is read for the aggregate', 'gold/weather', 2],
] as const)(
  'a table that %s and was made anew is told from the old one, though it has passed its version',
  async (_, table, run) => {
    start()
    await lake.place(0, readings(0, 20))
    await isThrough(20)
    replaceByHand(table)
    const before = commits(table).length
    await lake.place(0, readings(20, 10), { at: lake.clock.time + 1000 })
    await vi.waitFor(
      () =>
        expect(runs[run]?.error ?? runs.find(({ error }) => error)?.error).toMatch(
          new RegExp(`^${table} was deleted or replaced`),
        ),
      30_000,
    )
    expect(commits(table)).toHaveLength(before)
  },
  60_000,
)

it('a log that was put back from a copy is the same table, whatever its files’ times', async () => {
  start()
  await lake.place(0, readings(0, 20))
  await isThrough(20)
  for (const table of TABLES)
    for (const name of commits(table)) utimesSync(join(log(table), name), new Date(1), new Date(1))
  await lake.place(0, readings(20, 10), { at: lake.clock.time + 1000 })
  await isThrough(30)
  await expectRows(30)
}, 60_000)

it.each([
  ['aggregate', 'gold/weather', /move gold\/weather_aggregated, checkpoints\/aggregate out of the lake/],
  [
    'gold',
    'silver/weather',
    /move gold\/weather, .*checkpoints\/gold, checkpoints\/aggregate out of the lake/,
  ],
] as const)(
  'a vacuum of what %s has not read yet is named, with what builds it anew',
  async (name, table, remedy) => {
    const run = NAMES.indexOf(name)
    start()
    await lake.place(0, readings(0, 20))
    await isThrough(20)
    await engine?.close()
    // Those before it go on alone, and what they wrote is optimized and vacuumed.
    engine = lake.engine({ filesPerCompaction: 100 }).engine
    runs = NAMES.slice(0, run).map((one) => engine?.run(one) as NotebookRun)
    const before = commits(table).length
    await lake.place(0, readings(20, 10), { at: lake.clock.time + 1000 })
    await vi.waitFor(() => expect(commits(table).length).toBeGreaterThan(before), 30_000)
    await engine.close()
    rewriteByHand(table, { vacuum: true })
    start()
    await vi.waitFor(() => expect(runs[run]?.error).toMatch(/^A vacuum of/), 30_000)
    expect(runs[run]?.error).toContain(`version ${commits(table).length - 1} (OPTIMIZE) had replaced it`)
    expect(runs[run]?.error).toMatch(remedy)
    await engine?.close()
    const [, moved = ''] = /move (.*) out of the lake/.exec(runs[run]?.error ?? '') ?? []
    for (const one of moved.split(', '))
      renameSync(join(lake.root, one), join(lake.root, '..', one.replace('/', '-')))
    start()
    await lake.place(0, readings(30, 10), { at: lake.clock.time + 2000 })
    await isThrough(40)
    await expectRows(40)
  },
  60_000,
)
