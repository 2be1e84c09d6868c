// biome-ignore-all lint/suspicious/noTemplateCurlyInString: interpolations of Bicep, inside strings
/** The single checks that the policies are made of. Each returns what violates it. */
import type { Deployment } from './check.ts'
import { type Block, type Expression, property, type Template, walk } from './template.ts'
import { schemaOf } from './types.ts'

type Literal = string | number | boolean

/** Resources of a type over all templates, those that exist already left out unless asked for. */
export function resources({ main, modules }: Deployment, type: string, existing = false): Block[] {
  return [main, ...modules.values()]
    .flatMap(({ blocks }) => blocks)
    .filter((block) => (existing || !block.existing) && block.reference.split('@')[0] === type)
}

export const literal = (node: Expression | undefined): Literal | undefined =>
  node?.kind === 'string' || node?.kind === 'number' || node?.kind === 'boolean' ? node.value : undefined

/** Property paths that must have a literal value. */
export function expectValues(
  deployment: Deployment,
  type: string,
  values: Record<string, Literal>,
): string[] {
  const found = resources(deployment, type)
  if (found.length === 0) return [`there is no ${type}`]
  return found.flatMap((block) =>
    Object.entries(values)
      .filter(([path, value]) => literal(property(block.body, ...path.split('.'))) !== value)
      .map(([path, value]) => `${block.name}: ${path} is not ${value}`),
  )
}

export const moduleNamed = (deployment: Deployment, file: string) =>
  deployment.modules.get(`modules/${file}.bicep`)
export const strings = (template: Template | undefined, variable: string) => {
  const value = template?.variables.find(({ name }) => name === variable)?.value
  return value?.kind === 'array' ? value.items.map((item) => literal(item)) : []
}
export const unequal = (what: string, found: readonly unknown[], wanted: readonly unknown[]) =>
  JSON.stringify(found) === JSON.stringify(wanted)
    ? []
    : [`${what}: ${found.join(', ')} instead of ${wanted.join(', ')}`]

export const OUTPUT_REFERENCES: Record<string, string> = {
  AZURE_TENANT_ID: 'tenant().tenantId',
  AZURE_LOCATION: 'location',
  AZURE_RESOURCE_GROUP: 'group.name',
  EVENT_HUBS_NAMESPACE: 'eventHubs.outputs.namespaceHost',
  EVENT_HUB: 'eventHubs.outputs.hubName',
  EVENT_HUB_STREAM_ANALYTICS_CONSUMER_GROUP: 'eventHubs.outputs.streamAnalyticsConsumerGroup',
  EVENT_HUB_MONITOR_CONSUMER_GROUP: 'eventHubs.outputs.monitorConsumerGroup',
  STORAGE_ACCOUNT: 'dataLake.outputs.accountName',
  LAKE_ENDPOINT: 'dataLake.outputs.dfsEndpoint',
  STREAM_ANALYTICS_JOB: 'streamAnalytics.outputs.jobName',
  DATABRICKS_WORKSPACE_ID: 'databricks.outputs.workspaceId',
  DATABRICKS_WORKSPACE_URL: 'databricks.outputs.workspaceUrl',
  DATABRICKS_ACCESS_CONNECTOR_ID: 'databricks.outputs.connectorId',
  SYNAPSE_ENDPOINT: 'deploySynapse ? synapse.outputs.endpoint : text',
  SYNAPSE_SPARK_POOL: 'deploySynapse ? synapse.outputs.sparkPool : text',
}

export function reference(node: Expression | undefined): string {
  if (!node) return 'nothing'
  if (node.kind === 'name') return node.name
  if (node.kind === 'member') return `${reference(node.of)}.${node.name}`
  if (node.kind === 'call') return `${node.name}()`
  if (node.kind === 'index') return `${reference(node.of)}[${reference(node.index)}]`
  if (node.kind === 'number') return String(node.value)
  if (node.kind === 'string') return node.text === '' ? 'text' : node.text
  return node.kind === 'choice'
    ? `${reference(node.condition)} ? ${reference(node.whenTrue)} : ${reference(node.whenFalse)}`
    : node.kind
}

export function indexOfOutput(template: Template | undefined, output: string, index: number): string[] {
  const value = template?.outputs.find(({ name }) => name === output)?.value
  const at = value?.kind === 'member' && value.of.kind === 'index' ? literal(value.of.index) : undefined
  return at === index ? [] : [`${output} is not consumer group ${index}`]
}

