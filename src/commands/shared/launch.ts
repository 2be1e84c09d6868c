/** Opens what a configuration names: the local Azure in its worker and the adapters on it, or the adapters on Azure. */
import type { Logger } from 'pino'
import type { Config } from '../../config/schema.ts'
import type { Target } from '../../pipeline/ports/target.ts'
import type { EndpointLine } from '../../pipeline/state/state.ts'
import { connectAzure } from './connect-azure.ts'
import { endpointLines } from './endpoint-lines.ts'
import { localAzureConfig } from './local-config.ts'
import { openLocalServices } from './local-services.ts'

/** A target, and what has to be stopped with it. */
export interface OpenedTarget {
  target: Target
  /** What the screen lists; secrets masked. */
  endpoints: readonly EndpointLine[]
  /** Stops what was started here. Close the target first. */
  close(): Promise<void>
}

/** What the services need before any of them starts. */
export interface LaunchOptions {
  config: Config
  /** Absolute; exists and is writable. */
  dataDir: string
  /** Named to a command that finds the folder in use; none for the control room. */
  command?: string
  logger: Logger
  /** The local services died: nothing works any more until the program is started again. */
  onFailure: (error: Error) => void
}

/** Starts or finds the services. Rejects with an error whose message a person understands. */
export async function openTarget(options: LaunchOptions): Promise<OpenedTarget> {
  return options.config.target === 'azure' ? openAzure(options) : openLocal(options)
}

async function openLocal(options: LaunchOptions): Promise<OpenedTarget> {
  const { logger } = options
  // Side by side: the services start in a thread of their own while the adapters are loaded here.
  const adapters = import('../../azure/target.ts')
  const { endpoints, faults, consumerGroups, lakeChanges, close } = await openLocalServices(options)
  try {
    const { connectLocalTarget } = await adapters
    const { token, eventHubsTls } = endpoints
    const azure = localAzureConfig(endpoints)
    const target = await connectLocalTarget({ token, eventHubsTls, azure, lakeChanges })
    logger.info('local Azure runs')
    return {
      target: { ...target, faults, consumerGroups },
      endpoints: endpointLines(endpoints, { secrets: false }),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function openAzure({ config, logger }: LaunchOptions): Promise<OpenedTarget> {
  const target = await connectAzure(config)
  const { linksOf } = await import('../../azure/resources/links.ts')
  logger.info({ resourceGroup: config.azure.resourceGroup }, 'connected to Azure')
  const { azure } = config
  const endpoints = [
    { name: 'Event Hubs', value: `${azure.eventHubsNamespace}/${azure.eventHub}` },
    { name: 'data lake', value: String(azure.lakeEndpoint) },
    { name: 'Stream Analytics', value: String(azure.streamAnalyticsJob) },
    { name: 'Databricks', value: String(azure.databricksWorkspaceUrl) },
    ...(azure.synapseEndpoint ? [{ name: 'Synapse', value: azure.synapseEndpoint }] : []),
    ...linksOf(azure),
  ]
  return { target, endpoints, close: async () => {} }
}
