import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { BRONZE } from '../../src/pipeline/contract/bronze.ts'
import { checkDeployment } from './bicep/check.ts'
import { policies } from './bicep/policies.ts'
import { parse } from './bicep/syntax.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const infra = join(root, 'infra')
const deployment = checkDeployment(infra)

describe('the templates', () => {
  it('keep to syntax, schemas and wiring', () => expect(deployment.findings).toEqual([]))

  it.each(Object.entries(policies))('%s', (_, policy) => expect(policy(deployment)).toEqual([]))

  it('reach every module', () =>
    expect([...deployment.modules.keys()].sort()).toEqual(
      ['data-lake', 'databricks', 'event-hubs', 'stream-analytics', 'synapse'].map(
        (name) => `modules/${name}.bicep`,
      ),
    ))

  it.each([
    ['two properties', 'var x = {\n  a: 1 b: 2\n}\n'],
    ['two items', "var x = [\n  'a' 'b'\n]\n"],
    ['two statements', 'param a string param b string\n'],
    ['a brace and a property', 'var x = { a: 1 }\n'],
  ])('hold one thing per line: %s', (_, source) => expect(parse('x.bicep', source).findings).not.toEqual([]))
})

describe('the parameters that azd fills in', () => {
  const parameters = JSON.parse(readFileSync(join(infra, 'main.parameters.json'), 'utf8'))
    .parameters as Record<string, { value: string }>

  it('are those of main.bicep, and all that it needs', () => {
    const declared = deployment.main.parameters.map(({ name }) => name).sort()
    expect(Object.keys(parameters).sort()).toEqual(declared)
  })

  it('have a default where azd itself provides none', () => {
    const provided = ['AZURE_ENV_NAME', 'AZURE_LOCATION', 'AZURE_PRINCIPAL_ID']
    for (const { value } of Object.values(parameters)) {
      const [, name = '', fallback] = /^\$\{([A-Z_]+)(=.*)?\}$/.exec(value) ?? []
      expect(fallback !== undefined || provided.includes(name), value).toBe(true)
    }
  })

  it('are each explained in docs/azure.md', () => {
    const guide = readFileSync(join(root, 'docs/azure.md'), 'utf8')
    for (const name of [
      'SYNAPSE_LOCATION',
      'DEPLOY_SYNAPSE',
      'CLIENT_IP_ADDRESS',
      'ALLOW_CONNECTION_STRINGS',
    ]) {
      expect(guide).toContain(name)
    }
  })
})

describe('azure.yaml', () => {
  const text = readFileSync(join(root, 'azure.yaml'), 'utf8')

  it('points at the templates', () => {
    expect(text).toMatch(/^infra:\n {2}provider: bicep\n {2}path: infra\n {2}module: main$/m)
    expect(existsSync(join(root, 'infra', 'main.bicep'))).toBe(true)
  })

  it('runs setup after provisioning, on every system, and fails when that fails', () => {
    const hook = text.slice(text.indexOf('postprovision:'))
    for (const shell of ['posix', 'windows']) {
      const part = hook.slice(hook.indexOf(`${shell}:`))
      expect(part).toMatch(/run: npm ci.* npm start --silent -- setup/)
      expect(part).toMatch(/continueOnError: false/)
    }
  })
})

describe('the query of the job', () => {
  const query = readFileSync(join(infra, 'modules', 'job.asaql'), 'utf8').replace(/^--.*$/gm, '')

  it('passes everything on and adds the sequence number, as the data contract says', () => {
    expect(query.replace(/\s+/g, ' ').trim()).toBe(
      `SELECT *, GetMetadataPropertyValue(weather, '[EventHub].[SequenceNumber]') AS SequenceNumber INTO ${BRONZE.container} FROM weather`,
    )
    const contract = readFileSync(join(root, 'docs/data-contract.md'), 'utf8')
    expect(contract).toContain("GetMetadataPropertyValue(weather, '[EventHub].[SequenceNumber]')")
  })
})
