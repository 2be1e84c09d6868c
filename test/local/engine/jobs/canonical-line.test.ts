/** The short way of the rules says of every line what the long way says, and so does what takes lines without DuckDB. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { LineWriter } from '../../../../src/contract/bronze-line.ts'
import { type Connection, Database } from '../../../../src/local/engine/duckdb/database.ts'
import { linesOf, RULE_MACROS, shortWay, validated } from '../../../../src/local/engine/jobs/silver-rules.ts'
import { insertHalves, insertMany, makeWorkTables } from '../../../../src/local/engine/jobs/work-table.ts'
import { noLines, readLines } from '../../../../src/local/engine/live/lines.ts'
import { Generator } from '../../../../src/pipeline/generator/generator.ts'
import { drawStations } from '../../../../src/pipeline/generator/stations.ts'
import { handMadeLines } from '../../../notebooks/bronze-fixture.ts'
import { temporaryFolder } from '../../../support/cli.ts'

const folder = temporaryFolder()
let database: Database
let connection: Connection
beforeAll(async () => {
  database = new Database({ temporaryFolder: folder.path, memoryLimit: '256MB' })
  connection = await database.connect()
})
afterAll(async () => {
  await database.close()
  folder.remove()
})

const NOON = Date.parse('2026-03-01T12:00:00.000Z')
const LONG_WAY = 'CREATE OR REPLACE MACRO is_canonical(raw, l) AS false'

/** Every row, and how many lines took the short way. */
async function validate(lines: readonly string[], longWay: boolean) {
  await connection.run(RULE_MACROS)
  await connection.run('CREATE OR REPLACE TEMP TABLE lines AS SELECT unnest($1::JSON::VARCHAR[]) AS raw', [
    JSON.stringify(lines),
  ])
  const [short] = await connection.rows<{ count: number }>(
    'SELECT count(*) FILTER (is_canonical(raw, l)) AS count FROM (SELECT raw, taken_apart(raw) AS l FROM lines)',
  )
  if (longWay) await connection.run(LONG_WAY)
  const rows = await connection.rows(
    `SELECT COLUMNS(*)::VARCHAR FROM (${validated('SELECT raw FROM lines')})`,
  )
  return { rows, short: short?.count ?? 0 }
}

async function generated(dirty: number): Promise<string[]> {
  const generator = new Generator(
    { seed: 'canonical', run: 'test', stations: 400, intervalMs: 1000, dirty },
    await drawStations('canonical'),
  )
  const writer = new LineWriter(3, NOON + 900)
  return generator
    .make(1000, NOON, 10_000)
    .events.flatMap(({ body }, index) =>
      writer.lines(body, { sequenceNumber: index, enqueuedAt: NOON + index }),
    )
    .filter((line) => line !== undefined)
}

/** What the rules say of lines, as the live way has it. */
const rulesSay = (lines: readonly string[]) =>
  connection
    .run('CREATE OR REPLACE TEMP TABLE lines AS SELECT unnest($1::JSON::VARCHAR[]) AS raw', [
      JSON.stringify(lines),
    ])
    .then(() =>
      connection.rows(`
        SELECT eventId, deviceId, deviceSequenceNumber, city, temperature, humidity, epoch_us("timestamp") AS "timestamp",
          epoch_us(createdAt) AS "createdAt", epoch_us(enqueuedAt) AS "enqueuedAt", partitionId, reasons, raw
        FROM (${validated('SELECT raw FROM lines')})`),
    )

/** The same of one line; undefined where it is left to the rules. */
function liveSays(line: string) {
  const into = noLines()
  if (!readLines(line, into) || into.verdicts.length === 0) return undefined
  const { valid, refused } = into
  const row = Object.fromEntries(Object.entries(valid).map(([name, [value]]) => [name, value]))
  const [reasons, [enqueuedAt], [eventId]] = [refused.reasons[0], refused.enqueuedAt, refused.eventId]
  return reasons
    ? { raw: refused.raw[0], reasons: reasons.join('\n'), enqueuedAt, eventId }
    : { ...row, raw: null, reasons: null }
}

/** @returns how many lines were not left to the rules. */
async function agreeLive(lines: readonly string[]): Promise<number> {
  await connection.run(RULE_MACROS)
  await connection.run(LONG_WAY)
  let taken = 0
  for (const [index, row] of (await rulesSay(lines)).entries()) {
    const said = liveSays(lines[index] as string)
    if (!said) continue
    taken++
    expect(row, lines[index]).toMatchObject(said)
  }
  return taken
}

