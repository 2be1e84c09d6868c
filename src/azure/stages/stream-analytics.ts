/** The Stream Analytics job through @azure/arm-streamanalytics. */
import { StreamAnalyticsManagementClient, type StreamingJob } from '@azure/arm-streamanalytics'
import type { TokenCredential } from '@azure/identity'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import type { StageService, StageState, StageStatus } from '../../pipeline/ports/stages.ts'
import { callSdk } from '../errors/sdk-error.ts'
import { abortableSleep } from '../http/abortable-sleep.ts'
import { type AnswerLimits, boundedHttpClient } from '../http/bounded-http-client.ts'
import { SCOPES } from '../resources/service-clients.ts'
import { newestCondition } from './job-condition.ts'
import { outputStart } from './output-start.ts'
import { StartOperation } from './start-operation.ts'

/** Where the job is, and what its first start needs. */
export interface StreamAnalyticsSettings {
  /** Client of Azure Resource Manager. */
  endpoint: string
  credential: TokenCredential
  subscriptionId: string
  resourceGroup: string
  job: string
  /** Enqueued time of the oldest event in the hub; used only at the job's first start. */
  oldestEvent: (signal: AbortSignal | undefined) => Promise<Date | undefined>
  clock: { now(): number; monotonic(): number }
  /** Of each answer; replaced in tests. */
  limits?: AnswerLimits
  /** Waits while the job is stopping; replaced in tests. */
  sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>
}

/** The stage, and what the metrics need of the job. */
export interface StreamAnalyticsStage extends StageService {
  /** When the job was created. */
  createdAt(signal?: AbortSignal): Promise<Date | undefined>
}

const SERVICE = 'Stream Analytics'

/**
 * `jobState`, https://learn.microsoft.com/azure/stream-analytics/job-states; other words count as unknown.
 */
const STATES = new Map<string, StageState>([
  ['Created', 'stopped'],
  ['Stopped', 'stopped'],
  ['Starting', 'starting'],
  ['Restarting', 'starting'],
  ['Running', 'running'],
  ['Scaling', 'running'],
  ['Degraded', 'degraded'],
  ['Stopping', 'stopping'],
  ['Deleting', 'stopping'],
  ['Failed', 'failed'],
])

const stateOf = (job: StreamingJob): StageState => STATES.get(job.jobState ?? '') ?? 'unknown'

/** A start during a stop waits for the stop to end: how often it asks, and how long it waits at most (ms). */
const LOOK_EVERY_MS = 1000
const LONGEST_STOP_MS = 5 * 60_000

/** Asks nothing by itself. Its calls reject with a ServiceError, or with the reason of the signal that ended them. */
export function createStreamAnalyticsStage(settings: StreamAnalyticsSettings): StreamAnalyticsStage {
  const { endpoint, credential, subscriptionId, resourceGroup, job: name, clock, limits } = settings
  const sleep = settings.sleep ?? abortableSleep
  const client = new StreamAnalyticsManagementClient(credential, subscriptionId, {
    endpoint,
    credentialScopes: SCOPES.management,
    // The stage retries by itself, and shows why.
    retryOptions: { maxRetries: 0 },
    httpClient: boundedHttpClient(SERVICE, limits),
  })
  const get = (signal: AbortSignal | undefined) =>
    callSdk(SERVICE, signal, (abortSignal) =>
      client.streamingJobs.get(resourceGroup, name, { expand: 'transformation', abortSignal }),
    )

  const lastStart = new StartOperation({
    service: SERVICE,
    jobs: client.streamingJobs,
    resourceGroup,
    job: name,
  })

  async function whenStopped(signal: AbortSignal | undefined): Promise<StreamingJob> {
    const deadline = clock.monotonic() + LONGEST_STOP_MS
    for (;;) {
      const job = await get(signal)
      if (job.jobState === 'Deleting')
        throw new ServiceError('not-found', SERVICE, `The job ${name} is being deleted.`, {
          hint: 'azd provision makes it again.',
        })
      if (stateOf(job) !== 'stopping') return job
      if (clock.monotonic() > deadline)
        throw new ServiceError('conflict', SERVICE, `The job ${name} is still ${job.jobState}.`, {
          hint: 'Start it again when it has stopped.',
        })
      await sleep(LOOK_EVERY_MS, signal)
    }
  }

  return {
    async status(signal) {
      const job = await get(signal)
      const state = stateOf(job)
      await lastStart.follow(state, signal)
      const isTroubled = state === 'failed' || state === 'degraded'
      const condition = isTroubled
        ? await newestCondition(SERVICE, client, { resourceGroup, job: name }, signal)
        : undefined
      const status = describe(job, condition ?? lastStart.failure)
      return lastStart.failure === undefined ? status : { ...status, state: 'failed' }
    },
    async start(signal) {
      const job = await whenStopped(signal)
      if (['running', 'starting', 'degraded'].includes(stateOf(job))) return
      const startJobParameters = await outputStart({
        lastOutputEventTime: job.lastOutputEventTime,
        oldestEvent: () => settings.oldestEvent(signal),
        now: clock.now,
      })
      lastStart.forget()
      const poller = await callSdk(SERVICE, signal, (abortSignal) =>
        client.streamingJobs.beginStart(resourceGroup, name, { startJobParameters, abortSignal }),
      )
      lastStart.begin(poller.toString())
    },
    async stop(signal) {
      lastStart.forget()
      const state = stateOf(await get(signal))
      if (state === 'stopped' || state === 'stopping') return
      await callSdk(SERVICE, signal, (abortSignal) =>
        client.streamingJobs.beginStop(resourceGroup, name, { abortSignal }),
      )
    },
    createdAt: async (signal) => (await get(signal)).createdDate,
  }
}

function describe(job: StreamingJob, detail: string | undefined): StageStatus {
  return {
    state: stateOf(job),
    providerStatus: job.jobState ?? 'unknown',
    detail,
    job: {
      streamingUnits: job.transformation?.streamingUnits,
      lastOutputEventTime: job.lastOutputEventTime,
    },
  }
}
