/** Who may do what with a job, as the CLI and Terraform ask of each: whoever has the session's token owns it. Nothing is changed. */
import { HttpError } from '../http/errors.ts'
import type { Call, Route } from '../http/router.ts'
import { USER_NAME } from './discovery.ts'
import { missing } from './errors.ts'
import type { JobStore } from './job-store.ts'

/** The service's levels for a job, from the least. */
const LEVELS = [
  ['CAN_VIEW', 'Can view the job'],
  ['CAN_MANAGE_RUN', 'Can view the job and start and stop its runs'],
  ['IS_OWNER', 'Is the owner of the job'],
  ['CAN_MANAGE', 'Can manage the job'],
].map(([permission_level, description]) => ({ permission_level, description }))

const OF_JOB = '/databricks/api/2.0/permissions/jobs/:job'

/** @param checkRate throws HttpError 429. */
export function permissionRoutes(jobs: JobStore, checkRate: () => void): Route[] {
  const route = (method: string, pattern: string, answer: (job: number) => object): Route => ({
    method,
    pattern,
    handle: ({ params }: Call) => {
      checkRate()
      return { body: answer(find(jobs, params.job)) }
    },
  })
  const refuse = () => {
    throw new HttpError(
      403,
      'PERMISSION_DENIED',
      'Permissions are not changed here: the token of this session may do all, and there is nobody else.',
    )
  }
  return [
    route('GET', OF_JOB, (job) => ({
      object_id: `/jobs/${job}`,
      object_type: 'job',
      access_control_list: [
        {
          user_name: USER_NAME,
          display_name: USER_NAME,
          all_permissions: [{ permission_level: 'IS_OWNER', inherited: false }],
        },
      ],
    })),
    route('GET', `${OF_JOB}/permissionLevels`, () => ({ permission_levels: LEVELS })),
    route('PUT', OF_JOB, refuse),
    route('PATCH', OF_JOB, refuse),
  ]
}

/** @throws HttpError 404, the status of this API where that of jobs has 400. */
function find(jobs: JobStore, id: string | undefined): number {
  const job = jobs.list().find(({ job_id }) => String(job_id) === id)
  if (job) return job.job_id
  throw missing(`Job ${String(id).slice(0, 40)} does not exist.`)
}
