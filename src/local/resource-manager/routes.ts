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
import { describeProvider, describeProviders } from './providers.ts'

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
    read(pattern, (call) => ({ value: items(call) }))
  /** The resource that a path names. */
  const one = (call: Call): Resource => {
    const { top, children } = all(call)
    const found = [...top, ...children].find(({ id }) => isSame(id, withGroup(call.path)))
    if (!found) throw resourceNotFound(call.path)
    return found
  }
  const ofType = (type: string, call: Call) => all(call).top.filter((resource) => isSame(resource.type, type))
  const summaries = (call: Call) => filtered(all(call).top.map(summary), call.query.get('$filter'))
  return [
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
    ...list(`${SUBSCRIPTION}/resourcegroups`, () => [describeGroup()]),
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
    ...read(`${SUBSCRIPTION}/providers/:provider`, ({ params }) => {
      const provider = describeProvider(params.provider ?? '')
      if (!provider)
        throw new HttpError(
          404,
          'InvalidResourceNamespace',
          `The resource namespace '${params.provider}' is invalid.`,
        )
      return provider
    }),
    ...TOP.flatMap((type) => [
      ...list(`${SUBSCRIPTION}/providers/${type}`, (call) => ofType(type, call)),
      ...list(`${GROUP}/providers/${type}`, (call) => ofType(type, call)),
      ...read(`${GROUP}/providers/${type}/:name`, one),
    ]),
    ...list(`${HUB_NAMESPACE}/eventhubs`, (call) => childrenOf(call, all(call).children)),
    ...read(`${HUB_NAMESPACE}/eventhubs/:hub`, one),
    ...list(`${HUB_NAMESPACE}/eventhubs/:hub/consumergroups`, (call) => childrenOf(call, all(call).children)),
    ...read(`${HUB_NAMESPACE}/eventhubs/:hub/consumergroups/:consumers`, one),
    ...list(`${SUBSCRIPTION}/tagNames`, () => Object.entries(TAGS).map(describeTag)),
    ...[SUBSCRIPTION, GROUP, `${GROUP}/providers/:provider/:type/:name`].flatMap((scope) =>
      read(`${scope}/${TAGS_OF}`, ({ path }) => ({
        id: path,
        name: 'default',
        type: 'Microsoft.Resources/tags',
        properties: { tags: TAGS },
      })),
    ),
  ]
}

/** Lists leave the properties out. */
const summary = ({ id, name, type, location, kind, sku, tags }: Resource) => ({
  id,
  name,
  type,
  location,
  ...(kind && { kind }),
  ...(sku && { sku }),
  tags,
})

/** `resourceType eq '…'`, `name eq '…'`, `tagName eq '…' and tagValue eq '…'`: what clients ask. @throws HttpError 400 for others. */
function filtered(items: ReturnType<typeof summary>[], filter: string | null) {
  if (filter === null || filter.trim() === '') return items
  const terms = filter
    .split(/\s+and\s+/i)
    .map((term) => /^\(?\s*(\w+)\s+eq\s+'([^']*)'\s*\)?$/i.exec(term.trim()))
  return items.filter((item) => {
    const tags: Record<string, string> = { ...item.tags }
    return terms.every((term) => {
      const [, field = '', value = ''] = term ?? []
      switch (field.toLowerCase()) {
        case 'resourcetype':
          return isSame(item.type, value)
        case 'name':
          return isSame(item.name, value)
        case 'location':
          return isSame(item.location ?? '', value)
        case 'resourcegroup':
          return isSame(resourceGroup, value)
        case 'tagname':
          return value in tags
        case 'tagvalue':
          return Object.values(tags).includes(value)
        default:
          throw new HttpError(400, 'InvalidFilterInQueryString', `The filter ${filter} is not understood.`)
      }
    })
  })
}

const childrenOf = ({ path }: Call, children: readonly Resource[]): Resource[] => {
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
