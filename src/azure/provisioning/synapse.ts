/** Synapse: the aggregate notebook and the pipeline that runs it on the Spark pool. */
import { ServiceError } from '../../pipeline/ports/errors.ts'
import { retryAfterMs } from '../errors/retry-after.ts'
import type { RestAnswer, RestClient } from '../http/rest-client.ts'
import { includes, type ProvisioningStep } from './provisioning.ts'
import { FIREWALL_STEP, firewallRefusal } from './synapse-firewall.ts'

export interface NotebookCell {
  kind: 'code' | 'markdown'
  source: string
  /** Synapse puts the pipeline's parameters into a cell after this one. */
  isParameters?: boolean
}

/** Names in the workspace, and what goes into the notebook. */
export interface SynapseOptions {
  notebook: string
  pipeline: string
  sparkPool: string
  cells: readonly NotebookCell[]
  parameters: Readonly<Record<string, string>>
}

const API_VERSION = '2020-12-01'
/** A small node: 4 vCores, 28 GB. The pool has three: one driver, two executors. */
const SESSION = {
  driverMemory: '28g',
  driverCores: 4,
  executorMemory: '28g',
  executorCores: 4,
  numExecutors: 2,
}

/**
 * The stage runs until somebody stops it. An activity that names no timeout ends after seven days by the reference of its policy, after
 * twelve hours by newer pages, which allow seven days at most.
 */
const LONGEST = '7.00:00:00'

const lines = (text: string) => text.split(/(?<=\n)/)

function notebookBody({ notebook, sparkPool, cells }: SynapseOptions) {
  return {
    name: notebook,
    properties: {
      nbformat: 4,
      nbformat_minor: 2,
      bigDataPool: { referenceName: sparkPool, type: 'BigDataPoolReference' },
      sessionProperties: SESSION,
      metadata: {
        language_info: { name: 'python' },
        kernelspec: { name: 'synapse_pyspark', display_name: 'Synapse PySpark' },
      },
      cells: cells.map(({ kind, source, isParameters }) => ({
        cell_type: kind,
        metadata: isParameters ? { tags: ['parameters'] } : {},
        source: lines(source),
        ...(kind === 'code' ? { outputs: [] } : {}),
      })),
    },
  }
}

function pipelineBody({ notebook, sparkPool, parameters }: SynapseOptions) {
  return {
    properties: {
      description: 'Continuous aggregate stage, started and stopped by rtstream-tui.',
      concurrency: 1,
      activities: [
        {
          name: 'aggregate',
          type: 'SynapseNotebook',
          policy: { timeout: LONGEST },
          typeProperties: {
            notebook: { referenceName: notebook, type: 'NotebookReference' },
            sparkPool: { referenceName: sparkPool, type: 'BigDataPoolReference' },
            executorSize: 'Small',
            driverSize: 'Small',
            numExecutors: SESSION.numExecutors,
            parameters: Object.fromEntries(
              Object.entries(parameters).map(([name, value]) => [name, { value, type: 'string' }]),
            ),
          },
        },
      ],
    },
  }
}

/** @param sleep waits between polls of a long-running operation */
export function synapseSteps(
  client: RestClient,
  options: SynapseOptions,
  sleep: (ms: number) => Promise<void> = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
): ProvisioningStep[] {
  const artifact = (
    what: string,
    path: string,
    wanted: { properties: unknown },
    after: string,
  ): ProvisioningStep => ({
    what,
    after,
    inspect: async (signal) => {
      try {
        const { body } = await client.request('GET', path, { query: { 'api-version': API_VERSION }, signal })
        return includes(body, { properties: wanted.properties }) ? 'same' : 'different'
      } catch (error) {
        if (error instanceof ServiceError && error.kind === 'not-found') return 'absent'
        // Only with --dry-run: the firewall does not let us in yet.
        if (firewallRefusal(error)) return 'absent'
        throw error
      }
    },
    apply: async (signal) => {
      const query = { 'api-version': API_VERSION }
      const answer = await client.request<OperationBody>('PUT', path, { query, body: wanted, signal })
      await finish(client, answer, what, sleep, signal)
    },
    whenRefused: () =>
      'You need the Synapse role "Synapse Artifact Publisher" in the workspace (whoever deployed it is its administrator).',
  })
  const notebook = `Synapse notebook ${options.notebook}`
  return [
    artifact(
      notebook,
      `/notebooks/${encodeURIComponent(options.notebook)}`,
      notebookBody(options),
      FIREWALL_STEP,
    ),
    artifact(
      `Synapse pipeline ${options.pipeline}`,
      `/pipelines/${encodeURIComponent(options.pipeline)}`,
      pipelineBody(options),
      notebook,
    ),
  ]
}

interface OperationBody {
  status?: string
  error?: { code?: string; message?: string }
}

/** At most five minutes, at two seconds each. */
const MOST_POLLS = 150
const POLL_MS = 2000
/** Longest wait between polls, even if the service asks for more: it may be done. */
const LONGEST_POLL_MS = 15_000

/** Synapse answers 202 with a URL to poll; the operation's result comes from there. */
async function finish(
  client: RestClient,
  answer: RestAnswer<OperationBody>,
  what: string,
  sleep: (ms: number) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let current = answer
  const location = answer.headers.get('location')
  for (let poll = 0; current.status === 202 && location; poll++) {
    if (poll === MOST_POLLS)
      throw new ServiceError('service', 'Synapse', `${what} is still being made after five minutes`)
    await sleep(Math.min(retryAfterMs(current.headers) ?? POLL_MS, LONGEST_POLL_MS))
    signal?.throwIfAborted()
    current = await client.request<OperationBody>('GET', location, { signal })
  }
  const { status, error } = current.body ?? {}
  if (status === 'Failed' || error) {
    throw new ServiceError(
      'service',
      'Synapse',
      `${what} was refused: ${error?.code ?? ''} ${error?.message ?? status}`.trim(),
    )
  }
}
