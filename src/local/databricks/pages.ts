/** Pages of a list whose newest stand first: what is added while somebody reads on shifts nothing. */
import { invalid } from './errors.ts'

/** How a list is cut into pages; bounds in entries. */
export interface PageRules {
  /** Name of the list in the answer. */
  name: string
  defaultLimit: number
  maxLimit: number
  /** Farther than this only tokens lead, which offsets were before. */
  maxOffset: number
  /** A limit of 0 stands for the largest. */
  isZeroTheMost?: boolean
}

/** Version 2.1 says beside the token whether there is more; from 2.2 on the token alone does. */
export type MoreToldBy = 'flag' | 'token'

interface Item {
  id: number
  body: () => unknown
}

/** @throws HttpError 400 for a limit or an offset out of bounds, or a token that is not ours. */
export function pageOf(
  items: readonly Item[],
  query: URLSearchParams,
  rules: PageRules,
  told: MoreToldBy,
): object {
  const limit = limitIn(query, rules)
  const from = startOf(items, query, limit, rules)
  const page = items.slice(from, from + limit)
  const [first, last] = [page[0], page.at(-1)]
  const hasMore = from + page.length < items.length
  return {
    ...(first ? { [rules.name]: page.map(({ body }) => body()) } : {}),
    ...(told === 'flag' ? { has_more: hasMore } : {}),
    ...(hasMore && last ? { next_page_token: tokenOf('after', last.id) } : {}),
    ...(from > 0 && first ? { prev_page_token: tokenOf('before', first.id) } : {}),
  }
}

function limitIn(query: URLSearchParams, { defaultLimit, maxLimit, isZeroTheMost }: PageRules): number {
  const limit = Number(query.get('limit') ?? defaultLimit)
  if (limit === 0 && isZeroTheMost) return maxLimit
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
    throw invalid(`limit must be between 1 and ${maxLimit}.`)
  return limit
}

/** Index of the page's first entry. */
function startOf(
  items: readonly Item[],
  query: URLSearchParams,
  limit: number,
  { maxOffset }: PageRules,
): number {
  const token = query.get('page_token')
  if (token === null || token === '') return offsetIn(query, maxOffset)
  const { side, id } = placeIn(token)
  const found = items.findIndex((item) => (side === 'after' ? item.id < id : item.id <= id))
  const place = found < 0 ? items.length : found
  return side === 'after' ? place : Math.max(0, place - limit)
}

function offsetIn(query: URLSearchParams, most: number): number {
  const offset = Number(query.get('offset') ?? 0)
  if (!Number.isInteger(offset) || offset < 0) throw invalid('offset must be a number of entries.')
  if (offset > most)
    // As users quote it (databricks-sdk-py, issue 278).
    throw invalid(
      `The supplied offset ${offset} has exceeded the value of ${most} allowed for this parameter. Please use the page_token parameter to paginate: every page names the next.`,
    )
  return offset
}

const tokenOf = (side: 'after' | 'before', id: number) => Buffer.from(`${side}:${id}`).toString('base64url')

function placeIn(token: string): { side: string; id: number } {
  const [, side = '', id] = /^(after|before):(\d+)$/.exec(Buffer.from(token, 'base64url').toString()) ?? []
  if (id === undefined) throw invalid('page_token is none that this workspace gave.')
  return { side, id: Number(id) }
}
