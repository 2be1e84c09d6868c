/** Makes `.venv` with what the notebook suite and the foreign clients of the wire tests need, when it is missing or old. */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const venv = join(root, '.venv')

/** The interpreter inside `.venv`. */
export const pythonPath = join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')

/** Environment variable by which `npm test` tells its files why there is no Python. */
export const PYTHON_MISSING = 'RTSTREAM_PYTHON_MISSING'

/**
 * @returns the path of a Python that has every pinned package, or the one line that says what to install.
 * The first call on a fresh machine downloads about 400 MB.
 * @throws when the packages cannot be installed: no index within reach, no room.
 */
export function ensurePython(): { python: string } | { missing: string } {
  // Asked once for a whole run of the suite, not by each of its files.
  const missing = process.env[PYTHON_MISSING]
  if (missing) return { missing }
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
  fetchDelta()
  writeFileSync(stamp, digest)
  return { python: pythonPath }
}

const OPEN_SESSION = `
from delta import configure_spark_with_delta_pip
from pyspark.sql import SparkSession
builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
configure_spark_with_delta_pip(builder).getOrCreate().stop()
`

/** Opens one Spark session, which fetches Delta's jars: two at once on a fresh machine get in each other's way. */
function fetchDelta(): void {
  // Without Java there is no Spark, and the suites that need one say so.
  const { status, stderr } = spawnSync(pythonPath, ['-c', OPEN_SESSION], {
    encoding: 'utf8',
    timeout: 300_000,
  })
  if (status !== 0) console.warn(`Delta's jars were not fetched: ${stderr.trim().split('\n').at(-1)}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = ensurePython()
  if ('missing' in found) {
    console.error(found.missing)
    process.exit(1)
  }
  console.log(found.python)
}
