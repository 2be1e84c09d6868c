/** Makes `.venv` with what the notebook suite and the foreign clients of the wire tests need, when it is missing or old. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const venv = join(root, '.venv')

/** The interpreter inside `.venv`. */
export const pythonPath = join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')

/**
 * @returns the path of a Python that has every pinned package, or the one line that says what to install.
 * The first call on a fresh machine downloads about 400 MB.
 */
export function ensurePython(): { python: string } | { missing: string } {
  const files = ['notebooks/requirements.txt', 'test/requirements.txt']
  const wanted = createHash('sha256')
  for (const file of files) wanted.update(readFileSync(join(root, file)))
  const stamp = join(venv, 'requirements.sha256')
  const digest = wanted.digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return { python: pythonPath }
  const system = ['python3', 'python'].find((name) => {
    try {
      execFileSync(name, ['-c', 'import sys, venv; sys.exit(sys.version_info < (3, 9))'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })
  if (!system)
    return {
      missing: 'Python 3.9 or newer with venv is not installed (Debian: apt-get install python3-venv).',
    }
  execFileSync(system, ['-m', 'venv', venv], { stdio: 'inherit' })
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '-r',
    join(root, 'test/requirements.txt'),
  ]
  execFileSync(pythonPath, pip, { stdio: 'inherit' })
  writeFileSync(stamp, digest)
  return { python: pythonPath }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = ensurePython()
  if ('missing' in found) {
    console.error(found.missing)
    process.exit(1)
  }
  console.log(found.python)
}
