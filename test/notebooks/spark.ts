/** Whether there is a Spark to test on. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ensurePython } from '../../scripts/python-env.ts'

/**
 * @returns undefined when Spark can run; else what is missing, which has been printed as one loud line.
 * @throws with `CI=true` instead: there, a skipped suite is a failed one.
 */
export function sparkOrReason(suite: string): string | undefined {
  const lacks = missing()
  if (lacks === undefined) return undefined
  if (process.env.CI === 'true') throw new Error(`Cannot be tested: ${suite}. ${lacks}`)
  console.warn(`SKIPPED: ${suite}. ${lacks}`)
  return lacks
}

function missing(): string | undefined {
  const python = ensurePython()
  if ('missing' in python) return python.missing
  const { JAVA_HOME } = process.env
  const java = spawnSync(JAVA_HOME ? join(JAVA_HOME, 'bin', 'java') : 'java', ['-version'], {
    encoding: 'utf8',
  })
  const version = /version "(\d+)/.exec(java.stderr ?? '')?.[1]
  if (version === '17') return undefined
  return `Java 17 is not installed (found ${version ?? 'none'}). Debian: apt-get install openjdk-17-jre-headless.`
}
