/**
 * The embedded engine of a checkout over bronze that lies there whole, until silver, gold and the aggregate are through:
 * `node test/bench/catch-up.ts <checkout> <lake> <lines> [rows per batch]`. Prints seconds, CPU seconds and the largest RSS as JSON,
 * DuckDB's process with it.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import pino from 'pino'
import { cpuSeconds, largestMegabytes } from '../../scripts/bench/process-cost.ts'
import type { LakeFolder as Folder } from '../../src/local/data-lake/store/folder.ts'
import type { createDuckDbEngine as create } from '../../src/local/engine/duckdb-engine.ts'
import { newestCommitMetadata } from '../support/delta-log.ts'
import { PROFILE_FOLDER, profileDuckDb } from './duckdb-profile.ts'
import { subjectModule } from './subject-modules.ts'

const [root = '', lake = '', expected = '', rowsPerBatch] = process.argv.slice(2)
const lines = Number(expected)
const LOOK_EVERY_MS = 25
const PATIENCE_MS = 10 * 60_000

const { createDuckDbEngine } = await subjectModule<{ createDuckDbEngine: typeof create }>(root, 'engine')
const { LakeFolder } = await subjectModule<{ LakeFolder: typeof Folder }>(root, 'lakeFolder')
// Loaded before the clock runs, as the peers' libraries are.
const duckDb = await import(
  pathToFileURL(createRequire(join(root, 'package.json')).resolve('@duckdb/node-api')).href
)
const profileFolder = process.env[PROFILE_FOLDER]
if (profileFolder !== undefined) profileDuckDb(duckDb, profileFolder)
const clock = { now: () => Date.now() }
const { engine } = createDuckDbEngine({
  lakeRoot: lake,
  folder: new LakeFolder(lake, { limitBytes: 1e11, clock }),
  clock,
  logger: pino({ level: 'silent' }),
  retentionMs: 3_600_000,
  ...(rowsPerBatch !== undefined && { tuning: { rowsPerBatch: Number(rowsPerBatch) } }),
})
const cpu = cpuSeconds(process.pid)
const begun = performance.now()
const runs = (['silver', 'gold', 'aggregate'] as const).map((notebook) => engine.run(notebook))
while (!isThrough()) {
  const failed = runs.find(({ state }) => state === 'failed')
  if (failed) throw new Error(failed.error)
  if (performance.now() - begun > PATIENCE_MS)
    throw new Error(`not through after ${PATIENCE_MS / 60_000} min`)
  await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
}
const seconds = (performance.now() - begun) / 1000
const used = { cpuSeconds: cpuSeconds(process.pid) - cpu, maxRssMb: largestMegabytes(process.pid) }
await engine.close()
console.log(JSON.stringify({ seconds, ...used }))
process.exit(0)

function isThrough(): boolean {
  const silver = newestCommitMetadata(join(lake, 'silver/weather'))
  return (
    silver?.totals.input === lines &&
    newestCommitMetadata(join(lake, 'gold/weather_aggregated'))?.totals.input === silver.totals.output
  )
}
