/** What doctor looks at in the pipeline's services: hub, lake, job, metrics. */

import { statusCause } from '../azure/http/rest-client.ts'
import type { JobDescription } from '../azure/resources/resource-manager.ts'
import { assignedRoles, assignmentCommand, ROLES, type Role } from '../azure/resources/roles.ts'
import { NAMESPACE, type Span } from '../azure/stages/metric-series.ts'
import { resourceMetrics } from '../azure/stages/resource-metrics.ts'
import { BRONZE, BRONZE_OUTPUT } from '../contract/bronze-layout.ts'
import { LAKE_CONTAINERS } from '../contract/containers.ts'
import { countOf } from '../pipeline/state/count-of.ts'
import type { Check, Finding } from './doctor.ts'
import { type AzureExamination, isKind, missingRole } from './examination.ts'
import { databricksChecks, synapseChecks } from './notebooks.ts'

/** In the order in which they are shown. */
export function pipelineChecks(examination: AzureExamination): Check[] {
  return [
    hubCheck(examination),
    consumerGroupCheck(examination),
    lakeCheck(examination),
    jobCheck(examination),
    metricsCheck(examination),
    ...databricksChecks(examination),
    ...synapseChecks(examination),
  ]
}

type JobOutput = JobDescription['outputs'][number]

const PROVISION = 'azd provision'

function hubCheck(examination: AzureExamination): Check {
  const { azure, hub, ids, probeHub } = examination
  const usesKey = 'connectionString' in hub
  return {
    id: 'event-hubs',
    title: 'Event Hubs',
    why: 'The generator sends there.',
    ...(usesKey ? {} : { needs: 'sign-in' }),
    run: async () => {
      try {
        const { partitions, latencyMs } = await probeHub(hub)
        return {
          level: 'ok',
          detail: `${azure.eventHub}, ${countOf(partitions, 'partition')}, may send`,
          latencyMs,
        }
      } catch (error) {
        if (isKind(error, 'authorization') && usesKey) {
          return {
            level: 'failure',
            detail: error.message,
            fix: 'Use a policy with Send and Listen, or sign in and leave the connection string out.',
          }
        }
        if (isKind(error, 'authorization')) {
          const receiver = await missingRole(examination, ROLES.hubReceiver, ids.hub, error)
          return [
            await missingRole(examination, ROLES.hubSender, ids.hub, error),
            { ...receiver, detail: 'and to read it' },
          ]
        }
        if (isKind(error, 'not-found')) return { level: 'failure', detail: error.message, fix: PROVISION }
        throw error
      }
    },
  }
}

function consumerGroupCheck(examination: AzureExamination): Check {
  const { azure, ids, manager } = examination
  const groups = [azure.streamAnalyticsConsumerGroup, azure.monitorConsumerGroup]
  return {
    id: 'consumer-groups',
    title: 'Consumer groups',
    why: 'A partition serves five readers per group; the job and the control room must not share one.',
    needs: 'subscription',
    run: async (signal) => {
      if (new Set(groups).size < groups.length) {
        return {
          level: 'warning',
          detail: `the job and the control room share ${groups[0]}`,
          fix: 'Set azure.monitorConsumerGroup to another one.',
        }
      }
      const findings = await Promise.all(
        groups.map(async (group): Promise<Finding | undefined> => {
          try {
            await manager.consumerGroup(group, signal)
            return undefined
          } catch (error) {
            if (isKind(error, 'authorization'))
              return missingRole(examination, ROLES.reader, ids.group, error)
            if (!isKind(error, 'not-found')) throw error
            const namespace = azure.eventHubsNamespace?.split('.')[0]
            return {
              level: 'failure',
              detail: `${group} does not exist`,
              fix: `az eventhubs eventhub consumer-group create --resource-group ${azure.resourceGroup} --namespace-name ${namespace} --eventhub-name ${azure.eventHub} --name ${group}`,
            }
          }
        }),
      )
      const missing = findings.filter((finding) => finding !== undefined)
      return missing.length > 0 ? missing : { level: 'ok', detail: groups.join(', ') }
    },
  }
}

