/** What setup makes for a configuration: Unity Catalog, notebooks, jobs, pipeline. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TokenCredential } from '@azure/identity'
import { azureCredential } from '../azure/auth/credential.ts'
import {
  jobStep,
  type NotebookFile,
  notebookSteps,
  workspacePath,
  workspaceStep,
} from '../azure/provisioning/databricks.ts'
import { notebookCells, parameterCells } from '../azure/provisioning/notebook-cells.ts'
import { notebookParameters } from '../azure/provisioning/notebook-parameters.ts'
import type { ProvisioningStep } from '../azure/provisioning/provisioning.ts'
import { synapseSteps } from '../azure/provisioning/synapse.ts'
import { firewallStep } from '../azure/provisioning/synapse-firewall.ts'
import { unityCatalogSteps } from '../azure/provisioning/unity-catalog.ts'
import { synapseWorkspaceId } from '../azure/resources/resource-manager.ts'
import { createServiceClients, type ServiceClients } from '../azure/resources/service-clients.ts'
import type { AzureConfig } from '../config/schema.ts'
import { ServiceError } from '../pipeline/ports/errors.ts'

/** Python files of the package's `notebooks/`, by name. */
export function readNotebooks(folder: string): NotebookFile[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.py'))
    .sort()
    .map((name) => ({ name, content: readFileSync(join(folder, name), 'utf8') }))
}

export interface SetupStepsOptions {
  azure: AzureConfig
  clients: ServiceClients
  notebooks: readonly NotebookFile[]
  /** Between looks at a long-running operation; replaced in tests. */
  sleep?: (ms: number) => Promise<void>
}

/** In the order in which they are made: each needs those before it. */
export function setupSteps({ azure, clients, notebooks, sleep }: SetupStepsOptions): ProvisioningStep[] {
  const account = azure.storageAccount ?? ''
  const folder = azure.databricksFolder
  let user = 'you'
  const file = (name: string): NotebookFile => {
    const found = notebooks.find((notebook) => notebook.name === name)
    if (!found) throw new ServiceError('not-found', 'setup', `the package has no notebook ${name}`)
    return found
  }
  const onDatabricks = (['silver', 'gold'] as const).map((stage) => ({
    stage,
    notebook: file(`${stage}.py`),
  }))
  const aggregate = file('aggregate.py')
  // The aggregate is Synapse's; everything else may be imported by the notebooks of Databricks.
  const uploaded = notebooks.filter((notebook) => notebook !== aggregate)
  const steps = [
    workspaceStep(clients.databricks, (name) => {
      user = name
    }),
    ...catalog(azure, clients, () => user),
    ...notebookSteps(clients.databricks, folder, uploaded),
    ...onDatabricks.map(({ stage, notebook }) =>
      jobStep(
        clients.databricks,
        {
          name: stage === 'silver' ? azure.silverJob : azure.goldJob,
          stage,
          notebookPath: workspacePath(folder, notebook),
          nodeType: azure.databricksNodeType,
          runtime: azure.databricksRuntime,
          parameters: notebookParameters('databricks', account),
        },
        `Databricks notebook ${workspacePath(folder, notebook)}`,
      ),
    ),
  ]
  if (!clients.synapse) return steps
  const parameters = notebookParameters('synapse', account)
  const cells = [...parameterCells(parameters), ...notebookCells(aggregate.content)]
  const synapse = {
    notebook: 'aggregate',
    pipeline: azure.pipeline,
    sparkPool: azure.sparkPool,
    cells,
    parameters,
  }
  const firewall = firewallStep({
    synapse: clients.synapse,
    management: clients.management,
    workspace: synapseWorkspaceId(azure),
    pipeline: azure.pipeline,
    ...(sleep ? { sleep } : {}),
  })
  return [...steps, firewall, ...synapseSteps(clients.synapse, synapse, sleep)]
}

function catalog(azure: AzureConfig, { databricks }: ServiceClients, user: () => string): ProvisioningStep[] {
  const storageAccount = azure.storageAccount ?? ''
  const accessConnectorId = azure.databricksAccessConnectorId
  if (accessConnectorId !== undefined)
    return unityCatalogSteps(databricks, { storageAccount, accessConnectorId }, user)
  return [
    {
      what: 'Unity Catalog credential',
      inspect: () =>
        Promise.reject(
          new ServiceError('not-found', 'setup', 'the access connector is not known', {
            hint: 'Set DATABRICKS_ACCESS_CONNECTOR_ID; `azd up` does.',
          }),
        ),
      apply: async () => {},
    },
  ]
}

/** The steps on real Azure. Throttling and lost connections are waited out; refusals are not tried again. */
export async function azureSetupSteps(options: {
  azure: AzureConfig
  /** The package's `notebooks/`. */
  notebooksDir: string
  /** Undefined: `DefaultAzureCredential`. */
  credential?: TokenCredential
}): Promise<ProvisioningStep[]> {
  const { azure, notebooksDir } = options
  const credential = options.credential ?? (await azureCredential(azure.tenantId))
  const clients = createServiceClients(azure, credential, { retries: 4 })
  return setupSteps({ azure, clients, notebooks: readNotebooks(notebooksDir) })
}

/** What prepare asks Azure with, as the hook of azd is run: a deployment need not be there yet. */
export async function azureManagement(
  azure: AzureConfig,
  tenantId: string | undefined,
): Promise<ServiceClients['management']> {
  const credential = await azureCredential(tenantId ?? azure.tenantId)
  return createServiceClients(azure, credential, { retries: 4 }).management
}
