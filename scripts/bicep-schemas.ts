/**
 * Writes test/infra/fixtures/resource-types.json: the properties of the resource types that infra/ uses, reduced to
 * what the checks need. Run by a maintainer when a type or API version changes:
 *
 *   npm install --prefix DIR @azure/mcp-linux-x64@3.0.0-beta.46
 *   python3 -m venv DIR/venv
 *   DIR/venv/bin/pip install azure-mgmt-eventhub==12.0.0 azure-mgmt-storage==25.2.0 azure-mgmt-databricks==3.0.0
 *   node scripts/bicep-schemas.ts DIR/node_modules/@azure/mcp-linux-x64/dist/azmcp DIR/venv/bin/python
 *
 * The program carries the schemas (MIT licence, Microsoft) inside itself and asks no network for them. It has one version of
 * each type, and not the newest: 3.0.0-beta.46 has the versions of 2.0.5. Where the SDKs for Python (MIT licence, Microsoft) are of
 * a newer one, their models replace it (sdk_schemas.py); what models do not say, lengths and patterns, is taken over.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const RESOURCE_TYPES = [
  'Microsoft.Authorization/roleAssignments',
  'Microsoft.Databricks/accessConnectors',
  'Microsoft.Databricks/workspaces',
  'Microsoft.EventHub/namespaces',
  'Microsoft.EventHub/namespaces/eventhubs',
  'Microsoft.EventHub/namespaces/eventhubs/consumergroups',
  'Microsoft.Resources/resourceGroups',
  'Microsoft.Storage/storageAccounts',
  'Microsoft.Storage/storageAccounts/blobServices',
  'Microsoft.Storage/storageAccounts/blobServices/containers',
  'Microsoft.StreamAnalytics/streamingjobs',
  'Microsoft.StreamAnalytics/streamingjobs/inputs',
  'Microsoft.StreamAnalytics/streamingjobs/outputs',
  'Microsoft.StreamAnalytics/streamingjobs/transformations',
  'Microsoft.Synapse/workspaces',
  'Microsoft.Synapse/workspaces/administrators',
  'Microsoft.Synapse/workspaces/bigDataPools',
  'Microsoft.Synapse/workspaces/firewallRules',
]

interface RawProperty {
  name: string
  type: string
  description?: string
  flags?: string
  modifiers?: string
}
interface RawType {
  $type: string
  name: string
  properties?: RawProperty[]
  additionalPropertiesType?: string
  baseProperties?: RawProperty[]
  elements?: RawType[]
  discriminator?: string
  bodyType?: RawType
}

interface Property {
  type: string
  required?: true
  readOnly?: true
  minLength?: number
  maxLength?: number
  pattern?: string
}
interface ObjectType {
  properties: Record<string, Property>
  additional?: string
}
interface UnionType {
  discriminator: string
  elements: Record<string, ObjectType>
}

const [program, python] = process.argv.slice(2)
if (!program || !python) throw new Error('usage: node scripts/bicep-schemas.ts PATH-OF-AZMCP PYTHON')

function property(raw: RawProperty): Property {
  const modifier = (name: string) => new RegExp(`${name}: (\\d+)`).exec(raw.modifiers ?? '')?.[1]
  const [minLength, maxLength] = [modifier('minLength'), modifier('maxLength')]
  const pattern = /pattern: (.*)$/.exec(raw.modifiers ?? '')?.[1]
  const required = /\bRequired\b/.test(raw.flags ?? '') || /Required on PUT/.test(raw.description ?? '')
  return {
    type: raw.type,
    ...(required ? { required } : {}),
    ...(/\bReadOnly\b/.test(raw.flags ?? '') ? { readOnly: true } : {}),
    ...(minLength ? { minLength: Number(minLength) } : {}),
    ...(maxLength ? { maxLength: Number(maxLength) } : {}),
    ...(pattern ? { pattern } : {}),
  }
}

const properties = (raw: RawProperty[] = []) =>
  Object.fromEntries(raw.map((one) => [one.name, property(one)]))

function objectType(raw: RawType, base: RawProperty[] = []): ObjectType {
  const additional = raw.additionalPropertiesType
  return {
    properties: { ...properties(base), ...properties(raw.properties) },
    ...(additional ? { additional } : {}),
  }
}

function unionType(raw: RawType): UnionType {
  const discriminator = raw.discriminator ?? 'type'
  const elements = (raw.elements ?? []).map((element) => {
    const object = objectType(element, raw.baseProperties)
    return [object.properties[discriminator]?.type ?? element.name, object] as const
  })
  return { discriminator, elements: Object.fromEntries(elements) }
}

/** Keeps the types that can be reached from the body and leaves out what only the service fills in. */
function reachable(body: ObjectType, all: ReadonlyMap<string, ObjectType | UnionType>) {
  const kept: Record<string, ObjectType | UnionType> = {}
  const visit = (type: ObjectType | UnionType) => {
    const objects = 'elements' in type ? Object.values(type.elements) : [type]
    for (const object of objects) {
      const names = [
        ...Object.values(object.properties).map(({ type: name }) => name),
        object.additional ?? '',
      ]
      for (const name of names
        .flatMap((text) => text.split(' | '))
        .map((text) => text.replace(/\[\]$/, ''))) {
        const found = all.get(name)
        if (!found || kept[name]) continue
        kept[name] = found
        visit(found)
      }
    }
  }
  visit(body)
  return kept
}

