/** Legal values at the edge of every column, and what each must be in silver, or why it must be in the quarantine. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { testLake } from '../local/engine/lake-fixture.ts'
import { readTable } from '../support/tables.ts'

interface Case {
  field: string
  /** JSON of the value; undefined: the field is left out. */
  json: string | undefined
  /** The column's value in silver: text, number, or epoch microseconds. */
  value?: string | number | bigint | null
  /** Of the quarantined row. */
  reasons?: readonly string[]
}

const MEGABYTE = 'x'.repeat(1_000_000)
/** A character of each of Unicode's planes that has any, and what text libraries stumble over. */
const PLANES = `${[0, 1, 2, 3, 14, 15, 16].map((plane) => String.fromCodePoint(plane * 0x10000 + 0x41)).join('')}\u0000\u200d\u202e\ufffd\uffff`
/** 10^400, written out. */
const TEN_TO_400 = `1${'0'.repeat(400)}`
const micros = (time: string, more = 0n) => BigInt(Date.parse(time)) * 1000n + more
const values = (field: string, list: readonly (readonly [json: string, value: Case['value']])[]): Case[] =>
  list.map(([json, value]) => ({ field, json, value: value ?? null }))
const refused = (field: string, reason: string, list: readonly string[]): Case[] =>
  list.map((json) => ({ field, json, reasons: [reason] }))

const CASES: readonly Case[] = [
  ...values('city', [
    [JSON.stringify(MEGABYTE), MEGABYTE],
    [JSON.stringify(PLANES), PLANES],
    ['"\\ud83d\\ude00"', '😀'],
    ['"NaN"', 'NaN'],
    ['"null"', 'null'],
  ]),
  ...refused('city', 'city is missing', ['""', 'null', '" \\u00a0"', '0', 'false']),
  ...refused('city', 'not a JSON object', ['"\\ud83d"', '"\\ude00"', 'NaN']),
  ...['temperature', 'humidity'].flatMap((field) => {
    const [low, high] = field === 'temperature' ? [-90, 60] : [0, 100]
    return [
      ...values(field, [
        [String(low), low],
        [String(high), high],
        ['-0', 0],
        ['-0.0', 0],
        ['0e400', 0],
        ['"7.000"', 7],
        [`7.${'0'.repeat(400)}`, 7],
      ]),
      ...refused(field, `${field} out of range`, [String(low - 1), String(high + 1), '999999999']),
      ...refused(field, `${field} is not an integer`, [
        '1e400',
        '-1e400',
        TEN_TO_400,
        `-${TEN_TO_400}`,
        `${TEN_TO_400}.5`,
        '9007199254740993',
        '0.5',
        '""',
        'true',
      ]),
      ...refused(field, `${field} is missing`, ['null']),
      ...refused(field, 'not a JSON object', ['NaN', '-Infinity']),
    ]
  }),
  ...values('deviceSequenceNumber', [
    ['0', 0],
    ['-0', 0],
    ['9007199254740991', 9_007_199_254_740_991n],
    ['9007199254740992', 9_007_199_254_740_992n],
    ['9007199254740993', 9_007_199_254_740_993n],
    ['999999999999999999', 999_999_999_999_999_999n],
    ['1000000000000000000', null],
    ['1e400', null],
    [TEN_TO_400, null],
    [`-${TEN_TO_400}`, null],
    [`0.${TEN_TO_400}`, null],
    ['-1', null],
    ['null', null],
  ]),
  ...values('timestamp', [
    ['"1900-01-01 00:00:00"', micros('1900-01-01T00:00:00Z')],
    ['"9999-12-31 23:59:59"', micros('9999-12-31T23:59:59Z')],
    ['"2038-01-19 03:14:08"', micros('2038-01-19T03:14:08Z')],
    ['"2262-04-12 00:00:00"', micros('2262-04-12T00:00:00Z')],
  ]),
  ...refused('timestamp', 'timestamp out of range', [
    '"0001-01-01 00:00:00"',
    '"1582-10-10 00:00:00"',
    '"1899-12-31 23:59:59"',
  ]),
  ...refused('timestamp', 'timestamp does not parse', [
    '"0000-01-01 00:00:00"',
    '"10000-01-01 00:00:00"',
    '0',
    '""',
  ]),
  ...values('createdAt', [
    ['"1900-01-01T00:00:00Z"', micros('1900-01-01T00:00:00Z')],
    ['"9999-12-31T23:59:59.999999999Z"', micros('9999-12-31T23:59:59Z', 999_999n)],
    ['"1899-12-31T23:59:59.9999999Z"', null],
    ['"0001-01-01T00:00:00Z"', null],
    ['null', null],
  ]),
  ...refused('EventEnqueuedUtcTime', 'enqueued time is missing', [
    '"0001-01-01T00:00:00Z"',
    '"1899-12-31T23:59:59Z"',
    'null',
  ]),
  ...values('PartitionId', [
    ['0', 0],
    ['999999999', 999_999_999],
    ['1e9', null],
    [TEN_TO_400, null],
    [`-${TEN_TO_400}`, null],
    ['-1', null],
    ['null', null],
  ]),
  ...values('deviceId', [
    ['""', ''],
    [JSON.stringify(PLANES), PLANES],
    ['7', null],
    ['null', null],
  ]),
]

