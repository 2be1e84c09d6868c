/** Java programs of others, from Maven Central, for the tests that need them. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const has = (command: string, ...args: string[]) => spawnSync(command, args, { stdio: 'ignore' }).status === 0

/** @returns what is missing, having said so in one line; undefined: Java programs can be fetched and run. */
export function javaOrReason(suite: string): string | undefined {
  const lacks = ['java', 'mvn'].filter((command) => !has(command, '-version'))
  if (lacks.length === 0) return undefined
  const reason = `${lacks.join(' and ')} not installed (Debian: apt-get install openjdk-17-jdk-headless maven).`
  console.warn(`SKIPPED: ${suite}. ${reason}`)
  return reason
}

/**
 * The class path of these artifacts and all that they need, fetched by Maven into its own store.
 * @param artifacts as `group:artifact:version`.
 * @throws when Maven cannot fetch them.
 */
export function classPath(...artifacts: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'rtstream-maven-'))
  try {
    const dependencies = artifacts.map((one) => {
      const [group, artifact, version] = one.split(':')
      return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`
    })
    writeFileSync(
      join(folder, 'pom.xml'),
      `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version><dependencies>${dependencies.join('')}</dependencies></project>`,
    )
    const file = join(folder, 'class-path')
    execFileSync('mvn', ['-q', '-B', 'dependency:build-classpath', `-Dmdep.outputFile=${file}`], {
      cwd: folder,
      // What the caller prints on stdout is its own.
      stdio: ['ignore', 2, 'inherit'],
      timeout: 300_000,
    })
    return readFileSync(file, 'utf8').trim()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
