/**
 * Who may do what with a job, as the CLI, Terraform and deployments ask and say. It is kept and told; nobody is kept out by it,
 * as whoever has the session's token may do all.
 */
import { isObject, readJson } from '../http/body.ts'
import { HttpError } from '../http/errors.ts'
import type { Call, Route } from '../http/router.ts'
import { StateMap, StateMapFullError } from '../storage/state-map.ts'
import { USER_NAME } from './discovery.ts'
import { invalid, missing, otherType } from './errors.ts'
import type { JobStore } from './job-store.ts'

/** The service's levels for a job, from the least. */
const LEVELS = [
  ['CAN_VIEW', 'Can view the job'],
  ['CAN_MANAGE_RUN', 'Can view the job and start and stop its runs'],
  ['IS_OWNER', 'Is the owner of the job'],
  ['CAN_MANAGE', 'Can manage the job'],
].map(([permission_level, description]) => ({ permission_level, description }))
const LEVEL_NAMES = LEVELS.map(({ permission_level }) => String(permission_level))

/** What names somebody in an entry: one of them. */
const PRINCIPALS = ['user_name', 'group_name', 'service_principal_name'] as const

/** One principal has one level. */
interface Entry {
  kind: (typeof PRINCIPALS)[number]
  name: string
  level: string
}

interface AccessList {
  entries: readonly Entry[]
}

const OWNER: Entry = { kind: 'user_name', name: USER_NAME, level: 'IS_OWNER' }
/** Of all jobs together: those of the store, and some that were deleted. */
const MAX_LISTS = 200
const MAX_BYTES = 1_000_000

/** By the id of the job; of one that is not in it, whoever has the token is the owner. */
export class JobPermissions {
  readonly #lists: StateMap<AccessList>

  /** @throws StateFileError */
  constructor(file: string) {
    this.#lists = new StateMap<AccessList>({
      file,
      initial: () => [],
      keys: ['entries'],
      maxEntries: MAX_LISTS,
      maxBytes: MAX_BYTES,
    })
  }

  of(job: number): readonly Entry[] {
    return this.#lists.get(String(job))?.entries ?? [OWNER]
  }

  /** In place of those that there were. @throws HttpError 400 */
  set(job: number, entries: readonly Entry[]): void {
    // In these words, as users of deployments quote it.
    if (entries.filter(({ level }) => level === 'IS_OWNER').length !== 1)
      throw invalid('The job must have exactly one owner.')
    if (entries.some(({ kind, level }) => kind === 'group_name' && level === 'IS_OWNER'))
      throw invalid('A group cannot be the owner of a job.')
    try {
      this.#lists.set(String(job), { entries })
    } catch (error) {
      if (!(error instanceof StateMapFullError)) throw error
      throw new HttpError(400, 'QUOTA_EXCEEDED', `The workspace takes no more permissions. ${error.message}`)
    }
  }

  /** Others keep what they have; a new owner takes the place of the one before. @throws HttpError 400 */
  update(job: number, changes: readonly Entry[]): void {
    const isNewOwner = changes.some(({ level }) => level === 'IS_OWNER')
    const kept = this.of(job).filter(
      (entry) =>
        !changes.some((one) => isSamePrincipal(one, entry)) && !(isNewOwner && entry.level === 'IS_OWNER'),
    )
    this.set(job, [...kept, ...changes])
  }

  /** Of a new job: who made it owns it, if nobody else is said to. @throws HttpError 400 */
  begin(job: number, entries: readonly Entry[]): void {
    const isOwned = entries.some(({ level }) => level === 'IS_OWNER')
    this.set(job, isOwned ? entries : [OWNER, ...entries.filter((one) => !isSamePrincipal(one, OWNER))])
  }

  /** Of a job that was deleted. */
  forget(job: number): void {
    if (this.#lists.get(String(job))) this.#lists.delete(String(job))
  }
}

const isSamePrincipal = (one: Entry, other: Entry) => one.kind === other.kind && one.name === other.name

/** @param given the `access_control_list` of a request. @throws HttpError 400 */
export function accessListIn(given: unknown): Entry[] {
  if (!Array.isArray(given)) throw otherType('array', 'access_control_list', given)
  const entries = given.map((one, at): Entry => {
    if (!isObject(one)) throw otherType('object', `access_control_list[${at}]`, one)
    const named = PRINCIPALS.filter((kind) => typeof one[kind] === 'string' && one[kind] !== '')
    const [kind] = named
    if (kind === undefined || named.length > 1)
      throw invalid(`access_control_list[${at}] needs one of ${PRINCIPALS.join(', ')}.`)
    const level = String(one.permission_level)
    if (!LEVEL_NAMES.includes(level))
      throw invalid(
        `access_control_list[${at}]: '${level.slice(0, 40)}' is no permission level of a job: ${LEVEL_NAMES.join(', ')} are.`,
      )
    return { kind, name: String(one[kind]), level }
  })
  const twice = entries.find((one, at) => entries.findIndex((other) => isSamePrincipal(one, other)) < at)
  if (twice) throw invalid(`access_control_list names ${twice.name.slice(0, 100)} twice.`)
  return entries
}

/** Of both addresses: the second is that of before the API was released, and still in use. */
const ADDRESSES = ['permissions', 'preview/permissions'].map(
  (name) => `/databricks/api/2.0/${name}/jobs/:job`,
)

/** @param checkRate throws HttpError 429. */
export function permissionRoutes(
  jobs: JobStore,
  permissions: JobPermissions,
  checkRate: () => void,
): Route[] {
  const describe = (job: number) => ({
    object_id: `/jobs/${job}`,
    object_type: 'job',
    access_control_list: permissions.of(job).map(({ kind, name, level }) => ({
      [kind]: name,
      ...(kind === 'group_name' ? {} : { display_name: name }),
      all_permissions: [{ permission_level: level, inherited: false }],
    })),
  })
  const handlers: Record<string, (job: number, call: Call) => Promise<object> | object> = {
    'GET ': describe,
    'GET /permissionLevels': () => ({ permission_levels: LEVELS }),
    'PUT ': async (job, { request }) => {
      const { access_control_list } = await readJson(request)
      permissions.set(job, accessListIn(access_control_list))
      return describe(job)
    },
    'PATCH ': async (job, { request }) => {
      const { access_control_list } = await readJson(request)
      permissions.update(job, accessListIn(access_control_list ?? []))
      return describe(job)
    },
  }
  return Object.entries(handlers).flatMap(([name, handle]) => {
    const [method = '', rest = ''] = name.split(' ')
    return ADDRESSES.map((address) => ({
      method,
      pattern: `${address}${rest}`,
      handle: async (call: Call) => {
        checkRate()
        return { body: await handle(find(jobs, call.params.job), call) }
      },
    }))
  })
}

/** @throws HttpError 404, the status of this API where that of jobs has 400. */
function find(jobs: JobStore, id: string | undefined): number {
  const job = jobs.list().find(({ job_id }) => String(job_id) === id)
  if (job) return job.job_id
  throw missing(`Job ${String(id).slice(0, 40)} does not exist.`)
}
