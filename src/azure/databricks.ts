/** A Databricks job as a stage: its runs over the Jobs REST API 2.2. */
import {
  type RunOutcome,
  ServiceError,
  type StageService,
  type StageState,
  type StageStatus,
} from '../pipeline/ports.ts'
import type { RestClient } from './rest-client.ts'

const SERVICE = 'Databricks'
const API = '/api/2.2/jobs'
const HISTORY = 10

/** `status.state`; TERMINATED is decided by its termination details. Words not listed are unknown. */
const STATES: Record<string, StageState> = {
  BLOCKED: 'starting',
  PENDING: 'starting',
  QUEUED: 'starting',
  WAITING: 'starting',
  RUNNING: 'running',
  TERMINATING: 'stopping',
}

interface Run {
  run_id: number
  start_time?: number
  end_time?: number
  status?: {
    state?: string
    termination_details?: { code?: string; type?: string; message?: string }
    queue_details?: { code?: string; message?: string }
  }
  tasks?: { run_id: number }[]
}

export interface DatabricksStageOptions {
  client: RestClient
  jobName: string
  newToken: () => string
}

export function createDatabricksStage({ client, jobName, newToken }: DatabricksStageOptions): StageService {
  let jobId: number | undefined

  async function findJob(signal: AbortSignal | undefined): Promise<number> {
    if (jobId !== undefined) return jobId
    const { body } = await client.request<{ jobs?: { job_id: number }[] }>('GET', `${API}/list`, {
      query: { name: jobName },
      signal,
    })
    const [job] = body?.jobs ?? []
    if (!job)
      throw new ServiceError('not-found', SERVICE, `The Databricks job ${jobName} does not exist.`, {
        hint: 'rtstream-tui setup creates it.',
      })
    jobId = job.job_id
    return jobId
  }

  async function runs(signal: AbortSignal | undefined): Promise<Run[]> {
    const id = await findJob(signal)
    try {
      const query = { job_id: id, limit: HISTORY }
      const { body } = await client.request<{ runs?: Run[] }>('GET', `${API}/runs/list`, { query, signal })
      return body?.runs ?? []
    } catch (error) {
      // A job that was deleted is looked for by its name again.
      jobId = undefined
      throw error
    }
  }

  const isActive = (run: Run) => run.status?.state !== 'TERMINATED'
  const errors = new Map<number, string>()

  /** The error text of a failed run, fetched once. */
  async function errorOf(run: Run, signal: AbortSignal | undefined): Promise<string | undefined> {
    if (outcome(run).state !== 'failed') return undefined
    const known = errors.get(run.run_id)
    if (known !== undefined) return known
    const message = run.status?.termination_details?.message ?? ''
    const task = run.tasks?.[0]?.run_id ?? run.run_id
    const output = await client
      .request<{ error?: string }>('GET', `${API}/runs/get-output`, { query: { run_id: task }, signal })
      .catch(() => undefined)
    const text = (output?.body?.error ?? message).split('\n')[0] ?? ''
    if (errors.size > 50) errors.clear()
    errors.set(run.run_id, text)
    return text
  }

  return {
    async status(signal) {
      const found = await runs(signal)
      const [latest] = found
      if (!latest) return { state: 'stopped', words: 'never run', history: [] }
      const history = found.map(outcome)
      const error = await errorOf(latest, signal)
      const [present, ...before] = history as [RunOutcome, ...RunOutcome[]]
      const status: StageStatus = {
        state: present.state,
        words: present.words,
        detail: error ?? waitingFor(latest),
        since: present.startedAt,
        runId: present.runId,
        history: [{ ...present, error }, ...before],
      }
      return status
    },
    async start(signal) {
      if ((await runs(signal)).some(isActive)) return
      await client.request('POST', `${API}/run-now`, {
        body: { job_id: await findJob(signal), idempotency_token: newToken() },
        signal,
      })
    },
    async stop(signal) {
      for (const run of (await runs(signal)).filter(isActive))
        await client.request('POST', `${API}/runs/cancel`, { body: { run_id: run.run_id }, signal })
    },
  }
}

function outcome(run: Run): RunOutcome {
  const { state = 'unknown', termination_details: end } = run.status ?? {}
  const words = state === 'TERMINATED' && end?.code ? `TERMINATED ${end.code}` : state
  return {
    runId: String(run.run_id),
    state: state === 'TERMINATED' ? endState(end) : (STATES[state] ?? 'unknown'),
    words,
    startedAt: run.start_time ? new Date(run.start_time) : undefined,
    endedAt: run.end_time ? new Date(run.end_time) : undefined,
  }
}

/** A cancelled run is a stopped stage; so is one that ended well, or whose driver went away with a clean stop. */
function endState(end: { code?: string; type?: string } | undefined): StageState {
  if (end?.type === 'SUCCESS' || /^(SUCCESS|USER_CANCELED|CANCELED|DRIVER_ERROR)$/.test(end?.code ?? ''))
    return 'stopped'
  return end?.code === undefined ? 'unknown' : 'failed'
}

/** Why a run waits: its queue's reason, or what a pending cluster does. */
function waitingFor(run: Run): string | undefined {
  const queue = run.status?.queue_details
  if (queue?.message || queue?.code) return queue.message ?? queue.code
  return run.status?.state === 'PENDING' ? 'waiting for the cluster' : undefined
}
