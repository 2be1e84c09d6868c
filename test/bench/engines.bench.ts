/**
 * Both engines over the same bronze, until silver, gold and aggregate are through: `node test/bench/engines.bench.ts [readings]`.
 * Bronze lies there whole before either begins, so this is the rate of catching up; Spark's start is told apart.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { LakeFolder } from '../../src/local/data-lake/store/folder.ts'
import type { NotebookEngine } from '../../src/local/engine/api/engine.ts'
import { createLocalEngine } from '../../src/local/hosting/engine-factory.ts'
import { placeGenerated } from '../notebooks/bronze-fixture.ts'
import { newestCommitMetadata } from '../support/delta-log.ts'

const PATIENCE_MS = 30 * 60_000
const LOOK_EVERY_MS = 100
const clock = { now: () => Date.now() }

/** @returns seconds until each layer had everything, and until the engine had done its first batch. */
async function benchEngine(name: 'duckdb' | 'spark', lakeRoot: string, lines: number) {
  const { engine } = await createLocalEngine({
    engine: name,
    lakeRoot,
    folder: new LakeFolder(lakeRoot, { limitBytes: 1e11, clock }),
    clock,
    logger: pino({ level: 'silent' }),
    retentionMs: 3_600_000,
  })
  try {
    return await catchUp(engine, lakeRoot, lines)
  } finally {
    await engine.close()
  }
}

async function catchUp(engine: NotebookEngine, lakeRoot: string, lines: number) {
  const begun = performance.now()
  const runs = (['silver', 'gold', 'aggregate'] as const).map((notebook) => engine.run(notebook))
  let started = 0
  while (performance.now() - begun < PATIENCE_MS) {
    const failed = runs.find(({ state }) => state === 'failed')
    if (failed) throw new Error(failed.error)
    if (started === 0 && runs.every(({ state }) => state === 'running')) started = performance.now() - begun
    const silver = newestCommitMetadata(join(lakeRoot, 'silver/weather'))
    if (silver?.totals.input === lines) {
      const aggregated = newestCommitMetadata(join(lakeRoot, 'gold/weather_aggregated'))
      if (aggregated?.totals.input === silver.totals.output)
        return { startSeconds: started / 1000, seconds: (performance.now() - begun) / 1000 }
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
  throw new Error(`not through after ${PATIENCE_MS / 60_000} minutes`)
}

const readings = Number(process.argv[2] ?? 1_000_000)
const root = mkdtempSync(join(tmpdir(), 'rtstream-engines-'))
try {
  const stations = Math.max(100, Math.round(readings / 60))
  const from = Date.parse('2026-03-01T12:00:00Z')
  const lines = await placeGenerated(join(root, 'duckdb'), {
    readings,
    stations,
    dirty: 0.05,
    seed: 'bench',
    from,
  })
  cpSync(join(root, 'duckdb'), join(root, 'spark'), { recursive: true, preserveTimestamps: true })
  const rates: number[] = []
  for (const engine of ['duckdb', 'spark'] as const) {
    const { seconds, startSeconds } = await benchEngine(engine, join(root, engine), lines)
    rates.push(lines / (seconds - startSeconds))
    console.log(
      `${engine}: ${lines.toLocaleString('en-US')} lines in ${seconds.toFixed(1)} s, of which ${startSeconds.toFixed(1)} s until all had started: ${Math.round(rates.at(-1) as number).toLocaleString('en-US')} a second after that`,
    )
  }
  const [duckdb = 0, spark = 1] = rates
  console.log(`ratio, after the start: ${(duckdb / spark).toFixed(1)}`)
} finally {
  rmSync(root, { recursive: true, force: true, maxRetries: 3 })
}
