/**
 * azure-eventhub's own live tests against the built program: got from their public package, unchanged, with addresses and
 * credentials of ours. Run by hand: `node scripts/suites/event-hubs.ts [pytest's own options]`. Needs port 5671, and 443 for what uses WebSockets.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const VERSION = '5.15.1'
/** What the tests import beside the package itself. */
const PACKAGES = [
  'azure-eventhub-checkpointstoreblob==1.2.0',
  'azure-eventhub-checkpointstoreblob-aio==1.2.0',
  'azure-identity==1.25.1',
  'aiohttp==3.13.2',
  'websocket-client==1.9.2',
  'pytest==9.0.1',
  'pytest-asyncio==1.3.0',
  'pytest-timeout==2.4.0',
]
const root = resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'rtstream-suite-'))
const python = join(folder, 'venv/bin/python')
const program = [process.execPath, join(root, 'dist/bin.cjs')]

/** Keys and a certificate that all hubs of the run share. */
async function makeKeys(): Promise<void> {
  const keys = join(folder, 'keys')
  const served = spawn(
    program[0] as string,
    [program[1] as string, 'serve', '--json', '--keys', 'kept', '--data-dir', keys],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  await once(served.stdout, 'data')
  served.kill('SIGTERM')
  await once(served, 'exit')
}

try {
  execFileSync('python3', ['-m', 'venv', join(folder, 'venv')], { stdio: 'inherit' })
  const pip = (...args: string[]) =>
    execFileSync(python, ['-m', 'pip', '--quiet', '--disable-pip-version-check', ...args], {
      cwd: folder,
      stdio: 'inherit',
    })
  pip('install', `azure-eventhub==${VERSION}`, ...PACKAGES)
  mkdirSync(join(folder, 'source'))
  pip('download', '--no-deps', '--no-binary', ':all:', '--dest', 'source', `azure-eventhub==${VERSION}`)
  const [archive = ''] = readdirSync(join(folder, 'source'))
  execFileSync('tar', ['xzf', archive], { cwd: join(folder, 'source') })
  const source = join(folder, 'source', archive.replace(/\.tar\.gz$/, ''))
  await makeKeys()
  const report = join(folder, 'report.xml')
  spawnSync(
    python,
    [
      '-m',
      'pytest',
      '-q',
      '-p',
      'event_hubs_plugin',
      '-p',
      'no:cacheprovider',
      '--timeout',
      '180',
      '--tb=short',
      '-o',
      'asyncio_mode=auto',
      `--junitxml=${report}`,
      ...(process.argv.length > 2 ? process.argv.slice(2) : ['livetest']),
    ],
    {
      cwd: join(source, 'tests'),
      stdio: 'inherit',
      env: {
        ...process.env,
        PYTHONPATH: import.meta.dirname,
        RTSTREAM_SUITE_FOLDER: folder,
        RTSTREAM_SUITE_PROGRAM: JSON.stringify(program),
      },
    },
  )
  print(readFileSync(report, 'utf8'))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function print(xml: string): void {
  const cases = [...xml.matchAll(/<testcase [^>]*?name="([^"]*)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g)]
  const of = (kind: RegExp) =>
    cases.filter(([, , body]) => kind.test(body ?? '')).map(([, name]) => name as string)
  const skipped = of(/<skipped/)
  const failed = of(/<failure|<error/)
  console.log(
    `azure-eventhub ${VERSION}: ${cases.length - skipped.length} tried, ${cases.length - skipped.length - failed.length} passed, ${failed.length} failed, ${skipped.length} skipped`,
  )
  for (const name of failed) console.log(`  ${name}`)
}
