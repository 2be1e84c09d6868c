/** Spark and Hadoop's own driver on the local lake: what writes `abfss://` on Azure writes here. */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { ACCOUNT, KEY, startLake } from '../support/lake-server.ts'
import { runPythonProgram } from './python-process.ts'
import { sparkOrReason } from './spark.ts'

/** Of the trust store that every Java comes with. */
const PASSWORD = 'changeit'

/** Java's own trust, and the lake's certificate: Spark also fetches its packages with it. */
function trustStore(folder: string, certificate: string): string {
  const tool = (name: string) => (process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', name) : name)
  // Settings are printed to the stream of errors.
  const settings = execFileSync('sh', ['-c', `"${tool('java')}" -XshowSettings:properties -version 2>&1`], {
    encoding: 'utf8',
  })
  const home = /java\.home = (.*)/.exec(settings)?.[1] as string
  const [store, file] = [join(folder, 'trust'), join(folder, 'certificate.pem')]
  copyFileSync(join(home, 'lib/security/cacerts'), store)
  chmodSync(store, 0o600)
  writeFileSync(file, certificate)
  execFileSync(
    tool('keytool'),
    ['-importcert', '-noprompt', '-alias', 'lake', '-file', file, '-keystore', store, '-storepass', PASSWORD],
    { stdio: 'ignore' },
  )
  return store
}

it.skipIf(sparkOrReason('Spark over abfss://') !== undefined)(
  'Spark writes Delta over abfss://, reads it back, renames and deletes it',
  async () => {
    const lake = await startLake()
    try {
      const endpoint = new URL(lake.tlsEndpoint).host
      const store = trustStore(lake.folder, lake.tls.cert)
      const program = resolve(import.meta.dirname, 'abfss.py')
      const args = [program, endpoint, ACCOUNT, KEY, store, PASSWORD, 'silver']
      const { status, stdout, stderr } = await runPythonProgram(args)
      expect(status, stderr).toBe(0)
      // Ivy says first where its settings are.
      expect(stdout.trim().split('\n').slice(-2)).toEqual([
        "[(1, 'Zürich 1'), (2, 'Zürich 2'), (3, 'Zürich 3')]",
        'True False True True',
      ])
      expect(lake.unfinished()).toEqual([])
    } finally {
      await lake.close()
    }
  },
  1_200_000,
)
