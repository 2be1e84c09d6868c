/** Pages of a list whose newest stand first: what is added while somebody reads on shifts nothing. */
import { invalid } from './errors.ts'

/** How a list is cut into pages; bounds in entries. */
export interface PageRules {
  /** Name of the list in the answer. */
  name: string
  defaultLimit: number
  maxLimit: number
}

interface Item {
  id: number
  body: () => unknown
}

/** @throws HttpError 400 for a limit out of bounds or a token that is not ours. */
export function pageOf(items: readonly Item[], query: URLSearchParams, rules: PageRules): object {
  const { name, defaultLimit, maxLimit } = rules
  const limit = Number(query.get('limit') ?? defaultLimit)
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
    throw invalid(`limit must be between 1 and ${maxLimit}.`)
  const token = query.get('page_token')
  const after = token === null || token === '' ? undefined : idIn(token)
  const from = after === undefined ? 0 : items.findIndex(({ id }) => id < after)
  const rest = from < 0 ? [] : items.slice(from)
  const page = rest.slice(0, limit)
  const last = page.at(-1)
  const has_more = rest.length > page.length
  return {
    ...(page.length > 0 ? { [name]: page.map(({ body }) => body()) } : {}),
    has_more,
    ...(has_more && last ? { next_page_token: tokenAfter(last.id) } : {}),
  }
}

const tokenAfter = (id: number) => Buffer.from(`after:${id}`).toString('base64url')

function idIn(token: string): number {
  const text = Buffer.from(token, 'base64url').toString()
  if (!/^after:\d+$/.test(text)) throw invalid('page_token is none that this workspace gave.')
  return Number(text.slice('after:'.length))
}