/** At most 24 lower-case letters and digits, and unique: a short prefix before the 13 characters of uniqueString. */
export function accountName({ main, modules }: Deployment): string[] {
  const parameter = modules
    .get('modules/data-lake.bicep')
    ?.parameters.find(({ name }) => name === 'accountName')
  const limit = parameter?.decorators.get('maxLength')?.[0]
  const module = main.blocks.find(({ reference: path }) => path === 'modules/data-lake.bicep')
  const given = property(module?.body, 'params', 'accountName')
  const fits = given?.kind === 'string' && /^[a-z0-9]{1,11}\$\{token\}$/.test(given.text)
  return fits && limit?.kind === 'number' && limit.value === 24
    ? []
    : ['the account name may exceed 24 letters and digits']
}

/** Job, then roles, then input and output, then query; started by nobody. */
export function jobOrder(template: Template | undefined): string[] {
  const after = (name: string) => {
    const block = template?.blocks.find((one) => one.name === name)
    const list = property(block?.body, 'dependsOn')
    return list?.kind === 'array' ? list.items.map((item) => (item.kind === 'name' ? item.name : '')) : []
  }
  const job = template?.blocks.find(({ name }) => name === 'job')
  const query = template?.blocks.find(({ name }) => name === 'query')
  const source = property(query?.body, 'properties', 'query')
  const group = property(
    template?.blocks.find(({ name }) => name === 'hubInput')?.body,
    'properties',
    'datasource',
    'properties',
    'consumerGroupName',
  )
  return [
    ...unequal('input after', after('hubInput'), ['readsHub']),
    ...unequal('output after', after('bronzeOutput'), ['writesBronze']),
    ...unequal('query after', after('query'), ['hubInput', 'bronzeOutput']),
    ...(property(job?.body, 'properties', 'outputStartMode') ? ['the deployment starts the job'] : []),
    ...(source?.kind === 'call' && source.name === 'loadTextContent'
      ? []
      : ['the query has no file of its own']),
    ...(group?.kind === 'name' && group.name === 'consumerGroupName'
      ? []
      : ['the job shares the default consumer group']),
  ]
}

/** Every reference to an account's blob service goes to the one that exists. */
export const blobServices = (deployment: Deployment): string[] =>
  resources(deployment, 'Microsoft.Storage/storageAccounts/blobServices', true)
    .filter(({ body }) => literal(property(body, 'name')) !== 'default')
    .map(({ name }) => `${name}: a storage account has one blob service, default`)

/** Names of the deployments inside of modules. */
const INNER_DEPLOYMENTS = [
  'databricks-signs-keys',
  'databricks-uses-${item.container}',
  'stream-analytics-reads-hub',
  'stream-analytics-writes-bronze',
  'synapse-uses-${name}',
]

/** Deployments are called as their module is, so that the portal's list of them can be read. */
export function deploymentNames({ main, modules }: Deployment): string[] {
  const ofMain = main.blocks.filter(
    ({ kind, reference: path, body }) =>
      kind === 'module' && `modules/${literal(property(body, 'name'))}.bicep` !== path,
  )
  const inner = [...modules.values()]
    .flatMap(({ blocks }) => blocks.filter(({ kind }) => kind === 'module'))
    .map(({ body }) => reference(property(body, 'name')))
  return [
    ...ofMain.map(({ name }) => `${name}: the deployment has another name than its module`),
    ...unequal('deployments of roles', inner.toSorted(), INNER_DEPLOYMENTS),
  ]
}

export const allowedValues = (template: Template | undefined, parameter: string): unknown[] => {
  const allowed = template?.parameters.find(({ name }) => name === parameter)?.decorators.get('allowed')?.[0]
  return allowed?.kind === 'array' ? allowed.items.map(literal) : []
}

export function firewall(deployment: Deployment): string[] {
  const rules = resources(deployment, 'Microsoft.Synapse/workspaces/firewallRules').map(
    ({ body, condition }) => {
      const [start, end] = ['startIpAddress', 'endIpAddress'].map((name) =>
        property(body, 'properties', name),
      )
      const text = (node: Expression | undefined) =>
        node?.kind === 'string' ? node.text : node?.kind === 'name' ? node.name : ''
      const isGiven =
        condition?.kind === 'not' &&
        condition.operand.kind === 'call' &&
        condition.operand.name === 'empty' &&
        reference(condition.operand.arguments[0]) === 'clientIpAddress'
      const when = isGiven ? ' if given' : condition ? ' on another condition' : ''
      return `${literal(property(body, 'name'))} ${text(start)} to ${text(end)}${when}`
    },
  )
  return unequal('firewall', rules, [
    'AllowAllWindowsAzureIps 0.0.0.0 to 0.0.0.0',
    'control-room clientIpAddress to clientIpAddress if given',
  ])
}

export function optional({ main }: Deployment): string[] {
  const module = main.blocks.find(({ reference: path }) => path === 'modules/synapse.bicep')
  const place = property(module?.body, 'params', 'location')
  return [
    ...(module?.condition?.kind === 'name' && module.condition.name === 'deploySynapse'
      ? []
      : ['Synapse cannot be left out']),
    ...unequal(
      'region of Synapse',
      [place ? plain(place).join(' ') : ''],
      ['choice empty synapseLocation location synapseLocation'],
    ),
  ]
}

