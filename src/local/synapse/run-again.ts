/** What the query of `createRun` says of an earlier run: its parameters are taken again, and a recovery belongs to its group. */
import { HttpError } from '../http/errors.ts'
import type { RunRecord } from '../notebook-runs/run-record.ts'

/** The earlier run, and whether the new one is its recovery. */
export interface Again {
  /** Undefined: none was named. */
  before: RunRecord | undefined
  isRecovery: boolean
}

/**
 * @param find by its id; undefined when it is not there.
 * @param activity the pipeline's one, with which alone a run can start.
 * @throws HttpError 400
 */
export function againIn(
  query: URLSearchParams,
  pipeline: string,
  find: (id: string) => RunRecord | undefined,
  activity: string | undefined,
): Again {
  const id = query.get('referencepipelinerunid') ?? undefined
  const isRecovery = query.get('isrecovery')?.toLowerCase() === 'true'
  const start = query.get('startactivityname') ?? undefined
  const before = id === undefined ? undefined : find(id)
  // As the same API of Data Factory words it (azure-docs, issue 38179).
  if (id !== undefined && before === undefined && !GUID.test(id))
    throw new HttpError(
      400,
      'ReferencedPipelineRunNotValid',
      `Referenced pipeline run id ${id.slice(0, MAX_SHOWN)} is not a valid run id.`,
    )
  if (id !== undefined && before?.owner !== pipeline)
    throw badRequest(`The run '${id}' in referencePipelineRunId is none of pipeline '${pipeline}'.`)
  if (isRecovery && before === undefined)
    throw badRequest('A recovery (isRecovery) needs the run that it repeats: referencePipelineRunId.')
  if (start !== undefined && !isRecovery)
    throw badRequest(
      'startActivityName is for a recovery: isRecovery and referencePipelineRunId are missing.',
    )
  if (start !== undefined && start !== activity)
    throw badRequest(`Pipeline '${pipeline}' has no activity '${start}' to start with.`)
  return { before, isRecovery }
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
/** Characters of an id in a refusal. */
const MAX_SHOWN = 100

const badRequest = (message: string) => new HttpError(400, 'BadRequest', message)
