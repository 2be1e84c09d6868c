/** What all of Synapse's data-plane routes share. */
import { HttpError } from '../http/errors.ts'
import type { Call, Route } from '../http/router.ts'
import { LOCAL_NAMES } from '../runtime/options.ts'

/** Other versions are refused. */
export const API_VERSION = '2020-12-01'

/** ARM id; answers of runs and artifacts contain it. */
export const WORKSPACE_ID = `/subscriptions/${LOCAL_NAMES.subscription}/resourceGroups/${LOCAL_NAMES.resourceGroup}/providers/Microsoft.Synapse/workspaces/${LOCAL_NAMES.synapseWorkspace}`

/** A time as the service writes it: `2026-11-24T02:07:30.1230000Z`. @param time epoch ms. */
export const sevenDigits = (time: number): string => new Date(time).toISOString().replace('Z', '0000Z')

/** @param path below the workspace's development endpoint. */
export function synapseRoute(method: string, path: string, handle: Route['handle']): Route {
  return {
    method,
    pattern: `/synapse${path}`,
    handle: (call) => {
      checkVersion(call)
      return handle(call)
    },
  }
}

/** @throws HttpError 400 */
function checkVersion({ query }: Call): void {
  const version = query.get('api-version')
  if (!version)
    throw new HttpError(400, 'MissingApiVersionParameter', 'The api-version query parameter is required.')
  if (version !== API_VERSION)
    throw new HttpError(
      400,
      'InvalidApiVersionParameter',
      `The api-version '${version}' is invalid. The supported version is '${API_VERSION}'.`,
    )
}