/** Compares what the short way says of the lines that it takes. @param expected of them all. @returns how many it leaves to the rules. */
async function leftByShortWay(lines: readonly string[], expected: readonly object[]): Promise<number> {
  await connection.run('CREATE OR REPLACE TEMP TABLE lines AS SELECT unnest($1::JSON::VARCHAR[]) AS raw', [
    JSON.stringify(lines),
  ])
  const said = await connection.rows(`SELECT COLUMNS(*)::VARCHAR FROM (${shortWay('SELECT raw FROM lines')})`)
  const taken = (_: unknown, index: number) => said[index]?.raw === null || said[index]?.reasons !== null
  expect(said.filter(taken)).toEqual(expected.filter(taken))
  return said.length - said.filter(taken).length
}

/** What the work table holds after many lines were put into it at once. */
async function insertedMany(lines: readonly string[]) {
  await connection.run(RULE_MACROS)
  await connection.run('CREATE OR REPLACE TEMP TABLE lines AS SELECT unnest($1::JSON::VARCHAR[]) AS raw', [
    JSON.stringify(lines),
  ])
  await makeWorkTables(connection)
  await insertMany(connection, 'SELECT raw FROM lines')
  return connection.rows('SELECT COLUMNS(*)::VARCHAR FROM batch ORDER BY rowid')
}

it('puts many lines at once into the work table as the long way does, in their order', async () => {
  const lines = [...(await generated(0.5)), ...handMadeLines()]
  const many = Array(4).fill(lines).flat() as string[]
  const expected = (await validate(many, true)).rows
  // More than one of DuckDB's vectors.
  expect(many.length).toBeGreaterThan(2048)
  expect(await insertedMany(many)).toEqual(expected)
})

const tablesThere = () =>
  connection.rows("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'half%'")

it('puts them there in two halves at once, as one after the other', async () => {
  const lines = [...(await generated(0.5)), ...handMadeLines()]
  const many = Array(4).fill(lines).flat() as string[]
  const expected = (await validate(many, true)).rows
  await connection.run(RULE_MACROS)
  await connection.run(
    'CREATE OR REPLACE TABLE all_lines AS SELECT unnest($1::JSON::VARCHAR[]) AS raw, unnest(range(len($1::JSON::VARCHAR[]))) AS place',
    [JSON.stringify(many)],
  )
  const half = Math.floor(many.length / 2)
  const part = (where: string) => `SELECT raw FROM all_lines WHERE place ${where} ORDER BY place`
  await makeWorkTables(connection)
  database.parallel = 2
  await insertHalves(connection, database, part(`< ${half}`), part(`>= ${half}`))
  expect(await connection.rows('SELECT COLUMNS(*)::VARCHAR FROM batch ORDER BY rowid')).toEqual(expected)
  expect(await tablesThere()).toEqual([])
})

it.each([
  ['first', 'SELECT 1 AS wrong', "SELECT 'x' AS raw"],
  ['second', "SELECT 'x' AS raw", 'SELECT 1 AS wrong'],
])('says what is wrong with the %s half, and leaves nothing of it', async (_, first, second) => {
  await makeWorkTables(connection)
  await expect(insertHalves(connection, database, first, second)).rejects.toThrow(/raw/)
  expect(await tablesThere()).toEqual([])
})

it('leaves blank lines out, whatever ends a line', async () => {
  const text = '{"a":1}\n\n \t\r\n{"a":2}\r{"a":3}\r\n\u3000\n{"a":4}'
  await connection.run(RULE_MACROS)
  const rows = await connection.rows(linesOf('$1', '(SELECT 1)'), [text])
  expect(rows.map(({ raw }) => raw)).toEqual(['{"a":1}', '{"a":2}', '{"a":3}', '{"a":4}'])
  expect(await connection.rows(linesOf('$1', '(SELECT 1)'), [' \n'])).toEqual([])
})

it('takes the short way for every clean reading of the generator', async () => {
  const lines = await generated(0)
  const { short, rows } = await validate(lines, false)
  expect(short).toBe(lines.length)
  expect(await leftByShortWay(lines, rows)).toBe(0)
  expect(await agreeLive(lines)).toBe(lines.length)
})

it('takes the short way for what the generator makes, but for texts and times that are none', async () => {
  const lines = await generated(0.5)
  const left = lines.filter((line) => line.includes(';') || line.includes('yesterday'))
  expect(left.length).toBeGreaterThan(10)
  expect(await leftByShortWay(lines, (await validate(lines, true)).rows)).toBe(left.length)
})

