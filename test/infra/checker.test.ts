// biome-ignore-all lint/suspicious/noTemplateCurlyInString: interpolations of Bicep, inside strings
/** The checker against what the compiler says: what it refuses is found, what it takes is let through. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { checkDeployment } from './bicep/check.ts'
import { policies } from './bicep/policies.ts'

const infra = fileURLToPath(new URL('../../infra/', import.meta.url))
const fileOf = (name: string) => (name === 'main' ? 'main.bicep' : `modules/${name}.bicep`)

/** The deployment with one passage of one file replaced. */
function changed(name: string, from: string, to: string) {
  const source = readFileSync(join(infra, fileOf(name)), 'utf8')
  expect(source).toContain(from)
  return checkDeployment(infra, { [fileOf(name)]: source.replace(from, to) })
}

type Row = readonly [what: string, file: string, from: string, to: string, message: RegExp]

const REFUSED: readonly Row[] = [
  ['targetScope left out', 'main', "targetScope = 'subscription'\n", '', /needs targetScope/],
  ['targetScope misspelt', 'main', "'subscription'\n", "'subscripton'\n", /targetScope 'subscripton'/],
  [
    'a module of another scope',
    'synapse',
    'import {',
    "targetScope = 'subscription'\n\nimport {",
    /no module of a resource group/,
  ],
  [
    'a block in its own dependsOn',
    'stream-analytics',
    '    readsHub\n  ]',
    '    hubInput\n  ]',
    /circle: hubInput → hubInput/,
  ],
  ['a circle of two blocks', 'stream-analytics', '    readsHub\n  ]', '    query\n  ]', /circle/],
  [
    'a property twice in an object',
    'main',
    "  project: 'rtstream-tui'\n",
    "  project: 'a'\n  project: 'b'\n",
    /project is given twice/,
  ],
  [
    'a parameter of a module twice',
    'main',
    "    accountName: 'st${token}'\n",
    "    accountName: 'st${token}'\n    accountName: 'st${token}'\n",
    /accountName is given twice/,
  ],
  [
    'null for a parameter',
    'main',
    "    accountName: 'st${token}'\n",
    '    accountName: null\n',
    /accountName wants a string/,
  ],
  [
    'null where a value must stand',
    'synapse',
    '  location: location\n  tags: tags\n  identity',
    '  location: null\n  tags: tags\n  identity',
    /location|expected/,
  ],
  ['null as a condition', 'synapse', 'if (!empty(clientIpAddress))', 'if (null)', /true or false/],
  [
    'an index on what is no loop',
    'event-hubs',
    'string = hub.name',
    'string = hub[0].name',
    /takes no index/,
  ],
  [
    'an index on a flag',
    'main',
    'allowConnectionStrings: allowConnectionStrings',
    'allowConnectionStrings: allowConnectionStrings[0]',
    /takes no index/,
  ],
  [
    'a name known too late',
    'synapse',
    "  name: 'control-room'\n",
    '  name: workspace.identity.principalId\n',
    /known only once/,
  ],
  [
    'an assignment named by an identity',
    'stream-analytics',
    "  name: 'stream-analytics-reads-hub'\n",
    '  name: guid(job.identity.principalId)\n',
    /known only once/,
  ],
  [
    'a condition known too late',
    'main',
    'if (deploySynapse)',
    'if (empty(eventHubs.outputs.hubName))',
    /known only once/,
  ],
  [
    'an unknown decorator',
    'main',
    '@minLength(1)\n@maxLength',
    '@minLenght(1)\n@maxLength',
    /no decorator @minLenght/,
  ],
  [
    'a decorator in the wrong place',
    'main',
    'var tags',
    '@secure()\nvar tags',
    /@secure has no place on a variable/,
  ],
  [
    'a decorator of the wrong type',
    'main',
    '@minLength(1)\n@maxLength',
    "@minLength('1')\n@maxLength",
    /@minLength takes number/,
  ],
  ['a decorator without its argument', 'main', '@maxLength(40)', '@maxLength()', /@maxLength takes number/],
  [
    'a decorator that does not fit',
    'main',
    "@description('False leaves",
    "@minLength(1)\n@description('False leaves",
    /does not fit the type bool/,
  ],
  [
    'bounds that leave nothing',
    'main',
    '@minLength(1)\n@maxLength(40)',
    '@minLength(41)\n@maxLength(40)',
    /leave nothing/,
  ],
  [
    'allowed values of another type',
    'stream-analytics',
    '  3\n  7\n',
    "  3\n  '7'\n",
    /@allowed of streamingUnits is no int/,
  ],
  [
    'an operand of another type',
    'synapse',
    'if (!empty(clientIpAddress))',
    'if (!empty(clientIpAddress) && location)',
    /a bool is wanted/,
  ],
  [
    'a branch of another type',
    'main',
    'empty(synapseLocation) ? location : synapseLocation',
    'empty(synapseLocation) ? location : deploySynapse',
    /location wants a string/,
  ],
  [
    'a turn of a loop twice',
    'data-lake',
    "  'silver'\n",
    "  'bronze'\n",
    /two turns make a thing of one name/,
  ],
  [
    'turns that make one name',
    'data-lake',
    '  name: name\n  properties: {\n    publicAccess',
    "  name: 'bronze'\n  properties: {\n    publicAccess",
    /same name/,
  ],
  [
    'a module that may not be there',
    'main',
    'synapse!.outputs.endpoint',
    'synapse.outputs.endpoint',
    /may not be there/,
  ],
  [
    'a module that is not there',
    'main',
    "deploySynapse ? synapse!.outputs.endpoint : ''",
    'synapse!.outputs.endpoint',
    /may not be there/,
  ],
  [
    'a tag that the type does not know',
    'main',
    "'azd-env-name': environmentName",
    "'azd-env-name': 5",
    /tags wants a Tags/,
  ],
  ['a tag left out', 'main', "  'azd-env-name': environmentName\n", '', /tags wants a Tags/],
  ['an import of nothing', 'synapse', '{ Tags }', '{ Tag }', /has no type Tag/],
  [
    'a name in quotes',
    'main',
    '    principalId: principalId\n',
    "    principalId: 'principalId'\n",
    /in quotes/,
  ],
  ['a lost dollar', 'main', "'st${token}'", "'st{token}'", /lacks its \$/],
  ['a blank at the end of a name', 'synapse', "'control-room'", "'control-room '", /ends with a blank/],
]

