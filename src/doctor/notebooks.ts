/** What doctor looks at in the services that run the notebooks: Databricks, Unity Catalog, Synapse. */

import type { RestClient } from '../azure/http/rest-client.ts'
import { sparkVersionOf } from '../azure/provisioning/databricks.ts'
import { FIREWALL_RULE, firewallRefusal } from '../azure/provisioning/synapse-firewall.ts'
import { unavailable, unityCatalogName } from '../azure/provisioning/unity-catalog.ts'
import { LAKE_CONTAINERS } from '../contract/containers.ts'
import type { Check, Finding } from './doctor.ts'
import { type AzureExamination, isKind, toldRemedy } from './examination.ts'

const SETUP = 'rtstream-tui setup'

interface JobBody {
  settings?: { job_clusters?: { new_cluster?: { spark_version?: string } }[] }
}

/** The runtime of a job's cluster; undefined when it does not say, as with a cluster of its own. */
async function runtimeOf(
  databricks: AzureExamination['clients']['databricks'],
  id: number | undefined,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (id === undefined) return undefined
  const query = { job_id: id }
  const { body } = await databricks.request<JobBody>('GET', '/api/2.2/jobs/get', { query, signal })
  return body?.settings?.job_clusters?.[0]?.new_cluster?.spark_version
}

/** The jobs, their runtime, and what they may reach through Unity Catalog. */
export function databricksChecks({ azure, clients }: AzureExamination): Check[] {
  const jobs: Check = {
    id: 'databricks',
    title: 'Databricks',
    why: 'Its jobs make silver and gold.',
    needs: 'sign-in',
    run: async (signal) => {
      try {
        const answers = await Promise.all(
          [azure.silverJob, azure.goldJob].map(async (name) => {
            const query = { name, limit: 2 }
            const { body, latencyMs } = await clients.databricks.request<{ jobs?: { job_id?: number }[] }>(
              'GET',
              '/api/2.2/jobs/list',
              { query, signal },
            )
            const [job] = body?.jobs ?? []
            const runtime = job && (await runtimeOf(clients.databricks, job.job_id, signal))
            return { name, count: body?.jobs?.length ?? 0, latencyMs, runtime }
          }),
        )
        const wrong = answers.filter(({ count }) => count !== 1)
        if (wrong.length === 0) {
          const latencyMs = Math.max(...answers.map((answer) => answer.latencyMs))
          const wanted = sparkVersionOf(azure.databricksRuntime)
          const other = answers.filter(({ runtime }) => runtime !== undefined && runtime !== wanted)
          if (other.length > 0)
            return other.map(
              ({ name, runtime }): Finding => ({
                level: 'warning',
                detail: `the job ${name} runs on ${runtime}, the setting is ${azure.databricksRuntime} LTS`,
                fix: SETUP,
              }),
            )
          const names = answers.map(({ name }) => name).join(', ')
          return { level: 'ok', detail: `${names}, runtime ${azure.databricksRuntime} LTS`, latencyMs }
        }
        return wrong.map(
          ({ name, count }): Finding =>
            count === 0
              ? { level: 'failure', detail: `there is no job ${name}`, fix: SETUP }
              : {
                  level: 'failure',
                  detail: `several jobs are named ${name}`,
                  fix: 'Delete all but one under Jobs & Pipelines.',
                },
        )
      } catch (error) {
        if (!isKind(error, 'authorization')) throw error
        return {
          level: 'failure',
          detail: error.message,
          fix:
            toldRemedy(error) ??
            'Open the workspace once from the Azure portal ("Launch Workspace") with the same account.',
        }
      }
    },
  }
  const catalog: Check = {
    id: 'unity-catalog',
    title: 'Unity Catalog',
    why: 'Without its locations the notebooks cannot reach the lake.',
    needs: 'databricks',
    run: async (signal) => {
      const credential = unityCatalogName(azure.storageAccount ?? '')
      const wanted = [
        `storage-credentials/${credential}`,
        ...LAKE_CONTAINERS.map((container) => `external-locations/${credential}-${container}`),
      ]
      const findings = await Promise.all(
        wanted.map(async (name): Promise<Finding | undefined> => {
          try {
            await clients.databricks.request('GET', `/api/2.1/unity-catalog/${name}`, { signal })
            return undefined
          } catch (error) {
            // One finding for all of them.
            const explained = unavailable(error)
            if (explained) throw explained
            if (isKind(error, 'not-found'))
              return { level: 'failure', detail: `${name} is missing`, fix: SETUP }
            if (!isKind(error, 'authorization')) throw error
            return { level: 'warning', detail: `${name} cannot be looked at: ${error.message}` }
          }
        }),
      )
      const wrong = findings.filter((finding) => finding !== undefined)
      return wrong.length > 0
        ? wrong
        : { level: 'ok', detail: `credential and ${LAKE_CONTAINERS.length} locations` }
    },
  }
  return [jobs, catalog]
}

