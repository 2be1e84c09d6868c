/**
 * The limit of the embedded engine: plain DuckDB statements over the same bronze, by the same rules, to the same outputs, but
 * with no Delta log, checkpoint or micro-batch: `node test/bench/plain-chain.ts <lake>`. Prints the same as catch-up.ts.
 */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { quotedPaths } from '../../src/contract/duckdb-paths.ts'
import { quoted } from '../../src/local/engine/duckdb/database.ts'
import { linesOf, REASONS, RULE_MACROS, validated } from '../../src/local/engine/jobs/silver-rules.ts'

const [lake = ''] = process.argv.slice(2)
const files = readdirSync(join(lake, 'bronze'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
  .map((entry) => join(entry.parentPath, entry.name))
  .sort()
const instance = await DuckDBInstance.create(':memory:')
const connection = await instance.connect()
const run = (sql: string) => connection.run(sql)
const copy = (select: string, name: string) =>
  run(`COPY (${select}) TO ${quoted(join(lake, 'plain', name))} (FORMAT parquet, COMPRESSION snappy)`)
mkdirSync(join(lake, 'plain'))

const cpu = process.cpuUsage()
const begun = performance.now()
await run("SET TimeZone = 'UTC'")
await run(RULE_MACROS)
await run(`CREATE TABLE batch AS ${validated(linesOf('content', `read_text(${quotedPaths(files)})`))}`)
// All of it lies within the window of duplicates: the first of an id stays.
await run(`CREATE TABLE repeated AS SELECT row FROM (
  SELECT rowid AS row, row_number() OVER (PARTITION BY id ORDER BY rowid) AS n FROM batch
  WHERE id IN (SELECT id FROM batch GROUP BY id HAVING count(*) > 1)) WHERE n > 1`)
await run('DELETE FROM batch WHERE rowid IN (SELECT row FROM repeated)')
const readings = `SELECT eventId, deviceId, deviceSequenceNumber, city, temperature, humidity, "timestamp"::TIMESTAMPTZ AS "timestamp",
  createdAt::TIMESTAMPTZ AS createdAt, enqueuedAt::TIMESTAMPTZ AS enqueuedAt, partitionId FROM batch WHERE reasons IS NULL`
await copy(readings, 'silver.parquet')
await copy(
  `SELECT raw, ${REASONS} AS reasons, enqueuedAt::TIMESTAMPTZ FROM batch WHERE reasons IS NOT NULL`,
  'quarantine.parquet',
)
await run('DROP TABLE batch')
const silver = `read_parquet(${quoted(join(lake, 'plain/silver.parquet'))})`
await copy(`SELECT *, "timestamp"::DATE AS date, hour("timestamp") AS hour FROM ${silver}`, 'gold.parquet')
await copy(
  `SELECT date_trunc('minute', enqueuedAt) AS minute, city, count(*) AS readings, min(temperature), avg(temperature),
    max(temperature), avg(humidity) FROM ${silver} GROUP BY ALL ORDER BY ALL`,
  'by_minute.parquet',
)
await copy(
  `SELECT city, date, hour, avg(temperature), avg(humidity), count(*) AS readings
    FROM read_parquet(${quoted(join(lake, 'plain/gold.parquet'))}) GROUP BY ALL ORDER BY ALL`,
  'aggregated.parquet',
)
const seconds = (performance.now() - begun) / 1000
const { user, system } = process.cpuUsage(cpu)
console.log(
  JSON.stringify({
    seconds,
    cpuSeconds: (user + system) / 1e6,
    maxRssMb: (process.resourceUsage().maxRSS * 1024) / 1e6,
  }),
)
process.exit(0)
