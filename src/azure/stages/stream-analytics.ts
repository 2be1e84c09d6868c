/** The Stream Analytics job through @azure/arm-streamanalytics. */
import { StreamAnalyticsManagementClient, type StreamingJob } from '@azure/arm-streamanalytics'
import type { TokenCredential } from '@azure/identity'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import type { StageService, StageState, StageStatus } from '../../pipeline/ports/stages.ts'
import { callSdk } from '../errors/sdk-error.ts'
import { abortableSleep } from '../http/abortable-sleep.ts'
import { type AnswerLimits, boundedHttpClient } from '../http/bounded-http-client.ts'
import { SCOPES } from '../resources/service-clients.ts'
import { outputStart } from './output-start.ts'

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

/** The query failed, which says nothing about the start: a lost role or token, or a service with problems. */
function isOfQuestion(error: unknown): boolean {
  if (!(error instanceof ServiceError)) return false
  if (error.kind === 'throttled' || error.kind === 'unreachable' || error.kind === 'authorization')
    return true
  const { statusCode = 0 } = (error.cause ?? {}) as { statusCode?: number }
  return statusCode === 408 || statusCode >= 500
}

/** How often in a row the query may fail before we give up and use the job's own state. */
const MOST_QUESTIONS = 20

/** A job has up to 60 inputs and 60 outputs. */
const MOST_PAGES = 20

/** @throws ServiceError for a list that does not end. */
async function whole<T>(list: { byPage(): AsyncIterable<T[]> }, what: string): Promise<T[]> {
  const found: T[] = []
  let pages = 0
  for await (const page of list.byPage()) {
    if (++pages > MOST_PAGES)
      throw new ServiceError(
        'service',
        SERVICE,
        `The list of the job’s ${what} does not end: ${MOST_PAGES} pages were read.`,
      )
    found.push(...page)
  }
  return found
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** A start during a stop waits for the stop to end: number of waits, and length of each (ms). */
const LOOK_EVERY_MS = 1000
const LONGEST_STOP_MS = 5 * 60_000

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

  /** What the service says about the output and the input, newest first; it says so only when asked. */
  async function condition(signal: AbortSignal | undefined): Promise<string | undefined> {
    const parts = await callSdk(SERVICE, signal, async (abortSignal) => {
      const options = { select: '*', abortSignal }
      const found = []
      const { outputs, inputs } = client
      found.push(...(await whole(outputs.listByStreamingJob(resourceGroup, name, options), 'outputs')))
      for (const input of await whole(inputs.listByStreamingJob(resourceGroup, name, options), 'inputs'))
        found.push({ diagnostics: input.properties?.diagnostics })
      return found
    })
    const [newest] = parts
      .flatMap(({ diagnostics }) => diagnostics?.conditions ?? [])
      .toSorted((one, other) => String(other.since).localeCompare(String(one.since)))
    return newest?.message?.split('\n')[0]
  }

  /** Our last start, until its result is known. */
  let startOperation: string | undefined
  let startFailure: string | undefined
  let failedQuestions = 0

  const forgetStart = () => {
    startOperation = undefined
    startFailure = undefined
    failedQuestions = 0
  }

  /** Why a start failed: only the operation says so, the job itself is just stopped again. */
  async function lookAtStart(state: StageState, signal: AbortSignal | undefined): Promise<void> {
    if (state !== 'stopped' && state !== 'failed') {
      if (state !== 'starting') forgetStart()
      return
    }
    const resumeFrom = startOperation
    if (resumeFrom === undefined) return
    try {
      // A poller is useless after a failed query; a resumed one asks once, and starts nothing.
      const poller = await callSdk(SERVICE, signal, (abortSignal) =>
        client.streamingJobs.beginStart(resourceGroup, name, { resumeFrom, abortSignal }),
      )
      failedQuestions = 0
      if (poller.isDone()) startOperation = undefined
    } catch (error) {
      signal?.throwIfAborted()
      // The query failed; the next poll asks again.
      if (isOfQuestion(error)) {
        if (++failedQuestions >= MOST_QUESTIONS) startOperation = undefined
        return
      }
      startOperation = undefined
      const text = messageOf(error)
      const reason = /has failed\. (.*)/.exec(text)?.[1] ?? text
      startFailure = `The start failed: ${reason}`
    }
  }

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
      await lookAtStart(state, signal)
      const isTroubled = state === 'failed' || state === 'degraded'
      const detail = (isTroubled ? await condition(signal) : undefined) ?? startFailure
      const status = describe(job, detail)
      return startFailure === undefined ? status : { ...status, state: 'failed' }
    },
    async start(signal) {
      const job = await whenStopped(signal)
      if (['running', 'starting', 'degraded'].includes(stateOf(job))) return
      const startJobParameters = await outputStart({
        lastOutputEventTime: job.lastOutputEventTime,
        oldestEvent: () => settings.oldestEvent(signal),
        now: clock.now,
      })
      forgetStart()
      const poller = await callSdk(SERVICE, signal, (abortSignal) =>
        client.streamingJobs.beginStart(resourceGroup, name, { startJobParameters, abortSignal }),
      )
      startOperation = poller.toString()
    },
    async stop(signal) {
      forgetStart()
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
