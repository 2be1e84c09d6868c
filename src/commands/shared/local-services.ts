/** The local Azure in its worker, and the channel on which other commands find it. */
import type { Config } from '../../config/schema.ts'
import type { LocalAzure } from '../../local/hosting/host.ts'
import type { LocalAzureEndpoints, LocalAzureOptions } from '../../local/runtime/options.ts'
import { serveChannel } from './control-channel.ts'
import { logFileOf } from './logger.ts'

/** What the target and the screen need of them. */
export interface OpenedServices {
  endpoints: LocalAzureEndpoints
  faults: LocalAzure['faults']
  consumerGroups: LocalAzure['consumerGroups']
  lakeChanges: LocalAzure['lakeChanges']
  close(): Promise<void>
}

/**
 * @param options.command named to a command that finds the folder in use; none for the control room.
 * @param options.isTrusted will this process talk to them over TLS itself? Default: yes.
 * @param options.onFailure the local services died: nothing works any more until the program is started again.
 */
export async function openLocalServices(options: {
  config: Config
  /** Absolute; exists and is writable. */
  dataDir: string
  command?: string | undefined
  isTrusted?: boolean
  onFailure: (error: Error) => void
}): Promise<OpenedServices> {
  const { config, dataDir, command, isTrusted = true, onFailure } = options
  const { startLocalAzure } = await import('../../local/hosting/host.ts')
  const azure = await startLocalAzure(localOptions(config, dataDir, command), {
    logLevel: config.logLevel,
    isTrusted,
  })
  azure.onFailure(onFailure)
  const { endpoints } = azure
  try {
    const startedAt = Date.now()
    const channel = await serveChannel(dataDir, () => ({ pid: process.pid, startedAt, endpoints }))
    const close = async () => {
      await channel.close()
      await azure.close()
    }
    const { faults, consumerGroups, lakeChanges } = azure
    return { endpoints, faults, consumerGroups, lakeChanges, close }
  } catch (error) {
    await azure.close()
    throw error
  }
}

function localOptions(config: Config, dataDir: string, command: string | undefined): LocalAzureOptions {
  return {
    dataDir,
    partitions: config.partitions,
    consumerGroups: config.consumerGroups,
    ports: {
      amqp: config.hubPort,
      amqpTls: config.hubTlsPort,
      kafka: config.kafkaPort,
      kafkaTls: config.kafkaTlsPort,
      lake: config.lakePort,
      lakeTls: config.lakeTlsPort,
      management: config.managementPort,
    },
    hubRetention: { ms: config.hubRetention, bytes: config.hubSize },
    lakeLimit: config.lakeLimit,
    lakeRetentionMs: config.lakeRetention,
    engine: config.engine,
    keys: config.keys,
    command,
    logFile: logFileOf(dataDir),
    seed: undefined,
  }
}
