/** The guide's Spark program, as it stands there: what writes `abfss://` on Azure writes here. */
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { guideProgram } from '../support/guide.ts'
import { ACCOUNT, KEY, startLake } from '../support/lake-server.ts'
import { runPythonProgram } from './python-process.ts'
import { sparkOrReason } from './spark.ts'

/** The parent's pipe, and a Spark that is small; then the program, to the letter. */
const RUN = `
import os, runpy, sys
import conftest
os.chdir(sys.argv[1])
runpy.run_path("spark.py")
`

it.skipIf(sparkOrReason('Spark over abfss://') !== undefined)(
  'Spark writes Delta over abfss://, reads it back, renames and deletes it',
  async () => {
    const lake = await startLake()
    try {
      const certificateFile = join(lake.folder, 'certificate.pem')
      writeFileSync(certificateFile, lake.tls.cert)
      const endpoints = { account: ACCOUNT, accountKey: KEY, lakeTls: lake.tlsEndpoint, certificateFile }
      writeFileSync(join(lake.folder, 'endpoints.json'), JSON.stringify(endpoints))
      writeFileSync(join(lake.folder, 'spark.py'), guideProgram('Spark'))
      await lake.raw('PUT', '/checkpoints', { query: 'restype=container' })
      const { status, stdout, stderr } = await runPythonProgram(['-c', RUN, lake.folder], {
        PYTHONPATH: resolve(import.meta.dirname),
      })
      expect(status, stderr).toBe(0)
      // Ivy says first where its settings are.
      expect(stdout.trim().split('\n').slice(-3)).toEqual([
        "[('Basel', 23), ('Bern', 21), ('Zürich', 19)]",
        'True False True',
        'True',
      ])
      expect(lake.unfinished()).toEqual([])
    } finally {
      await lake.close()
    }
  },
  1_200_000,
)
