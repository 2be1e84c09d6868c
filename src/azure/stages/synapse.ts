/** A Synapse pipeline as a stage: its runs over the data-plane REST API 2020-12-01. */
import type { RunOutcome, StageService, StageState } from '../../pipeline/ports/stages.ts'
import { runFailure } from '../errors/run-failure.ts'
import { listIn, type RestClient } from '../http/rest-client.ts'

const API_VERSION = '2020-12-01'
const HISTORY = 10
/** How far back runs are searched (ms): the service's maximum. */
const LOOK_BACK_MS = 44 * 24 * 3_600_000
/**
 * The service's clock may be ahead of ours: we must see a run that has just begun, or it is started twice.
 */
const LOOK_AHEAD_MS = 24 * 3_600_000

/** Status of a pipeline run; other values count as unknown. */
const STATES = new Map<string, StageState>([
  ['Queued', 'starting'],
  ['InProgress', 'running'],
  ['Succeeded', 'stopped'],
  ['Failed', 'failed'],
  ['Canceling', 'stopping'],
  ['Cancelling', 'stopping'],
  ['Cancelled', 'stopped'],
])

interface Run {
  runId: string
  status?: string
  message?: string
  runStart?: string | null
  runEnd?: string | null
}

/** The clock tells from when on runs are asked for. */
export interface SynapseStageOptions {
  client: RestClient
  pipeline: string
  clock: { now(): number }
}

/** A start while a run is active does nothing. Only runs that were updated lately are seen. */
export function createSynapseStage({ client, pipeline, clock }: SynapseStageOptions): StageService {
  const query = { 'api-version': API_VERSION }

  /** All of an answer's page, newest first: with a clock that was set back, the active one may be behind many others. */
  async function runs(signal: AbortSignal | undefined): Promise<readonly Run[]> {
    const now = clock.now()
    const { body } = await client.request<{ value?: Run[] }>('POST', '/queryPipelineRuns', {
      query,
      body: {
        lastUpdatedAfter: new Date(now - LOOK_BACK_MS).toISOString(),
        lastUpdatedBefore: new Date(now + LOOK_AHEAD_MS).toISOString(),
        filters: [{ operand: 'PipelineName', operator: 'Equals', values: [pipeline] }],
        orderBy: [{ orderBy: 'RunStart', order: 'DESC' }],
      },
      signal,
    })
    return listIn('Synapse', body?.value)
  }

  const isActive = (run: Run) => ['starting', 'running'].includes(outcome(run).state)

  /** Id of the run last seen active: after a clock is set back, later runs may have earlier dates. */
  let followed: string | undefined

  return {
    async status(signal) {
      const found = await runs(signal)
      const active = found.find(isActive)
      if (active) followed = active.runId
      const latest = active ?? found.find(({ runId }) => runId === followed) ?? found[0]
      if (!latest) return { state: 'stopped', providerStatus: 'never run', history: [] }
      const present = outcome(latest)
      const history = [latest, ...found.filter((run) => run !== latest)].slice(0, HISTORY).map(outcome)
      return {
        state: present.state,
        providerStatus: present.providerStatus,
        detail: present.error,
        since: present.startedAt,
        runId: present.runId,
        history,
      }
    },
    async start(signal) {
      if ((await runs(signal)).some(isActive)) return
      await client.request('POST', `/pipelines/${encodeURIComponent(pipeline)}/createRun`, {
        query,
        body: {},
        signal,
      })
    },
    async stop(signal) {
      for (const run of (await runs(signal)).filter(isActive))
        await client.request('POST', `/pipelineruns/${encodeURIComponent(run.runId)}/cancel`, {
          query,
          signal,
        })
    },
  }
}

function outcome(run: Run): RunOutcome {
  const providerStatus = run.status ?? 'unknown'
  const state = STATES.get(providerStatus) ?? 'unknown'
  return {
    runId: run.runId,
    state,
    providerStatus,
    startedAt: run.runStart ? new Date(run.runStart) : undefined,
    endedAt: run.runEnd ? new Date(run.runEnd) : undefined,
    error: state === 'failed' ? runFailure(run.message?.split('\n')[0] ?? '') || undefined : undefined,
  }
}
