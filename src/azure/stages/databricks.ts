/** A Databricks job as a stage: its runs over the Jobs REST API 2.2. */
import { ServiceError } from '../../pipeline/ports/errors.ts'
import type { RunOutcome, StageService, StageState, StageStatus } from '../../pipeline/ports/stages.ts'
import { runFailure } from '../errors/run-failure.ts'
import { listIn, type RestClient, statusCause } from '../http/rest-client.ts'

const SERVICE = 'Databricks'
const API = '/api/2.2/jobs'
const HISTORY = 10
/** Newest runs whose output is fetched, and how much of each is kept (characters). */
const OUTPUTS = 3
const OUTPUT_LENGTH = 2000

/** `status.state` of a run that has not ended; other words count as unknown. */
const STATES = new Map<string, StageState>([
  ['BLOCKED', 'starting'],
  ['PENDING', 'starting'],
  ['QUEUED', 'starting'],
  ['WAITING', 'starting'],
  ['RUNNING', 'running'],
  ['TERMINATING', 'stopping'],
])

/** Codes of `status.termination_details` that mean the stage was stopped; all others are failures. */
const STOPPED = new Set([
  'SUCCESS',
  'USER_CANCELED',
  'CANCELED',
  'SKIPPED',
  'MAX_CONCURRENT_RUNS_EXCEEDED',
  'MAX_JOB_QUEUE_SIZE_EXCEEDED',
])

interface Run {
  run_id: number
  start_time?: number
  end_time?: number
  run_page_url?: string
  status?: {
    state?: string
    termination_details?: { code?: string; type?: string; message?: string }
    queue_details?: { code?: string; message?: string }
  }
  tasks?: { run_id?: number; start_time?: number }[]
}

interface RunOutput {
  error?: string
  notebook_output?: { result?: string }
}

/** The job is found by its name, as setup makes it anew under another id. */
export interface DatabricksStageOptions {
  client: RestClient
  jobName: string
  /** Idempotency tokens: a start sent twice makes one run. */
  newToken: () => string
}

/** A start while a run is active does nothing; stop cancels every active one of the newest runs. */
export function createDatabricksStage(options: DatabricksStageOptions): StageService {
  const { client, newToken } = options
  const job = new JobByName(options)
  const ends = new RunEnds(client)

  const runs = (signal: AbortSignal | undefined): Promise<readonly Run[]> =>
    job.use(signal, async (job_id) => {
      const query = { job_id, limit: HISTORY }
      const { body } = await client.request<{ runs?: Run[] }>('GET', `${API}/runs/list`, { query, signal })
      return listIn(SERVICE, body?.runs)
    })

  return {
    async status(signal) {
      const found = await runs(signal)
      const history = await Promise.all(
        found.map(async (run, index) => {
          const one = outcome(run)
          if (one.state === 'failed') return { ...one, ...(await ends.of(run, signal)) }
          return run.status?.state === 'TERMINATED' && index < OUTPUTS
            ? { ...one, output: (await ends.of(run, signal)).output }
            : one
        }),
      )
      return describe(found[0], history)
    },
    async start(signal) {
      if ((await runs(signal)).some((run) => ['starting', 'running'].includes(outcome(run).state))) return
      const idempotency_token = newToken()
      await job.use(signal, (job_id) =>
        client.request('POST', `${API}/run-now`, {
          // A run that is still being cancelled delays this one; it does not fail it.
          body: { job_id, idempotency_token, queue: { enabled: true } },
          signal,
        }),
      )
    },
    async stop(signal) {
      for (const run of await runs(signal)) {
        if (!['starting', 'running', 'unknown'].includes(outcome(run).state)) continue
        await client.request('POST', `${API}/runs/cancel`, { body: { run_id: run.run_id }, signal })
      }
    },
  }
}

/** Finds the job by its name, and again after somebody has deleted and recreated it. */
class JobByName {
  readonly #options: DatabricksStageOptions
  #id: number | undefined

  constructor(options: DatabricksStageOptions) {
    this.#options = options
  }

  async use<T>(signal: AbortSignal | undefined, call: (id: number) => Promise<T>): Promise<T> {
    const wasKnown = this.#id !== undefined
    const id = this.#id ?? (await this.#find(signal))
    this.#id = id
    try {
      return await call(id)
    } catch (error) {
      if (!isMissing(error)) throw error
      this.#id = undefined
      if (!wasKnown) throw error
      return this.use(signal, call)
    }
  }

