/**
 * `npm run test:suites [NAME…] [--folder FOLDER]`: other people's test suites, got from their public packages and run unchanged but for
 * addresses and keys against the built program. Outside CI: it takes half an hour, and the network.
 *
 * A test that fails because of what is refused on purpose stands in suites/refusals.json with the reason; any other failure
 * makes the run fail. With `--write` the list is written afresh from what the failures say.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { DOTNET_SUITES } from './suites/dotnet.ts'
import { EVENT_HUBS_SUITES } from './suites/event-hubs.ts'
import { GO_SUITES } from './suites/go.ts'
import { GO_DATABRICKS_SUITES } from './suites/go-databricks.ts'
import { GO_EVENT_HUBS_SUITES } from './suites/go-event-hubs.ts'
import { HADOOP_SUITES } from './suites/hadoop.ts'
import { JAVA_SUITES } from './suites/java.ts'
import { PYTHON_SUITES } from './suites/python.ts'
import { reasonIn } from './suites/reasons.ts'
import { RUST_SUITES } from './suites/rust.ts'
import type { Endpoints, Suite, SuiteResult } from './suites/suite.ts'
import { TOOL_SUITES } from './suites/tools.ts'

const root = resolve(import.meta.dirname, '..')
const LIST = join(root, 'scripts/suites/refusals.json')
const SUITES: readonly Suite[] = [
  ...EVENT_HUBS_SUITES,
  ...PYTHON_SUITES,
  ...GO_SUITES,
  ...GO_DATABRICKS_SUITES,
  ...RUST_SUITES,
  ...GO_EVENT_HUBS_SUITES,
  ...HADOOP_SUITES,
  ...JAVA_SUITES,
  ...TOOL_SUITES,
  ...DOTNET_SUITES,
]

/** Suite → test → why it is refused. */
type Refusals = Record<string, Record<string, string>>

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { folder: { type: 'string' }, write: { type: 'boolean', default: false } },
})
const chosen = SUITES.filter(
  ({ name }) => positionals.length === 0 || positionals.some((one) => name.includes(one)),
)
if (chosen.length === 0) {
  console.error(`No suite of that name: there are ${SUITES.map(({ name }) => name).join(', ')}.`)
  process.exit(2)
}
const built = spawnSync(process.execPath, ['scripts/build.ts', '--quiet'], { cwd: root, stdio: 'inherit' })
if (built.status !== 0) process.exit(built.status ?? 1)
const folder =
  values.folder === undefined ? mkdtempSync(join(tmpdir(), 'rtstream-suites-')) : resolve(values.folder)
mkdirSync(folder, { recursive: true })

const listed = JSON.parse(readFileSync(LIST, 'utf8')) as Refusals
const rows: Record<string, string | number>[] = []
let failures = 0
for (const suite of chosen) {
  const program = await serve()
  try {
    console.log(`${suite.name} ${suite.version} …`)
    const results = await suite.run(folder, program.endpoints)
    if (values.write) listed[suite.name] = { ...handWritten(listed[suite.name]), ...reasonsOf(results) }
    rows.push(rowOf(suite, results, listed[suite.name] ?? {}))
  } finally {
    await program.stop()
  }
}
if (values.write) writeFileSync(LIST, `${JSON.stringify(listed, null, 2)}\n`)
console.table(rows)
if (values.folder === undefined) rmSync(folder, { recursive: true, force: true })
process.exit(failures > 0 ? 1 : 0)

function rowOf(suite: Suite, results: readonly SuiteResult[], refusals: Record<string, string>) {
  const tried = results.filter(({ outcome }) => outcome !== 'skipped')
  const failed = tried.filter(({ outcome }) => outcome === 'failed')
  const unexplained = failed.filter(({ test }) => refusals[test] === undefined)
  failures += unexplained.length
  if (tried.length === 0) {
    failures++
    console.log(`  FAILED ${suite.name}: no test was run`)
  }
  for (const { test, message } of unexplained) console.log(`  FAILED ${test}: ${message}`)
  return {
    suite: suite.name,
    version: suite.version,
    tried: tried.length,
    passed: tried.length - failed.length,
    'plainly refused': failed.length - unexplained.length,
    failed: unexplained.length,
    skipped: results.length - tried.length,
  }
}

/** Those whose failure says itself that something is refused. */
function reasonsOf(results: readonly SuiteResult[]): Record<string, string> {
  return Object.fromEntries(
    results
      .filter(({ outcome }) => outcome === 'failed')
      .flatMap(({ test, message }) => {
        const reason = reasonIn(message)
        return reason === undefined ? [] : [[test, reason]]
      })
      .sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
  )
}

/** A reason that was written by a person begins with `by hand: `. */
function handWritten(before: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(before).filter(([, reason]) => reason.startsWith('by hand: ')))
}

/** The built program, alone, on a data folder of its own. */
async function serve(): Promise<{ endpoints: Endpoints; stop(): Promise<void> }> {
  const child: ChildProcess = spawn(
    process.execPath,
    ['dist/bin.cjs', 'serve', '--json', '--ephemeral', '--lake-limit', '20GB'],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const [line] = (await Promise.race([once(lines, 'line'), ended.then(() => [])])) as [string?]
  if (line === undefined) throw new Error('The program ended before it was ready.')
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
  }
  return { endpoints: JSON.parse(line) as Endpoints, stop }
}
