/** Databricks: the notebooks in the workspace and the two jobs that run them. */
import { ServiceError } from '../../pipeline/ports/errors.ts'
import type { RestClient } from '../http/rest-client.ts'
import { includes, type ProvisioningStep, type Standing } from './provisioning.ts'

/** Of the repository's `notebooks/`. */
export interface NotebookFile {
  /** `silver.py` */
  name: string
  content: string
}

/** Long-term support runtimes that the notebooks support: Spark 3.5, and Spark 4. */
const RUNTIMES = { '16.4': '16.4.x-scala2.12', '17.3': '17.3.x-scala2.13' } as const

/** Runtimes that the notebooks are known to run on. */
export type DatabricksRuntime = keyof typeof RUNTIMES

/** What the Jobs API calls it. */
export const sparkVersionOf = (runtime: DatabricksRuntime): string => RUNTIMES[runtime]

const NOTEBOOK_HEADER = '# Databricks notebook source'

/** Files with the notebook header become notebooks (without `.py`), others stay files that notebooks can import. */
const isNotebook = ({ content }: NotebookFile) => content.startsWith(NOTEBOOK_HEADER)

/** Everything in the workspace depends on this step. */
export const WORKSPACE_STEP = 'Databricks workspace'

/** Makes nothing: finds out whether the workspace lets us in, and as whom. */
export function workspaceStep(client: RestClient, onUser: (name: string) => void): ProvisioningStep {
  return {
    what: WORKSPACE_STEP,
    inspect: async (signal) => {
      const { body } = await client.request<{ userName?: string }>('GET', '/api/2.0/preview/scim/v2/Me', {
        signal,
      })
      if (body?.userName) onUser(body.userName)
      return 'same'
    },
    apply: async () => {},
    whenRefused: () =>
      'The workspace does not know you. Open it once from the Azure portal ("Launch Workspace") with the same account: owners and contributors become its administrators.',
  }
}

/** Workspace path of a file. */
export function workspacePath(folder: string, file: NotebookFile): string {
  return `${folder}/${isNotebook(file) ? file.name.replace(/\.py$/, '') : file.name}`
}

/** The folder, then each notebook; a notebook that was changed by hand is replaced. */
export function notebookSteps(
  client: RestClient,
  folder: string,
  files: readonly NotebookFile[],
): ProvisioningStep[] {
  const made = `Databricks folder ${folder}`
  const folderStep: ProvisioningStep = {
    what: made,
    after: WORKSPACE_STEP,
    inspect: (signal) =>
      standingOf(async () => {
        await client.request('GET', '/api/2.0/workspace/get-status', { query: { path: folder }, signal })
        return 'same'
      }),
    apply: async (signal) => {
      await client.request('POST', '/api/2.0/workspace/mkdirs', { body: { path: folder }, signal })
    },
  }
  return [folderStep, ...files.map((file) => notebookStep(client, folder, file, made))]
}

function notebookStep(
  client: RestClient,
  folder: string,
  file: NotebookFile,
  after: string,
): ProvisioningStep {
  const path = workspacePath(folder, file)
  return {
    what: `Databricks ${isNotebook(file) ? 'notebook' : 'file'} ${path}`,
    after,
    inspect: (signal) =>
      standingOf(async () => {
        const query = { path, format: isNotebook(file) ? 'SOURCE' : 'AUTO' }
        const { body } = await client.request<{ content?: string }>('GET', '/api/2.0/workspace/export', {
          query,
          signal,
        })
        const found = Buffer.from(body?.content ?? '', 'base64').toString('utf8')
        return found.trim() === file.content.trim() ? 'same' : 'different'
      }),
    apply: async (signal) => {
      const content = Buffer.from(file.content, 'utf8').toString('base64')
      const form = isNotebook(file) ? { format: 'SOURCE', language: 'PYTHON' } : { format: 'AUTO' }
      await client.request('POST', '/api/2.0/workspace/import', {
        body: { path, content, overwrite: true, ...form },
        signal,
      })
    },
  }
}

