/** What this cloud is, as tools ask before they sign in: `az cloud register --endpoint-resource-manager`, Terraform. */
import type { IncomingMessage } from 'node:http'
import type { Route } from '../http/router.ts'
import { selfUrl } from '../http/self-url.ts'
import { LOCAL_NAMES } from '../runtime/options.ts'

const PATH = '/metadata/endpoints'

/** Asked without a token, as in the service. */
export const isCloudEndpoints = ({ url }: IncomingMessage) => url?.split('?')[0]?.toLowerCase() === PATH

/** Sign-in stays here too, where there is none: a client that is pointed here asks nobody else. */
export const cloudEndpointsRoute: Route = {
  method: 'GET',
  pattern: PATH,
  handle: ({ request }) => ({
    body: {
      name: 'RtstreamLocal',
      resourceManager: selfUrl(request, '/'),
      authentication: {
        loginEndpoint: selfUrl(request, '/oidc'),
        // What a token is for; the session's token is for everything.
        audiences: ['https://management.core.windows.net/', 'https://management.azure.com/'],
        tenant: LOCAL_NAMES.subscription,
        identityProvider: 'AAD',
      },
      suffixes: { storage: 'core.windows.net', azureDataLakeStoreFileSystem: 'azuredatalakestore.net' },
    },
  }),
}
