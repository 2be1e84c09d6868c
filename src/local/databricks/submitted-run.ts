/** Runs without a job: `jobs/runs/submit`, by which Airflow and the command line run a notebook once. */
import { grouped } from '../../contract/grouped.ts'
import { DeletedRunError, type RunHistory } from '../notebook-runs/run-history.ts'
import type { RunRecord } from '../notebook-runs/run-record.ts'
import { invalid } from './errors.ts'
import { parseSettings } from './job-settings.ts'
import { notebookOf } from './job-store.ts'
import { policyOf } from './run-policy.ts'
import { asTasks } from './single-task.ts'

/** In place of a job's id. */
const OWNER = 'submitted'
/** They wait for nobody; the engine runs each notebook once at a time. */
const MAX_CONCURRENT = 1000
/** Of its task as JSON: a hundred of them are kept. */
const MAX_BYTES = 100_000

/** Did the run come without a job? */
export const isSubmitted = ({ owner }: RunRecord): boolean => owner === OWNER

/** Begins one. @param body of the request. @throws HttpError 400 */
export function submit(
  runs: RunHistory,
  body: Record<string, unknown>,
  idempotencyToken: string | undefined,
): RunRecord {
  const { run_name, job_clusters } = body
  // dbx, issue 646.
  if (Array.isArray(job_clusters) && job_clusters.length > 0)
    throw invalid('Shared job cluster feature is not supported in runs/submit API.')
  // Older clients name the one notebook beside the cluster, not in a task.
  const { tasks = [], format = null, timeout_seconds = null } = asTasks(body)
  const settings = parseSettings({
    name: run_name ?? 'Untitled',
    tasks,
    format,
    timeout_seconds,
  })
  const notebook = notebookOf(settings, 'The run')
  if (Buffer.byteLength(JSON.stringify(settings)) > MAX_BYTES)
    throw invalid(`A run’s task must not exceed ${grouped(MAX_BYTES)} bytes.`)
  try {
    return runs.start(OWNER, notebook, {
      idempotencyToken,
      maxConcurrent: MAX_CONCURRENT,
      whenBusy: 'skip',
      submitted: settings,
      policy: policyOf(settings),
    })
  } catch (error) {
    throw error instanceof DeletedRunError ? invalid(error.message) : error
  }
}
