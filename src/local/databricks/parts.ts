/**
 * Version 2.2 of the Jobs API tells long lists of one job or run in parts: {@link PART} entries of each, and where to ask for the
 * next; a list that has ended is empty from then on.
 */
import { invalid } from './errors.ts'

/** Entries of each list at a time. */
const PART = 100

/** A list of tasks that only version 2.2 tells, and takes. */
export const isLong = (tasks: unknown): tasks is unknown[] => Array.isArray(tasks) && tasks.length > PART

/** In the words of Databricks' page on jobs with a large number of tasks. @throws HttpError 400 */
export function refuseLong(tasks: unknown): void {
  if (isLong(tasks))
    throw invalid(
      `Resources with more than ${PART} tasks can only be handled by API 2.2 and above. Your resource has ${tasks.length} tasks.`,
    )
}

/** @param token of the request. @returns index of the first entry that it asks for. @throws HttpError 400 for one that is not ours. */
export function partIn(token: string | null): number {
  if (token === null || token === '') return 0
  if (/^\d{1,9}$/.test(token)) return Number(token)
  throw invalid('page_token is none that this workspace gave.')
}

/** @param names of the lists in `whole`; what is no list there is left out. */
export function partsOf(whole: Readonly<Record<string, unknown>>, names: readonly string[], from: number) {
  const to = from + PART
  const lists = names.flatMap((name) => {
    const list = whole[name]
    return Array.isArray(list) ? [[name, list] as const] : []
  })
  return {
    lists: Object.fromEntries(lists.map(([name, list]) => [name, list.slice(from, to)])),
    hasMore: lists.some(([, list]) => list.length > to),
    /** Asks for the part behind this one. */
    next: String(to),
  }
}
