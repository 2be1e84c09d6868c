/** What every request to Azure Resource Manager must have: a version, and the one subscription and group there are. */
import { LOCAL_NAMES } from '../runtime/options.ts'
import { HttpError } from './errors.ts'

const { subscription, resourceGroup } = LOCAL_NAMES

/** Names are compared without case, as ARM does. */
export const isSame = (one: string, other: string) => one.toLowerCase() === other.toLowerCase()

/** The request's `api-version`, whatever it is. @throws HttpError 400 when there is none. */
export function apiVersionIn(query: URLSearchParams): string {
  const version = query.get('api-version')
  if (version !== null) return version
  throw new HttpError(
    400,
    'MissingApiVersionParameter',
    'The api-version query parameter (?api-version=) is required for all requests.',
  )
}

/** As far as the path names them. @throws HttpError 404 */
export function checkScope(params: Readonly<Record<string, string>>): void {
  if (params.subscription !== undefined && !isSame(params.subscription, subscription))
    throw new HttpError(
      404,
      'SubscriptionNotFound',
      `The subscription '${params.subscription}' could not be found.`,
    )
  if (params.group !== undefined && !isSame(params.group, resourceGroup))
    throw new HttpError(404, 'ResourceGroupNotFound', `Resource group '${params.group}' could not be found.`)
}

/** @param what path or type and name. */
export const resourceNotFound = (what: string) =>
  new HttpError(
    404,
    'ResourceNotFound',
    `The Resource '${what}' under resource group '${resourceGroup}' was not found.`,
  )
