/** Which runs a `runs/list` request wants. */
import type { RunRecord } from '../notebook-runs/run-record.ts'
import { invalid } from './errors.ts'
import { runTypeOf, startOf } from './run-resource.ts'

const RUN_TYPES = ['JOB_RUN', 'WORKFLOW_RUN', 'SUBMIT_RUN']

/** Any other value counts as false. */
export const isTrue = (query: URLSearchParams, name: string) => query.get(name)?.toLowerCase() === 'true'

/** @throws HttpError 400 */
export function runFilter(query: URLSearchParams): (run: RunRecord) => boolean {
  const active = isTrue(query, 'active_only')
  const completed = isTrue(query, 'completed_only')
  if (active && completed) throw invalid('active_only and completed_only exclude each other.')
  const from = time(query, 'start_time_from', Number.NEGATIVE_INFINITY)
  const to = time(query, 'start_time_to', Number.POSITIVE_INFINITY)
  const type = query.get('run_type') ?? undefined
  if (type !== undefined && !RUN_TYPES.includes(type))
    throw invalid(`run_type must be one of ${RUN_TYPES.join(', ')}.`)
  return (record) => {
    const { endedAt } = record
    const started = startOf(record)
    if ((type !== undefined && type !== runTypeOf(record)) || started < from || started > to) return false
    return endedAt === undefined ? !completed : !active
  }
}

/** Epoch ms. */
function time(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name)
  if (text === null) return otherwise
  if (!/^\d{1,16}$/.test(text)) throw invalid(`${name} must be a time in milliseconds.`)
  return Number(text)
}
