/** Azure Resource Manager's reads: subscription, resource group, resources, providers, tags. Changes are refused. */
import { apiVersionIn, checkScope, isSame, resourceNotFound } from '../http/arm-request.ts'
import { HttpError } from '../http/errors.ts'
import type { Call, Route } from '../http/router.ts'
import { selfUrl } from '../http/self-url.ts'
import { LOCAL_NAMES } from '../runtime/options.ts'
import {
  describeGroup,
  describeSubscription,
  describeTenant,
  GROUP_ID,
  LOCATION,
  type Resource,
  type ResourceFacts,
  resources,
  SUBSCRIPTION_ID,
  TAGS,
} from './catalogue.ts'
import { parseFilter } from './filter.ts'
import { nameRoutes } from './name-availability.ts'
import { inPages } from './paging.ts'
import { describeProvider, describeProviders, invalidNamespace } from './providers.ts'

const { resourceGroup } = LOCAL_NAMES
const SUBSCRIPTION = '/subscriptions/:subscription'
const GROUP = `${SUBSCRIPTION}/resourcegroups/:group`
const TAGS_OF = 'providers/Microsoft.Resources/tags/default'
/** What asks for keys: `az storage account keys list`, `az eventhubs … authorization-rule keys list`, and their renewals. */
const RULE = 'authorizationRules/:rule'
const HUB_NAMESPACE = `${GROUP}/providers/Microsoft.EventHub/namespaces/:name`
const KEYS = [
  `${GROUP}/providers/Microsoft.Storage/storageAccounts/:name`,
  `${HUB_NAMESPACE}/${RULE}`,
  `${HUB_NAMESPACE}/eventhubs/:hub/${RULE}`,
].flatMap((owner) => ['listKeys', 'regenerateKey', 'regenerateKeys'].map((action) => `${owner}/${action}`))
/** Types that the group's resources have, and their children; the job has routes of its own. */
const TOP = [
  'Microsoft.EventHub/namespaces',
  'Microsoft.Storage/storageAccounts',
  'Microsoft.Databricks/workspaces',
  'Microsoft.Synapse/workspaces',
]

/** Kinds of children that nothing here has: a list of none, and none by its name. */
const EMPTY = [
  ...['bigDataPools', 'sqlPools', 'firewallRules'].map(
    (kind) => `Microsoft.Synapse/workspaces/:name/${kind}`,
  ),
  ...['schemagroups', 'applicationGroups', 'disasterRecoveryConfigs'].map(
    (kind) => `Microsoft.EventHub/namespaces/:name/${kind}`,
  ),
  ...TOP.map((type) => `${type}/:name/privateEndpointConnections`),
].map((kind) => `${GROUP}/providers/${kind}`)
/** Types of which there is none. */
const NONE = [
  'Microsoft.Databricks/accessConnectors',
  'Microsoft.EventHub/clusters',
  'Microsoft.StreamAnalytics/clusters',
]
/** Of any resource: tools ask for them to see whether logs are kept, and none are. */
const DIAGNOSTICS = 'providers/Microsoft.Insights/diagnosticSettings'

