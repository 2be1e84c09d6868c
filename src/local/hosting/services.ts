/** Azure on loopback: every service of the pipeline over one data folder, started and stopped together. */
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { LakeChanges } from '../../contract/lake-changes.ts'
import { type DataLakeServer, startDataLake } from '../data-lake/server.ts'
import type { RateLimit } from '../databricks/rate-limit.ts'
import type { GroupProgress } from '../event-hubs/links/group-progress.ts'
import { FaultSwitch } from '../faults/fault-switch.ts'
import { checkExpiry, lakeFaults } from '../faults/http-faults.ts'
import { fullLake, hubFaults } from '../faults/service-faults.ts'
import { stuckConsumer } from '../faults/stuck-consumer.ts'
import { type Clock, systemClock } from '../runtime/clock.ts'
import { ClosingStack } from '../runtime/closing.ts'
import {
  EVENT_HUB_NAME,
  LOCAL_NAMES,
  type LocalAzureEndpoints,
  type LocalAzureOptions,
} from '../runtime/options.ts'
import { lockDataFolder } from '../storage/data-folder-lock.ts'
import type { JobTuning, StreamAnalyticsJob } from '../stream-analytics/job.ts'
import { type DataPath, openDataPath } from './data-path.ts'
import { endpointsOf } from './endpoint-list.ts'
import { createLocalEngine, type EngineFactory } from './engine-factory.ts'
import { type HubEndpoints, startHubEndpoints } from './hub-endpoints.ts'
import { type Management, startManagement } from './management.ts'
import { type SessionKeys, sessionKeys } from './session-keys.ts'

/** Everything that runs in the worker. */
export interface LocalServices {
  endpoints: LocalAzureEndpoints
  /** What can be broken on purpose. */
  faults: FaultSwitch
  /** Who reads the hub, over both protocols. */
  consumerGroups(): GroupProgress[]
  /** Writes what is open, stops everything, and gives the data folder free. Safe to call twice. */
  close(): Promise<void>
}

/** Replaced in tests; the program gives the logger and little else. */
export interface ServiceDependencies {
  logger: Logger
  clock?: Clock
  createEngine?: EngineFactory
  /** Times of the Stream Analytics job. */
  job?: Partial<JobTuning>
  databricksLimit?: RateLimit
  /** Counts what comes into the lake. */
  lakeChanges?: LakeChanges | undefined
}

const { account, keyName, asaConsumerGroup, monitorConsumerGroup } = LOCAL_NAMES

/**
 * Starts everything, or nothing: what had started is stopped again when a later part cannot start.
 * @throws DataFolderInUseError, PortTakenError, StateFileError, SparkMissingError, or what the disk says.
 */
export async function startLocalServices(
  options: LocalAzureOptions,
  dependencies: ServiceDependencies,
): Promise<LocalServices> {
  const stack = new ClosingStack(dependencies.logger)
  try {
    const faults = new FaultSwitch(() => dependencies.lakeChanges?.note('services'))
    const started = await start(options, dependencies, stack, faults)
    return { ...started, faults, close: () => stack.close() }
  } catch (error) {
    // The start error is reported; the log says what did not stop.
    await stack.close().catch(() => {})
    throw error
  }
}

