/** Opens what a configuration names: the local Azure in its worker and the adapters on it, or the adapters on Azure. */
import type { Logger } from 'pino'
import type { Config } from '../../config/schema.ts'
import type { LocalAzureOptions } from '../../local/runtime/options.ts'
import type { Target } from '../../pipeline/ports/target.ts'
import type { EndpointLine } from '../../pipeline/state/state.ts'
import { serveChannel } from './control-channel.ts'
import { endpointLines } from './endpoint-lines.ts'
import { localAzureConfig } from './local-config.ts'
import { logFileOf } from './logger.ts'

export interface OpenedTarget {
  target: Target
  /** What the screen lists; secrets masked. */
  endpoints: readonly EndpointLine[]
  /** Stops what was started here. Close the target first. */
  close(): Promise<void>
}

export interface LaunchOptions {
  config: Config
  /** Absolute; exists and is writable. */
  dataDir: string
  logger: Logger
  /** The local services died: nothing works any more until the program is started again. */
  onFailure: (error: Error) => void
}

/** Starts or finds the services. Rejects with an error whose message a person understands. */
export async function openTarget(options: LaunchOptions): Promise<OpenedTarget> {
  return options.config.target === 'azure' ? openAzure(options) : openLocal(options)
}

async function openLocal({ config, dataDir, logger, onFailure }: LaunchOptions): Promise<OpenedTarget> {
  const [{ startLocalAzure }, { connectLocalTarget }] = await Promise.all([
    import('../../local/hosting/host.ts'),
    import('../../azure/target.ts'),
  ])
  const azure = await startLocalAzure(localOptions(config, dataDir), config.logLevel)
  azure.onFailure(onFailure)
  try {
    const startedAt = Date.now()
    const info = () => ({ pid: process.pid, startedAt, endpoints: azure.endpoints })
    const channel = await serveChannel(dataDir, info)
    const target = await connectLocalTarget({
      token: azure.endpoints.token,
      eventHubsTls: azure.endpoints.eventHubsTls,
      azure: localAzureConfig(azure.endpoints),
    })
    logger.info({ pid: process.pid }, 'local Azure runs')
    return {
      target: { ...target, faults: azure.faults },
      endpoints: endpointLines(azure.endpoints, { secrets: false }),
      close: async () => {
        await channel.close()
        await azure.close()
      },
    }
  } catch (error) {
    await azure.close()
    throw error
  }
}

async function openAzure({ config, logger }: LaunchOptions): Promise<OpenedTarget> {
  const { connectAzureTarget } = await import('../../azure/target.ts')
  const target = await connectAzureTarget(config.azure)
  logger.info({ resourceGroup: config.azure.resourceGroup }, 'connected to Azure')
  const { azure } = config
  const endpoints = [
    { name: 'Event Hubs', value: `${azure.eventHubsNamespace}/${azure.eventHub}` },
    { name: 'data lake', value: String(azure.lakeEndpoint) },
    { name: 'Stream Analytics', value: String(azure.streamAnalyticsJob) },
    { name: 'Databricks', value: String(azure.databricksWorkspaceUrl) },
    ...(azure.synapseEndpoint ? [{ name: 'Synapse', value: azure.synapseEndpoint }] : []),
  ]
  return { target, endpoints, close: async () => {} }
}

function localOptions(config: Config, dataDir: string): LocalAzureOptions {
  return {
    dataDir,
    partitions: config.partitions,
    consumerGroups: config.consumerGroups,
    ports: {
      amqp: config.hubPort,
      amqpTls: config.hubTlsPort,
      lake: config.lakePort,
      lakeTls: config.lakeTlsPort,
      management: config.managementPort,
    },
    hubRetention: { ms: config.hubRetention, bytes: config.hubSize },
    lakeLimit: config.lakeLimit,
    lakeRetentionMs: config.lakeRetention,
    engine: config.engine,
    logFile: logFileOf(dataDir),
    seed: undefined,
  }
}