interface SessionsBody {
  total?: number
  sessions?: { id?: number; name?: string; state?: string }[]
}

/** The service gives out no more at once, and its first ones are the oldest, which have ended long ago. */
const SESSIONS_PAGE = 20
const MOST_SESSIONS = 1000

/** All of the pool, as far as a bound. */
async function sessionsOf(
  client: RestClient,
  path: string,
  signal: AbortSignal | undefined,
): Promise<{ sessions: NonNullable<SessionsBody['sessions']>; latencyMs: number }> {
  const sessions: NonNullable<SessionsBody['sessions']> = []
  for (;;) {
    const query = { detailed: 'true', from: sessions.length, size: SESSIONS_PAGE }
    const { body, latencyMs } = await client.request<SessionsBody>('GET', path, { query, signal })
    const page = body?.sessions ?? []
    sessions.push(...page)
    const isLast = page.length === 0 || sessions.length >= (body?.total ?? 0)
    if (isLast || sessions.length >= MOST_SESSIONS) return { sessions, latencyMs }
  }
}

const ENDED = ['dead', 'error', 'killed', 'success', 'shutting_down']

/** One check that is well when Synapse was left out. */
export function synapseChecks({ azure, clients, whoAmI }: AzureExamination): Check[] {
  const client = clients.synapse
  const workspace = new URL(azure.synapseEndpoint ?? 'https://none').host.split('.')[0]
  if (!client) {
    const detail = 'not deployed: there is no aggregate stage'
    return [{ id: 'synapse', title: 'Synapse', why: '', run: async () => ({ level: 'ok', detail }) }]
  }
  const pipeline: Check = {
    id: 'synapse',
    title: 'Synapse',
    why: 'Its pipeline makes the aggregate.',
    needs: 'sign-in',
    run: async (signal) => {
      const path = `/pipelines/${encodeURIComponent(azure.pipeline)}`
      try {
        const query = { 'api-version': '2020-12-01' }
        const { latencyMs } = await client.request('GET', path, { query, signal })
        return { level: 'ok', detail: azure.pipeline, latencyMs }
      } catch (error) {
        if (isKind(error, 'not-found'))
          return { level: 'failure', detail: `there is no pipeline ${azure.pipeline}`, fix: SETUP }
        if (!isKind(error, 'authorization')) throw error
        const firewall = firewallRefusal(error)
        if (firewall) {
          const ip = firewall.address ?? 'YOUR_ADDRESS'
          return {
            level: 'failure',
            detail: `the firewall of the workspace does not let ${firewall.address ?? 'this machine'} in`,
            fix: `az synapse workspace firewall-rule create --workspace-name ${workspace} --resource-group ${azure.resourceGroup} --name ${FIREWALL_RULE} --start-ip-address ${ip} --end-ip-address ${ip}`,
          }
        }
        const told = toldRemedy(error)
        if (told !== undefined) return { level: 'failure', detail: error.message, fix: told }
        const { id } = await whoAmI()
        const fix = `az synapse role assignment create --workspace-name ${workspace} --role "Synapse Administrator" --assignee ${id}`
        return { level: 'failure', detail: error.message, fix }
      }
    },
  }
  const sessions: Check = {
    id: 'spark-pool',
    title: 'Spark pool',
    why: 'Sessions of others hold the cores that the aggregate needs; each bills until it ends.',
    needs: 'synapse',
    run: async (signal) => {
      const path = `/livyApi/versions/2019-11-01-preview/sparkPools/${encodeURIComponent(azure.sparkPool)}/sessions`
      try {
        const { sessions, latencyMs } = await sessionsOf(client, path, signal)
        const live = sessions.filter(({ state = '' }) => !ENDED.includes(state))
        if (live.length === 0)
          return { level: 'ok', detail: `${azure.sparkPool}, no live sessions`, latencyMs }
        return live.map(
          ({ id, name, state }): Finding => ({
            level: 'warning',
            detail: `session ${id} (${name ?? 'unnamed'}) is ${state}`,
            fix: `az synapse spark session cancel --id ${id} --workspace-name ${workspace} --spark-pool-name ${azure.sparkPool}`,
          }),
        )
      } catch (error) {
        if (!isKind(error, 'not-found')) throw error
        return { level: 'failure', detail: `there is no Spark pool ${azure.sparkPool}`, fix: 'azd provision' }
      }
    },
  }
  return [pipeline, sessions]
}
