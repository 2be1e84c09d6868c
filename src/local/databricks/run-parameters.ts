/** What a start gives its run. The notebooks here take nothing from it; it is kept so that its clients find it again. */
import { grouped } from '../../contract/grouped.ts'
import { isObject } from '../http/body.ts'
import { invalid, otherType } from './errors.ts'
import type { JobSettings } from './job-settings.ts'

/** The service's bound of each, as JSON (bytes). */
const MAX_BYTES = 10_000

/** Those that stand in the run's `overriding_parameters`. */
const OVERRIDING = {
  jar_params: 'array',
  notebook_params: 'object',
  python_params: 'array',
  spark_submit_params: 'array',
  python_named_params: 'object',
  sql_params: 'object',
  dbt_commands: 'array',
  pipeline_params: 'object',
} as const

/** As it stands in the record of a run, and in the run's description. */
export interface RunParameters {
  overriding_parameters?: Record<string, unknown>
  job_parameters?: { name: string; default: unknown; value: unknown }[]
  [field: string]: unknown
}

/**
 * @param request of `run-now`.
 * @returns the fields of the run's description that tell of it; none when nothing was given and the job has no parameters.
 * @throws HttpError 400
 */
export function parametersIn(request: Record<string, unknown>, { parameters }: JobSettings): RunParameters {
  const overriding: Record<string, unknown> = {}
  for (const [field, form] of Object.entries(OVERRIDING)) {
    const given = request[field] ?? undefined
    if (given === undefined) continue
    check(field, given, form)
    overriding[field] = given
  }
  // By the reference of run-now.
  if (overriding.jar_params !== undefined && overriding.notebook_params !== undefined)
    throw invalid('notebook_params cannot be specified in conjunction with jar_params.')
  const { job_parameters } = request
  const given = isObject(job_parameters) ? job_parameters : {}
  check('job_parameters', job_parameters ?? given, 'object')
  const jobs = Array.isArray(parameters) ? parameters.filter(isObject) : []
  // Any name may be a parameter's, also one that every object has.
  const own = new Map(Object.entries(given))
  const known = jobs.map(({ name, default: otherwise }) => ({
    name: String(name),
    default: otherwise,
    value: own.get(String(name)) ?? otherwise,
  }))
  const names = new Set(known.map(({ name }) => name))
  const added = [...own].flatMap(([name, value]) => (names.has(name) ? [] : [{ name, default: '', value }]))
  return {
    ...(Object.keys(overriding).length > 0 ? { overriding_parameters: overriding } : {}),
    ...(known.length + added.length > 0 ? { job_parameters: [...known, ...added] } : {}),
  }
}

function check(field: string, given: unknown, form: (typeof OVERRIDING)[keyof typeof OVERRIDING]): void {
  const isRight = form === 'array' ? Array.isArray(given) : isObject(given)
  if (!isRight) throw otherType(form, field, given)
  if (Buffer.byteLength(JSON.stringify(given)) > MAX_BYTES)
    throw invalid(`${field} must not exceed ${grouped(MAX_BYTES)} bytes.`)
}
