/** What programs of Java need: packages from Maven Central, and a trust store. */
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { done } from './suite.ts'

/** Of the trust store that every Java comes with. */
const PASSWORD = 'changeit'

/**
 * What Maven has fetched before it has.
 * @param artifacts each `group:artifact:version`, or with `:classifier` behind it.
 */
export async function classPath(place: string, artifacts: readonly string[]): Promise<string> {
  const dependencies = artifacts.map((one) => {
    const [group, artifact, version, classifier] = one.split(':')
    const more = classifier === undefined ? '' : `<classifier>${classifier}</classifier>`
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>${more}</dependency>`
  })
  writeFileSync(
    join(place, 'pom.xml'),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>suites</groupId><artifactId>suite</artifactId><version>1</version><dependencies>${dependencies.join('')}</dependencies></project>`,
  )
  await done('mvn', ['-q', '-B', 'dependency:build-classpath', '-Dmdep.outputFile=class-path'], place)
  return readFileSync(join(place, 'class-path'), 'utf8').trim()
}

/** @returns a file of Java's own trust and the session's certificate. */
export async function trustStore(place: string, certificate: string): Promise<string> {
  const settings = await done('sh', ['-c', 'java -XshowSettings:properties -version 2>&1'], place)
  const home = /java\.home = (.*)/.exec(settings)?.[1] as string
  const store = join(place, 'trust')
  rmSync(store, { force: true })
  copyFileSync(join(home, 'lib/security/cacerts'), store)
  chmodSync(store, 0o600)
  await done(
    'keytool',
    [
      '-importcert',
      '-noprompt',
      '-alias',
      'lake',
      '-file',
      certificate,
      '-keystore',
      store,
      '-storepass',
      PASSWORD,
    ],
    place,
  )
  return store
}