/** With Entra as the only sign-in the workspace refuses a password that is brought again. */
export function passwordOnce({ main, modules }: Deployment): string[] {
  const module = main.blocks.find(({ reference: path }) => path === 'modules/synapse.bicep')
  const workspace = [...modules.values()]
    .flatMap(({ blocks }) => blocks)
    .find(({ reference: type }) => type.startsWith('Microsoft.Synapse/workspaces@'))
  const password = property(workspace?.body, 'properties', 'sqlAdministratorLoginPassword')
  const isDeployed = property(module?.body, 'params', 'isDeployed')
  return [
    ...unequal(
      'password of Synapse',
      [password ? plain(password).join(' ') : ''],
      ['choice isDeployed null sqlPassword'],
    ),
    ...unequal(
      'whether Synapse is there',
      [isDeployed ? plain(isDeployed).join(' ') : ''],
      ['not empty synapseEndpoint'],
    ),
  ]
}

export function assignmentForm(block: Block, template: Template): string[] {
  const name = property(block.body, 'name')
  const scope = property(block.body, 'scope')
  const definition = property(block.body, 'properties', 'roleDefinitionId')
  const principal = property(block.body, 'properties', 'principalId')
  const type = property(block.body, 'properties', 'principalType')
  const [of, whom, role] = name?.kind === 'call' && name.name === 'guid' ? name.arguments : []
  // Who deploys may be a person or not; the other identities are resources'.
  const isPerson = template.parameters.some((one) => one.name === 'principalType')
  const wantedType = isPerson
    ? type?.kind === 'name' && type.name === 'principalType'
    : literal(type) === 'ServicePrincipal'
  const unique =
    of?.kind === 'member' && of.name === 'id' && JSON.stringify(plain(of.of)) === JSON.stringify(plain(scope))
  const granted = definition?.kind === 'call' ? definition.arguments[1] : undefined
  const built =
    definition?.kind === 'call' &&
    definition.name === 'subscriptionResourceId' &&
    literal(definition.arguments[0]) === 'Microsoft.Authorization/roleDefinitions'
  return [
    ...(unique ? [] : [`${block.name}: its name does not depend on its scope`]),
    ...(role && JSON.stringify(plain(role)) === JSON.stringify(plain(granted))
      ? []
      : [`${block.name}: its name does not depend on its role`]),
    ...(whom && principal?.kind === 'name' && JSON.stringify(plain(whom)) === JSON.stringify(plain(principal))
      ? []
      : [`${block.name}: its name does not depend on its principal, known at the start`]),
    ...(wantedType ? [] : [`${block.name}: principalType is not set right`]),
    ...(built ? [] : [`${block.name}: roleDefinitionId is no role of the subscription`]),
  ]
}

/** The expression as text that tells two places of the same expression alike. */
export function plain(node: Expression | undefined): string[] {
  return node ? [...walk(node)].map((one) => ('name' in one ? one.name : one.kind)) : []
}

/** Keys are off unless the person who deploys asks for them. */
export function hubKeys({ main, modules }: Deployment): string[] {
  const hub = [...modules.values()]
    .flatMap(({ blocks }) => blocks)
    .find(({ name, existing }) => name === 'namespace' && !existing)
  const disabled = property(hub?.body, 'properties', 'disableLocalAuth')
  const negated =
    disabled?.kind === 'not' &&
    disabled.operand.kind === 'name' &&
    disabled.operand.name === 'allowConnectionStrings'
  const byDefault = literal(main.parameters.find(({ name }) => name === 'allowConnectionStrings')?.default)
  return negated && byDefault === false ? [] : ['disableLocalAuth does not follow allowConnectionStrings']
}

/** Everything that can carry tags does, and azd's own tag is among them. */
export function tagged({ main, modules }: Deployment): string[] {
  const tags = main.variables.find(({ name }) => name === 'tags')?.value
  const own = property(tags, 'azd-env-name')
  const untagged = [main, ...modules.values()]
    .flatMap(({ blocks }) => blocks)
    .filter(
      (block) =>
        block.kind === 'resource' && !block.existing && schemaOf(block.reference)?.body.properties.tags,
    )
    .filter(({ body }) => {
      const value = property(body, 'tags')
      return value?.kind !== 'name' || value.name !== 'tags'
    })
  return [
    ...untagged.map(({ name }) => `${name} has no tags`),
    ...unequal('tag project', [literal(property(tags, 'project'))], ['rtstream-tui']),
    ...(own?.kind === 'name' && own.name === 'environmentName'
      ? []
      : ['azd finds its resources by the tag azd-env-name']),
  ]
}

