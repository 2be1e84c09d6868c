/** `$top`, `$skip` and `$skiptoken`: a list in pages, each with the whole address of the next. */
import { HttpError } from '../http/errors.ts'
import type { Call } from '../http/router.ts'
import { selfUrl } from '../http/self-url.ts'

/** Entries of a page. */
const MOST = 1000

/** Without `$top` all come at once, as there are few. @throws HttpError 400 for a number or a token that is none. */
export function inPages(
  { request, query }: Pick<Call, 'request' | 'query'>,
  items: readonly unknown[],
): { value: readonly unknown[]; nextLink?: string } {
  const top = query.get('$top')
  const token = query.get('$skiptoken')
  // The code and the bound are those of the service, as a user tells them of a list of resources.
  if (top !== null && !(/^[1-9]\d{0,3}$/.test(top) && Number(top) <= MOST))
    throw new HttpError(
      400,
      'InvalidTopInQueryString',
      `$top must be a number between 1 and ${MOST}, not '${top.slice(0, 40)}'.`,
    )
  if (token !== null && !/^\d{1,9}$/.test(token))
    throw new HttpError(400, 'InvalidSkipToken', 'The $skiptoken is none that was given here.')
  const skip = query.get('$skip')
  if (skip !== null && !/^\d{1,9}$/.test(skip))
    throw new HttpError(
      400,
      'InvalidSkipParameter',
      `$skip must be a number of entries, not '${skip.slice(0, 40)}'.`,
    )
  const from = Number(token ?? skip ?? 0)
  const to = top === null ? items.length : from + Number(top)
  const value = items.slice(from, to)
  if (to >= items.length) return { value }
  const next = new URL(selfUrl(request, request.url ?? '/'))
  for (const name of [...next.searchParams.keys()])
    if (name.toLowerCase() === '$skiptoken') next.searchParams.delete(name)
  next.searchParams.set('$skiptoken', String(to))
  return { value, nextLink: next.href }
}
