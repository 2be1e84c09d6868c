/** Files that are written without DuckDB: what DuckDB and the reader of the screen find in them is what was put in. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, expect, it } from 'vitest'
import {
  isOwnFile,
  parquetFile,
  physicalOf,
  type SchemaNode,
} from '../../../../src/local/engine/parquet/file.ts'
import { withParquet } from '../../../../src/local/engine/parquet/read.ts'
import { flatLeaf, shred } from '../../../../src/local/engine/parquet/shred.ts'
import { compressSnappy } from '../../../../src/local/engine/parquet/snappy.ts'
import { temporaryFolder } from '../../../support/cli.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

const path = join(folder.path, 'file.parquet')

function write(schema: readonly SchemaNode[], rows: readonly Record<string, unknown>[]): void {
  const { parts } = parquetFile(schema, shred(schema, rows), rows.length, { made: 'here' })
  writeFileSync(path, Buffer.concat(parts))
}

async function inDuckDb(sql: string): Promise<unknown[]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  const rows = await connection.runAndReadAll(sql)
  const found = rows.getRowObjectsJson()
  instance.closeSync()
  return found
}

it('holds values of every kind, and nothing where there is none', async () => {
  const schema: SchemaNode[] = [
    { name: 's', kind: 'string' },
    { name: 'i', kind: 'integer' },
    { name: 'l', kind: 'long' },
    { name: 'd', kind: 'double' },
    { name: 'b', kind: 'boolean' },
    { name: 't', kind: 'timestamp' },
    { name: 'day', kind: 'date' },
  ]
  write(schema, [
    { s: 'Zürich', i: -2_147_483_648, l: -9_007_199_254_740_991, d: -0.5, b: true, t: -1, day: -1 },
    {
      s: '',
      i: 2_147_483_647,
      l: 9_223_372_036_854_775_807n,
      d: 1e300,
      b: false,
      t: 1_772_366_400_123_456,
      day: 20_513,
    },
    {},
  ])
  expect(await inDuckDb(`SELECT * FROM read_parquet('${path}')`)).toEqual([
    {
      s: 'Zürich',
      i: -2_147_483_648,
      l: '-9007199254740991',
      d: -0.5,
      b: true,
      t: '1969-12-31 23:59:59.999999+00',
      day: '1969-12-31',
    },
    {
      s: '',
      i: 2_147_483_647,
      l: '9223372036854775807',
      d: 1e300,
      b: false,
      t: '2026-03-01 12:00:00.123456+00',
      day: '2026-03-01',
    },
    { s: null, i: null, l: null, d: null, b: null, t: null, day: null },
  ])
  const types = await inDuckDb(
    `SELECT string_agg(column_type, ', ') AS types FROM (DESCRIBE SELECT * FROM read_parquet('${path}'))`,
  )
  expect(types).toEqual([
    { types: 'VARCHAR, INTEGER, BIGINT, DOUBLE, BOOLEAN, TIMESTAMP WITH TIME ZONE, DATE' },
  ])
})

it('holds lists and maps, empty ones and missing ones apart', async () => {
  const schema: SchemaNode[] = [
    { name: 'list', kind: 'list' },
    {
      name: 'in',
      kind: 'struct',
      fields: [
        { name: 'map', kind: 'map' },
        { name: 'text', kind: 'string' },
      ],
    },
  ]
  const rows = [
    { list: ['a', null, 'b'], in: { map: { x: '1', y: null }, text: 'here' } },
    { list: [], in: { map: {} } },
    { list: null, in: null },
    { list: ['c'], in: {} },
  ]
  write(schema, rows)
  expect(
    await inDuckDb(`SELECT list::VARCHAR AS list, "in"::VARCHAR AS "in" FROM read_parquet('${path}')`),
  ).toEqual([
    { list: '[a, NULL, b]', in: "{'map': {x=1, y=NULL}, 'text': here}" },
    { list: '[]', in: "{'map': {}, 'text': NULL}" },
    { list: null, in: null },
    { list: '[c]', in: "{'map': NULL, 'text': NULL}" },
  ])
})

it('holds texts of one length, whatever their letters', async () => {
  const numbered = (rest: string) =>
    Array.from({ length: 30 }, (_, index) => `${String.fromCharCode(97 + (index % 26))}${index % 10}${rest}`)
  const columns = {
    ascii: numbered('-0000-8000'),
    // One code unit each, of which the last byte alone would be a letter of ASCII.
    latin: numbered('ö').with(7, 'zz0'),
    beyond: numbered('\u0130'),
    pairs: numbered('😀').with(3, '\uffee99x'),
    longest: numbered('x'.repeat(125)),
    longer: numbered('x'.repeat(126)),
    none: numbered('').map(() => ''),
  }
  const schema = Object.keys(columns).map((name) => ({ name, kind: 'string' }) as const)
  const rows = columns.ascii.map((_, row) =>
    Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[row]])),
  )
  write(schema, rows)
  expect(await inDuckDb(`SELECT * FROM read_parquet('${path}')`)).toEqual(rows)
  // By their bytes: half of a pair stands behind all characters that are one unit.
  const file = parquetFile(schema, shred(schema, rows), rows.length)
  expect(file.columns.get('ascii')).toMatchObject({ least: 'a0-0000-8000', greatest: 'z5-0000-8000' })
  expect(file.columns.get('latin')).toMatchObject({ least: 'a0ö', greatest: 'zz0' })
  expect(file.columns.get('pairs')).toMatchObject({ least: 'a0😀', greatest: '\uffee99x' })
  expect(file.columns.get('none')).toMatchObject({ least: '', greatest: '' })
})

it('bounds leave NaN out, wherever it stands, and take numbers of both kinds', () => {
  const boundsOf = (kind: 'double' | 'long', values: readonly (number | bigint)[]) =>
    parquetFile([{ name: 'n', kind }], [flatLeaf('n', physicalOf(kind), values)], values.length).columns.get(
      'n',
    )
  const { NaN: none, POSITIVE_INFINITY: infinite } = Number
  expect(boundsOf('double', [none, 2, none, -1.5, 7, none])).toMatchObject({ least: -1.5, greatest: 7 })
  expect(boundsOf('double', [infinite, -infinite])).toMatchObject({ least: -infinite, greatest: infinite })
  expect(boundsOf('double', [none, none])).toMatchObject({ least: undefined, greatest: undefined })
  expect(boundsOf('long', [3, 9_223_372_036_854_775_807n, -4])).toMatchObject({
    least: -4,
    greatest: 9_223_372_036_854_775_807n,
  })
})

it('holds many rows in several pages: repeated values, new ones, and gaps', async () => {
  const count = 20_000
  const columns = {
    again: Array.from({ length: count }, (_, index) => `city ${index % 37}`),
    fresh: Array.from({ length: count }, (_, index) => `${index}-${'x'.repeat(index % 50)}`),
    gaps: Array.from({ length: count }, (_, index) => (index % 3 === 0 ? null : index)),
    long: Float64Array.from({ length: count }, (_, index) => index * 1_000_003),
  }
  const schema: SchemaNode[] = [
    { name: 'again', kind: 'string' },
    { name: 'fresh', kind: 'string' },
    { name: 'gaps', kind: 'integer' },
    { name: 'long', kind: 'long' },
  ]
  const leaves = schema.map((node) =>
    flatLeaf(node.name, physicalOf(node.kind as 'string'), columns[node.name as keyof typeof columns]),
  )
  const file = parquetFile(schema, leaves, count)
  expect(Math.max(...file.parts.map(({ length }) => length))).toBeLessThan(500_000)
  expect(file.columns.get('gaps')).toMatchObject({ nulls: 6667, least: 1, greatest: 19_999 })
  writeFileSync(path, Buffer.concat(file.parts))
  await withParquet(path, async (open) => {
    // What parquet-java and Power BI's Direct Lake go by (parquet.thrift, PageEncodingStats).
    const data = { page_type: 'DATA_PAGE', encoding: 'PLAIN', count: 5 }
    expect(open.metadata.row_groups[0]?.columns.map(({ meta_data: about }) => about?.encoding_stats)).toEqual(
      [
        [
          { page_type: 'DICTIONARY_PAGE', encoding: 'PLAIN', count: 1 },
          { ...data, encoding: 'RLE_DICTIONARY' },
        ],
        [data],
        [data],
        [data],
      ],
    )
    for (const [name, values] of Object.entries(columns))
      expect(await open.column(name)).toEqual(Array.from(values as ArrayLike<unknown>))
  })
  // By the bounds in the footer, which DuckDB looks at first.
  const [found] = await inDuckDb(
    `SELECT count(*) FILTER (again = 'city 36')::INTEGER AS again, count(gaps)::INTEGER AS gaps, sum(long)::VARCHAR AS sum,
      count(DISTINCT fresh)::INTEGER AS fresh FROM read_parquet('${path}')`,
  )
  const sum = columns.long.reduce((all, one) => all + one, 0)
  expect(found).toEqual({ again: 540, gaps: 13_333, sum: String(sum), fresh: count })
  expect(
    await inDuckDb(
      `SELECT long::VARCHAR AS long FROM read_parquet('${path}') WHERE long > ${19_998 * 1_000_003}`,
    ),
  ).toEqual([{ long: String(19_999 * 1_000_003) }])
})

it('reads the texts of a file with several row groups one group after the other', async () => {
  await inDuckDb(
    `COPY (SELECT CASE WHEN i % 7 > 0 THEN 'id ' || i END AS id FROM range(5000) AS t(i)) TO '${path}' (ROW_GROUP_SIZE 2048)`,
  )
  const groups: (string | null)[][] = []
  await withParquet(path, async (open) => {
    for await (const texts of open.textsByRowGroup('id')) groups.push(texts)
  })
  expect(groups.map(({ length }) => length)).toEqual([2048, 2048, 904])
  expect(groups.flat()).toEqual(Array.from({ length: 5000 }, (_, i) => (i % 7 > 0 ? `id ${i}` : null)))
})

it('names a file that was cut', async () => {
  const schema: SchemaNode[] = [{ name: 's', kind: 'string' }]
  const { parts } = parquetFile(schema, [flatLeaf('s', 'bytes', ['a', 'b'])], 2)
  writeFileSync(path, Buffer.concat(parts).subarray(0, -3))
  await expect(withParquet(path, (open) => open.column('s'))).rejects.toThrow(`${path} is damaged`)
  await expect(withParquet(`${path}.gone`, (open) => open.column('s'))).rejects.toThrow('ENOENT')
})

it('names a file whose middle is gone, whether it fits into memory or not', async () => {
  const schema: SchemaNode[] = [{ name: 's', kind: 'string' }]
  for (const count of [100, 5000]) {
    const texts = Array.from({ length: count }, (_, index) => `${index}`.padEnd(30, 'x'))
    const whole = Buffer.concat(parquetFile(schema, [flatLeaf('s', 'bytes', texts)], count).parts)
    writeFileSync(path, whole)
    expect(await withParquet(path, (open) => open.column('s'))).toEqual(texts)
    writeFileSync(path, Buffer.concat([whole.subarray(0, 4), whole.subarray(count * 30)]))
    await expect(withParquet(path, (open) => open.column('s'))).rejects.toThrow(
      /is damaged, or no Parquet file: (A column of it would lie beyond its end|The file was cut)/,
    )
  }
})

it('keeps a text that begins with U+FEFF, and orders bounds as bytes do', async () => {
  const schema: SchemaNode[] = [{ name: 's', kind: 'string' }]
  const texts = ['\ufeffOslo', '\u{1F326}', '\uffee', 'Å']
  const leaves = [flatLeaf('s', 'bytes', texts)]
  const file = parquetFile(schema, leaves, texts.length)
  writeFileSync(path, Buffer.concat(file.parts))
  expect(await withParquet(path, (open) => open.column('s'))).toEqual(texts)
  expect(file.columns.get('s')).toMatchObject({ least: 'Å', greatest: '\u{1F326}' })
})

it('keeps 0 and -0 apart, and bounds that hold for both', async () => {
  const schema: SchemaNode[] = [{ name: 'd', kind: 'double' }]
  for (const [least, greatest] of [
    [-0, 0],
    [0, -0],
    [-0, -0],
    [0, 0],
  ]) {
    const rows = Array.from({ length: 10 }, (_, index) => ({ d: index % 2 === 0 ? least : greatest }))
    write(schema, rows)
    expect(await withParquet(path, (open) => open.column('d'))).toEqual(rows.map(({ d }) => d))
    // Which of them is the lesser one no comparison tells (parquet.thrift, ColumnOrder): DataFusion reads a column of equal bounds as a constant.
    expect(
      await inDuckDb(
        `SELECT stats_min_value AS least, stats_max_value AS greatest FROM parquet_metadata('${path}')`,
      ),
    ).toEqual([{ least: '-0.0', greatest: '0.0' }])
  }
})

it('says who wrote a file in the form that readers parse', async () => {
  write([{ name: 's', kind: 'string' }], [{ s: 'a' }])
  const [found] = await inDuckDb(`SELECT created_by FROM parquet_file_metadata('${path}')`)
  const { created_by: writer } = found as { created_by: string }
  // As parquet-java has it (VersionParser): the application, its version, and a build.
  expect(writer).toMatch(/^rtstream-tui version \d+\.\d+\.\d+( \(build \S+\))?$/)
  expect([writer, 'rtstream-tui', 'rtstream-tui2 version 1.0.0', undefined].map(isOwnFile)).toEqual([
    true,
    true,
    false,
    false,
  ])
})

it.each([
  ['nothing', ''],
  ['a letter', 'a'],
  ['what repeats itself', 'part-000000012345-b0.parquet\n'.repeat(5000)],
  [
    'what does not',
    Array.from({ length: 30_000 }, (_, index) => String.fromCharCode(33 + ((index * index * 31) % 90))).join(
      '',
    ),
  ],
  ['long runs', 'x'.repeat(70_000) + 'y'.repeat(70_000)],
])('compresses %s so that others read it', async (_, text) => {
  const { snappyUncompress } = await import('hyparquet')
  const input = Buffer.from(text)
  const output = new Uint8Array(input.length)
  const compressed = compressSnappy(input)
  if (input.length > 0) snappyUncompress(compressed, output)
  expect(Buffer.from(output).equals(input)).toBe(true)
  const schema: SchemaNode[] = [{ name: 's', kind: 'string' }]
  const rows = Array.from({ length: 200 }, (_, index) => ({ s: `${text.slice(0, 400)}${index}` }))
  write(schema, rows)
  expect(await inDuckDb(`SELECT s FROM read_parquet('${path}')`)).toEqual(rows)
  const all = await withParquet(path, (open) => open.rows())
  expect(all).toEqual(rows)
})
