import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { BRONZE } from '../../src/contract/bronze-layout.ts'
import { temporaryFolder } from '../support/cli.ts'
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
      [
        'data-lake',
        'databricks',
        'event-hubs',
        'roles/account',
        'roles/container',
        'roles/hub',
        'stream-analytics',
        'synapse',
      ].map((name) => `modules/${name}.bicep`),
    ))

  it.each([
    ['two properties', 'var x = {\n  a: 1 b: 2\n}\n'],
    ['two items', "var x = [\n  'a' 'b'\n]\n"],
    ['two statements', 'param a string param b string\n'],
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
    // Those with a default; azd itself fills in the others.
    const names = Object.values(parameters).flatMap(({ value }) => /^\$\{([A-Z_]+)=/.exec(value)?.[1] ?? [])
    expect(names).toContain('SYNAPSE_LOCATION')
    for (const name of names) expect(guide).toContain(`\`${name}\``)
  })
})

describe('azure.yaml', () => {
  const text = readFileSync(join(root, 'azure.yaml'), 'utf8')

  it('points at the templates', () => {
    expect(text).toMatch(/^infra:\n {2}provider: bicep\n {2}path: infra\n {2}module: main$/m)
    expect(existsSync(join(root, 'infra', 'main.bicep'))).toBe(true)
  })

  const hook = (system: 'posix' | 'windows', name: 'preprovision' | 'postprovision' = 'postprovision') => {
    const own = text.slice(text.indexOf(`  ${name}:`))
    const part = own.slice(own.indexOf(`    ${system}:`))
    const script = /^ {6}run: \|\n((?: {8}.*\n)+)/m.exec(part)?.[1] ?? ''
    return { script: script.replace(/^ {8}/gm, ''), after: part.slice(part.indexOf(script) + script.length) }
  }

  it.each([
    ['prepare before', 'preprovision', 'prepare'],
    ['setup after', 'postprovision', 'setup'],
  ] as const)('runs %s provisioning, on every system, and fails when that fails', (_, name, command) => {
    for (const system of ['posix', 'windows'] as const) {
      const { script, after } = hook(system, name)
      expect(script).toMatch(
        new RegExp(
          `npm ci [\\s\\S]*npm start --silent -- ${command}\\b[\\s\\S]*npx --yes rtstream-tui ${command}\\n`,
        ),
      )
      expect(after).toMatch(/^ {6}interactive: true\n {6}continueOnError: false\n/)
    }
    // Without the first line a missing npm is no failure: nothing has set the exit code.
    expect(hook('windows', name).script).toMatch(
      /^\$ErrorActionPreference = 'Stop'\n[\s\S]*exit \$LASTEXITCODE\n$/,
    )
  })

  it('says which template it is, in this version', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(text).toContain(`metadata:\n  template: rtstream-tui@${version}\n`)
  })

  describe.each([
    ['preprovision', 'prepare'],
    ['postprovision', 'setup'],
  ] as const)('%s, in a shell,', (name, command) => {
    it.each<[string, string[], string, number, string[]]>([
      [
        'in a checkout',
        ['scripts/build.ts'],
        '',
        0,
        ['npm ci --no-fund --no-audit --loglevel=error', `npm start --silent -- ${command}`],
      ],
      [
        'in a checkout whose packages cannot be had',
        ['scripts/build.ts'],
        'npm',
        3,
        ['npm ci --no-fund --no-audit --loglevel=error'],
      ],
      ['beside the templates alone', [], '', 0, [`npx --yes rtstream-tui ${command}`]],
      ['beside the templates, with a set-up that fails', [], 'npx', 3, [`npx --yes rtstream-tui ${command}`]],
    ])('%s runs the right program', (_, files, failing, code, called) => {
      const folder = temporaryFolder()
      try {
        for (const file of files) {
          mkdirSync(join(folder.path, dirname(file)), { recursive: true })
          writeFileSync(join(folder.path, file), '')
        }
        for (const tool of ['npm', 'npx'])
          writeFileSync(
            join(folder.path, tool),
            `#!/bin/sh\necho "${tool} $@" >> calls\nexit ${tool === failing ? 3 : 0}\n`,
            { mode: 0o755 },
          )
        const env = { ...process.env, PATH: `${folder.path}${delimiter}${process.env.PATH}` }
        const ended = spawnSync('sh', ['-c', hook('posix', name).script], { cwd: folder.path, env })
        expect(ended.status).toBe(code)
        expect(readFileSync(join(folder.path, 'calls'), 'utf8').trim().split('\n')).toEqual(called)
      } finally {
        folder.remove()
      }
    })
  })
})

describe('the devcontainer', () => {
  it('has what the project needs: its Node, Java and Python for the notebooks, the tools of Azure', () => {
    const { image, features } = JSON.parse(
      readFileSync(join(root, '.devcontainer/devcontainer.json'), 'utf8'),
    )
    const node = readFileSync(join(root, '.nvmrc'), 'utf8').trim().split('.')[0]
    expect(image).toContain(`:${node}-`)
    expect(features).toMatchObject({
      'ghcr.io/devcontainers/features/azure-cli:1': { installBicep: true },
      'ghcr.io/azure/azure-dev/azd:0': {},
      'ghcr.io/devcontainers/features/java:1': { version: '17' },
      'ghcr.io/devcontainers/features/python:1': { version: '3.11' },
    })
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