/** What is deployed (not merely referred to), by template. */
const DEPLOYED: Readonly<Record<string, string>> = {
  'modules/data-lake.bicep': 'account blobs containers personAccess',
  'modules/databricks.bicep': 'workspace connector signsKeys usesContainers',
  'modules/event-hubs.bicep': 'namespace hub consumerGroups personAccess',
  'modules/roles/account.bicep': 'assignment',
  'modules/roles/container.bicep': 'assignment',
  'modules/roles/hub.bicep': 'assignment',
  'modules/stream-analytics.bicep': 'job readsHub writesBronze hubInput bronzeOutput query',
  'modules/synapse.bicep': 'workspace administrator usesContainers azureServices client pool',
}

export const deployed = ({ modules }: Deployment): string[] =>
  [...modules].flatMap(([path, { blocks }]) =>
    unequal(
      path,
      blocks.filter(({ existing }) => !existing).map(({ name }) => name),
      DEPLOYED[path]?.split(' ') ?? [],
    ),
  )

/** What each module tells of itself. */
const MODULE_OUTPUTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'data-lake': { accountName: 'account.name', dfsEndpoint: 'account.properties.primaryEndpoints.dfs' },
  databricks: {
    workspaceId: 'workspace.id',
    workspaceUrl: 'https://${workspace.properties.workspaceUrl}',
    connectorId: 'connector.id',
  },
  'event-hubs': {
    namespaceName: 'namespace.name',
    namespaceHost: '${namespace.name}.servicebus.windows.net',
    hubName: 'hub.name',
    streamAnalyticsConsumerGroup: 'consumerGroups[0].name',
    monitorConsumerGroup: 'consumerGroups[1].name',
  },
  'stream-analytics': { jobName: 'job.name' },
  synapse: { endpoint: 'workspace.properties.connectivityEndpoints.dev', sparkPool: 'pool.name' },
}

export const moduleOutputs = (deployment: Deployment): string[] =>
  Object.entries(MODULE_OUTPUTS).flatMap(([file, wanted]) => {
    const found = (moduleNamed(deployment, file)?.outputs ?? []).map(({ name, value }) => [
      name,
      reference(value),
    ])
    return unequal(`outputs of ${file}`, found, Object.entries(wanted))
  })

/** Parameters of modules that need not be given. */
const WITH_DEFAULT = ['streamingUnits', 'sqlPassword']

/** A module is given all that it takes, and a parameter of main goes on under its own name unchanged. */
export function passedOn({ main, modules }: Deployment): string[] {
  const defaults = [...modules.values()].flatMap(({ parameters }) =>
    parameters
      .filter((one) => one.default && !WITH_DEFAULT.includes(one.name))
      .map(({ name }) => `${name} has a default`),
  )
  const changed = main.blocks.flatMap((block) => {
    const given = property(block.body, 'params')
    return given?.kind !== 'object'
      ? []
      : given.properties
          .filter(({ name }) => main.parameters.some((one) => one.name === name))
          .filter(({ name, value }) => reference(value) !== name)
          .filter(({ name }) => block.name !== 'synapse' || name !== 'location')
          .map(({ name }) => `${block.name}: ${name} is not passed on as it is`)
  })
  return [...defaults, ...changed]
}

/** A file system or account that an output or a workspace is bound to. */
export const bound = (
  deployment: Deployment,
  type: string,
  path: readonly string[],
  wanted: string,
): string[] =>
  resources(deployment, type).flatMap(({ name, body }) => {
    const list = property(body, ...path)
    const value = list?.kind === 'array' ? property(list.items[0], 'accountName') : list
    return unequal(`${name}: ${path.at(-1)}`, [reference(value)], [wanted])
  })

/** The same resources for the same environment and region, however they are spelt. */
export function normalisedToken({ main }: Deployment): string[] {
  const token = main.variables.find(({ name }) => name === 'token')?.value
  return unequal(
    'token',
    plain(token),
    'uniqueString id subscription toLower environmentName toLower replace location string string'.split(' '),
  )
}

/** @returns violations when the bounds of a parameter are others. */
export function lengths(template: Template, parameter: string, least: number, most: number): string[] {
  const { decorators } = template.parameters.find(({ name }) => name === parameter) ?? {}
  const bounds = ['minLength', 'maxLength'].map((name) => literal(decorators?.get(name)?.[0]))
  return unequal(`length of ${parameter}`, bounds, [least, most])
}

/** A secret is made anew by the deployment and is written down nowhere. */
export function secret(template: Template | undefined, name: string): string[] {
  const found = template?.parameters.find((one) => one.name === name)
  const made = found?.default?.kind === 'call' ? found.default.name : ''
  return unequal(name, [found?.decorators.has('secure'), made], [true, 'newGuid'])
}