describe('what the compiler refuses, or takes though it is wrong, is found', () => {
  it.each(REFUSED)('%s', (_, file, from, to, message) => {
    const { findings } = changed(file, from, to)
    expect(findings.map((one) => one.message).join('\n')).toMatch(message)
  })

  it('a circle of variables, without a stack that overflows', () => {
    const { findings } = changed('main', 'var tags = {', 'var one = two\nvar two = one\nvar tags = {')
    expect(findings[0]?.message).toBe('a circle: one → two → one')
  })

  it.each([
    ['no bound of the name', 'main', '@maxLength(40)\n', ''],
    ['a condition turned round', 'synapse', 'if (!empty(', 'if (empty('],
    ['a flag turned round', 'main', 'allowConnectionStrings: allow', 'allowConnectionStrings: !allow'],
    [
      'groups that are only referred to',
      'event-hubs',
      "consumergroups@2026-01-01' = [",
      "consumergroups@2026-01-01' existing = [",
    ],
    [
      'a default on a parameter of a module',
      'databricks',
      'param accountName string',
      "param accountName string = 'x'",
    ],
    [
      'no account to write to',
      'stream-analytics',
      '          {\n            accountName: accountName\n          }\n',
      '',
    ],
    ['an output of something else', 'synapse', 'string = pool.name', 'string = workspace.name'],
  ])('%s', (_, file, from, to) => {
    const deployment = changed(file, from, to)
    const violations = Object.values(policies).flatMap((policy) => policy(deployment))
    expect([...deployment.findings, ...violations]).not.toEqual([])
  })

  it('points at the module that is wrong, and not at who calls it', () => {
    const { findings } = changed('data-lake', 'param principalType string', 'param principalTyp string')
    expect(findings.length).toBeGreaterThan(0)
    expect(new Set(findings.map(({ file }) => file))).toEqual(new Set(['modules/data-lake.bicep']))
  })
})

describe('what the compiler takes is let through', () => {
  it.each([
    ['a comment behind a property', 'synapse', '    nodeCount: 3\n', '    nodeCount: 3 // the least\n'],
    [
      'an object on one line',
      'data-lake',
      "  sku: {\n    name: 'Standard_LRS'\n  }\n",
      "  sku: { name: 'Standard_LRS' }\n",
    ],
    [
      'an array on one line',
      'event-hubs',
      "[\n  'stream-analytics'\n  'monitor'\n]",
      "['stream-analytics', 'monitor']",
    ],
    ['a brace with its first property', 'data-lake', '  sku: {\n    name', '  sku: { name'],
    [
      'a line that silences the compiler',
      'stream-analytics',
      "  parent: job\n  name: 'bronze'",
      "  #disable-next-line use-recent-api-versions\n  parent: job\n  name: 'bronze'",
    ],
    [
      'operators',
      'synapse',
      'if (!empty(clientIpAddress))',
      "if (!empty(clientIpAddress) && location != 'x' || location == 'y')",
    ],
    [
      'a default for what is not there',
      'main',
      "deploySynapse ? synapse!.outputs.endpoint : ''",
      "synapse.?outputs.endpoint ?? ''",
    ],
    ['functions with their namespace', 'databricks', 'subscriptionResourceId(', 'az.subscriptionResourceId('],
    [
      'other functions',
      'main',
      'toLower(environmentName)',
      "toLower(trim(join([environmentName, 'x'], '-')))",
    ],
    ['a type of its own', 'synapse', 'import {', 'type Address = {\n  text: string\n}\n\nimport {'],
    ['a module behind ./', 'main', "'modules/data-lake.bicep'", "'./modules/data-lake.bicep'"],
    [
      'nested resources',
      'roles/container',
      "resource account 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {\n  name: accountName\n}\n\nresource blobs 'Microsoft.Storage/storageAccounts/blobServices@2026-06-01' existing = {\n  parent: account\n  name: 'default'\n}\n\nresource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-06-01' existing = {\n  parent: blobs\n  name: containerName\n}\n",
      "resource account 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {\n  name: accountName\n  resource blobs 'blobServices' existing = {\n    name: 'default'\n    resource container 'containers' existing = {\n      name: containerName\n    }\n  }\n}\n",
    ],
  ])('%s', (_, file, from, to) => {
    expect(changed(file, from, to).findings).toEqual([])
  })
})