function lakeCheck(examination: AzureExamination): Check {
  const { azure, clients, ids } = examination
  return {
    id: 'data-lake',
    title: 'Data lake',
    why: 'All layers are read from there.',
    needs: 'sign-in',
    run: async (signal) => {
      const findings = await Promise.all(
        LAKE_CONTAINERS.map(async (container): Promise<Finding> => {
          const query = { resource: 'filesystem', recursive: 'false', maxResults: 1 }
          try {
            const { latencyMs } = await clients.lake.request('GET', `/${container}`, { query, signal })
            return { level: 'ok', detail: container, latencyMs }
          } catch (error) {
            if (isKind(error, 'authorization'))
              return missingRole(examination, ROLES.blobReader, ids.account, error)
            if (!isKind(error, 'not-found')) throw error
            const fix = `az storage fs create --account-name ${azure.storageAccount} --name ${container} --auth-mode login`
            return { level: 'failure', detail: `container ${container} does not exist`, fix }
          }
        }),
      )
      const wrong = findings.filter(({ level }) => level !== 'ok')
      const [refused] = wrong.filter(({ why }) => why !== undefined)
      // One role opens all containers: one line says it.
      if (refused) return refused
      if (wrong.length > 0) return wrong
      const latencyMs = Math.max(...findings.map((finding) => finding.latencyMs ?? 0))
      return { level: 'ok', detail: LAKE_CONTAINERS.join(', '), latencyMs }
    },
  }
}

function jobCheck(examination: AzureExamination): Check {
  const { azure, clients, ids, manager } = examination
  return {
    id: 'stream-analytics',
    title: 'Stream Analytics',
    why: 'The job copies the hub to bronze.',
    needs: 'subscription',
    run: async (signal) => {
      try {
        const job = await manager.job(signal)
        const findings = wrongSettingsOf(job, azure)
        if (job.principalId !== undefined) findings.push(...(await jobRoles(job.principalId, signal)))
        if (job.state === 'Failed' || job.state === 'Degraded') {
          findings.push({
            level: 'warning',
            detail: `the job is ${job.state}`,
            fix: `Start it again (key 2), or see its activity log in the portal.`,
          })
        }
        return findings.length > 0
          ? findings
          : { level: 'ok', detail: `${azure.streamAnalyticsJob}, ${job.state}`, latencyMs: job.latencyMs }
      } catch (error) {
        // To see it Reader would do; to start and stop it takes this.
        if (isKind(error, 'authorization')) return missingRole(examination, ROLES.contributor, ids.job, error)
        if (!isKind(error, 'not-found')) throw error
        return { level: 'failure', detail: `there is no job ${azure.streamAnalyticsJob}`, fix: PROVISION }
      }
    },
  }

  /** The job acts as its own identity. Who may not read role assignments learns no more than that. */
  async function jobRoles(principal: string, signal: AbortSignal): Promise<Finding[]> {
    const bronze = `${ids.account}/blobServices/default/containers/${BRONZE.container}`
    const wanted: readonly { scope: string; role: Role; also: readonly Role[] }[] = [
      { scope: ids.hub, role: ROLES.hubReceiver, also: [ROLES.hubOwner] },
      { scope: bronze, role: ROLES.blobContributor, also: [ROLES.blobOwner] },
    ]
    const findings = await Promise.all(
      wanted.map(async ({ scope, role, also }): Promise<Finding | undefined> => {
        try {
          const roles = await assignedRoles(clients.management, scope, principal, signal)
          if ([role, ...also].some(({ id }) => roles.has(id))) return undefined
          return {
            level: 'failure',
            detail: `the job lacks the role ${role.name}`,
            why: 'The job reads the hub and writes the lake as its own identity.',
            fix: assignmentCommand(role, { id: principal, type: 'ServicePrincipal' }, scope),
          }
        } catch (error) {
          if (!isKind(error, 'authorization')) throw error
          return {
            level: 'warning',
            detail: `the job's role ${role.name} could not be looked up: you may not read role assignments`,
          }
        }
      }),
    )
    return findings.filter((finding) => finding !== undefined)
  }
}

