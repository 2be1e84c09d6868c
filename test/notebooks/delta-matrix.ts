/** Holds the readers of this project against what Spark reads of the tables that delta_matrix.py has made. */
import { randomUUID } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import pino from 'pino'
import { expect } from 'vitest'
import { deletedRowsOf } from '../../src/azure/lake/data-file.ts'
import { DeltaTable } from '../../src/azure/lake/delta-table.ts'
import { numberOf, ParquetFile } from '../../src/azure/lake/parquet.ts'
import { relation } from '../../src/azure/lake/table-audit.ts'
import { LakeFolder } from '../../src/local/data-lake/store/folder.ts'
import { DEFAULT_TUNING, type EngineContext } from '../../src/local/engine/api/options.ts'
import { rowsIn } from '../../src/local/engine/delta/parquet-file.ts'
import { type Connection, Database } from '../../src/local/engine/duckdb/database.ts'
import { DeltaSource } from '../../src/local/engine/query/delta-source.ts'
import type { ServiceError } from '../../src/pipeline/ports/errors.ts'
import { lakeClient } from '../support/lake-client.ts'
import type { LakeServer } from '../support/lake-server.ts'

type Row = [eventId: string, city: string, temperature: number | null, at: number]

/** By the table's name. */
type Truth = Record<string, { rows: number; newestAt: number; content: Row[] }>

export const truthIn = (folder: string): Truth =>
  JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8')) as Truth

const COLUMNS = ['eventId', 'city', 'temperature', 'enqueuedAt']
const sorted = (rows: readonly Row[]) => rows.toSorted(([a], [b]) => (a < b ? -1 : 1))

/** What nobody here reads, by the beginning of a table's name. */
const UNREADABLE: Record<string, RegExp> = {
  'catalog-managed': /managed by a catalog \(table feature catalogManaged\).*DROP FEATURE catalogManaged/,
  unknown: /needs the reader feature geospatial, which this program does not know.*DROP FEATURE geospatial/,
}
const startOf = <Value>(values: Record<string, Value>, name: string): Value | undefined =>
  Object.entries(values).find(([prefix]) => name.startsWith(prefix))?.[1]

/** The adapters' reader and the audit's SQL: everything as Spark has it, or a refusal that names the feature. */
export async function expectAdapters(running: LakeServer, truth: Truth): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    for (const [name, table] of Object.entries(truth)) {
      const refusal = startOf(UNREADABLE, name)
      if (refusal) {
        const refused: ServiceError = await adaptersRead(running, name).then(
          () => undefined,
          (error) => error,
        )
        expect(`${refused?.message} ${refused?.hint}`, name).toMatch(refusal)
        continue
      }
      expect({ name, ...(await adaptersRead(running, name)) }).toEqual({ name, ...expected(table) })
      expect({ name, rows: await auditReads(running, connection, name) }).toEqual({
        name,
        rows: sorted(table.content),
      })
    }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** The SQL by which the audit and `rtstream-tui sql` read a table's files. */
async function auditReads(running: LakeServer, connection: DuckDBConnection, name: string): Promise<Row[]> {
  const client = lakeClient(running)
  const table = new DeltaTable(client, 'silver', name)
  await table.look()
  const rows: Row[] = []
  for (const file of table.files) {
    const data = await client.read(table.container, file.path, undefined)
    if (!data) throw new Error(`${file.path} is not there`)
    const deleted = await deletedRowsOf(client, table.place, file, undefined)
    const copy = join(running.folder, `${randomUUID()}.parquet`)
    writeFileSync(copy, data)
    const source = relation(table, file, new ParquetFile(data), copy, deleted)
    const found = await connection.runAndReadAll(
      `SELECT "eventId", city, temperature::BIGINT, epoch_ms("enqueuedAt"::TIMESTAMP) FROM (${source})`,
    )
    for (const [id, city, temperature, at] of found.getRows())
      rows.push([String(id), String(city), temperature === null ? null : Number(temperature), Number(at)])
    rmSync(copy)
  }
  return sorted(rows)
}

/** The adapters' reader: count, newest time, and every row. The tables stand in the container `silver`. */
async function adaptersRead(running: LakeServer, name: string) {
  const table = new DeltaTable(lakeClient(running), 'silver', name)
  await table.look()
  const content: Row[] = []
  for (const file of table.files)
    for (const { eventId, city, temperature, enqueuedAt } of (await table.rowsOf(file, COLUMNS)) ?? [])
      content.push([String(eventId), String(city), numberOf(temperature), numberOf(enqueuedAt) ?? Number.NaN])
  const { rows, newestAt } = table.snapshot()
  return { rows, newestAt: newestAt?.getTime(), content: sorted(content) }
}

const expected = ({ rows, newestAt, content }: Truth[string]) => ({
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
  'catalog-managed': /table features? .*catalogManaged/,
  unknown: /table features? .*geospatial/,
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
  const database = new Database({ temporaryFolder: join(root, 'tmp'), memoryLimit: '500MB' })
  try {
    const connection = await database.connect()
    for (const [name, { content }] of Object.entries(truth)) {
      const upgrade = startOf(UPGRADED, name)
      const read = embeddedRows(context, connection, name)
      if (upgrade) await expect(read, name).rejects.toThrow(upgrade)
      else expect({ name, rows: sorted(await read) }).toEqual({ name, rows: sorted(content) })
    }
  } finally {
    await database.close()
  }
}

async function embeddedRows(context: EngineContext, connection: Connection, name: string): Promise<Row[]> {
  const contract = { container: 'silver', path: name, columns: [] } as const
  const source = new DeltaSource(context, connection, contract, {
    position: undefined,
    rebuilt: [],
    rowsPerBatch: 1e9,
  })
  await source.open()
  const plan = await source.plan()
  const paths = plan?.files.map(({ path }) => source.pathOf(path)) ?? []
  const rows = await connection.rows<{ id: string; city: string; temperature: number; at: number }>(
    `SELECT "eventId" AS id, city, temperature, epoch_ms("enqueuedAt") AS at FROM ${rowsIn(paths)}`,
  )
  return rows.map(({ id, city, temperature, at }) => [id, city, temperature, Number(at)])
}
