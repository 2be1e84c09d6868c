/** A made-up deployment with the pages of its resources: what `g` and a click can open on Azure. */
import { linksOf } from '../../src/azure/resources/links.ts'
import type { AppState } from '../../src/pipeline/state/state.ts'

export const AZURE_LINKS = linksOf({
  tenantId: 't',
  subscriptionId: 's',
  resourceGroup: 'rg',
  eventHubsNamespace: 'ns.servicebus.windows.net',
  lakeEndpoint: 'https://lake.dfs.core.windows.net',
  streamAnalyticsJob: 'a job',
  databricksWorkspaceUrl: 'https://adb-1.2.azuredatabricks.net',
  synapseEndpoint: 'https://syn.dev.azuresynapse.net',
} as never)

/** The page of the newest run of silver. */
export const RUN_URL = 'https://adb-1.2.azuredatabricks.net/run/41873'

/** The same pipeline on Azure. */
export function onAzure(state: AppState): AppState {
  const { silver } = state.stages
  const history = silver.history.map((run, index) => (index === 0 ? { ...run, url: RUN_URL } : run))
  const stages = { ...state.stages, silver: { ...silver, history } }
  return { ...state, session: { ...state.session, target: 'azure' }, endpoints: AZURE_LINKS, stages }
}