it('takes whatever the generator makes without DuckDB, and says what the rules say', async () => {
  const lines = await generated(0.5)
  expect(await agreeLive(lines)).toBe(lines.length)
})

it('validates lines of every kind as the long way does', async () => {
  const lines = [...(await generated(0.5)), ...handMadeLines()]
  const short = await validate(lines, false)
  expect(short.short).toBeGreaterThan(100)
  expect(short.short).toBeLessThan(lines.length)
  expect(short.rows).toEqual((await validate(lines, true)).rows)
  expect(await agreeLive(lines)).toBeLessThan(lines.length)
  expect(await leftByShortWay(lines, short.rows)).toBeLessThan(lines.length / 2)
})

it('validates lines with one thing changed as the long way does', async () => {
  const line = (await generated(0))[0] as string
  const anonymous = line.replace(/"eventId":"[^"]*",/, '')
  const swaps = ['', '0', '-', '.', ' ', '"', '\\', ',', 'Z', 'é']
  const changed = [line, anonymous].flatMap((text) =>
    [...text].flatMap((_, at) =>
      swaps.flatMap((swap) => [
        text.slice(0, at) + swap + text.slice(at + 1),
        text.slice(0, at) + swap + text.slice(at),
      ]),
    ),
  )
  const short = await validate(changed, false)
  expect(short.short).toBeGreaterThan(10)
  expect(short.rows).toEqual((await validate(changed, true)).rows)
  expect(await agreeLive(changed)).toBeGreaterThan(100)
  expect(await leftByShortWay(changed, short.rows)).toBeLessThan(changed.length - 300)
})

it('validates the edges of every range as the long way does', async () => {
  const line = (await generated(0))[0] as string
  const anonymous = line.replace(/"eventId":"[^"]*",/, '')
  const edges: Record<string, readonly string[]> = {
    deviceSequenceNumber: ['999999999999999999', '1000000000000000000', '9223372036854775807', '-1', '-0'],
    temperature: ['-90', '-91', '60', '61', '-0', '999999999', '1000000000', '2147483647', '2147483648'],
    humidity: ['0', '100', '101', '-1', '-999999999', '-1000000000'],
    PartitionId: ['0', '999999999', '1000000000', '-1'],
    SequenceNumber: ['999999999999999999', '1000000000000000000', '-1'],
    timestamp: [
      '0000-01-01 00:00:00',
      '0001-01-01 00:00:00',
      '9999-12-31 23:59:59',
      '10000-01-01 00:00:00',
      '2026-02-29 00:00:00',
      '2024-02-29 00:00:00',
      '2026-03-01 24:00:00',
      '2026-03-01 12:00:60',
      '2026-03-01 12:00:00.5',
      '2026-03-01',
      'infinity',
      '-infinity',
      'epoch',
      '-001-01-01 00:00:00',
    ],
    createdAt: [
      '0000-01-01T00:00:00.000Z',
      '9999-12-31T23:59:59.999Z',
      '10000-01-01T00:00:00.000Z',
      'infinity',
      '2026-02-29T00:00:00.000Z',
      '2026-03-01T24:00:00.000Z',
      '2026-03-01T12:00:00.1234Z',
      '2026-03-01T12:00:00Z',
      '2026-03-01T12:00:00.000',
      '2026-03-01T12:00:00.000+00',
    ],
    EventEnqueuedUtcTime: [
      '0000-01-01T00:00:00.000Z',
      '9999-12-31T23:59:59.999Z',
      'infinity',
      '2026-02-29T00:00:00.000Z',
    ],
    city: ['', ' ', 'O', ' O', 'O ', '\u3000O', 'O\u00a0', 'Bogotá', 'Ålesund', '東京', 'a,b', '\u0085'],
    eventId: ['', ' ', 'x', 'é', ' x', '\u3000'],
    deviceId: ['', ' ', '東'],
  }
  const lines = Object.entries(edges).flatMap(([name, values]) =>
    values.flatMap((value) => {
      const parsed = new RegExp(`("${name}":)("?)[^",}]*("?)`)
      return [line, anonymous].flatMap((text) => [
        text.replace(parsed, `$1$2${value}$3`),
        text.replace(parsed, `$1"${value}"`),
      ])
    }),
  )
  const short = await validate(lines, false)
  expect(short.short).toBeGreaterThan(10)
  expect(short.rows).toEqual((await validate(lines, true)).rows)
  expect(await agreeLive(lines)).toBeGreaterThan(30)
  expect(await leftByShortWay(lines, short.rows)).toBeLessThan(lines.length - 30)
})
