/**
 * Reads the whole tables at the end of a run, and reports only what it has read. DuckDB does the counting, on
 * disk.
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { FROM_FILES_ALONE, quotedPath } from '../../contract/duckdb-paths.ts'
import { DEDUPLICATION_WINDOW_MS } from '../../contract/reading.ts'
import { TABLES, type TableName } from '../../contract/tables.ts'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import type { TableAudit, TableAuditor } from '../../pipeline/ports/lake.ts'
import { type DataFile, deletedRowsOf, sourceOf } from './data-file.ts'
import type { LakeClient } from './data-lake.ts'
import { DeltaTable } from './delta-table.ts'
import { ParquetFile } from './parquet.ts'
import { partitionSql } from './partition-value.ts'
import { writeReadCopy } from './read-copy.ts'

/** Memory limit of the count; beyond it DuckDB spills to disk. */
const MEMORY = '512MB'

/** Milliseconds from when a reading was made to the commit that added it. */
const LATENCY = '$committed - epoch_ms(createdAt)'

/** The columns that are kept of each table. */
const IMPORTS = {
  silver: {
    table: 'silver(id UUID, device VARCHAR, number BIGINT, enqueued TIMESTAMPTZ, content UUID)',
    // An id is any text; its hash takes less room.
    select: `CAST(md5(eventId) AS UUID), deviceId, deviceSequenceNumber, enqueuedAt,
      CASE WHEN (deviceId IS NULL OR deviceSequenceNumber IS NULL) AND (eventId IS NULL OR eventId[15] = '3') THEN
        CAST(md5(concat_ws(chr(31), deviceId, deviceSequenceNumber, city, temperature, humidity, "timestamp", createdAt)) AS UUID) END`,
  },
  quarantine: {
    table: 'quarantined(device VARCHAR, number BIGINT)',
    // Lines that are not JSON have no station.
    select: `CASE WHEN json_valid(raw) THEN raw->>'$.deviceId' END,
      CASE WHEN json_valid(raw) THEN try_cast(raw->>'$.deviceSequenceNumber' AS BIGINT) END`,
  },
  gold: { table: 'gold(latency DOUBLE)', select: LATENCY },
  byMinute: { table: 'by_minute(readings BIGINT)', select: 'readings' },
  aggregated: { table: 'aggregated(readings BIGINT)', select: 'readings' },
} as const satisfies Partial<Record<TableName, { table: string; select: string }>>

/** Rows of gold that a compaction has since moved to other files; they are used for latency only. */
const COMPACTED = { table: 'compacted(latency DOUBLE)', select: LATENCY }

/**
 * Needs a temporary folder for what DuckDB cannot keep in memory; it is removed at the end, also when the process
 * ends first. @throws ServiceError
 */
export function createTableAuditor({ client }: { client: LakeClient }): TableAuditor {
  return {
    async audit({ since, signal }) {
      const { DuckDBInstance } = await import('@duckdb/node-api')
      const folder = mkdtempSync(join(tmpdir(), 'rtstream-audit-'))
      const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
      // Clean up also when the caller does not wait for the count.
      process.once('exit', remove)
      const instance = await DuckDBInstance.create(join(folder, 'audit.db'), {
        memory_limit: MEMORY,
        threads: '2',
        temp_directory: folder,
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
      })
      const connection = await instance.connect()
      try {
        await new Audit(connection, client, folder, signal).load(since)
        return await count(connection)
      } finally {
        connection.closeSync()
        instance.closeSync()
        remove()
        process.off('exit', remove)
      }
    },
  }
}

/**
 * Loads the tables into DuckDB file by file, deleting each before the next, so the disk never holds a second
 * lake.
 */
class Audit {
  readonly #connection: DuckDBConnection
  readonly #client: LakeClient
  readonly #folder: string
  readonly #signal: AbortSignal | undefined

  constructor(
    connection: DuckDBConnection,
    client: LakeClient,
    folder: string,
    signal: AbortSignal | undefined,
  ) {
    this.#connection = connection
    this.#client = client
    this.#folder = folder
    this.#signal = signal
  }

  async load(since: Date): Promise<void> {
    for (const [name, { table, select }] of Object.entries(IMPORTS)) {
      await this.#connection.run(`CREATE TABLE ${table}`)
      if (name !== 'gold') await this.#loadActive(await this.#look(name as TableName), table, select)
    }
    await this.#connection.run(`CREATE TABLE ${COMPACTED.table}`)
    await this.#loadGold(since)
  }

