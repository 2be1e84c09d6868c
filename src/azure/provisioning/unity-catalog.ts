/** Unity Catalog: the credential and the external locations through which the Databricks jobs reach the lake. */
import { ServiceError } from '../../pipeline/ports/errors.ts'
import { type RestClient, statusCause } from '../http/rest-client.ts'
import { WORKSPACE_STEP } from './databricks.ts'
import { includes, type ProvisioningStep, type Standing } from './provisioning.ts'

/** What the Bicep templates have made. */
export interface UnityCatalogOptions {
  storageAccount: string
  /** Resource id of the access connector. */
  accessConnectorId: string
}

const API = '/api/2.1/unity-catalog'
const CONTAINERS = [
  { container: 'bronze', readOnly: true },
  { container: 'silver', readOnly: false },
  { container: 'gold', readOnly: false },
  { container: 'checkpoints', readOnly: false },
] as const

/** Other workspaces of the region share the metastore and its names, so the names contain the account. */
export const unityCatalogName = (storageAccount: string): string => `rtstream-${storageAccount}`

const grant = (privilege: string, whom: string) =>
  `The metastore's administrator can give it: GRANT ${privilege} ON METASTORE TO \`${whom}\`;`

/** @param whom the person or service principal running setup, by its Databricks name */
export function unityCatalogSteps(
  client: RestClient,
  options: UnityCatalogOptions,
  whom: () => string,
): ProvisioningStep[] {
  const credential = unityCatalogName(options.storageAccount)
  const credentialStep = securable(client, {
    what: `Unity Catalog credential ${credential}`,
    after: WORKSPACE_STEP,
    collection: 'storage-credentials',
    wanted: { name: credential, azure_managed_identity: { access_connector_id: options.accessConnectorId } },
    fixed: {},
    whenRefused: () =>
      `You lack CREATE STORAGE CREDENTIAL on the metastore. ${grant('CREATE STORAGE CREDENTIAL', whom())}`,
  })
  const locationSteps = CONTAINERS.map(({ container, readOnly }) =>
    securable(client, {
      what: `Unity Catalog location ${credential}-${container}`,
      after: credentialStep.what,
      collection: 'external-locations',
      wanted: {
        name: `${credential}-${container}`,
        url: `abfss://${container}@${options.storageAccount}.dfs.core.windows.net/`,
        credential_name: credential,
        read_only: readOnly,
        // File events need queue and Event Grid roles, which the connector lacks; by default they are on.
        enable_file_events: false,
      },
      // The connector's roles may not have arrived yet; doctor checks the result later.
      fixed: { skip_validation: true },
      whenRefused: () =>
        `You lack CREATE EXTERNAL LOCATION on the metastore, or on the credential if somebody else has made it. ${grant('CREATE EXTERNAL LOCATION', whom())} GRANT CREATE EXTERNAL LOCATION ON STORAGE CREDENTIAL \`${credential}\` TO \`${whom()}\`;`,
    }),
  )
  return [credentialStep, ...locationSteps]
}

interface Securable {
  what: string
  collection: string
  wanted: { name: string } & Record<string, unknown>
  /** Sent, but never returned. */
  fixed: Record<string, unknown>
  after: string
  whenRefused: () => string
}

function securable(
  client: RestClient,
  { what, after, collection, wanted, fixed, whenRefused }: Securable,
): ProvisioningStep {
  const path = `${API}/${collection}`
  const own = `${path}/${encodeURIComponent(wanted.name)}`
  let standing: Standing = 'absent'
  return {
    what,
    after,
    whenRefused,
    inspect: async (signal) => {
      try {
        const { body } = await client.request('GET', own, { signal })
        standing = includes(comparable(body), comparable(wanted)) ? 'same' : 'different'
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error
        const explained = unavailable(error)
        if (explained) throw explained
        if (error.kind !== 'not-found') throw error
        standing = 'absent'
      }
      return standing
    },
    apply: async (signal) => {
      const { name, ...changes } = wanted
      if (standing === 'absent') await client.request('POST', path, { body: { ...wanted, ...fixed }, signal })
      else await client.request('PATCH', own, { body: { ...changes, ...fixed }, signal })
    },
  }
}

/** The service returns a location's URL without its last slash, and may omit false values. */
function comparable(body: unknown): unknown {
  const {
    url,
    enable_file_events = false,
    ...rest
  } = (body ?? {}) as { url?: unknown; enable_file_events?: unknown }
  const found = { ...rest, enable_file_events }
  return typeof url === 'string' ? { ...found, url: url.replace(/\/$/, '') } : found
}

/** Goes by the service's code only: the status differs between answers. */
const UNAVAILABLE: readonly (readonly [code: RegExp, message: string, hint: string])[] = [
  [
    /METASTORE_DOES_NOT_EXIST|NO_METASTORE/,
    'the Databricks workspace has no Unity Catalog metastore',
    'An account administrator assigns one in https://accounts.azuredatabricks.net under Catalog.',
  ],
  [
    /FEATURE_DISABLED/,
    'Unity Catalog is switched off for the Databricks workspace',
    'An account administrator assigns the workspace a metastore in https://accounts.azuredatabricks.net under Catalog.',
  ],
]

/** Undefined when the error says something else. */
export function unavailable(error: unknown): ServiceError | undefined {
  const code = statusCause(error)?.code ?? ''
  const found = UNAVAILABLE.find(([pattern]) => pattern.test(code))
  if (!found || !(error instanceof ServiceError)) return undefined
  const [, message, hint] = found
  return new ServiceError('not-found', error.service, message, { hint, cause: error.cause })
}
