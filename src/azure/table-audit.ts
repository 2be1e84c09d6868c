/** Reads the tables whole at the end of a run, and asserts nothing that it has not read. DuckDB does the counting, on disk. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { TABLES, type TableName } from '../pipeline/contract/tables.ts'
import type { TableAudit, TableAuditor } from '../pipeline/ports.ts'
import type { LakeClient } from './data-lake.ts'
import { type DataFile, DeltaTable } from './delta-table.ts'

/** Memory that the count may take; beyond it DuckDB goes to disk. */
const MEMORY = '512MB'

/** What is kept of each table. Rows are numbered in the order of commits and of lines, which is that of bronze. */
const IMPORTS: Partial<Record<TableName, { table: string; select: string }>> = {
  silver: {
    table: 'silver(id UUID, device VARCHAR, number BIGINT, place BIGINT)',
    select: 'try_cast(eventId AS UUID), deviceId, deviceSequenceNumber, $place + file_row_number',
  },
  quarantine: {
    table: 'quarantined(device VARCHAR, number BIGINT)',
    select: `raw->>'$.deviceId', try_cast(raw->>'$.deviceSequenceNumber' AS BIGINT)`,
  },
  gold: {
    table: 'gold(latency DOUBLE)',
    select: `CASE WHEN $committed >= $since THEN $committed - epoch_ms(createdAt) END`,
  },
  aggregated: { table: 'aggregated(readings BIGINT)', select: 'readings' },
}

export function createTableAuditor({ client }: { client: LakeClient }): TableAuditor {
  return {
    async audit({ since, signal }) {
      const { DuckDBInstance } = await import('@duckdb/node-api')
      const folder = mkdtempSync(join(tmpdir(), 'rtstream-audit-'))
      const instance = await DuckDBInstance.create(join(folder, 'audit.db'), {
        memory_limit: MEMORY,
        threads: '2',
        temp_directory: folder,
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
      })
      const connection = await instance.connect()
      try {
        for (const name of Object.keys(IMPORTS) as TableName[])
          await load(connection, client, name, folder, since, signal)
        return await count(connection)
      } finally {
        connection.closeSync()
        instance.closeSync()
        rmSync(folder, { recursive: true, force: true })
      }
    },
  }
}

/** File by file, each deleted before the next one comes: the disk never holds a second lake. */
async function load(
  connection: DuckDBConnection,
  client: LakeClient,
  name: TableName,
  folder: string,
  since: Date,
  signal: AbortSignal | undefined,
) {
  const { table, select } = IMPORTS[name] as { table: string; select: string }
  const { container, path } = TABLES[name]
  const delta = new DeltaTable(client, container, path)
  await delta.look(signal)
  await connection.run(`CREATE TABLE ${table}`)
  const target = table.slice(0, table.indexOf('('))
  const files = [...delta.files].sort((a, b) => a.version - b.version)
  let place = 0
  for (const file of files) {
    const data = await client.read(container, file.path, signal)
    if (!data) throw new Error(`${container}/${file.path} is named in the log and is not there`)
    // A name of its own: DuckDB remembers the pages of a path that it has read.
    const copy = join(folder, `${target}-${place}.parquet`)
    writeFileSync(copy, data)
    await connection.run(
      `INSERT INTO ${target} SELECT ${bound(select, file, place, since)} FROM read_parquet('${copy.replaceAll("'", "''")}', file_row_number = true)`,
    )
    rmSync(copy)
    place += file.rows
  }
}

const bound = (select: string, file: DataFile, place: number, since: Date) =>
  select
    .replaceAll('$place', String(place))
    .replaceAll('$committed', String(file.committedAt))
    .replaceAll('$since', String(since.getTime()))

async function count(connection: DuckDBConnection): Promise<TableAudit> {
  const reader = await connection.runAndReadAll(`
    SELECT
      (SELECT count(*) FROM silver) AS silver,
      (SELECT count(*) FROM quarantined) AS quarantined,
      (SELECT count(*) FROM gold) AS gold,
      (SELECT coalesce(sum(readings), 0) FROM aggregated) AS aggregated,
      (SELECT count(*) - count(DISTINCT id) FROM silver WHERE id IS NOT NULL) AS duplicates,
      (SELECT count(*) FROM (
         SELECT number < max(number) OVER (PARTITION BY device ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS late
         FROM silver WHERE device IS NOT NULL AND number IS NOT NULL) WHERE late) AS unordered,
      (SELECT coalesce(sum(gaps), 0) FROM (
         SELECT max(number) - min(number) + 1 - count(DISTINCT number) AS gaps
         FROM (SELECT device, number FROM silver UNION ALL SELECT device, number FROM quarantined)
         WHERE device IS NOT NULL AND number IS NOT NULL GROUP BY device)) AS gaps,
      (SELECT quantile_disc(latency, 0.95) FROM gold) AS latency`)
  const [row = []] = reader.getRowsJson()
  const [
    silverRows,
    quarantinedRows,
    goldRows,
    aggregatedReadings,
    duplicateEventIds,
    outOfSequence,
    sequenceGaps,
  ] = row.map(Number) as [number, number, number, number, number, number, number]
  const latency = row[7]
  return {
    silverRows,
    quarantinedRows,
    goldRows,
    aggregatedReadings,
    duplicateEventIds,
    outOfSequence,
    sequenceGaps,
    latencyP95Ms: latency === null || latency === undefined ? undefined : Number(latency),
  }
}
