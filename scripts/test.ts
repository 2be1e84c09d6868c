/** Runs the whole suite: builds what the end-to-end tests start, then vitest; writes a JSON report where CI asks for it. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensurePython, PYTHON_MISSING } from './python-env.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) =>
  spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32', env })
    .status ?? 1

const built = run(process.execPath, ['scripts/build.ts', '--quiet'])
if (built !== 0) process.exit(built)

const temporary = mkdtempSync(join(tmpdir(), 'rtstream-report-'))
const report = process.env.RTSTREAM_TEST_REPORT ?? join(temporary, 'report.json')
const missing = whyNoPython()
const status = run(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  // Under CI what cannot be tested is a failure: each file finds out for itself.
  missing === undefined || process.env.CI === 'true'
    ? process.env
    : { ...process.env, [PYTHON_MISSING]: missing },
)
if (missing !== undefined && process.env.CI !== 'true') tellWhatWasLeftOut(missing)
rmSync(temporary, { recursive: true })
process.exit(status)

/** Asked once, before several test files ask for it at a time. Undefined: it is there. */
function whyNoPython(): string | undefined {
  try {
    const found = ensurePython()
    return 'missing' in found ? found.missing : undefined
  } catch {
    return 'Its packages could not be installed; what pip said stands above.'
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
