/** Whether there is a Spark to test on. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type EnvironmentName, ensurePython, javaOptions } from '../../scripts/python-env.ts'

/**
 * @returns undefined when Spark can run; else what is missing, which has been printed as one loud line.
 * @throws with `CI=true` instead: there, a skipped suite is a failed one.
 */
export function sparkOrReason(suite: string, environment?: EnvironmentName): string | undefined {
  const lacks = missing(environment)
  if (lacks === undefined) return undefined
  if (process.env.CI === 'true') throw new Error(`Cannot be tested: ${suite}. ${lacks}`)
  console.warn(`SKIPPED: ${suite}. ${lacks}`)
  return lacks
}

/** As conftest.py has it: no Java made for each plan, which takes longer than a few rows do. */
const INTERPRETED = [
  'spark.sql.codegen.wholeStage=false',
  'spark.sql.codegen.factoryMode=NO_CODEGEN',
  'spark.sql.adaptive.enabled=false',
]

/** `SPARK_SUBMIT_OPTS` of the Sparks that the product starts in a test of something else than their own options. */
export const smallSparkOptions = (): string =>
  [javaOptions(), ...INTERPRETED.map((setting) => `-D${setting}`)].join(' ')

function missing(environment?: EnvironmentName): string | undefined {
  try {
    const python = ensurePython(environment)
    if ('missing' in python) return python.missing
  } catch (error) {
    return `Python's packages could not be installed: ${(error as Error).message.split('\n')[0]}`
  }
  const { JAVA_HOME } = process.env
  const java = spawnSync(JAVA_HOME ? join(JAVA_HOME, 'bin', 'java') : 'java', ['-version'], {
    encoding: 'utf8',
  })
  const version = /version "(\d+)/.exec(java.stderr ?? '')?.[1]
  if (version === '17') return undefined
  return `Java 17 is not installed (found ${version ?? 'none'}). Debian: apt-get install openjdk-17-jre-headless.`
}
