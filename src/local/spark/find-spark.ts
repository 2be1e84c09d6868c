/** Finds what a local Spark needs: Python with PySpark and Delta Lake, and Java. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Spark 3.5 runs on these. */
const JAVA_VERSIONS = [11, 17]

/** What is missing, and how to get it. */
export class SparkMissingError extends Error {
  override readonly name = 'SparkMissingError'
  readonly hint: string

  constructor(what: string, hint: string) {
    super(`--engine spark needs ${what}.`)
    this.hint = `${hint} Or leave --engine out: the embedded engine needs nothing.`
  }
}

export interface FindOptions {
  /** Folder of the package, which may have a `.venv`. */
  packageRoot: string
  env: NodeJS.ProcessEnv
}

/**
 * Looks at `$RTSTREAM_PYTHON`, the package's `.venv`, then `python3` and `python`.
 * @returns the Python to run notebooks with.
 * @throws SparkMissingError
 */
export async function findSpark({ packageRoot, env }: FindOptions): Promise<string> {
  const java = env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : 'java'
  const version = await javaVersion(java)
  if (!version || !JAVA_VERSIONS.includes(version))
    throw new SparkMissingError(
      `Java 17 (found: ${version ?? 'none'})`,
      'Install it (Debian: apt-get install openjdk-17-jre-headless), or point JAVA_HOME to it.',
    )
  const own = join(packageRoot, '.venv', 'bin', 'python')
  const candidates = env.RTSTREAM_PYTHON
    ? [env.RTSTREAM_PYTHON]
    : [...(existsSync(own) ? [own] : []), 'python3', 'python']
  for (const python of candidates) if (await hasSpark(python)) return python
  const where = env.RTSTREAM_PYTHON ? `, and RTSTREAM_PYTHON (${env.RTSTREAM_PYTHON}) has none` : ''
  throw new SparkMissingError(
    `Python with PySpark 3.5 and Delta Lake${where}`,
    `Install them: pip install -r ${join(packageRoot, 'notebooks', 'requirements.txt')}.`,
  )
}

async function javaVersion(java: string): Promise<number | undefined> {
  try {
    const { stderr, stdout } = await run(java, ['-version'])
    const version = /version "(?:1\.)?(\d+)/.exec(`${stderr}${stdout}`)?.[1]
    return version === undefined ? undefined : Number(version)
  } catch {
    return undefined
  }
}

const CHECK =
  'from importlib.metadata import version; import importlib.util as u, sys; ' +
  'sys.exit(not (u.find_spec("delta") and version("pyspark").startswith("3.5.")))'

async function hasSpark(python: string): Promise<boolean> {
  try {
    await run(python, ['-c', CHECK])
    return true
  } catch {
    return false
  }
}