type Definitions = Map<string, ObjectType | UnionType>

function definitionsOf(raw: readonly RawType[]): Definitions {
  const definitions: Definitions = new Map()
  for (const type of raw) {
    if (type.$type === 'Object') definitions.set(type.name, objectType(type))
    else if (type.$type === 'DiscriminatedObject') definitions.set(type.name, unionType(type))
  }
  return definitions
}

const answers = RESOURCE_TYPES.map((resourceType) => {
  const answer = execFileSync(program, ['bicepschema', 'get', '--resource-type', resourceType], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, AZURE_MCP_COLLECT_TELEMETRY: 'false' },
  })
  const raw = (JSON.parse(answer) as { results: { BicepSchemaResult: RawType[] } }).results.BicepSchemaResult
  const resource = raw.find(({ $type, name }) => $type === 'Resource' && name.startsWith(`${resourceType}@`))
  if (!resource?.bodyType) throw new Error(`no schema of ${resourceType}`)
  return {
    provider: resourceType.split('/')[0],
    name: resource.name,
    body: objectType(resource.bodyType),
    own: definitionsOf(raw),
  }
})

interface Schema {
  body: ObjectType
  types: Record<string, ObjectType | UnionType>
}

/** Gives a model the lengths and patterns of the schema of an earlier version, property by property. */
function takeOverLimits(later: Schema, earlier: Schema): void {
  const seen = new Set<ObjectType>()
  const visit = (to: ObjectType, from: ObjectType) => {
    if (seen.has(to)) return
    seen.add(to)
    for (const [name, one] of Object.entries(to.properties)) {
      const before = from.properties[name]
      if (!before) continue
      const [next, last] = [later.types[itemOf(one.type)], earlier.types[itemOf(before.type)]]
      if (next && last) {
        if ('properties' in next && 'properties' in last) visit(next, last)
        continue
      }
      const { minLength, maxLength, pattern } = before
      Object.assign(one, JSON.parse(JSON.stringify({ minLength, maxLength, pattern })))
    }
  }
  visit(later.body, earlier.body)
  // Models know a resource's name as a text; some have only one.
  const { name } = earlier.body.properties
  if (name) later.body.properties.name = name
}

const itemOf = (type: string) => type.replace(/\[\]$/, '')

const snapshot: Record<string, Schema> = {}
for (const { provider, name, body, own } of answers) {
  // An answer leaves out the types that only a base type mentions; the provider's other answers hold them.
  const family = answers.filter((other) => other.provider === provider).flatMap((other) => [...other.own])
  snapshot[name] = { body, types: reachable(body, new Map([...family, ...own])) }
}

// The program knows each type's newest stable version alone. The preview version of the output differs by one property
// (as the models of @azure/arm-streamanalytics 5.0.0-beta.1 say).
const stable = snapshot['Microsoft.StreamAnalytics/streamingjobs/outputs@2020-03-01']
if (!stable) throw new Error('the stable version of the output has changed: look at the preview version anew')
const preview = structuredClone(stable)
const version = preview.body.properties.apiVersion
const blob = preview.types.BlobOutputDataSourceProperties
if (!version || !blob || !('properties' in blob)) throw new Error('the output has changed its form')
version.type = '2021-10-01-preview'
blob.properties.blobWriteMode = { type: 'Append | Once | string' }
snapshot['Microsoft.StreamAnalytics/streamingjobs/outputs@2021-10-01-preview'] = preview

const sdkSchemas = fileURLToPath(new URL('sdk_schemas.py', import.meta.url))
const models = JSON.parse(execFileSync(python, [sdkSchemas], { encoding: 'utf8' })) as Record<string, Schema>
for (const [reference, schema] of Object.entries(models)) {
  const [type] = reference.split('@')
  const known = Object.keys(snapshot).find((one) => one.startsWith(`${type}@`))
  const earlier = known === undefined ? undefined : snapshot[known]
  if (known === undefined || !earlier) throw new Error(`no earlier schema of ${reference}`)
  takeOverLimits(schema, earlier)
  delete snapshot[known]
  snapshot[reference] = {
    body: schema.body,
    types: reachable(schema.body, new Map(Object.entries(schema.types))),
  }
}

const file = fileURLToPath(new URL('../test/infra/fixtures/resource-types.json', import.meta.url))
writeFileSync(file, `${JSON.stringify(snapshot)}\n`.replaceAll('"Microsoft.', '\n"Microsoft.'))