  async #look(name: TableName): Promise<DeltaTable> {
    const { container, path } = TABLES[name]
    const delta = new DeltaTable(this.#client, container, path)
    await delta.look(this.#signal)
    return delta
  }

  async #loadActive(delta: DeltaTable, table: string, select: string): Promise<void> {
    for (const file of delta.files)
      if ((await this.#import(delta, file, table, select)) === undefined) throw missing(delta, file)
  }

  /**
   * A row became readable with the commit that first added it. Compaction rewrites rows much later, so
   * latencies come from the files in the log's history, as far as those still exist.
   */
  async #loadGold(since: Date): Promise<void> {
    const gold = await this.#look('gold')
    const brought = new Map<string, DataFile>()
    for await (const file of gold.history(since, this.#signal)) brought.set(file.path, file)
    for (const file of gold.files) {
      const committed = brought.get(file.path)?.committedAt
      brought.delete(file.path)
      if ((await this.#import(gold, file, IMPORTS.gold.table, latency(committed))) === undefined)
        throw missing(gold, file)
    }
    for (const file of brought.values())
      await this.#import(gold, file, COMPACTED.table, latency(file.committedAt))
  }

  /** @returns how many rows it had; undefined when the file does not exist. */
  async #import(
    delta: DeltaTable,
    file: DataFile,
    table: string,
    select: string,
  ): Promise<number | undefined> {
    const data = await this.#client.read(delta.container, file.path, this.#signal)
    if (!data) return undefined
    const deleted = await deletedRowsOf(this.#client, delta.place, file, this.#signal)
    const target = table.slice(0, table.indexOf('('))
    // A unique name: DuckDB caches the pages of a path that it has read.
    const copy = join(this.#folder, `${randomUUID()}.parquet`)
    writeReadCopy(`${delta.container}/${file.path}`, copy, data)
    try {
      const rows = relation(delta, file, new ParquetFile(data), copy, deleted)
      const result = await this.#connection.run(`INSERT INTO ${target} SELECT ${select} FROM (${rows})`)
      return result.rowsChanged
    } catch (cause) {
      // The library's message names our copy and our SQL statement.
      throw new ServiceError(
        'service',
        'the data lake',
        `${delta.container}/${file.path} cannot be read: it is damaged, or holds other columns than the contract says.`,
        { cause },
      )
    } finally {
      rmSync(copy)
    }
  }
}

/** SQL for a file's rows as the table has them: columns by the table's names, without deleted rows. */
export function relation(
  delta: DeltaTable,
  file: DataFile,
  parquet: ParquetFile,
  copy: string,
  deleted: readonly number[],
): string {
  const quotedName = (name: string) => `"${name.replaceAll('"', '""')}"`
  const columns = delta.place.columns.map(({ name }) => {
    const { inFile, text, type } = sourceOf(delta.place, parquet, file, name)
    const source = inFile !== undefined ? quotedName(inFile) : partitionSql(text, type)
    return `${source} AS ${quotedName(name)}`
  })
  const kept = deleted.length === 0 ? '' : ` WHERE file_row_number NOT IN (${deleted.join(', ')})`
  const options = `${FROM_FILES_ALONE}${deleted.length === 0 ? '' : ', file_row_number = true'}`
  return `SELECT ${columns.join(', ') || '*'} FROM read_parquet(${quotedPath(copy)}, ${options})${kept}`
}

const latency = (committedAt: number | undefined) =>
  committedAt === undefined ? 'NULL' : LATENCY.replaceAll('$committed', String(committedAt))

const missing = (delta: DeltaTable, file: DataFile) =>
  new ServiceError(
    'service',
    'the data lake',
    `${delta.container}/${file.path} is named in the log and is not there.`,
  )

/**
 * A station's readings are all in one partition, which is ordered by enqueued time; compaction may change the
 * order of rows. Within one millisecond the order is unknown.
 */
async function count(connection: DuckDBConnection): Promise<TableAudit> {
  const reader = await connection.runAndReadAll(`
    SELECT
      (SELECT count(*) FROM silver) AS silver,
      (SELECT count(*) FROM quarantined) AS quarantined,
      (SELECT count(*) FROM gold) AS gold,
      (SELECT coalesce(sum(readings), 0) FROM by_minute) AS by_minute,
      (SELECT coalesce(sum(readings), 0) FROM aggregated) AS aggregated,
      (SELECT count(*) FROM (
         SELECT CASE WHEN id IS NOT NULL THEN row_number() OVER (PARTITION BY id ORDER BY enqueued) END AS of_id,
           CASE WHEN device IS NOT NULL AND number IS NOT NULL THEN row_number() OVER (PARTITION BY device, number ORDER BY enqueued) END AS of_number,
           CASE WHEN content IS NOT NULL
             THEN enqueued - lag(enqueued) OVER (PARTITION BY content ORDER BY enqueued) END AS after
         FROM silver)
       WHERE of_id > 1 OR of_number > 1 OR after <= INTERVAL ${DEDUPLICATION_WINDOW_MS} MILLISECONDS) AS duplicates,
      (SELECT count(*) FROM (
         SELECT number < max(number) OVER (PARTITION BY device ORDER BY enqueued, number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS late
         FROM silver WHERE device IS NOT NULL AND number IS NOT NULL) WHERE late) AS unordered,
      (SELECT coalesce(sum(gaps), 0) FROM (
         SELECT max(number) - min(number) + 1 - count(DISTINCT number) AS gaps
         FROM (SELECT device, number FROM silver UNION ALL SELECT device, number FROM quarantined)
         WHERE device IS NOT NULL AND number IS NOT NULL GROUP BY device)) AS gaps,
      (SELECT quantile_disc(latency, 0.95) FROM (FROM gold UNION ALL FROM compacted)) AS latency`)
  const [row = []] = reader.getRowsJson()
  const [
    silverRows,
    quarantinedRows,
    goldRows,
    byMinuteReadings,
    aggregatedReadings,
    duplicates,
    outOfSequence,
    sequenceGaps,
  ] = row.map(Number) as [number, number, number, number, number, number, number, number]
  const latency = row[8]
  return {
    silverRows,
    quarantinedRows,
    goldRows,
    byMinuteReadings,
    aggregatedReadings,
    duplicates,
    outOfSequence,
    sequenceGaps,
    latencyP95Ms: latency === null || latency === undefined ? undefined : Number(latency),
  }
}