/** Every other method is refused with the reason, not with 404. */
export function resourceRoutes(facts: ResourceFacts): Route[] {
  const all = ({ request }: Call) => resources(facts, selfUrl(request, ''))
  const read = (pattern: string, handle: (call: Call) => unknown): Route[] => [
    {
      method: 'GET',
      pattern,
      handle: (call) => {
        check(call)
        return { body: handle(call) }
      },
    },
  ]
  const list = (pattern: string, items: (call: Call) => readonly unknown[]) =>
    read(pattern, (call) => inPages(call, items(call)))
  /** A resource, and whether it is there (HEAD). */
  const resource = (pattern: string): Route[] => [
    ...read(pattern, one),
    {
      method: 'HEAD',
      pattern,
      handle: (call) => {
        check(call)
        one(call)
        return { status: 204 }
      },
    },
  ]
  /** The resource that a path names. */
  const find = (call: Call, path: string): Resource => {
    const { top, children } = all(call)
    const found = [...top, ...children].find(({ id }) => isSame(id, withGroup(path)))
    if (!found) throw resourceNotFound(path)
    return found
  }
  const one = (call: Call) => find(call, call.path)
  const ofType = (type: string, call: Call) => all(call).top.filter((resource) => isSame(resource.type, type))
  const summaries = (call: Call) => listed(all(call).top, call.query, facts.createdAt)
  return [
    ...nameRoutes(SUBSCRIPTION, check),
    ...KEYS.map((pattern) => ({ method: 'POST', pattern, handle: refuseKeys })),
    ...list('/tenants', () => [describeTenant()]),
    ...list('/subscriptions', () => [describeSubscription()]),
    ...read(SUBSCRIPTION, () => describeSubscription()),
    ...list(`${SUBSCRIPTION}/locations`, () => [
      {
        id: `${SUBSCRIPTION_ID}/locations/${LOCATION}`,
        name: LOCATION,
        displayName: 'This machine',
        type: 'Region',
      },
    ]),
    ...list(`${SUBSCRIPTION}/resourcegroups`, ({ query }) => {
      const { matches } = parseFilter(query.get('$filter'), resourceGroup)
      return [describeGroup()].filter(matches)
    }),
    ...read(GROUP, () => describeGroup()),
    {
      method: 'HEAD',
      pattern: GROUP,
      handle: (call) => {
        check(call)
        return { status: 204 }
      },
    },
    ...list(`${GROUP}/resources`, summaries),
    ...list(`${SUBSCRIPTION}/resources`, summaries),
    ...list(`${SUBSCRIPTION}/providers`, () => describeProviders()),
    ...read(`${SUBSCRIPTION}/providers/:provider`, provider),
    {
      // They are registered already, and asking for it again is no mistake.
      method: 'POST',
      pattern: `${SUBSCRIPTION}/providers/:provider/register`,
      handle: (call) => {
        check(call)
        return { body: provider(call) }
      },
    },
    ...TOP.flatMap((type) => [
      ...list(`${SUBSCRIPTION}/providers/${type}`, (call) => ofType(type, call)),
      ...list(`${GROUP}/providers/${type}`, (call) => ofType(type, call)),
      ...resource(`${GROUP}/providers/${type}/:name`),
    ]),
    ...childRoutes({ resource, list, all }),
    ...list(`${SUBSCRIPTION}/tagNames`, () => Object.entries(TAGS).map(describeTag)),
    ...[SUBSCRIPTION, GROUP].flatMap((scope) =>
      read(`${scope}/${TAGS_OF}`, ({ path }) => describeTags(path)),
    ),
    ...list(`${GROUP}/providers/:provider/:type/:name/${DIAGNOSTICS}`, (call) => {
      find(call, call.path.slice(0, -(DIAGNOSTICS.length + 1)))
      return []
    }),
    ...read(`${GROUP}/providers/:provider/:type/:name/${TAGS_OF}`, (call) => {
      find(call, call.path.slice(0, -(TAGS_OF.length + 1)))
      return describeTags(call.path)
    }),
  ]
}

/** By which the routes of {@link resourceRoutes} are made. */
interface Reads {
  resource(pattern: string): Route[]
  list(pattern: string, items: (call: Call) => readonly unknown[]): Route[]
  all(call: Call): ReturnType<typeof resources>
}

