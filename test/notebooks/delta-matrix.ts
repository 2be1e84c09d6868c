/** Holds the readers of this project against what Spark reads of the tables that delta_matrix.py has made. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import { expect } from 'vitest'
import { DeltaTable } from '../../src/azure/lake/delta-table.ts'
import { numberOf } from '../../src/azure/lake/parquet.ts'
import { LakeFolder } from '../../src/local/data-lake/store/folder.ts'
import { DEFAULT_TUNING, type EngineContext } from '../../src/local/engine/api/options.ts'
import { rowsIn } from '../../src/local/engine/delta/parquet-file.ts'
import { type Connection, Database } from '../../src/local/engine/duckdb/database.ts'
import { DeltaSource } from '../../src/local/engine/query/delta-source.ts'
import { lakeClient } from '../support/lake-client.ts'
import type { LakeServer } from '../support/lake-server.ts'

type Row = [eventId: string, city: string, temperature: number | null, at: number]

/** By the table's name. */
type Truth = Record<string, { rows: number; newestAt: number; content: Row[] }>

export const truthIn = (folder: string): Truth =>
  JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8')) as Truth

const COLUMNS = ['eventId', 'city', 'temperature', 'enqueuedAt']
const sorted = (rows: readonly Row[]) => rows.toSorted(([a], [b]) => (a < b ? -1 : 1))

/** The adapters' reader: count, newest time, and every row. The tables stand in the container `silver`. */
export async function adaptersRead(running: LakeServer, name: string) {
  const table = new DeltaTable(lakeClient(running), 'silver', name)
  await table.look()
  const content: Row[] = []
  for (const file of table.files)
    for (const { eventId, city, temperature, enqueuedAt } of (await table.rowsOf(file, COLUMNS)) ?? [])
      content.push([String(eventId), String(city), numberOf(temperature), numberOf(enqueuedAt) ?? Number.NaN])
  const { rows, newestAt } = table.snapshot()
  return { rows, newestAt: newestAt?.getTime(), content: sorted(content) }
}

export const expected = ({ rows, newestAt, content }: Truth[string]) => ({
  rows,
  newestAt,
  content: sorted(content),
})

/** What asks for more than the oldest protocol, which is all that the embedded engine takes part in. */
const UPGRADED: Record<string, RegExp> = {
  'v2-': /table features? .*v2Checkpoint/,
  mapping: /reader 2|table features? .*columnMapping/,
  'deletion-vectors': /table features? .*deletionVectors/,
  'type-widening': /table features? .*typeWidening/,
  'in-commit': /table features? .*inCommitTimestamp/,
  'row-tracking': /table features? .*rowTracking/,
}

/** The embedded engine's reader: every row, or a refusal that names the feature. */
export async function expectEmbedded(root: string, truth: Truth): Promise<void> {
  const clock = { now: () => Date.now() }
  const context: EngineContext = {
    lake: new LakeFolder(root, { limitBytes: 1e10, clock }),
    clock,
    logger: pino({ level: 'silent' }),
    retentionMs: 1e9,
    newId: () => '',
    tuning: DEFAULT_TUNING,
  }
  const database = await Database.open({ temporaryFolder: join(root, 'tmp'), memoryLimit: '500MB' })
  try {
    const connection = await database.connect()
    for (const [name, { content }] of Object.entries(truth)) {
      const upgrade = Object.entries(UPGRADED).find(([prefix]) => name.startsWith(prefix))?.[1]
      const read = embeddedRows(context, connection, name)
      if (upgrade) await expect(read, name).rejects.toThrow(upgrade)
      else expect({ name, rows: sorted(await read) }).toEqual({ name, rows: sorted(content) })
    }
  } finally {
    database.close()
  }
}

async function embeddedRows(context: EngineContext, connection: Connection, name: string): Promise<Row[]> {
  const contract = { container: 'silver', path: name, columns: [] } as const
  const source = new DeltaSource(context, connection, contract, { position: undefined, rowsPerBatch: 1e9 })
  await source.open()
  const plan = await source.plan()
  const paths = plan?.files.map(({ path }) => source.pathOf(path)) ?? []
  const rows = await connection.rows<{ id: string; city: string; temperature: number; at: number }>(
    `SELECT "eventId" AS id, city, temperature, epoch_ms("enqueuedAt") AS at FROM ${rowsIn(paths)}`,
  )
  return rows.map(({ id, city, temperature, at }) => [id, city, temperature, Number(at)])
}
