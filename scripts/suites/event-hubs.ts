/**
 * azure-eventhub's own live tests, from its source archive. Each test makes a hub of its own, on the ports that a host name without one
 * means: 5671, and 443 for what uses WebSockets. Both must be free, and this process allowed to listen there.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { testsIn } from './junit.ts'
import { done, output, type Suite, type SuiteResult } from './suite.ts'

const NAME = 'azure-eventhub'
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
const PORTS = [5671, 443]
/** Of one test: some sleep for longer than three minutes. */
const LONGEST_S = 900
const program = [process.execPath, resolve(import.meta.dirname, '../../dist/bin.cjs')] as const

export const EVENT_HUBS_SUITES: readonly Suite[] = [{ name: NAME, version: VERSION, run }]

async function run(folder: string): Promise<SuiteResult[]> {
  for (const port of PORTS) await assertFree(port)
  const place = join(folder, `${NAME}-${VERSION}`)
  const python = join(place, 'venv/bin/python')
  if (!existsSync(join(place, 'ready'))) {
    mkdirSync(place, { recursive: true })
    await done('python3', ['-m', 'venv', 'venv'], place)
    const pip = (...args: string[]) =>
      done(python, ['-m', 'pip', '--quiet', '--disable-pip-version-check', ...args], place)
    await pip('install', `${NAME}==${VERSION}`, ...PACKAGES)
    await pip('download', '--no-deps', '--no-binary', ':all:', `${NAME}==${VERSION}`)
    await done('tar', ['xzf', readdirSync(place).find((file) => file.endsWith('.tar.gz')) as string], place)
    writeFileSync(join(place, 'ready'), '')
  }
  const unpacked = readdirSync(place, { withFileTypes: true }).find(
    (entry) => entry.isDirectory() && /-\d/.test(entry.name),
  )?.name as string
  for (const left of ['keys', 'data']) rmSync(join(place, left), { recursive: true, force: true })
  await makeKeys(join(place, 'keys'))
  const report = join(place, 'report.xml')
  const plugins = ['event_hubs_plugin', 'no:cacheprovider'].flatMap((plugin) => ['-p', plugin])
  const options = [
    '--timeout',
    String(LONGEST_S),
    '--tb=short',
    '-o',
    'asyncio_mode=auto',
    '-o',
    'junit_logging=no',
  ]
  await output(python, ['-m', 'pytest', '-q', ...plugins, ...options, `--junitxml=${report}`, 'livetest'], {
    cwd: join(place, unpacked, 'tests'),
    env: {
      PYTHONPATH: join(import.meta.dirname, 'python'),
      RTSTREAM_SUITE_FOLDER: place,
      RTSTREAM_SUITE_PROGRAM: JSON.stringify(program),
    },
  })
  return testsIn(readFileSync(report, 'utf8'))
}

async function assertFree(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new Error(`${NAME}'s tests need port ${port}, which cannot be had: ${(cause as Error).message}`, {
      cause,
    })
  }
  server.close()
  await once(server, 'close')
}

/** Keys and a certificate that all hubs of the run share. */
async function makeKeys(folder: string): Promise<void> {
  const args = ['serve', '--json', '--keys', 'kept', '--data-dir', folder]
  const served: ChildProcess = spawn(program[0], [program[1], ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(served.stdout as NodeJS.ReadableStream, 'data')
  served.kill('SIGTERM')
  await once(served, 'exit')
}
