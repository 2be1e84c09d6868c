/** What the control planes say beyond that something is not served: why, and what to use instead. */
import type { IncomingMessage } from 'node:http'
import { databricksReason } from '../databricks/refusals.ts'
import { HttpError } from '../http/errors.ts'
import { NoRouteError } from '../http/router.ts'
import { READ_ONLY, resourceReason } from '../resource-manager/refusals.ts'
import { synapseReason } from '../synapse/refusals.ts'

/** @returns the error, with its reason where there is one to tell. */
export function withReason(error: unknown, { method = '', url = '' }: IncomingMessage): unknown {
  if (!(error instanceof HttpError)) return error
  const reason = reasonOf(error, method, url)
  if (reason === undefined) return error
  const { status, code, message, headers } = error
  return new HttpError(status, code, `${message} ${reason}`, { headers })
}

function reasonOf(error: HttpError, method: string, url: string): string | undefined {
  if (error instanceof NoRouteError) {
    const { path } = error
    return databricksReason(path) ?? synapseReason(path) ?? resourceReason(path)
  }
  const isChange = error.status === 405 && ['PUT', 'PATCH', 'DELETE'].includes(method)
  return isChange && /^\/subscriptions\//i.test(url) ? READ_ONLY : undefined
}
