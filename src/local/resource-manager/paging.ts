/** `$top`, `$skip` and `$skiptoken`: a list in pages, each with the whole address of the next. */
import { HttpError } from '../http/errors.ts'
import type { Call } from '../http/router.ts'
import { selfUrl } from '../http/self-url.ts'

/** Without `$top` all come at once, as there are few. @throws HttpError 400 for a number or a token that is none. */
export function inPages(
  { request, query }: Pick<Call, 'request' | 'query'>,
  items: readonly unknown[],
): { value: readonly unknown[]; nextLink?: string } {
  const top = query.get('$top')
  const token = query.get('$skiptoken')
  if (top !== null && !/^[1-9]\d{0,8}$/.test(top))
    throw new HttpError(
      400,
      'InvalidTopParameter',
      `$top must be a number from 1 on, not '${top.slice(0, 40)}'.`,
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