export interface JobOptions {
  name: string
  /** Task key, and name of the notebook. */
  stage: 'silver' | 'gold'
  notebookPath: string
  nodeType: string
  runtime: DatabricksRuntime
  parameters: Readonly<Record<string, string>>
}

/** The job in the service's form: one notebook on one machine that lives as long as the run. */
function jobSettings({ name, stage, notebookPath, nodeType, runtime, parameters }: JobOptions) {
  return {
    name,
    description: `Continuous ${stage} stage, started and stopped by rtstream-tui.`,
    tags: { project: 'rtstream-tui' },
    max_concurrent_runs: 1,
    parameters: Object.entries(parameters).map(([key, value]) => ({ name: key, default: value })),
    job_clusters: [
      {
        job_cluster_key: 'single-node',
        new_cluster: {
          spark_version: sparkVersionOf(runtime),
          node_type_id: nodeType,
          num_workers: 0,
          data_security_mode: 'SINGLE_USER',
          spark_conf: { 'spark.master': 'local[*]', 'spark.databricks.cluster.profile': 'singleNode' },
          custom_tags: { ResourceClass: 'SingleNode', project: 'rtstream-tui' },
        },
      },
    ],
    tasks: [
      {
        task_key: stage,
        job_cluster_key: 'single-node',
        notebook_task: { notebook_path: notebookPath, source: 'WORKSPACE' },
      },
    ],
  }
}

interface JobsBody {
  jobs?: { job_id?: number }[]
}

/**
 * The job by its name. @param after the step of the last notebook. Its `inspect` throws ServiceError `conflict`
 * when several jobs have the name.
 */
export function jobStep(client: RestClient, options: JobOptions, after: string): ProvisioningStep {
  const wanted = jobSettings(options)
  const find = async (signal?: AbortSignal): Promise<number | undefined> => {
    const query = { name: options.name, limit: 20 }
    const { body } = await client.request<JobsBody>('GET', '/api/2.2/jobs/list', { query, signal })
    const ids = (body?.jobs ?? []).flatMap(({ job_id }) => (job_id === undefined ? [] : [job_id]))
    if (ids.length > 1) {
      throw new ServiceError(
        'conflict',
        'Databricks',
        `${ids.length} jobs are named ${options.name} (${ids.join(', ')})`,
        {
          hint: 'Delete all but one under Jobs & Pipelines, then run setup again.',
        },
      )
    }
    return ids[0]
  }
  return {
    what: `Databricks job ${options.name}`,
    after,
    inspect: async (signal) => {
      const id = await find(signal)
      if (id === undefined) return 'absent'
      const { body } = await client.request<{ settings?: unknown }>('GET', '/api/2.2/jobs/get', {
        query: { job_id: id },
        signal,
      })
      return includes(withTodaysNames(body?.settings), withTodaysNames(wanted)) ? 'same' : 'different'
    },
    apply: async (signal) => {
      const id = await find(signal)
      if (id === undefined)
        // Jobs may share a name: a second one would have to be deleted by hand.
        await client.request('POST', '/api/2.2/jobs/create', { body: wanted, isOnce: true, signal })
      else
        await client.request('POST', '/api/2.2/jobs/reset', {
          body: { job_id: id, new_settings: wanted },
          signal,
        })
    },
  }
}

/** Access modes that the service has renamed, by the name that it may return. */
const ACCESS_MODES: Readonly<Record<string, string>> = {
  SINGLE_USER: 'DATA_SECURITY_MODE_DEDICATED',
  USER_ISOLATION: 'DATA_SECURITY_MODE_STANDARD',
}

/** A job's settings with the current names of access modes: the service treats old and new names alike. */
function withTodaysNames(settings: unknown): unknown {
  if (typeof settings !== 'object' || settings === null) return settings
  if (Array.isArray(settings)) return settings.map(withTodaysNames)
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      name === 'data_security_mode' ? (ACCESS_MODES[String(value)] ?? value) : withTodaysNames(value),
    ]),
  )
}

async function standingOf(look: () => Promise<Standing>): Promise<Standing> {
  try {
    return await look()
  } catch (error) {
    if (error instanceof ServiceError && error.kind === 'not-found') return 'absent'
    throw error
  }
}
