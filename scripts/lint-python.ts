/** Runs ruff over the Python of the notebooks and the tests (`npm run lint:python`), as ruff.toml says. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ensurePython } from './python-env.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const found = ensurePython()
if ('missing' in found) {
  console.error(found.missing)
  process.exit(1)
}
const { status } = spawnSync(
  found.python,
  ['-m', 'ruff', 'check', '--no-cache', 'notebooks', 'lessons', 'test'],
  {
    cwd: root,
    stdio: 'inherit',
  },
)
process.exit(status ?? 1)
