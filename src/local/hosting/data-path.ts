/** What moves the data, without a port: the hub's log, the lake, the notebooks' engine, the job between hub and lake. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { LAKE_CONTAINERS } from '../../contract/containers.ts'
import type { LakeChanges } from '../../contract/lake-changes.ts'
import { countChanges } from '../data-lake/store/counting.ts'
import { LakeFolder } from '../data-lake/store/folder.ts'
import type { NotebookEngine } from '../engine/api/engine.ts'
import { HubLog } from '../event-hubs/log/log.ts'
import type { FaultSwitch } from '../faults/fault-switch.ts'
import { jobKill, silverKill } from '../faults/service-faults.ts'
import type { Clock } from '../runtime/clock.ts'
import type { ClosingStack } from '../runtime/closing.ts'
import type { LocalAzureOptions } from '../runtime/options.ts'
import { type JobTuning, StreamAnalyticsJob } from '../stream-analytics/job.ts'
import { BronzeRetention } from '../stream-analytics/retention.ts'
import type { EngineFactory, LocalEngine } from './engine-factory.ts'

/** What tests replace, and what is shared with the ports. */
export interface DataPathDependencies {
  clock: Clock
  logger: Logger
  faults: FaultSwitch
  createEngine: EngineFactory
  /** Times of the Stream Analytics job. */
  jobTuning?: Partial<JobTuning> | undefined
  /** Counts what comes into the lake. */
  lakeChanges?: LakeChanges | undefined
}

/** The parts, already open. */
export interface DataPath {
  log: HubLog
  lake: LakeFolder
  engine: NotebookEngine
  job: StreamAnalyticsJob
}

/** @param stack gets what closes each part. @throws StateFileError, SparkMissingError, DuckDbMissingError, or what the disk says. */
export async function openDataPath(
  options: LocalAzureOptions,
  dependencies: DataPathDependencies,
  stack: ClosingStack,
): Promise<DataPath> {
  const { dataDir } = options
  const { clock, logger, faults, createEngine } = dependencies
  const log = HubLog.open(join(dataDir, 'hub'), {
    partitions: options.partitions,
    retention: options.hubRetention,
    clock,
  })
  stack.add('the log of the event hub', () => log.close())
  const lake = openLake(options, dependencies)
  const notebooks = await createEngine({
    engine: options.engine,
    lakeRoot: lake.root,
    folder: lake,
    clock,
    logger,
    retentionMs: options.lakeRetentionMs,
    failpoint: silverKill(faults),
  })
  const { engine } = notebooks
  stack.add('the notebook engine', () => engine.close())
  const job = openJob(options, dependencies, { log, lake, notebooks }, stack)
  return { log, lake, engine, job }
}

function openLake(
  { dataDir, lakeLimit }: LocalAzureOptions,
  { clock, lakeChanges }: DataPathDependencies,
): LakeFolder {
  const lake = new LakeFolder(join(dataDir, 'lake'), { limitBytes: lakeLimit, clock })
  if (lakeChanges) countChanges(lake, lakeChanges)
  // As a deployment makes them: clients find them before the pipeline has written anything.
  for (const container of LAKE_CONTAINERS) mkdirSync(join(lake.root, container), { recursive: true })
  return lake
}

/** The job, and what removes its files again. */
function openJob(
  { dataDir, lakeRetentionMs }: LocalAzureOptions,
  { clock, logger, faults, jobTuning, lakeChanges }: DataPathDependencies,
  { log, lake, notebooks }: { log: HubLog; lake: LakeFolder; notebooks: LocalEngine },
  stack: ClosingStack,
): StreamAnalyticsJob {
  const { readBySilver, rollIntervalMs } = notebooks
  const bronzeRoot = join(lake.root, 'bronze')
  const job = new StreamAnalyticsJob({
    log,
    lake,
    bronzeRoot,
    stateFile: join(dataDir, 'state', 'stream-analytics.json'),
    clock,
    logger,
    onChange: () => lakeChanges?.note('services'),
    tuning: {
      failpoint: jobKill(faults),
      ...(rollIntervalMs !== undefined && { rollIntervalMs }),
      ...jobTuning,
    },
  })
  stack.add('the Stream Analytics job', () => job.close())
  const retention = new BronzeRetention({
    bronzeRoot,
    keepMs: lakeRetentionMs,
    clock,
    logger,
    readBySilver,
    remove: (path) => lake.remove('bronze', path),
  })
  stack.add('bronze retention', () => retention.close())
  return job
}
