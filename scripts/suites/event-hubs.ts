/**
 * azure-eventhub's own live tests, from its source archive. Each test makes a hub of its own, on the ports that a host name without one
 * means: 5671, and 443 for what uses WebSockets. Most of the time they sleep, so several lanes run at once, each with a loopback of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { testsIn } from './junit.ts'
import { alone, assertLoopbacks } from './loopback.ts'
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
const LANES = 6
/** Of one test: some sleep for longer than three minutes. */
const LONGEST_S = 900
const program = [process.execPath, resolve(import.meta.dirname, '../../dist/bin.cjs')] as const

export const EVENT_HUBS_SUITES: readonly Suite[] = [{ name: NAME, version: VERSION, run }]

async function run(folder: string): Promise<SuiteResult[]> {
  await assertLoopbacks()
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
  const keys = join(place, 'keys')
  rmSync(keys, { recursive: true, force: true })
  await makeKeys(keys)
  const cwd = join(place, unpacked, 'tests')
  const env = {
    PYTHONPATH: join(import.meta.dirname, 'python'),
    RTSTREAM_SUITE_KEYS: keys,
    RTSTREAM_SUITE_PROGRAM: JSON.stringify(program),
  }
  const plugins = ['event_hubs_plugin', 'no:cacheprovider'].flatMap((plugin) => ['-p', plugin])
  const options = ['-m', 'pytest', '-q', ...plugins, '-o', 'asyncio_mode=auto']
  const lane = async (number: number, chosen: readonly string[]) => {
    const own = join(place, `lane-${number}`)
    rmSync(own, { recursive: true, force: true })
    mkdirSync(own)
    writeFileSync(join(own, 'tests.txt'), chosen.join('\n'))
    const report = join(own, 'report.xml')
    const limits = ['--timeout', String(LONGEST_S), '--tb=short', '-o', 'junit_logging=no']
    const args = [...options, ...limits, `--junitxml=${report}`, `@${join(own, 'tests.txt')}`]
    await output(...alone(python, args), { cwd, env: { ...env, RTSTREAM_SUITE_FOLDER: own } })
    return testsIn(readFileSync(report, 'utf8'))
  }
  const listed = await output(...alone(python, [...options, '--collect-only', 'livetest']), {
    cwd,
    env: { ...env, RTSTREAM_SUITE_FOLDER: place },
  })
  const all = listed
    .split('\n')
    .filter((line) => line.includes('::'))
    .map((line) => line.replace(/^tests\//, ''))
  const lanes = Array.from({ length: LANES }, (_, number) =>
    lane(
      number,
      all.filter((_, index) => index % LANES === number),
    ),
  )
  return (await Promise.all(lanes)).flat()
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
