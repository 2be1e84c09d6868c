/** The checks for a configuration: this machine's always, and those of the chosen target. */
import type { TokenCredential } from '@azure/identity'
import type { Config } from '../config/schema.ts'
import type { Check } from './doctor.ts'
import { engineCheck } from './engine.ts'
import { dataDirCheck, runtimeCheck, type TerminalFacts, terminalCheck } from './local.ts'
import { tablesCheck } from './tables.ts'

export interface DoctorChecksOptions {
  config: Config
  terminal: TerminalFacts
  /** `process.version` */
  nodeVersion: string
  /** Undefined: `DefaultAzureCredential`. */
  credential?: TokenCredential
}

/** Of Azure nothing is loaded when the target is local. */
export async function doctorChecks({
  config,
  terminal,
  nodeVersion,
  credential,
}: DoctorChecksOptions): Promise<Check[]> {
  const machine = [runtimeCheck(nodeVersion), terminalCheck(terminal)]
  if (config.target === 'local')
    return [
      ...machine,
      dataDirCheck(config.dataDir, config.lakeLimit + config.hubSize),
      engineCheck(config.engine),
    ]
  const [
    { azureChecks },
    { azureCredential },
    { createServiceClients },
    { hubConnection },
    { probeHub },
    { createLakeClient },
    { tableStates },
  ] = await Promise.all([
    import('./azure.ts'),
    import('../azure/auth/credential.ts'),
    import('../azure/resources/service-clients.ts'),
    import('../azure/target.ts'),
    import('../azure/event-hubs/hub-probe.ts'),
    import('../azure/lake/data-lake.ts'),
    import('../azure/lake/table-upgrades.ts'),
  ])
  const { azure } = config
  const identity = credential ?? (await azureCredential(azure.tenantId))
  const checks = azureChecks({
    azure,
    credential: identity,
    clients: createServiceClients(azure, identity),
    hub: hubConnection(azure, identity, undefined),
    probeHub,
    now: Date.now,
  })
  const lake = createLakeClient({ endpoint: azure.lakeEndpoint ?? '', credential: identity })
  return [...machine, ...checks, tablesCheck((signal) => tableStates(lake, signal))]
}
