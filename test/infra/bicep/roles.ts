/** Works out who gets which role on what, loops unrolled: the whole grant list of a deployment as plain text. */
import type { Deployment } from './check.ts'
import { type Block, type Expression, property, type Template } from './template.ts'

const ROLES: Record<string, string> = {
  'f526a384-b230-433a-b45c-95f59c4a2dec': 'Azure Event Hubs Data Owner',
  '2b629674-e913-4c01-ae53-ef4638d8f975': 'Azure Event Hubs Data Sender',
  'a638d3c7-ab3a-418d-83e6-5f17a39d4fde': 'Azure Event Hubs Data Receiver',
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe': 'Storage Blob Data Contributor',
  '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1': 'Storage Blob Data Reader',
  'db58b8e5-c6ad-4a2a-8342-4190687cbf4a': 'Storage Blob Delegator',
}

const ROLE_ASSIGNMENT = 'Microsoft.Authorization/roleAssignments@'

interface Turn {
  item: Expression | undefined
  index: number
}

/** Where the modules lie that give one role to one identity; each is called by what the role is on. */
const ROLE_MODULES = /^roles\/(hub|account|container)\.bicep$/

/** `streamingjobs: Azure Event Hubs Data Receiver on eventhubs`, sorted. */
export function grants({ modules }: Deployment): string[] {
  return [...modules]
    .filter(([path]) => !path.startsWith('modules/roles/'))
    .flatMap(([, template]) => [
      ...assignments(template).flatMap((block) =>
        turns(block, template).map((turn) => grant(block, template, turn)),
      ),
      ...template.blocks
        .filter(({ kind, reference }) => kind === 'module' && ROLE_MODULES.test(reference))
        .flatMap((block) => turns(block, template).map((turn) => granted(block, template, turn))),
    ])
    .sort()
}

function granted(block: Block, template: Template, turn: Turn): string {
  const given = (name: string) => property(block.body, 'params', name)
  const text = (name: string) => {
    const value = resolve(given(name), block, template, turn)
    return value?.kind === 'string' ? value.text : value?.kind === 'name' ? `(${value.name})` : ''
  }
  const id = text('roleId')
  const on = {
    hub: `eventhubs ${text('hubName')} of ${text('namespaceName')}`,
    account: `storageAccounts ${text('accountName')}`,
    container: `containers ${text('containerName')} of ${text('accountName')}`,
  }[ROLE_MODULES.exec(block.reference)?.[1] ?? '']
  return `${identity(given('principalId'), template)}: ${ROLES[id] ?? `unknown role ${id}`} on ${on}`
}

export const assignments = (template: Template) =>
  template.blocks.filter(({ reference }) => reference.startsWith(ROLE_ASSIGNMENT))

function turns(block: Block, template: Template): Turn[] {
  if (!block.loop) return [{ item: undefined, index: 0 }]
  const over = resolve(block.loop.over, block, template, { item: undefined, index: 0 })
  return over?.kind === 'array' ? over.items.map((item, index) => ({ item, index })) : []
}

function grant(block: Block, template: Template, turn: Turn): string {
  const principal = property(block.body, 'properties', 'principalId')
  const definition = property(block.body, 'properties', 'roleDefinitionId')
  const role =
    definition?.kind === 'call' ? resolve(definition.arguments[1], block, template, turn) : undefined
  const id = role?.kind === 'string' ? role.text : ''
  return `${identity(principal, template)}: ${ROLES[id] ?? `unknown role ${id}`} on ${target(block, template, turn)}`
}

/** `job.identity.principalId` is the job's own identity; a parameter is the person who deploys. */
function identity(principal: Expression | undefined, template: Template): string {
  if (principal?.kind === 'name') return principal.name === 'principalId' ? 'person' : principal.name
  const owner = principal?.kind === 'member' && principal.of.kind === 'member' ? principal.of.of : undefined
  const block = owner?.kind === 'name' ? template.blocks.find(({ name }) => name === owner.name) : undefined
  return block ? shortType(block) : 'unknown identity'
}

function target(block: Block, template: Template, turn: Turn): string {
  const scope = property(block.body, 'scope')
  const name = scope?.kind === 'index' ? scope.of : scope
  const found = template.blocks.find((one) => name?.kind === 'name' && one.name === name.name)
  if (!found) return 'unknown scope'
  const index = scope?.kind === 'index' ? resolve(scope.index, block, template, turn) : undefined
  const inner = index?.kind === 'number' ? turns(found, template)[index.value] : undefined
  const own = resolve(property(found.body, 'name'), found, template, inner ?? { item: undefined, index: 0 })
  const text = own?.kind === 'string' ? ` ${own.text}` : ''
  return `${shortType(found)}${text}`
}

const shortType = ({ reference }: Block) => reference.split('@')[0]?.split('/').at(-1) ?? ''

/** Follows variables and loop items to a literal. */
function resolve(
  node: Expression | undefined,
  block: Block,
  template: Template,
  turn: Turn,
): Expression | undefined {
  if (node?.kind === 'name') {
    if (node.name === block.loop?.item) return turn.item
    if (node.name === block.loop?.index) return { kind: 'number', line: node.line, value: turn.index }
    const { name } = node
    const variable = template.variables.find((one) => one.name === name)
    return variable ? resolve(variable.value, block, template, turn) : node
  }
  if (node?.kind === 'member') {
    return resolve(property(resolve(node.of, block, template, turn), node.name), block, template, turn)
  }
  return node
}
