/**
 * Whether a batch takes longer as its tables grow: 300 small batches, one after the other, the median of the last 30 against that of
 * the first 30 after the warm-up, by the times that the commits themselves tell. `node test/bench/growth.bench.ts [duckdb|spark|both] [batches]`;
 * ends with 1 when a layer's last batches took more than 1.3 times as long.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { median } from '../../scripts/bench/statistics.ts'
import { loadText } from '../../scripts/bench/tables.ts'
import { bronzeFileName, bronzeFolder } from '../../src/contract/bronze-layout.ts'
import type { CommitMetadata } from '../../src/contract/tables.ts'
import { commitName } from '../../src/delta/log-names.ts'
import { LakeFolder } from '../../src/local/data-lake/store/folder.ts'
import { createDuckDbEngine } from '../../src/local/engine/duckdb-engine.ts'
import { createLocalEngine } from '../../src/local/hosting/engine-factory.ts'

/** Silver remembers the ids of twelve minutes: 72 of these batches. Until then each batch looks among more. */
const WARM_UP = 80
const COMPARED = 30
const MOST = 1.3
const READINGS = 20
const PATIENCE_MS = 5 * 60_000
const LAYERS = ['silver/weather', 'gold/weather', 'gold/weather_aggregated'] as const
const clock = { now: () => Date.now() }
/** Batches follow each other without the pauses of a room, so that 300 of them take half a minute. */
const AT_ONCE = { triggerIntervalMs: 0, aggregateIntervalMs: 0, settleMs: 0 }

/** Follows a table's commits; keeps how long each batch took (ms), and how many rows have gone in. */
class Follower {
  readonly durations: number[] = []
  input = 0
  #next = 0
  readonly #log: string

  constructor(root: string, table: string) {
    this.#log = join(root, table, '_delta_log')
  }

  look(): void {
    for (;;) {
      let text: string
      try {
        text = readFileSync(join(this.#log, commitName(this.#next)), 'utf8')
      } catch {
        return
      }
      this.#next++
      const told = text.split('\n').find((line) => line.includes('"userMetadata"'))
      const metadata: CommitMetadata | undefined =
        told && JSON.parse(JSON.parse(told).commitInfo.userMetadata ?? 'null')
      // Upkeep carries the metadata of the batch before.
      if (!metadata || metadata.totals.input <= this.input) continue
      this.input = metadata.totals.input
      this.durations.push(metadata.durationMs)
    }
  }
}

async function growth(name: 'duckdb' | 'spark', batches: number): Promise<boolean> {
  const root = mkdtempSync(join(tmpdir(), 'rtstream-growth-'))
  const folder = new LakeFolder(root, { limitBytes: 1e11, clock })
  const logger = pino({ level: 'silent' })
  const options = { lakeRoot: root, folder, clock, logger, retentionMs: 3_600_000 }
  const { engine } =
    name === 'duckdb'
      ? createDuckDbEngine({ ...options, tuning: AT_ONCE })
      : await createLocalEngine({ engine: name, ...options })
  try {
    const runs = (['silver', 'gold', 'aggregate'] as const).map((notebook) => engine.run(notebook))
    const followers = LAYERS.map((layer) => new Follower(root, layer))
    const cpu: number[] = []
    for (let batch = 0; batch < batches; batch++) {
      const before = process.cpuUsage()
      if (batch === WARM_UP || batch === batches - COMPARED) console.log(`batch ${batch}: ${loadText()}`)
      await place(folder, batch)
      const since = performance.now()
      while (followers.some(({ input }) => input < (batch + 1) * READINGS)) {
        const failed = runs.find(({ state }) => state === 'failed')
        if (failed) throw new Error(failed.error)
        if (performance.now() - since > PATIENCE_MS) throw new Error(`batch ${batch} is not through`)
        await new Promise((resolve) => setTimeout(resolve, 20))
        for (const follower of followers) follower.look()
      }
      const { user, system } = process.cpuUsage(before)
      cpu.push((user + system) / 1000)
    }
    // Spark's processes are others.
    if (name === 'duckdb') report(name, 'all three, CPU of the process', cpu)
    return followers
      .map((follower, index) => report(name, LAYERS[index] ?? '', follower.durations))
      .every(Boolean)
  } finally {
    await engine.close()
    rmSync(root, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** A minute of the past each, as time goes on. */
async function place(folder: LakeFolder, batch: number): Promise<void> {
  const at = Date.parse('2026-03-01T12:00:00Z') + batch * 10_000
  const first = batch * READINGS
  const lines = Array.from({ length: READINGS }, (_, index) => {
    const enqueued = new Date(at + index).toISOString()
    return JSON.stringify({
      eventId: `00000000-0000-4000-8000-${String(first + index).padStart(12, '0')}`,
      deviceId: `station-${String(index).padStart(5, '0')}`,
      deviceSequenceNumber: batch,
      city: ['Oslo', 'Zürich', 'Lima'][index % 3],
      temperature: index,
      humidity: 50,
      timestamp: enqueued.slice(0, 19).replace('T', ' '),
      createdAt: enqueued,
      EventProcessedUtcTime: enqueued,
      PartitionId: 0,
      EventEnqueuedUtcTime: enqueued,
      SequenceNumber: first + index,
    })
  })
  const name = bronzeFileName({
    partition: 0,
    firstSequenceNumber: first,
    lastSequenceNumber: first + READINGS - 1,
    rows: READINGS,
  })
  await folder.place(
    'bronze',
    `${bronzeFolder(new Date(at))}/${name}`,
    lines.map((line) => `${line}\n`).join(''),
  )
}

function report(engine: string, layer: string, durations: readonly number[]): boolean {
  const first = median(durations.slice(WARM_UP, WARM_UP + COMPARED))
  const last = median(durations.slice(-COMPARED))
  const ratio = last / first
  console.log(
    `${engine} ${layer}: ${durations.length} batches, median of the first ${COMPARED} after the warm-up ${first.toFixed(1)} ms, of the last ${COMPARED} ${last.toFixed(1)} ms, ratio ${ratio.toFixed(2)}`,
  )
  const each = durations.flatMap((_, index) =>
    index % COMPARED === 0 ? [median(durations.slice(index, index + COMPARED)).toFixed(0)] : [],
  )
  console.log(`  medians of each ${COMPARED}: ${each.join(' ')} ms`)
  return ratio <= MOST
}

const [which = 'both', count = '300'] = process.argv.slice(2)
const engines = which === 'both' ? (['duckdb', 'spark'] as const) : [which as 'duckdb' | 'spark']
let isLevel = true
for (const engine of engines) isLevel = (await growth(engine, Number(count))) && isLevel
process.exit(isLevel ? 0 : 1)
