import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cli, temporaryFolder } from '../support/cli.ts'

const root = resolve(import.meta.dirname, '../..')
const folder = temporaryFolder()
const home = join(folder.path, 'somewhere')
const bin = join(home, 'node_modules/rtstream-tui/dist/bin.cjs')

describe('the packed package', () => {
  beforeAll(() => {
    const npm = (args: string[], cwd: string) =>
      execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    const packed = JSON.parse(
      npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder.path], root),
    )
    const { filename } = Object.values(packed)[0] as { filename: string }
    mkdirSync(home)
    writeFileSync(join(home, 'package.json'), '{"private":true}')
    // Without a script of any package: npm 12 runs none that nobody has allowed.
    npm(['install', '--ignore-scripts', '--prefer-offline', join(folder.path, filename)], home)
  }, 120_000)
  afterAll(() => folder.remove())

  it('runs the whole pipeline from an empty folder and balances the ledger', async () => {
    const args = ['run', '--duration', '3s', '--json', '--data-dir', join(folder.path, 'data')]
    const { code, lines, stderr } = await cli(args, { bin, cwd: home })
    expect(stderr).toBe('')
    const summary = JSON.parse(lines.at(-1) ?? '{}')
    expect(summary).toMatchObject({ type: 'summary', target: 'local', balanced: true })
    expect(summary.ledger.aggregated).toBeGreaterThan(0)
    expect(code).toBe(0)
  }, 60_000)

  it('carries what a user of Azure needs, and the licences of what it bundles', () => {
    const installed = join(home, 'node_modules/rtstream-tui')
    for (const file of [
      'notebooks/requirements.txt',
      'notebooks/silver.py',
      'notebooks/rtstream_rules.py',
      'notebooks/local/run_notebook.py',
      'infra/main.bicep',
      'azure.yaml',
      'LICENSE',
      'README.md',
    ])
      expect(existsSync(join(installed, file)), file).toBe(true)
    expect(readFileSync(join(installed, 'dist/THIRD-PARTY-NOTICES.txt'), 'utf8')).toMatch(/^ink \d/m)
  })

  it('has what not every start needs in parts of their own, and of Faker its numbers alone', () => {
    const dist = join(home, 'node_modules/rtstream-tui/dist')
    const part = (beginning: string) => {
      const [name = ''] = readdirSync(dist).filter((one) => one.startsWith(beginning))
      return { name, text: readFileSync(join(dist, name), 'utf8'), bytes: statSync(join(dist, name)).size }
    }
    expect(part('worker-duckdb-engine-').text).toContain('read_parquet')
    expect(part('worker.js').text).not.toContain('read_parquet')
    expect(part('part-site-pool-').bytes).toBeLessThan(150_000)
  })

  it('answers on a Node that is too old with one line that says what to do', () => {
    const source = readFileSync(bin, 'utf8').replace(/^#!.*\n/, '')
    // The check itself runs in any Node; only the version it looks at is made old.
    const script = `Object.defineProperty(process.versions, 'node', { value: '20.20.2' });${source}`
    let failure: { status?: number; stderr?: string } = {}
    try {
      execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    } catch (error) {
      failure = error as typeof failure
    }
    expect(failure.status).toBe(2)
    expect(failure.stderr?.trim().split('\n')).toHaveLength(1)
    expect(failure.stderr).toMatch(
      /needs Node 22\.19 or newer; this is Node 20\.20\.2.*https:\/\/nodejs\.org/,
    )
  })
})
