/** Every way in which the program can end: 0 only when the ledger balances and everything came back. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { BIN, cli, temporaryFolder } from '../support/cli.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

/** The program's first file beside another second one. */
function withCli(name: string, text: string | undefined): string {
  const dist = join(folder.path, name)
  mkdirSync(dist, { recursive: true })
  copyFileSync(BIN, join(dist, 'bin.cjs'))
  writeFileSync(join(dist, 'package.json'), '{"type":"module"}')
  if (text !== undefined) writeFileSync(join(dist, 'cli.js'), text)
  return join(dist, 'bin.cjs')
}

it('a wait that nothing can end is no success', async () => {
  const bin = withCli('unsettled', 'await new Promise(() => {})')
  const { code, stderr } = await cli(['run'], { bin })
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'rtstream-tui ended before its work was done: nothing was left that it could wait for.\n',
  })
}, 60_000)

it('an end that nobody has called a success is none', async () => {
  expect((await cli([], { bin: withCli('silent', 'process.exit()') })).code).toBe(1)
}, 60_000)

it('a damaged installation is said in a sentence', async () => {
  for (const [name, text] of [
    ['missing', undefined],
    ['cut', 'import {'],
  ] as const) {
    const { code, stderr } = await cli([], { bin: withCli(name, text) })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^rtstream-tui could not be loaded: [^\n]+\. Install it again\.\n$/)
  }
}, 60_000)

it('a defect in the middle of a run ends it with a sentence', async () => {
  const defect = join(folder.path, 'defect.cjs')
  writeFileSync(
    defect,
    `if (require('node:worker_threads').isMainThread) {
      const timer = setInterval(() => {
        // Not before the program is loaded.
        if (process.uptime() < 1.5 || process.listenerCount('uncaughtException') === 0) return
        clearInterval(timer)
        throw new Error('a defect')
      }, 50)
    }`,
  )
  const { code, stderr } = await cli(['run', '--duration', '60s', '--ephemeral'], {
    env: { NODE_OPTIONS: `--require=${defect}`, TMPDIR: folder.path },
  })
  expect({ code, stderr }).toEqual({ code: 1, stderr: 'rtstream-tui ended unexpectedly: a defect\n' })
}, 90_000)

it('a user without a home folder, and a time zone, locale and terminal that do not exist, stop nothing', async (context) => {
  if (process.platform === 'win32' || process.getuid?.() !== 0) return context.skip('needs to be root')
  const program = join(folder.path, 'readable')
  cpSync(dirname(BIN), join(program, 'dist'), { recursive: true })
  copyFileSync(join(dirname(BIN), '../package.json'), join(program, 'package.json'))
  // The checkout, with its Node, may lie where only its owner may look.
  const node = join(program, 'node')
  copyFileSync(process.execPath, node)
  spawnSync('chmod', ['-R', 'a+rX', folder.path])
  const { status, stdout, stderr } = spawnSync(node, [join(program, 'dist/bin.cjs'), 'config'], {
    uid: 54_321,
    cwd: '/',
    env: { TZ: 'Mars/Olympus', LANG: 'xx_YY.no-such', TERM: 'no-such-terminal', NODE_COMPILE_CACHE: '' },
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toContain('stations')
}, 60_000)

it('an environment that is wrong is told in a sentence, or does not matter', async () => {
  const run = ['run', '--duration', '1s', '--ephemeral']
  // The SDKs fail on an address without a scheme, also for loopback, where no proxy is asked.
  const local = await cli(run, {
    env: { HTTPS_PROXY: '10.0.0.1:8080', http_proxy: '%', TMPDIR: folder.path },
  })
  expect({ code: local.code, stderr: local.stderr }).toEqual({ code: 0, stderr: '' })
  if (process.platform === 'win32') return
  const gone = spawnSync(
    'sh',
    ['-c', 'mkdir gone; cd gone; rmdir ../gone; exec "$0" "$@"', process.execPath, BIN, 'config'],
    {
      cwd: folder.path,
      encoding: 'utf8',
    },
  )
  expect(gone.status).toBe(1)
  expect(gone.stderr).toMatch(
    /^The working folder was deleted: [^\n]+\nChange to a folder that is there [^\n]+\n$/,
  )
}, 90_000)

it('without DuckDB’s native package a run ends at once, and doctor says the same', async () => {
  const program = join(folder.path, 'no-engine')
  cpSync(dirname(BIN), join(program, 'dist'), { recursive: true })
  copyFileSync(join(dirname(BIN), '../package.json'), join(program, 'package.json'))
  const bin = join(program, 'dist/bin.cjs')
  const sentence = `DuckDB's native package for this machine (${process.platform}-${process.arch}) is not installed.`
  const run = await cli(['run', '--duration', '1s', '--ephemeral'], { bin, env: { TMPDIR: folder.path } })
  expect(run.code).toBe(1)
  expect(run.stderr).toMatch(/^[^\n]+\n[^\n]*npm install --include=optional rtstream-tui\n$/)
  expect(run.stderr).toContain(sentence)
  const doctor = await cli(['doctor', '--json', '--data-dir', join(folder.path, 'data')], { bin })
  expect(doctor.code).toBe(1)
  expect(doctor.lines.join('')).toContain(sentence)
}, 60_000)

it.each([64])(
  'with %i file handles a run is a success only when it balances',
  async (handles) => {
    if (process.platform === 'win32') return
    const { status, stdout } = spawnSync(
      'sh',
      [
        '-c',
        `ulimit -n ${handles}; exec "$0" "$@"`,
        process.execPath,
        BIN,
        'run',
        '--duration',
        '2s',
        '--ephemeral',
      ],
      {
        encoding: 'utf8',
        env: { ...process.env, TMPDIR: folder.path },
        timeout: 110_000,
        killSignal: 'SIGKILL',
      },
    )
    // A library may abort the process (no status) where it cannot open what it needs: no success either.
    expect(status === 0, stdout).toBe(stdout.includes('✓ balanced'))
  },
  120_000,
)
