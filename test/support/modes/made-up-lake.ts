/** Layers that answer questions with made-up rows, in the shape in which DuckDB gives them. For the screen alone: no SQL is understood. */
import { bronzeFileName, bronzeFolder } from '../../../src/contract/bronze-layout.ts'
import { TABLES, type TableContract } from '../../../src/contract/tables.ts'
import {
  type LakeQuery,
  NEWEST_ROWS,
  PREPARED_QUERIES,
  type QueryResult,
} from '../../../src/pipeline/ports/query.ts'
import { CITIES, SCENARIO_NOW } from '../scenario.ts'

const ROWS = 200
const BYTES_OF_A_FILE = 6100

/** As DuckDB writes a timestamp with a zone, in UTC. */
const timestamp = (secondsAgo: number) =>
  `${new Date(SCENARIO_NOW - secondsAgo * 1000).toISOString().replace('T', ' ').replace(/Z$/, '')}+00`
const idOf = (row: number) => `0198d3a5-7c21-7a00-8${String(row).padStart(3, '0')}-5f1e0c9b2d44`
const deviceOf = (row: number) => `station-${String((row * 37) % 1200).padStart(5, '0')}`
const cityOf = (row: number) => CITIES[row % CITIES.length] as (typeof CITIES)[number]

function reading(row: number): unknown[] {
  const { city, temperature = 0, humidity = 0 } = cityOf(row)
  const at = row / 117
  return [
    idOf(row),
    deviceOf(row),
    712 - Math.floor(row / 9),
    city,
    Math.round(temperature),
    Math.round(humidity),
    timestamp(at + 2),
    timestamp(at + 2),
    timestamp(at + 1.9),
    row % 4,
  ]
}

const REASONS = [
  ['city is missing'],
  ['temperature is out of range'],
  ['eventId is missing', 'city is missing'],
]
const body = (row: number) =>
  JSON.stringify({ eventId: idOf(row), deviceId: deviceOf(row), city: '', temperature: 912, humidity: 48 })
const day = timestamp(0).slice(0, 10)

const rowsOf: Readonly<Record<string, (row: number) => unknown[]>> = {
  silver: reading,
  gold: (row) => [...reading(row), day, 12],
  quarantine: (row) => [timestamp(row / 3), REASONS[row % REASONS.length], body(row)],
  byMinute: (row) => {
    const { city, temperature = 0, humidity } = cityOf(row)
    const minute = timestamp(Math.floor(row / CITIES.length) * 60 + 11).replace('.000', '')
    return [
      minute,
      city,
      570 - row,
      Math.round(temperature) - 2,
      temperature,
      Math.round(temperature) + 2,
      humidity,
    ]
  },
  aggregated: (row) => {
    const { city, temperature, humidity, readings } = cityOf(row)
    return [city, day, 12 - Math.floor(row / CITIES.length), temperature, humidity, readings]
  },
}

const namesOf = ({ columns }: TableContract) => columns.map(([name]) => name)

function layerRows(name: string): Pick<QueryResult, 'columns' | 'rows'> {
  const rows = (of: (row: number) => unknown[]) => Array.from({ length: ROWS }, (_, row) => of(row))
  if (name === 'bronze')
    return {
      columns: ['file', 'line'],
      rows: rows((row) => [
        `${bronzeFolder(new Date(SCENARIO_NOW))}/${bronzeFileName({ partition: row % 4, firstSequenceNumber: 1780 - Math.floor(row / 30) * 30, lastSequenceNumber: 1809 - Math.floor(row / 30) * 30, rows: 30 })}`,
        body(row),
      ]),
    }
  if (name === 'quarantine')
    return { columns: ['enqueuedAt', 'reasons', 'raw'], rows: rows(rowsOf.quarantine as () => unknown[]) }
  return {
    columns: namesOf(TABLES[name as keyof typeof TABLES]),
    rows: rows(rowsOf[name] as (row: number) => unknown[]),
  }
}

/** What one mistyped word is answered with. */
const UNKNOWN_TABLE =
  'Catalog Error: Table with name weather does not exist!\nDid you mean "silver"?\n\nLINE 1: SELECT * FROM weather\n                      ^'

function answer(sql: string): QueryResult {
  const found = (rows: Pick<QueryResult, 'columns' | 'rows'>, files: number): QueryResult => ({
    ...rows,
    isCut: false,
    files,
    bytes: files * BYTES_OF_A_FILE,
  })
  const layer = Object.entries(NEWEST_ROWS).find(([, text]) => text === sql)?.[0]
  if (layer !== undefined) return found(layerRows(layer), layer === 'bronze' ? 752 : 96)
  if (sql === PREPARED_QUERIES[0]?.sql)
    return found(
      {
        columns: ['city', 'readings', 'mean'],
        rows: CITIES.toSorted((a, b) => b.readings - a.readings).map((one) => [
          one.city,
          one.readings,
          one.temperature,
        ]),
      },
      95,
    )
  if (sql.includes('weather')) throw new Error(UNKNOWN_TABLE)
  return found({ columns: ['answer'], rows: [[42]] }, 1)
}

export const madeUpLake = (): LakeQuery => ({
  size: async () => ({ files: 96, bytes: 96 * BYTES_OF_A_FILE }),
  export: async () => ROWS,
  run: async (sql) => answer(sql),
})
