/** What a gallery of azd templates, and whoever comes from one, looks for in the repository. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { temporaryFolder } from '../support/cli.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const manifest = JSON.parse(read('package.json')) as {
  homepage: string
  keywords: string[]
  description: string
}
const REPOSITORY = manifest.homepage.replace(/#.*$/, '')

let folder: ReturnType<typeof temporaryFolder> | undefined
afterEach(() => folder?.remove())

describe('the repository', () => {
  it.each(['README.md', 'LICENSE', 'SECURITY.md', 'CONTRIBUTING.md', 'CODE_OF_CONDUCT.md', 'azure.yaml'])(
    'has %s',
    (path) => expect(read(path).length).toBeGreaterThan(200),
  )

  it('has the topics by which galleries find a template, its languages and its services', () => {
    expect(manifest.keywords).toEqual(
      expect.arrayContaining([
        'azd-templates',
        'bicep',
        'typescript',
        'python',
        'event-hubs',
        'stream-analytics',
        'databricks',
        'synapse',
      ]),
    )
    expect(read('CONTRIBUTING.md')).toContain('`keywords` of package.json')
  })

  it('has forms for a fault and a wish; weaknesses go another way', () => {
    for (const name of ['fault', 'wish']) {
      const { name: title, description, body } = parse(read(`.github/ISSUE_TEMPLATE/${name}.yml`))
      expect([title, description]).toEqual([expect.any(String), expect.any(String)])
      const fields = body.filter(({ type }: { type: string }) => type !== 'markdown')
      for (const { id, attributes } of fields)
        expect([id, attributes.label]).toEqual([expect.any(String), expect.any(String)])
    }
    const { contact_links } = parse(read('.github/ISSUE_TEMPLATE/config.yml'))
    expect(contact_links[0].url).toBe(`${REPOSITORY}/security/advisories/new`)
  })
})

describe('the README', () => {
  const text = read('README.md')
  const part = text.slice(text.indexOf('## On Azure'), text.indexOf('## More'))

  it('has the sections of azd’s template of a README, in its order', () => {
    const headings = [...part.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading)
    expect(headings).toEqual(['Features', 'Getting started', 'Guidance', 'Resources'])
    for (const word of ['Prerequisites', 'Quickstart', 'Costs', 'Regions', 'Security'])
      expect(part).toContain(`**${word}.**`)
    expect(part).toContain('```mermaid\n')
  })

  it('opens in Codespaces and in a dev container', () => {
    expect(part).toContain(`](https://codespaces.new/${REPOSITORY.replace('https://github.com/', '')})`)
    expect(part).toContain(`remote-containers/cloneInVolume?url=${REPOSITORY})`)
  })
})

describe('the workflow azure-dev', () => {
  const { on, permissions, jobs } = parse(read('.github/workflows/azure-dev.yml'))
  const { env, steps } = jobs.deploy

  it('deploys only when somebody asks for it, signed in without a secret', () => {
    // Every push would cost money.
    expect(Object.keys(on)).toEqual(['workflow_dispatch'])
    expect(permissions).toEqual({ 'id-token': 'write', contents: 'read' })
    const runs = steps.flatMap(({ run }: { run?: string }) => run ?? [])
    expect(runs.join('\n')).toContain('--federated-credential-provider github')
    expect(runs.at(-1)).toBe('azd provision --no-prompt')
  })

  it('gives the templates every value that they have no default for, and names itself as what it is', () => {
    const parameters = read('infra/main.parameters.json')
    const needed = [...parameters.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name = '']) => name)
    // azd itself knows who is signed in.
    for (const name of needed.filter((one) => one !== 'AZURE_PRINCIPAL_ID')) expect(env).toHaveProperty(name)
    expect(env.AZURE_PRINCIPAL_TYPE).toBe('ServicePrincipal')
  })
})

describe('the hooks of azure.yaml', () => {
  const { hooks } = parse(read('azure.yaml'))

  it.each([
    ['preprovision', 'Ready to deploy: all well.'],
    ['postprovision', 'Everything is there.'],
  ])('%s says what the program says and nothing else, however much npm has to tell', (name, line) => {
    folder = temporaryFolder()
    mkdirSync(join(folder.path, 'scripts'))
    writeFileSync(join(folder.path, 'scripts/build.ts'), '')
    writeFileSync(
      join(folder.path, 'npm'),
      `#!/bin/sh\ncase "$1" in\nci) echo "added 700 packages in 20s"; case "$*" in *--loglevel=error*) ;; *) echo "npm warn deprecated" >&2 ;; esac ;;\nstart) echo "${line}" ;;\nesac\n`,
    )
    chmodSync(join(folder.path, 'npm'), 0o755)
    const env = { ...process.env, PATH: `${folder.path}${delimiter}${process.env.PATH}` }
    const { stdout, stderr, status } = spawnSync('sh', ['-c', hooks[name].posix.run], {
      cwd: folder.path,
      env,
      encoding: 'utf8',
    })
    expect([status, stdout, stderr]).toEqual([0, `${line}\n`, ''])
    // PowerShell's form of the same.
    expect(hooks[name].windows.run).toContain('npm ci --no-fund --no-audit --loglevel=error | Out-Null\n')
  })
})

describe('.gitattributes', () => {
  const SAMPLES = ['infra/main.bicep', 'infra/modules/job.asaql', 'notebooks/silver.py', 'azure.yaml']

  it('keeps the bytes of templates, queries and notebooks where git turns line ends into those of Windows', () => {
    folder = temporaryFolder()
    const { path } = folder
    const git = (...args: string[]) =>
      execFileSync(
        'git',
        ['-c', 'core.autocrlf=true', '-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args],
        {
          cwd: path,
          stdio: 'ignore',
          // Whatever the machine's own settings say.
          env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
        },
      )
    git('init')
    copyFileSync(join(root, '.gitattributes'), join(path, '.gitattributes'))
    const binary = Buffer.from('PAR1\r\nno text\n\r\nPAR1')
    for (const sample of SAMPLES) {
      mkdirSync(join(path, sample, '..'), { recursive: true })
      copyFileSync(join(root, sample), join(path, sample))
    }
    writeFileSync(join(path, 'part.parquet'), binary)
    git('add', '.')
    git('commit', '-m', 'all')
    for (const sample of [...SAMPLES, 'part.parquet']) rmSync(join(path, sample))
    git('checkout', '.')
    for (const sample of SAMPLES) {
      expect(existsSync(join(path, sample))).toBe(true)
      const text = readFileSync(join(path, sample), 'utf8')
      expect(text).toBe(read(sample))
      expect(text).not.toContain('\r')
    }
    expect(readFileSync(join(path, 'part.parquet'))).toEqual(binary)
  })
})
