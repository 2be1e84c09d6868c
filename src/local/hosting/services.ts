/** Azure on loopback: every service of the pipeline over one data folder, started and stopped together. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { LAKE_CONTAINERS } from '../../contract/containers.ts'
import type { LakeChanges } from '../../contract/lake-changes.ts'
import { startDataLake } from '../data-lake/server.ts'
import { countChanges } from '../data-lake/store/counting.ts'
import { LakeFolder } from '../data-lake/store/folder.ts'
import type { RateLimit } from '../databricks/rate-limit.ts'
import { startKafka } from '../event-hubs/kafka/server.ts'
import type { GroupProgress } from '../event-hubs/links/group-progress.ts'
import { HubLog } from '../event-hubs/log/log.ts'
import { startEventHubs } from '../event-hubs/server.ts'
import { FaultSwitch } from '../faults/fault-switch.ts'
import { checkExpiry, lakeFaults } from '../faults/http-faults.ts'
import { fullLake, hubFaults, jobKill, silverKill } from '../faults/service-faults.ts'
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
import { namingFile } from '../storage/naming-file.ts'
import { type JobTuning, StreamAnalyticsJob } from '../stream-analytics/job.ts'
import { BronzeRetention } from '../stream-analytics/retention.ts'
import { createLocalEngine, type EngineFactory } from './engine-factory.ts'
import { startManagement } from './management.ts'
import { sessionKeys } from './session-keys.ts'

export interface LocalServices {
  endpoints: LocalAzureEndpoints
  /** What can be broken on purpose. */
  faults: FaultSwitch
  /** Who reads the hub, over both protocols. */
  consumerGroups(): GroupProgress[]
  /** Writes what is open, stops everything, and gives the data folder free. Safe to call twice. */
  close(): Promise<void>
}

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
    const faults = new FaultSwitch()
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
  const { dataDir, ports } = options
  const { logger, clock = systemClock, createEngine = createLocalEngine } = dependencies
  const at = (...names: string[]) => join(dataDir, ...names)
  const lock = lockDataFolder(dataDir, options.command)
  stack.add('the lock of the data folder', () => lock.release())
  // A key pair takes as long as everything else: it is made at the same time.
  const keys = sessionKeys({ mode: options.keys, seed: options.seed, dataDir, clock })
  keys.catch(() => {})

  const log = HubLog.open(at('hub'), {
    partitions: options.partitions,
    retention: options.hubRetention,
    clock,
  })
  stack.add('the log of the event hub', () => log.close())
  const lake = new LakeFolder(at('lake'), { limitBytes: options.lakeLimit, clock })
  if (dependencies.lakeChanges) countChanges(lake, dependencies.lakeChanges)
  // As a deployment makes them: clients find them before the pipeline has written anything.
  for (const container of LAKE_CONTAINERS) mkdirSync(at('lake', container), { recursive: true })
  const { engine, readBySilver, rollIntervalMs } = await createEngine({
    engine: options.engine,
    lakeRoot: lake.root,
    folder: lake,
    clock,
    logger,
    retentionMs: options.lakeRetentionMs,
    failpoint: silverKill(faults),
  })
  stack.add('the notebook engine', () => engine.close())
  const bronzeRoot = at('lake', 'bronze')
  const job = new StreamAnalyticsJob({
    log,
    lake,
    bronzeRoot,
    stateFile: at('state', 'stream-analytics.json'),
    clock,
    logger,
    tuning: {
      failpoint: jobKill(faults),
      ...(rollIntervalMs !== undefined && { rollIntervalMs }),
      ...dependencies.job,
    },
  })
  stack.add('the Stream Analytics job', () => job.close())
  const retention = new BronzeRetention({
    bronzeRoot,
    keepMs: options.lakeRetentionMs,
    clock,
    logger,
    readBySilver,
    remove: (path) => lake.remove('bronze', path),
  })
  stack.add('bronze retention', () => retention.close())

  const { token, hubKey, accountKey, newId, tls } = await keys
  const consumerGroups = ['$Default', asaConsumerGroup, monitorConsumerGroup, ...options.consumerGroups]
  const hubOptions = {
    log,
    hubName: EVENT_HUB_NAME,
    consumerGroups,
    tls,
    auth: { token, keyName, key: hubKey, isExpired: () => faults.isActive('token-expired') },
    logger,
    clock,
    faults: hubFaults(faults),
  }
  let hub = await startEventHubs({ ...hubOptions, ports: { plain: ports.amqp, tls: ports.amqpTls } })
  stack.add('the event hub', () => hub.close())
  const kafkaOptions = {
    ...hubOptions,
    stateFolder: at('state'),
    retentionMs: options.hubRetention.ms,
    newId,
  }
  let kafka = await startKafka({ ...kafkaOptions, ports: { plain: ports.kafka, tls: ports.kafkaTls } })
  stack.add("the event hub's Kafka endpoint", () => kafka.close())
  faults.on('hub-away', {
    begin: async () => {
      await Promise.all([hub.close(), kafka.close()])
    },
    end: async () => {
      hub = await startEventHubs({ ...hubOptions, ports: { plain: hub.plainPort, tls: hub.tlsPort } })
      kafka = await startKafka({ ...kafkaOptions, ports: { plain: kafka.plainPort, tls: kafka.tlsPort } })
    },
  })
  faults.on('lake-full', fullLake(lake))
  faults.on(
    'stuck-consumer',
    stuckConsumer({
      port: () => hub.plainPort,
      hubName: EVENT_HUB_NAME,
      consumerGroup: '$Default',
      partitions: log.partitionCount,
      token,
    }),
  )
  const dataLake = await startDataLake({
    folder: lake,
    account,
    accountKey,
    token,
    tls,
    ports: { plain: ports.lake, tls: ports.lakeTls },
    logger,
    clock,
    before: lakeFaults(faults),
  })
  stack.add('the data lake', () => dataLake.close())
  const management = await startManagement({
    job,
    engine,
    stateFolder: at('state'),
    resources: {
      ports: { hubTls: hub.tlsPort, lakeTls: dataLake.tlsPort },
      partitions: log.partitionCount,
      consumerGroups,
      createdAt: log.createdAt,
      retentionMs: options.hubRetention.ms,
    },
    port: ports.management,
    tls,
    token,
    newId,
    clock,
    logger,
    databricksLimit: dependencies.databricksLimit,
    before: () => checkExpiry(faults),
  })
  stack.add('the management services', () => management.close())

  const plainLake = `http://127.0.0.1:${dataLake.plainPort}/${account}`
  const endpoints: LocalAzureEndpoints = {
    eventHubsTls: `sb://localhost:${hub.tlsPort}`,
    partitions: log.partitionCount,
    consumerGroups,
    eventHubsConnectionString: connectionString({
      Endpoint: `sb://localhost:${hub.plainPort}`,
      SharedAccessKeyName: keyName,
      SharedAccessKey: hubKey,
      UseDevelopmentEmulator: 'true',
      EntityPath: EVENT_HUB_NAME,
    }),
    kafka: `localhost:${kafka.plainPort}`,
    kafkaTls: `localhost:${kafka.tlsPort}`,
    lakeTls: `https://localhost:${dataLake.tlsPort}/${account}`,
    lake: plainLake,
    lakeConnectionString: connectionString({
      DefaultEndpointsProtocol: 'http',
      AccountName: account,
      AccountKey: accountKey,
      BlobEndpoint: plainLake,
    }),
    accountKey,
    management: `https://localhost:${management.port}`,
    token,
    certificate: tls.cert,
    certificateFile: writeCertificate(at('local'), tls.cert),
  }
  // The local job reads the log itself, as the only reader of its group.
  const ofJob = (group: GroupProgress): GroupProgress =>
    group.name === asaConsumerGroup
      ? { ...group, members: group.members + (job.state === 'Running' ? 1 : 0), next: job.positions }
      : group
  return { endpoints, consumerGroups: () => [...hub.groups().map(ofJob), ...kafka.groups()] }
}

/** Public, for clients of other languages. */
function writeCertificate(folder: string, certificate: string): string {
  const file = join(folder, 'ca.pem')
  // Files of certificates are put behind each other: the next one begins a line.
  namingFile(file, () => {
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, `${certificate.trimEnd()}\n`)
  })
  return file
}

const connectionString = (parts: Record<string, string>) =>
  Object.entries(parts)
    .map(([name, value]) => `${name}=${value}`)
    .join(';')
