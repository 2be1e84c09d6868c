/** What every request to Azure Resource Manager must have: a version, and the one subscription and group there are. */
import type { IncomingMessage } from 'node:http'
import { LOCAL_NAMES } from '../runtime/options.ts'
import { HttpError } from './errors.ts'

const { subscription, resourceGroup } = LOCAL_NAMES

/** Names are compared without case, as ARM does. */
export const isSame = (one: string, other: string) => one.toLowerCase() === other.toLowerCase()

/** The request's `api-version`, whatever it is. @throws HttpError 400 when there is none. */
export function apiVersionIn(query: URLSearchParams): string {
  const version = query.get('api-version')
  // One without a value is none: curl sends it where a variable is empty.
  if (version) return version
  throw new HttpError(
    400,
    'MissingApiVersionParameter',
    'The api-version query parameter (?api-version=) is required for all requests.',
  )
}

const GUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i

/**
 * A subscription is named by a GUID, also where nothing else of the path is served. Where it is left out, the name behind it takes its
 * place, as users of Terraform report it (azure-cli, issue 30953).
 * @throws HttpError 400
 */
export function refuseMalformedSubscription({ url = '' }: Pick<IncomingMessage, 'url'>): void {
  const [first = '', id] = (url.split('?')[0] ?? '').split('/').filter(Boolean)
  if (!isSame(first, 'subscriptions') || id === undefined || GUID.test(id)) return
  throw new HttpError(
    400,
    'InvalidSubscriptionId',
    `The provided subscription identifier '${id.slice(0, 100)}' is malformed or invalid.`,
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

/** @param what path, or type and name. */
export const resourceNotFound = (what: string) =>
  new HttpError(
    404,
    'ResourceNotFound',
    `The Resource '${what.replace(/^.*\/providers\//i, '')}' under resource group '${resourceGroup}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  )

/** A provider of Resource Manager knows each of its types in some versions. */
export const noProviderOfVersion = (
  location: string,
  version: string,
  type: string,
  known: readonly string[],
) =>
  new HttpError(
    400,
    'NoRegisteredProviderFound',
    `No registered resource provider found for location '${location}' and API version '${version}' for type '${type}'. The supported api-versions are '${known.join(', ')}'. The supported locations are '${location}'.`,
  )
