// biome-ignore-all lint/suspicious/noTemplateCurlyInString: interpolations of Bicep, inside strings
/** Shows that the checks of the templates can fail: small mistakes are made on purpose, and each must be noticed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { checkDeployment } from './bicep/check.ts'
import { mutations } from './bicep/mutate.ts'
import { policies } from './bicep/policies.ts'

const infra = fileURLToPath(new URL('../../infra/', import.meta.url))
const files = [
  'main.bicep',
  ...[
    'data-lake',
    'databricks',
    'event-hubs',
    'roles/account',
    'roles/container',
    'roles/hub',
    'stream-analytics',
    'synapse',
  ].map((name) => `modules/${name}.bicep`),
]
const read = (file: string) => readFileSync(join(infra, file), 'utf8')

function noticed(file: string, source: string): boolean {
  let deployment: ReturnType<typeof checkDeployment>
  try {
    deployment = checkDeployment(infra, { [file]: source })
  } catch {
    return true
  }
  return (
    deployment.findings.length > 0 || Object.values(policies).some((policy) => policy(deployment).length > 0)
  )
}

describe('a small mistake in a template is noticed', () => {
  it.each(files)('%s', { timeout: 120_000 }, (file) => {
    const all = mutations(file, read(file))
    const survivors = all
      .filter(({ source }) => !noticed(file, source))
      .map(({ line, what }) => `${line}: ${what}`)
    expect(all.length).toBeGreaterThan(20)
    expect(survivors).toEqual([])
  })

  it('of more than a thousand, as docs/azure.md says', () => {
    const counts = files.map((file) => mutations(file, read(file)).length)
    expect(counts.reduce((sum, count) => sum + count)).toBeGreaterThan(1000)
  })
})

/** What costs an evening on Azure, each as the one line that brings it about. */
const GOTCHAS: readonly (readonly [name: string, file: string, from: string, to: string])[] = [
  ['no hierarchical namespace', 'data-lake', 'isHnsEnabled: true', 'isHnsEnabled: false'],
  ['upper case in the account name', '../main', "'st${token}'", "'St${token}'"],
  ['too long an account name', '../main', "'st${token}'", "'storageaccount${token}'"],
  ['files that grow', 'stream-analytics', "blobWriteMode: 'Once'", "blobWriteMode: 'Append'"],
  ['a path by the hour', 'stream-analytics', "timeFormat: 'HH-mm'", "timeFormat: 'HH'"],
  ['a path without the time', 'stream-analytics', '{date}/{time}', '{date}'],
  ['a field of its own in mode Once', 'stream-analytics', '{date}/{time}', '{date}/{datetime:mm}'],
  [
    'late events waited for without a limit',
    'stream-analytics',
    '    eventsLateArrivalMaxDelayInSeconds: 5\n',
    '',
  ],
  [
    'an API version without the write mode',
    'stream-analytics',
    'outputs@2021-10-01-preview',
    'outputs@2020-03-01',
  ],
  ['an array instead of lines', 'stream-analytics', "'LineSeparated'", "'Array'"],
  [
    'keys instead of an identity',
    'stream-analytics',
    "authenticationMode: 'Msi'",
    "authenticationMode: 'ConnectionString'",
  ],
  ['the default compatibility level', 'stream-analytics', "    compatibilityLevel: '1.2'\n", ''],
  [
    'rows dropped on a failed write',
    'stream-analytics',
    "outputErrorPolicy: 'Stop'",
    "outputErrorPolicy: 'Drop'",
  ],
  ['an output before its role', 'stream-analytics', '  dependsOn: [\n    writesBronze\n  ]\n', ''],
  ['a query before its input', 'stream-analytics', '    hubInput\n', ''],
  [
    'a shared consumer group',
    'stream-analytics',
    'consumerGroupName: consumerGroupName',
    "consumerGroupName: '$Default'",
  ],
  [
    'owner of the hub',
    'stream-analytics',
    'a638d3c7-ab3a-418d-83e6-5f17a39d4fde',
    'f526a384-b230-433a-b45c-95f59c4a2dec',
  ],
  [
    'rights on the whole account',
    'roles/container',
    '  scope: container\n  name: guid(container.id',
    '  scope: account\n  name: guid(account.id',
  ],
  ['a role without the principal type', 'roles/container', "    principalType: 'ServicePrincipal'\n", ''],
  ['one role name for two scopes', 'roles/container', 'guid(container.id, ', 'guid(account.id, '],
  ['a role named by the resource', 'roles/hub', 'guid(hub.id, principalId, ', 'guid(hub.id, hub.name, '],
  ['a slash behind the address of the lake', 'synapse', 'suffixes.storage}', 'suffixes.storage}/'],
  ['a workspace without a login', 'synapse', "    sqlAdministratorLogin: 'sqladminuser'\n", ''],
  ['an administrator of another name', 'synapse', "'activeDirectory'", "'admin'"],
  ['a password written down', 'synapse', '= newGuid()', "= 'Secret-1234'"],
  ['a token that depends on the spelling', '../main', "toLower(replace(location, ' ', ''))", 'location'],
  ['an output of what may not be there', '../main', 'synapse!.outputs.endpoint', 'synapse.outputs.endpoint'],
  ['the whole internet let in', 'synapse', "endIpAddress: '0.0.0.0'", "endIpAddress: '255.255.255.255'"],
  ['passwords for SQL', 'synapse', 'azureADOnlyAuthentication: true', 'azureADOnlyAuthentication: false'],
  ['a password in each deployment', 'synapse', 'isDeployed ? null : sqlPassword', 'sqlPassword'],
  ['a password in the second deployment', '../main', '!empty(synapseEndpoint)', 'empty(synapseEndpoint)'],
  ['a pool that never pauses', 'synapse', 'enabled: true', 'enabled: false'],
  ['an old Spark', 'synapse', "sparkVersion: '3.5'", "sparkVersion: '3.4'"],
  ['a pool too small to start', 'synapse', 'nodeCount: 3', 'nodeCount: 2'],
  ['Synapse for everybody', '../main', ' = if (deploySynapse) {', ' = {'],
  [
    'Synapse nailed to the region',
    '../main',
    'empty(synapseLocation) ? location : synapseLocation',
    'location',
  ],
  ['a standard workspace', 'databricks', "name: 'premium'", "name: 'standard'"],
  [
    'keys on by default',
    '../main',
    'allowConnectionStrings bool = false',
    'allowConnectionStrings bool = true',
  ],
  ['an output nobody reads', '../main', 'output EVENT_HUB string', 'output EVENT_HUB_NAME string'],
  [
    'an output with the wrong value',
    '../main',
    'output EVENT_HUB string = eventHubs.outputs.hubName',
    'output EVENT_HUB string = eventHubs.outputs.namespaceName',
  ],
]

describe('a gotcha of Azure is noticed', () => {
  it.each(GOTCHAS)('%s', (_, name, from, to) => {
    const file = name === '../main' ? 'main.bicep' : `modules/${name}.bicep`
    const source = read(file)
    expect(source).toContain(from)
    expect(noticed(file, source.replace(from, to))).toBe(true)
  })
})
