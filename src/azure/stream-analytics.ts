/** The Stream Analytics job through @azure/arm-streamanalytics. */
import { StreamAnalyticsManagementClient, type StreamingJob } from '@azure/arm-streamanalytics'
import type { TokenCredential } from '@azure/identity'
import type { HubReader, StageService, StageState, StageStatus } from '../pipeline/ports.ts'
import { sdkError } from './sdk-error.ts'

export interface StreamAnalyticsSettings {
  endpoint: string
  credential: TokenCredential
  subscriptionId: string
  resourceGroup: string
  job: string
  /** Tells, at the job's very first start, since when the hub holds events. */
  hub: Pick<HubReader, 'partitions'>
  clock: { now(): number }
}

const SERVICE = 'Stream Analytics'

/** `jobState`, https://learn.microsoft.com/azure/stream-analytics/job-states; words not listed are unknown. */
const STATES: Record<string, StageState> = {
  Created: 'stopped',
  Stopped: 'stopped',
  Starting: 'starting',
  Running: 'running',
  Scaling: 'running',
  Restarting: 'starting',
  Stopping: 'stopping',
  Deleting: 'stopping',
  Degraded: 'degraded',
  Failed: 'failed',
}

/** The job reads everything that the hub holds when it starts for the first time: its oldest event may be that old (ms). */
const STARTING_MS = 5 * 60_000
const LONGEST_RETENTION_MS = 90 * 24 * 3_600_000

export function createStreamAnalyticsStage(settings: StreamAnalyticsSettings): StageService {
  const { endpoint, credential, subscriptionId, resourceGroup, job: name } = settings
  const client = new StreamAnalyticsManagementClient(credential, subscriptionId, {
    endpoint,
    credentialScopes: 'https://management.azure.com/.default',
    retryOptions: { maxRetries: 1, retryDelayInMs: 300, maxRetryDelayInMs: 1000 },
  })
  const jobs = client.streamingJobs
  const abortable = (signal: AbortSignal | undefined) => (signal ? { abortSignal: signal } : {})
  const get = (signal?: AbortSignal) =>
    jobs.get(resourceGroup, name, { expand: 'transformation', ...abortable(signal) })

  return {
    async status(signal) {
      try {
        return describe(await get(signal))
      } catch (error) {
        throw sdkError(SERVICE, error)
      }
    },
    async start(signal) {
      try {
        const job = await get(signal)
        const state = STATES[job.jobState ?? '']
        if (state === 'running' || state === 'starting' || state === 'degraded') return
        await jobs.beginStart(resourceGroup, name, {
          startJobParameters: await outputStart(job, settings, signal),
          ...abortable(signal),
        })
      } catch (error) {
        throw sdkError(SERVICE, error)
      }
    },
    async stop(signal) {
      try {
        const { jobState } = await get(signal)
        const state = STATES[jobState ?? '']
        if (state === 'stopped' || state === 'stopping') return
        await jobs.beginStop(resourceGroup, name, abortable(signal))
      } catch (error) {
        throw sdkError(SERVICE, error)
      }
    },
  }
}

/**
 * Where the output begins. A job that has written goes on where it stopped. One that never has may not ask for that, and
 * `JobStartTime` would leave behind what the hub holds already, or takes while the job is still starting: so it begins
 * with the oldest event there can be, or a little before now on an empty hub.
 */
async function outputStart(job: StreamingJob, { hub, clock }: StreamAnalyticsSettings, signal?: AbortSignal) {
  if (job.lastOutputEventTime) return { outputStartMode: 'LastOutputEventTime' }
  const partitions = await hub.partitions(signal)
  const reach = partitions.every((partition) => partition.isEmpty) ? STARTING_MS : LONGEST_RETENTION_MS
  return { outputStartMode: 'CustomTime', outputStartTime: new Date(clock.now() - reach) }
}

function describe(job: StreamingJob): StageStatus {
  const words = job.jobState ?? 'unknown'
  const details = (job as { jobStateDetails?: string }).jobStateDetails
  return {
    state: STATES[words] ?? 'unknown',
    words,
    detail: details,
    job: {
      streamingUnits: job.transformation?.streamingUnits,
      lastOutputEventTime: job.lastOutputEventTime,
    },
  }
}