/** A row of silver as every reader can say it: texts by their hashes, times in microseconds. By eventId. */
export type EdgeRows = Record<string, Record<string, string | null>>

const COLUMNS: Record<string, string> = { PartitionId: 'partitionId' }
const TEXTS = new Set(['city', 'deviceId'])
const hash = (text: string) => createHash('md5').update(text).digest('hex')

const usual = {
  deviceId: '"station-00001"',
  deviceSequenceNumber: '5',
  city: '"Oslo"',
  temperature: '20',
  humidity: '50',
  timestamp: '"2026-03-01 12:00:00"',
  createdAt: '"2026-03-01T12:00:00.123Z"',
  PartitionId: '0',
  EventEnqueuedUtcTime: '"2026-03-01T12:00:01.123Z"',
}

/** Places the cases as bronze below a lake's folder. @returns what silver must hold, and the reasons by line's hash. */
export function placeEdges(root: string): {
  lines: number
  silver: EdgeRows
  quarantine: Record<string, string[]>
} {
  const silver: EdgeRows = {}
  const quarantine: Record<string, string[]> = {}
  const lines = CASES.map(({ field, json, value, reasons }, number) => {
    const eventId = `edge-${String(number).padStart(3, '0')}`
    const fields = Object.entries({
      eventId: `"${eventId}"`,
      ...usual,
      SequenceNumber: String(number),
      [field]: json,
    })
    const line = `{${fields.map(([name, text]) => `"${name}":${text}`).join(',')}}`
    if (reasons) quarantine[hash(line)] = [...reasons]
    else {
      const column = COLUMNS[field] ?? field
      const text = value === null || value === undefined ? null : String(value)
      silver[eventId] = { [column]: text !== null && TEXTS.has(column) ? hash(text) : text }
    }
    return line
  })
  const folder = join(root, 'bronze/weather/2026/03/01/12/00')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'edges.json'), `${lines.join('\n')}\n`)
  writeFileSync(join(root, 'edges.json'), JSON.stringify({ silver, quarantine }))
  return { lines: lines.length, silver, quarantine }
}

/** A lake below a folder, with the cases in bronze and what the embedded engine has made of them in silver. */
export async function embeddedEdges(root: string): Promise<void> {
  const { lines } = placeEdges(root)
  const { engine } = testLake({ root }).engine()
  const run = engine.run('silver')
  await vi.waitFor(
    () => {
      expect(run.error).toBeUndefined()
      expect(run.progress?.inputRows).toBe(lines)
    },
    { timeout: 60_000, interval: 50 },
  )
  await engine.close()
}

/**
 * Reads silver and its quarantine with DuckDB and holds both against the cases, whoever wrote them.
 * @returns how many rows of each.
 */
export async function duckDbReads(
  root: string,
  { silver, quarantine }: Pick<ReturnType<typeof placeEdges>, 'silver' | 'quarantine'>,
): Promise<number[]> {
  const data = join(root, '..')
  const rows = await readTable(
    data,
    'silver/weather',
    `SELECT "eventId", md5(city) AS city, md5("deviceId") AS "deviceId", temperature, humidity, "partitionId",
      "deviceSequenceNumber"::VARCHAR AS "deviceSequenceNumber", epoch_us("timestamp")::VARCHAR AS "timestamp",
      epoch_us("createdAt")::VARCHAR AS "createdAt" FROM rows`,
  )
  const found = Object.fromEntries(
    rows.map((row) => {
      const columns = Object.keys(silver[String(row.eventId)] ?? {})
      return [row.eventId, Object.fromEntries(columns.map((name) => [name, textOf(row[name])]))]
    }),
  )
  expect(found).toEqual(silver)
  const refusedRows = await readTable(
    data,
    'silver/weather_quarantine',
    `SELECT md5(raw) AS line, to_json(reasons)::VARCHAR AS reasons FROM rows`,
  )
  expect(
    Object.fromEntries(refusedRows.map(({ line, reasons }) => [line, JSON.parse(String(reasons))])),
  ).toEqual(quarantine)
  return [rows.length, refusedRows.length]
}

/** The same of the tables that a notebook on Spark has made of a lake's edges (`test_edges.py` leaves them beside it). */
export async function duckDbReadsSparks(root: string): Promise<void> {
  await duckDbReads(`${root}-of-spark/lake`, JSON.parse(readFileSync(join(root, 'edges.json'), 'utf8')))
}

const textOf = (value: unknown): string | null => (value === null ? null : String(value))
