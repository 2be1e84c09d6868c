/** What clients of the workspace ask first: who serves here, and who they are. */
import type { IncomingMessage } from 'node:http'
import type { Route } from '../http/router.ts'
import { selfUrl } from '../http/self-url.ts'

/** Any caller with the session's token is this user. */
export const USER_NAME = 'local'
/** What clients call it, here as in an answer's header. */
export const WORKSPACE_ID = '1'

const HOST_METADATA = '/databricks/.well-known/databricks-config'

/** Asked without a token, as in the service: clients ask it to learn how to get one. */
export const isHostMetadata = ({ url }: IncomingMessage) => url?.split('?')[0] === HOST_METADATA

/** Where a client learns where to get a token; it has none yet, so none is asked of it. */
export const hostMetadataRoute: Route = {
  method: 'GET',
  pattern: HOST_METADATA,
  handle: ({ request }) => ({
    body: { oidc_endpoint: selfUrl(request, '/oidc'), workspace_id: WORKSPACE_ID },
  }),
}

/** Any caller with the session's token. */
export const currentUserRoute: Route = {
  method: 'GET',
  pattern: '/databricks/api/2.0/preview/scim/v2/Me',
  handle: () => ({
    body: {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      id: '1',
      userName: USER_NAME,
      displayName: USER_NAME,
      active: true,
    },
  }),
}

/**
 * A workspace has a host of its own, and most of its clients drop whatever path stands behind it. So what they ask of the root
 * is asked of Databricks; no other service here has such paths.
 */
export function rootedAtDatabricks(request: IncomingMessage): void {
  const { url = '' } = request
  if (/^\/(?:api|\.well-known)\//.test(url)) request.url = `/databricks${url}`
}
