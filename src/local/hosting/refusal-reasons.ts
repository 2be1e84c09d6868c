/** What the control planes say beyond that something is not served: why, and what to use instead. */
import type { IncomingMessage } from 'node:http'
import { noApi } from '../databricks/refusals.ts'
import { HttpError } from '../http/errors.ts'
import { NoRouteError } from '../http/router.ts'
import { unknownType } from '../resource-manager/providers.ts'
import { READ_ONLY, resourceReason } from '../resource-manager/refusals.ts'
import { synapseReason } from '../synapse/refusals.ts'

/** @returns the error, with its reason where there is one to tell. */
export function withReason(error: unknown, { method = '', url = '' }: IncomingMessage): unknown {
  if (!(error instanceof HttpError)) return error
  const path = url.split('?')[0] ?? url
  if (path.startsWith('/databricks/') && (error instanceof NoRouteError || error.status === 405))
    return noApi(method, path)
  const version = new URLSearchParams(url.slice(path.length)).get('api-version') ?? ''
  const told = (error instanceof NoRouteError ? unknownType(error.path, version) : undefined) ?? error
  const reason = reasonOf(error, method, url)
  if (reason === undefined) return told
  const { status, code, message, headers } = told
  return new HttpError(status, code, `${message} ${reason}`, { headers })
}

function reasonOf(error: HttpError, method: string, url: string): string | undefined {
  if (error instanceof NoRouteError) {
    const { path } = error
    return synapseReason(path) ?? resourceReason(path)
  }
  const isChange = error.status === 405 && ['PUT', 'PATCH', 'DELETE'].includes(method)
  return isChange && /^\/subscriptions\//i.test(url) ? READ_ONLY : undefined
}