function childRoutes({ resource, list, all }: Reads): Route[] {
  const hub = `${HUB_NAMESPACE}/eventhubs/:hub`
  const children = (call: Call): Resource[] => {
    const { top, children: known } = all(call)
    const parent = withGroup(call.path.slice(0, call.path.lastIndexOf('/')))
    if (![...top, ...known].some(({ id }) => isSame(id, parent)))
      throw new HttpError(404, 'ParentResourceNotFound', `The parent resource '${parent}' was not found.`)
    return childrenOf(call.path, known)
  }
  const kinds = [
    `${HUB_NAMESPACE}/eventhubs`,
    `${hub}/consumergroups`,
    `${HUB_NAMESPACE}/authorizationRules`,
    `${hub}/authorizationRules`,
    `${HUB_NAMESPACE}/networkRuleSets`,
    `${GROUP}/providers/Microsoft.Storage/storageAccounts/:name/blobServices`,
    ...EMPTY,
  ]
  return [
    ...kinds.flatMap((kind) => [...list(kind, children), ...resource(`${kind}/:child`)]),
    ...[SUBSCRIPTION, GROUP].flatMap((scope) =>
      NONE.flatMap((type) => list(`${scope}/providers/${type}`, () => [])),
    ),
    ...NONE.flatMap((type) => resource(`${GROUP}/providers/${type}/:name`)),
  ]
}

/** Lists leave the properties out. @throws HttpError 400 for a filter that the service would not take. */
function listed(resources: readonly Resource[], query: URLSearchParams, createdAt: number): object[] {
  const { matches, isOfTags } = parseFilter(query.get('$filter'), resourceGroup)
  const wanted = query.get('$expand')?.toLowerCase().split(',') ?? []
  const created = new Date(createdAt).toISOString()
  const expansions = { createdTime: created, changedTime: created, provisioningState: 'Succeeded' }
  const expanded = Object.entries(expansions).filter(([name]) => wanted.includes(name.toLowerCase()))
  return resources.filter(matches).map(({ id, name, type, location, kind, sku, tags }) => ({
    id,
    name,
    type,
    location,
    ...(kind && { kind }),
    ...(sku && { sku }),
    ...(isOfTags ? {} : { tags }),
    ...Object.fromEntries(expanded),
  }))
}

/** @throws HttpError 404 */
function provider({ params }: Call): object {
  const found = describeProvider(params.provider ?? '')
  if (found) return found
  throw invalidNamespace(params.provider ?? '')
}

const describeTags = (id: string) => ({
  id,
  name: 'default',
  type: 'Microsoft.Resources/tags',
  properties: { tags: TAGS },
})

const childrenOf = (path: string, children: readonly Resource[]): Resource[] => {
  const parent = `${withGroup(path).toLowerCase()}/`
  return children.filter(
    ({ id }) => id.toLowerCase().startsWith(parent) && !id.slice(parent.length).includes('/'),
  )
}

/** The path with the case that ids have in their group. */
const withGroup = (path: string) =>
  path.replace(/\/resourcegroups\/[^/]+/i, GROUP_ID.slice(SUBSCRIPTION_ID.length))

const describeTag = ([tagName, tagValue]: [string, string]) => ({
  id: `${SUBSCRIPTION_ID}/tagNames/${tagName}`,
  tagName,
  count: { type: 'Total', value: 1 },
  values: [
    {
      id: `${SUBSCRIPTION_ID}/tagNames/${tagName}/tagValues/${tagValue}`,
      tagValue,
      count: { type: 'Total', value: 1 },
    },
  ],
})

/** @throws HttpError 404, always: who holds the token reads keys elsewhere, in one place. */
function refuseKeys(call: Call): never {
  check(call)
  throw new HttpError(
    404,
    'NotFound',
    `Keys are not told at ${call.path}: \`rtstream-tui endpoints\` prints them and the connection strings, and \`--keys\` says whether they stay.`,
  )
}

/** @throws HttpError 400, 404 */
function check({ params, query }: Call): void {
  const version = apiVersionIn(query)
  if (!/^\d{4}-\d\d-\d\d(-preview)?$/.test(version))
    throw new HttpError(400, 'InvalidApiVersionParameter', `The api-version '${version}' is invalid.`)
  checkScope(params)
}
