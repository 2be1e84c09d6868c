/** Runs the whole suite: builds what the end-to-end tests start, then vitest; writes a JSON report where CI asks for it. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NAMES, PYTHON_NEWS, tell } from './python-env.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const isWindows = process.platform === 'win32'

const start = (args: readonly string[], env: NodeJS.ProcessEnv = process.env, options: SpawnOptions = {}) =>
  spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env, ...options })
const statusOf = async (child: ChildProcess): Promise<number> =>
  ((await once(child, 'close')) as [number | null])[0] ?? 1

const built = await statusOf(start(['scripts/build.ts', '--quiet']))
if (built !== 0) process.exit(built)

const temporary = mkdtempSync(join(tmpdir(), 'rtstream-report-'))
const report = process.env.RTSTREAM_TEST_REPORT ?? join(temporary, 'report.json')
const pythons = makePythons(temporary)
const vitest = start(
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  { ...process.env, [PYTHON_NEWS]: pythons.news },
)
const status = await statusOf(vitest)
const missing = pythons.missing()
pythons.stop()
// Under CI what cannot be tested is a failure, which each file has told.
if (missing !== '' && process.env.CI !== 'true') tellWhatWasLeftOut(missing)
rmSync(temporary, { recursive: true })
process.exit(status)

/** Beside the tests, which have a core for it: most of them need no Python, and the first to need one wait. */
function makePythons(folder: string) {
  const news = join(folder, 'pythons')
  mkdirSync(news)
  // What it starts ends with it: it has a process group of its own.
  const child = start(['scripts/python-env.ts', 'all', news], process.env, { detached: !isWindows })
  child.once('close', () => {
    for (const name of NAMES)
      if (!existsSync(join(news, name))) tell(news, name, 'What makes it has ended before it was there.')
  })
  return {
    news,
    /** Empty while nothing is known to be missing. */
    missing: () => (existsSync(join(news, 'spark3')) ? readFileSync(join(news, 'spark3'), 'utf8') : ''),
    stop() {
      if (child.exitCode !== null || child.pid === undefined) return
      child.removeAllListeners('close')
      process.kill(isWindows ? child.pid : -child.pid, 'SIGKILL')
    },
  }
}

interface Report {
  testResults: { name: string; assertionResults: { status: string }[] }[]
}

/** The last lines: which tests need Python and were skipped, and why there is none. */
function tellWhatWasLeftOut(reason: string): void {
  const left: string[] = []
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report
    for (const { name, assertionResults } of testResults) {
      const skipped = assertionResults.filter(
        ({ status }) => status !== 'passed' && status !== 'failed',
      ).length
      if (skipped > 0 && /python/i.test(readFileSync(name, 'utf8')))
        left.push(`  ${relative(root, name)} (${skipped})`)
    }
  } catch {
    // Vitest ended before it wrote one, and has said why.
  }
  console.warn(`\nLeft out, for want of Python. ${reason}\n${left.sort().join('\n')}`)
}
