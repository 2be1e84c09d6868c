/** The filter body of `queryPipelineRuns` and `queryActivityruns`. */
import { HttpError } from '../http/errors.ts'
import { isoTime } from '../http/iso-time.ts'
import {
  ACTIVITY_TYPE,
  activityStatusOf,
  groupOf,
  lastUpdated,
  type SeenRun,
  STARTER,
  statusOf,
} from './run-resource.ts'

/** A checked filter body. */
export interface RunFilter {
  matches(run: SeenRun): boolean
  /** As they come, where no order is asked for. */
  order<T extends SeenRun>(runs: readonly T[]): readonly T[]
  isOrdered: boolean
  /** Where the wanted page begins. */
  offset: number
}

/** What a filter or an order can name, and how it is read. */
export type Operands = ReadonlyMap<string, (run: SeenRun) => string>

const startOf = ({ record }: SeenRun) => new Date(record.startedAt ?? record.createdAt).toISOString()
const endOf = ({ record }: SeenRun) =>
  record.endedAt === undefined ? '' : new Date(record.endedAt).toISOString()

/** The last runs of their group, by a user's report: JSON's true asks for them, and any text is without effect. */
const LATEST_ONLY = 'LatestOnly'
/** By a user's report of the service's refusal, one value at a time. */
const GROUP = 'RunGroupId'

/**
 * What runs of pipelines can be filtered and ordered by. The reference tells the first four; users found the others in a refusal of
 * the service that lists them all, and two of them are in its SDKs.
 */
export const PIPELINE_OPERANDS: Operands = new Map([
  ['PipelineName', ({ record }: SeenRun) => record.owner],
  ['Status', statusOf],
  ['RunStart', startOf],
  ['RunEnd', endOf],
  [LATEST_ONLY, ({ isLatest }: SeenRun) => String(isLatest)],
  [GROUP, groupOf],
  ['TriggeredByName', () => STARTER],
])

/** @param activity its name. */
export const activityOperands = (activity: string): Operands =>
  new Map([
    ['ActivityName', () => activity],
    ['ActivityType', () => ACTIVITY_TYPE],
    ['Status', activityStatusOf],
    ['ActivityRunStart', startOf],
    ['ActivityRunEnd', endOf],
  ])

const OPERATORS = new Map<string, (value: string, values: readonly string[]) => boolean>(
  Object.entries({
    Equals: (value: string, [wanted]: readonly string[]) => value === wanted,
    NotEquals: (value: string, [wanted]: readonly string[]) => value !== wanted,
    In: (value: string, values: readonly string[]) => values.includes(value),
    NotIn: (value: string, values: readonly string[]) => !values.includes(value),
  }),
)

/** @throws HttpError 400 for what the service would not take. */
export function parseRunFilter(body: Record<string, unknown>, operands: Operands): RunFilter {
  // Users report that the service lists all runs for a body without anything; with anything in it, it needs both times.
  const isEmpty = Object.keys(body).length === 0
  const from = isEmpty ? Number.NEGATIVE_INFINITY : time(body, 'lastUpdatedAfter')
  const to = isEmpty ? Number.POSITIVE_INFINITY : time(body, 'lastUpdatedBefore')
  const tests = list(body.filters, 'filters').map((one) => parseTest(one, operands))
  const [ordering] = list(body.orderBy, 'orderBy')
  const key = operands.get(String(ordering?.orderBy))
  const direction = ordering?.order === 'ASC' ? 1 : -1
  return {
    matches: (run) => {
      const at = lastUpdated(run)
      return at >= from && at <= to && tests.every((test) => test(run))
    },
    isOrdered: key !== undefined,
    order: (runs) =>
      key ? runs.toSorted((one, other) => direction * (key(one) < key(other) ? -1 : 1)) : runs,
    offset: offsetIn(body.continuationToken),
  }
}

function parseTest(
  { operand, operator, values }: Record<string, unknown>,
  operands: Operands,
): (run: SeenRun) => boolean {
  const read = operands.get(String(operand))
  const compare = OPERATORS.get(String(operator))
  if (!read)
    throw badRequest(`The filter operand '${String(operand)}' is none of ${[...operands.keys()].join(', ')}.`)
  if (!compare)
    throw badRequest(
      `The filter operator '${String(operator)}' is none of ${[...OPERATORS.keys()].join(', ')}.`,
    )
  if (!Array.isArray(values)) throw badRequest('A filter needs values.')
  if (operand === LATEST_ONLY && !values.includes(true)) return () => true
  if (operand === GROUP && values.length > 1)
    throw badRequest(
      `Filter operand '${GROUP}' does not support an array of values. Make sure to provide only one.`,
    )
  const wanted = values.map(String)
  return (run) => compare(read(run), wanted)
}

function offsetIn(token: unknown): number {
  if (token === undefined || token === null) return 0
  if (!/^\d{1,9}$/.test(String(token)))
    throw badRequest('The continuationToken is none that this workspace gave.')
  return Number(token)
}

/** Both times are required by the service. */
function time(body: Record<string, unknown>, name: string): number {
  const at = isoTime(body[name])
  if (at === undefined) throw badRequest(`${name} must be a time in ISO-8601.`)
  return at
}

function list(value: unknown, name: string): Record<string, unknown>[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw badRequest(`${name} must be a list.`)
  return value.map((one) => (one ?? {}) as Record<string, unknown>)
}

const badRequest = (message: string) => new HttpError(400, 'BadRequest', message)
