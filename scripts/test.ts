/** Runs the whole suite: builds what the end-to-end tests start, then vitest; writes a JSON report where CI asks for it. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ensurePython } from './python-env.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = (command: string, args: readonly string[]) =>
  spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' }).status ?? 1

const built = run(process.execPath, ['scripts/build.ts', '--quiet'])
if (built !== 0) process.exit(built)
// Once, before several test files ask for it at a time.
try {
  ensurePython()
} catch (error) {
  console.warn(`Python's packages could not be installed: ${(error as Error).message}`)
}
const report = process.env.RTSTREAM_TEST_REPORT
const reporters = report ? ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`] : []
process.exit(
  run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...process.argv.slice(2)]),
)