  async #find(signal: AbortSignal | undefined): Promise<number> {
    const { client, jobName } = this.#options
    const { body } = await client.request<{ jobs?: { job_id: number }[] }>('GET', `${API}/list`, {
      query: { name: jobName },
      signal,
    })
    const [job] = listIn(SERVICE, body?.jobs)
    if (job) return job.job_id
    throw new ServiceError('not-found', SERVICE, `The Databricks job ${jobName} does not exist.`, {
      hint: 'rtstream-tui setup creates it.',
    })
  }
}

/** For a deleted job the service answers 400 with this code, or 404. */
const isMissing = (error: unknown) =>
  (error instanceof ServiceError && error.kind === 'not-found') ||
  statusCause(error)?.code === 'INVALID_PARAMETER_VALUE'

/** How Databricks says that a run has no output, or not any more. */
const GONE = new Set([400, 404])

/** A run that is repaired ends again under the same id. */
const keyOf = ({ run_id, end_time = 0 }: Run) => `${run_id} ${end_time}`

interface RunEnding {
  error: string | undefined
  output: string | undefined
}

/** How runs have ended, in their own words: error texts and outputs, each fetched once. */
class RunEnds {
  static readonly #KEPT = 50
  readonly #client: RestClient
  readonly #known = new Map<string, RunEnding>()

  constructor(client: RestClient) {
    this.#client = client
  }

  async of(run: Run, signal: AbortSignal | undefined): Promise<RunEnding> {
    const known = this.#known.get(keyOf(run))
    if (known !== undefined) return known
    const reason = run.status?.termination_details?.message
    try {
      const { error, output } = await this.#fetch(run, signal)
      return this.#keep(run, { error: firstLine(error ?? reason ?? ''), output })
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof ServiceError)) throw error
      const ending = { error: reason === undefined ? undefined : firstLine(reason), output: undefined }
      // Outputs expire, and some tasks have none: that stays so. Of anything else the next poll asks again.
      return GONE.has(statusCause(error)?.status ?? 0) ? this.#keep(run, ending) : ending
    }
  }

  #keep(run: Run, ending: RunEnding): RunEnding {
    const [oldest] = this.#known.keys()
    if (this.#known.size >= RunEnds.#KEPT && oldest !== undefined) this.#known.delete(oldest)
    this.#known.set(keyOf(run), ending)
    return ending
  }

  /** The output belongs to the task's run, which the list does not include. */
  async #fetch(run: Run, signal: AbortSignal | undefined): Promise<RunEnding> {
    const query = { run_id: run.run_id }
    const { body: whole } = await this.#client.request<Run>('GET', `${API}/runs/get`, { query, signal })
    const { body } = await this.#client.request<RunOutput>('GET', `${API}/runs/get-output`, {
      query: { run_id: lastOf(whole?.tasks ?? [])?.run_id ?? run.run_id },
      signal,
    })
    return { error: body?.error, output: body?.notebook_output?.result?.slice(0, OUTPUT_LENGTH) }
  }
}

/** A repaired run has its task once for each attempt. */
const lastOf = (tasks: NonNullable<Run['tasks']>) =>
  tasks.toSorted((one, other) => (one.start_time ?? 0) - (other.start_time ?? 0)).at(-1)

const firstLine = (text: string) => runFailure(text.split('\n')[0] ?? '')

function describe(latest: Run | undefined, history: readonly RunOutcome[]): StageStatus {
  const [present] = history
  if (!latest || !present) return { state: 'stopped', providerStatus: 'never run', history: [] }
  return {
    state: present.state,
    providerStatus: present.providerStatus,
    detail: present.error ?? waitingFor(latest),
    since: present.startedAt,
    runId: present.runId,
    history,
  }
}

function outcome(run: Run): RunOutcome {
  const { state = 'unknown', termination_details: end } = run.status ?? {}
  return {
    runId: String(run.run_id),
    state: state === 'TERMINATED' ? endState(end?.code) : (STATES.get(state) ?? 'unknown'),
    providerStatus: state === 'TERMINATED' && end?.code ? `TERMINATED ${end.code}` : state,
    startedAt: run.start_time ? new Date(run.start_time) : undefined,
    endedAt: run.end_time ? new Date(run.end_time) : undefined,
    ...(run.run_page_url?.startsWith('https://') ? { url: run.run_page_url } : {}),
  }
}

function endState(code: string | undefined): StageState {
  if (code === undefined) return 'unknown'
  return STOPPED.has(code) ? 'stopped' : 'failed'
}

/** Why a run waits: the queue's reason, or the state of a pending cluster. */
function waitingFor({ status }: Run): string | undefined {
  const queue = status?.queue_details
  if (queue?.message || queue?.code) return queue.message ?? queue.code
  return status?.state === 'PENDING' ? 'waiting for the cluster' : undefined
}
