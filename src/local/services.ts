/** Azure on loopback: every service of the pipeline over one data folder, started and stopped together. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { createCertificate } from './certificate.ts'
import { type Clock, systemClock } from './clock.ts'
import { lockDataFolder } from './data-folder-lock.ts'
import { LakeFolder } from './data-lake/folder.ts'
import { startDataLake } from './data-lake/server.ts'
import { databricksRoutes } from './databricks/jobs.ts'
import { databricksError, workspaceRoutes } from './databricks/workspace.ts'
import type { NotebookEngine } from './engine/engine.ts'
import { RunHistory } from './engine/run-history.ts'
import { HubLog } from './event-hubs/log.ts'
import { startEventHubs } from './event-hubs/server.ts'
import { requireBearer } from './http/bearer.ts'
import { armError } from './http/errors.ts'
import { routes } from './http/router.ts'
import { listen } from './http/server.ts'
import { metricsRoutes } from './monitor/metrics.ts'
import { EVENT_HUB_NAME, LOCAL_NAMES, type LocalAzureEndpoints, type LocalAzureOptions } from './options.ts'
import { streamAnalyticsRoutes } from './stream-analytics/arm.ts'
import { StreamAnalyticsJob } from './stream-analytics/job.ts'
import { BronzeRetention } from './stream-analytics/retention.ts'
import { synapseRoutes } from './synapse/synapse.ts'

export interface LocalServices {
  endpoints: LocalAzureEndpoints
  close(): Promise<void>
}

export interface ServiceDependencies {
  logger: Logger
  clock?: Clock
  /** Length of the job's windows (ms) and of its transitions, for tests. */
  job?: { windowMs?: number; transitionMs?: number }
}

/** The engine, and how far its silver has durably read each partition. */
export interface LocalEngine {
  engine: NotebookEngine
  silverPositions(): ReadonlyMap<number, number>
}

const CONSUMER_GROUPS = ['$Default', LOCAL_NAMES.asaConsumerGroup, LOCAL_NAMES.monitorConsumerGroup]

/**
 * Starts everything, or nothing: what had started is stopped again when a later part cannot start.
 * @throws DataFolderInUseError, PortTakenError, or what the disk says.
 */
export async function startLocalServices(
  options: LocalAzureOptions,
  dependencies: ServiceDependencies,
): Promise<LocalServices> {
  const stack: (() => Promise<void> | void)[] = []
  const close = async () => {
    for (const stop of stack.splice(0).reverse()) await stop()
  }
  try {
    return { endpoints: await start(options, dependencies, stack), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function start(
  options: LocalAzureOptions,
  { logger, clock = systemClock, job: jobTuning = {} }: ServiceDependencies,
  stack: (() => Promise<void> | void)[],
): Promise<LocalAzureEndpoints> {
  const { dataDir, ports } = options
  const at = (...names: string[]) => join(dataDir, ...names)
  const lock = lockDataFolder(dataDir)
  stack.push(() => lock.release())
  const tls = await createCertificate(clock)
  const token = randomBytes(32).toString('base64url')
  const key = randomBytes(32).toString('base64')
  const accountKey = randomBytes(64).toString('base64')

  const log = HubLog.open(at('hub'), {
    partitions: options.partitions,
    retention: options.hubRetention,
    clock,
  })
  stack.push(() => log.close())
  const lake = new LakeFolder(at('lake'), { limitBytes: options.lakeLimit, clock })
  const { engine, silverPositions } = await makeEngine(options, lake, clock, logger)
  stack.push(() => engine.close())
  const job = new StreamAnalyticsJob({
    log,
    lake,
    bronzeRoot: at('lake', 'bronze'),
    stateFile: at('state', 'stream-analytics.json'),
    clock,
    logger,
    ...jobTuning,
  })
  stack.push(() => job.close())
  const retention = new BronzeRetention({
    bronzeRoot: at('lake', 'bronze'),
    keepMs: options.lakeRetentionMs,
    clock,
    logger,
    silverPositions,
    onDeleted: (path, bytes) => lake.note('bronze', path, -bytes),
  })
  stack.push(() => retention.close())

  const hub = await startEventHubs({
    log,
    hubName: EVENT_HUB_NAME,
    consumerGroups: CONSUMER_GROUPS,
    tls,
    ports: { plain: ports.amqp, tls: ports.amqpTls },
    auth: { token, keyName: LOCAL_NAMES.keyName, key },
    logger,
    clock,
  })
  stack.push(() => hub.close())
  const { account } = LOCAL_NAMES
  const dataLake = await startDataLake({
    folder: lake,
    account,
    accountKey,
    token,
    tls,
    ports: { plain: ports.lake, tls: ports.lakeTls },
    logger,
    clock,
  })
  stack.push(() => dataLake.close())
  let nextRunId = clock.now()
  const history = (name: string, nextId: () => string) =>
    new RunHistory({ engine, stateFile: at('state', `${name}-runs.json`), clock, logger, nextId })
  const databricks = history('databricks', () => String(nextRunId++))
  const synapse = history('synapse', () => crypto.randomUUID())
  const management = await listen(
    routes(
      [
        ...streamAnalyticsRoutes(job, () => crypto.randomUUID()),
        ...metricsRoutes(job.meter),
        ...databricksRoutes({
          runs: databricks,
          stateFile: at('state', 'databricks-jobs.json'),
          now: () => clock.now(),
        }),
        ...workspaceRoutes(),
        ...synapseRoutes(synapse),
      ],
      requireBearer(token),
    ),
    {
      port: ports.management,
      tls,
      logger,
      name: 'the management services',
      errorForm: (error, request) =>
        (request.url?.startsWith('/databricks/') ? databricksError : armError)(error, request),
    },
  )
  stack.push(() => management.close())

  const certificateFile = at('local', 'ca.pem')
  mkdirSync(at('local'), { recursive: true })
  writeFileSync(certificateFile, tls.cert)
  return {
    eventHubsTls: `sb://localhost:${hub.tlsPort}`,
    eventHubsConnectionString: `Endpoint=sb://localhost:${hub.plainPort};SharedAccessKeyName=${LOCAL_NAMES.keyName};SharedAccessKey=${key};UseDevelopmentEmulator=true;EntityPath=${EVENT_HUB_NAME}`,
    lakeTls: `https://localhost:${dataLake.tlsPort}/${account}`,
    lake: `http://127.0.0.1:${dataLake.plainPort}/${account}`,
    lakeConnectionString: `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${accountKey};BlobEndpoint=http://127.0.0.1:${dataLake.plainPort}/${account};DfsEndpoint=http://127.0.0.1:${dataLake.plainPort}/${account};`,
    accountKey,
    management: `https://localhost:${management.port}`,
    token,
    certificate: tls.cert,
    certificateFile,
  }
}

async function makeEngine(
  options: LocalAzureOptions,
  lake: LakeFolder,
  clock: Clock,
  logger: Logger,
): Promise<LocalEngine> {
  const lakeRoot = join(options.dataDir, 'lake')
  if (options.engine === 'spark') {
    const { createSparkEngine } = await import('./spark/engine.ts')
    return createSparkEngine({ lakeRoot, clock, logger })
  }
  const { createDuckDbEngine } = await import('./engine/duckdb-engine.ts')
  return createDuckDbEngine({ lakeRoot, folder: lake, clock, logger, retentionMs: options.lakeRetentionMs })
}