/** What is wrong with the job as it is set up; the template sets all of it. */
function wrongSettingsOf(job: JobDescription, azure: AzureExamination['azure']): Finding[] {
  const [input] = job.inputs
  const [output] = job.outputs
  const findings: Finding[] = []
  const wrong = (detail: string, why: string) =>
    findings.push({ level: 'failure', detail, why, fix: PROVISION })
  if (input?.eventHub !== azure.eventHub)
    wrong(`no input reads ${azure.eventHub}`, 'The job would see no events.')
  else if (input.consumerGroup !== azure.streamAnalyticsConsumerGroup) {
    wrong(
      `the input uses consumer group ${input.consumerGroup ?? '$Default'}`,
      'It must not share its group with other readers.',
    )
  }
  if (output?.container !== BRONZE.container)
    wrong(`no output writes ${BRONZE.container}`, 'Nothing would arrive in the lake.')
  else if (output.writeMode !== 'Once') {
    wrong(
      `the output writes in mode ${output.writeMode ?? 'Append'}`,
      'Rows appended to a file that silver has read are never read.',
    )
  } else if (!isMinutely(output)) {
    const { pathPattern = 'nothing', dateFormat = 'none', timeFormat = 'none' } = output
    wrong(
      `the output writes to ${pathPattern} (date ${dateFormat}, time ${timeFormat})`,
      `Write mode Once takes {date} and {time} alone, and the folders are read by the minute: ${BRONZE_OUTPUT.pathPattern}, ${BRONZE_OUTPUT.dateFormat}, ${BRONZE_OUTPUT.timeFormat}.`,
    )
  }
  if ((job.lateArrivalSeconds ?? -1) < 0) {
    findings.push({
      level: 'warning',
      detail: 'the job waits for late events without a limit',
      why: 'The files of the last minute may then never be written.',
      fix: PROVISION,
    })
  }
  if (job.query === undefined) wrong('the job has no query', 'It cannot start.')
  return findings
}

/** In either form of the folders: with `HH/mm` as earlier templates of ours might have it, with `HH-mm` as today's do. */
const isMinutely = ({ pathPattern, dateFormat, timeFormat }: JobOutput): boolean =>
  pathPattern === BRONZE_OUTPUT.pathPattern &&
  dateFormat === BRONZE_OUTPUT.dateFormat &&
  (timeFormat === BRONZE_OUTPUT.timeFormat || timeFormat === 'HH/mm')

function metricsCheck(examination: AzureExamination): Check {
  const { azure, clients, ids } = examination
  return {
    id: 'metrics',
    title: 'Azure Monitor',
    why: 'Watermark delay, backlog and errors of the job come from there.',
    needs: 'subscription',
    run: async (signal) => {
      const query = {
        'api-version': '2024-02-01',
        metricnamespace: NAMESPACE,
        metricnames: 'InputEvents',
        interval: 'PT1M',
      }
      try {
        const path = `${ids.subscription}/metrics:getBatch`
        const { latencyMs } = await clients.metrics.request('POST', path, {
          query,
          body: { resourceids: [ids.job] },
          signal,
        })
        return { level: 'ok', detail: new URL(azure.metricsEndpoint ?? '').host, latencyMs }
      } catch (error) {
        if (!isKind(error, 'authorization')) throw error
        if (statusCause(error)?.status === 401) {
          const fix = 'Set azure.metricsAudience to the audience that the message names.'
          return { level: 'warning', detail: error.message, fix }
        }
        return ofJob(signal)
      }
    },
  }
  /** The batch wants rights on the whole subscription; without them the job's own metrics do. */
  async function ofJob(signal: AbortSignal): Promise<Finding> {
    try {
      const startedAt = performance.now()
      const endTime = new Date(examination.now())
      const startTime = new Date(endTime.getTime() - 3_600_000)
      const span: Span = { startTime, endTime, interval: 'PT1M', aggregation: 'total' }
      await resourceMetrics(clients.management, ids.job, ['InputEvents'], span, signal)
      const detail = "the job's own (those of the subscription are not open to you, nor needed)"
      return { level: 'ok', detail, latencyMs: performance.now() - startedAt }
    } catch (error) {
      if (!isKind(error, 'authorization')) throw error
      return { ...(await missingRole(examination, ROLES.monitoringReader, ids.job, error)), level: 'warning' }
    }
  }
}