async function start(
  options: LocalAzureOptions,
  dependencies: ServiceDependencies,
  stack: ClosingStack,
  faults: FaultSwitch,
): Promise<Pick<LocalServices, 'endpoints' | 'consumerGroups'>> {
  const { dataDir } = options
  const { logger, clock = systemClock, createEngine = createLocalEngine, job, lakeChanges } = dependencies
  const lock = lockDataFolder(dataDir, options.command)
  stack.add('the lock of the data folder', () => lock.release())
  // A key pair takes as long as everything else: it is made at the same time.
  const keysMade = sessionKeys({ mode: options.keys, seed: options.seed, dataDir, clock })
  keysMade.catch(() => {})
  const path = await openDataPath(
    options,
    { clock, logger, faults, createEngine, jobTuning: job, lakeChanges },
    stack,
  )
  const keys = await keysMade
  const consumerGroups = ['$Default', asaConsumerGroup, monitorConsumerGroup, ...options.consumerGroups]
  const onChange = () => lakeChanges?.note('services')
  const context = { clock, logger, faults, keys, consumerGroups, stack, onChange }
  const hub = await openHub(options, path, context)
  faults.on('lake-full', fullLake(path.lake))
  const { lake, management } = await openRest(options, path, hub, context, dependencies.databricksLimit)
  return {
    endpoints: endpointsOf({
      dataDir,
      partitions: path.log.partitionCount,
      consumerGroups,
      keys,
      hub: hub.ports(),
      lake,
      management,
    }),
    consumerGroups: () => {
      const { amqp, kafka } = hub.groups()
      return [...amqp.map((group) => withLocalJob(group, path.job)), ...kafka]
    },
  }
}

/** What everything that listens needs. */
interface ListenerContext {
  clock: Clock
  logger: Logger
  faults: FaultSwitch
  keys: SessionKeys
  consumerGroups: readonly string[]
  stack: ClosingStack
  /** The services may answer something else about the stages than before. */
  onChange: () => void
}

async function openHub(
  { dataDir, ports, hubRetention }: LocalAzureOptions,
  { log }: DataPath,
  { clock, logger, faults, keys, consumerGroups, stack }: ListenerContext,
): Promise<HubEndpoints> {
  const { token, hubKey, newId, tls } = keys
  const hub = await startHubEndpoints(
    {
      log,
      hubName: EVENT_HUB_NAME,
      consumerGroups,
      tls,
      auth: { token, keyName, key: hubKey, isExpired: () => faults.isActive('token-expired') },
      logger,
      clock,
      faults: hubFaults(faults),
      ports,
      stateFolder: join(dataDir, 'state'),
      retentionMs: hubRetention.ms,
      newId,
    },
    stack,
  )
  faults.on('hub-away', hub.away)
  faults.on(
    'stuck-consumer',
    stuckConsumer({
      port: () => hub.ports().plain,
      hubName: EVENT_HUB_NAME,
      consumerGroup: '$Default',
      partitions: log.partitionCount,
      token,
    }),
  )
  return hub
}

/** Everything over HTTP: the lake, and the control planes. */
async function openRest(
  { dataDir, ports, hubRetention }: LocalAzureOptions,
  { log, lake: folder, engine, job }: DataPath,
  hub: HubEndpoints,
  { clock, logger, faults, keys, consumerGroups, stack, onChange }: ListenerContext,
  databricksLimit: RateLimit | undefined,
): Promise<{ lake: DataLakeServer; management: Management }> {
  const { token, accountKey, newId, tls } = keys
  const lake = await startDataLake({
    folder,
    account,
    accountKey,
    token,
    tls,
    ports: { plain: ports.lake, tls: ports.lakeTls },
    logger,
    clock,
    before: lakeFaults(faults),
  })
  stack.add('the data lake', () => lake.close())
  const management = await startManagement({
    job,
    engine,
    stateFolder: join(dataDir, 'state'),
    resources: {
      ports: { hubTls: hub.ports().tls, lakeTls: lake.tlsPort },
      partitions: log.partitionCount,
      consumerGroups,
      createdAt: log.createdAt,
      retentionMs: hubRetention.ms,
    },
    port: ports.management,
    tls,
    token,
    newId,
    clock,
    logger,
    databricksLimit,
    before: () => checkExpiry(faults),
    onChange,
  })
  stack.add('the management services', () => management.close())
  return { lake, management }
}

/** The local job reads the log itself, as the only reader of its group. */
function withLocalJob(group: GroupProgress, job: StreamAnalyticsJob): GroupProgress {
  if (group.name !== asaConsumerGroup) return group
  return { ...group, members: group.members + (job.state === 'Running' ? 1 : 0), next: job.positions }
}
