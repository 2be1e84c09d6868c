/**
 * A data folder as a day at ten events a second leaves it: `node test/bench/make-day.ts <data folder> [hours]`. The product's own
 * generator, hub log, output batches, engine and retention work by a clock that goes on as soon as silver is through, so that a
 * day takes minutes. Prints what lies there as JSON.
 *
 * The last hour and a half has a batch each two seconds, as a live room. All before it is beyond the retention of an hour when the day
 * ends, so its small files and its log are gone whatever their number was; there a batch is of twenty seconds.
 */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import { parseBronzeFileName } from '../../src/contract/bronze-layout.ts'
import { LAKE_CONTAINERS } from '../../src/contract/containers.ts'
import { partitionOf } from '../../src/contract/partition-hash.ts'
import { LakeFolder } from '../../src/local/data-lake/store/folder.ts'
import { createDuckDbEngine } from '../../src/local/engine/duckdb-engine.ts'
import { dataSection, encodeMessage } from '../../src/local/event-hubs/amqp/library.ts'
import { HubLog } from '../../src/local/event-hubs/log/log.ts'
import { landBatch } from '../../src/local/stream-analytics/output-batch.ts'
import { BronzeRetention } from '../../src/local/stream-analytics/retention.ts'
import { Generator } from '../../src/pipeline/generator/generator.ts'
import { drawStations } from '../../src/pipeline/generator/stations.ts'

const HOUR_MS = 3_600_000
const PARTITIONS = 4
/** As the settings have it by themselves: `--lake-retention`, `--hub-retention`, `--hub-size`. */
const LAKE_RETENTION_MS = HOUR_MS
const HUB_RETENTION = { ms: 24 * HOUR_MS, bytes: 1_000_000_000 }
const STEPS = { coarseMs: 20_000, fineMs: 2000, fineFor: 1.5 * HOUR_MS }
/** Without the pauses of a room, and without waiting for the disk. */
const AT_ONCE = { triggerIntervalMs: 0, aggregateIntervalMs: 0, settleMs: 0, flush: false }

const [dataDir = '', hours = '24'] = process.argv.slice(2)
if (dataDir === '') throw new Error('Name a data folder: node test/bench/make-day.ts <data folder> [hours].')

const end = Date.now()
const begin = end - Number(hours) * HOUR_MS
let now = begin
const clock = { now: () => now }
const logger = pino({ level: 'silent' })
const at = (...names: string[]) => join(dataDir, ...names)
for (const container of LAKE_CONTAINERS) mkdirSync(at('lake', container), { recursive: true })

const log = HubLog.open(at('hub'), { partitions: PARTITIONS, retention: HUB_RETENTION, clock })
const lake = new LakeFolder(at('lake'), { limitBytes: 1e11, clock })
const { engine, silverPositions } = createDuckDbEngine({
  lakeRoot: lake.root,
  folder: lake,
  clock,
  logger,
  retentionMs: LAKE_RETENTION_MS,
  tuning: AT_ONCE,
})
const retention = new BronzeRetention({
  bronzeRoot: at('lake', 'bronze'),
  keepMs: LAKE_RETENTION_MS,
  clock,
  logger,
  readBySilver: () => {
    const read = silverPositions()
    return (path) => {
      const file = parseBronzeFileName(path)
      return file !== undefined && file.lastSequenceNumber <= (read.get(file.partition) ?? -1)
    }
  },
  remove: (path) => lake.remove('bronze', path),
})
const generator = new Generator(
  { seed: 'day', run: 'day', stations: 100, intervalMs: 10_000, dirty: 0 },
  await drawStations('day'),
)
const runs = (['silver', 'gold', 'aggregate'] as const).map((notebook) => engine.run(notebook))

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    const failed = runs.find(({ state }) => state === 'failed')
    if (failed) throw new Error(failed.error)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

const lastOf = (partition: number) => log.properties(partition).lastEnqueuedSequenceNumber
const isThroughSilver = () =>
  Array.from({ length: PARTITIONS }, (_, partition) => partition).every(
    (partition) => (silverPositions().get(partition) ?? -1) >= lastOf(partition),
  )

let events = 0
let sweptAt = begin
while (now < end) {
  const stepMs = now < end - STEPS.fineFor ? STEPS.coarseMs : STEPS.fineMs
  const made = generator.make(stepMs, now, 1_000_000).events
  events += made.length
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const own = made.filter(({ partitionKey }) => partitionOf(partitionKey, PARTITIONS) === partition)
    if (own.length === 0) continue
    const messages = own.map(({ body }) => encodeMessage({ body: dataSection(Buffer.from(body)) }))
    const { firstSequenceNumber: from } = log.append(partition, messages)
    await landBatch({ log, partition, from }, lake, now + 900)
  }
  await until(isThroughSilver)
  now += stepMs
  if (now - sweptAt < 60_000) continue
  sweptAt = now
  retention.sweep()
  if (Math.round((now - begin) / HOUR_MS) !== Math.round((now - 60_000 - begin) / HOUR_MS))
    console.error(
      `${Math.round((now - begin) / HOUR_MS)} h, ${Math.round(process.cpuUsage().user / 1e6)} s of CPU`,
    )
}
// What gold and the aggregate have not read yet they read when the program starts.
await engine.close()
retention.close()
log.close()
const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
const batches = Object.fromEntries(
  (['silver', 'gold', 'aggregate'] as const).map((name, index) => [
    name,
    (runs[index]?.progress?.batchId ?? -1) + 1,
  ]),
)
console.log(JSON.stringify({ hours: Number(hours), events, files: files.length, batches }))
