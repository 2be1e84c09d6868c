/** Has Spark make the tables of delta_matrix.py, and keeps them for the readers' tests: `node test/notebooks/record-tables.ts [spark3|spark4]`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runPythonProgram } from './python-process.ts'
import { RECORD_NAMES, record } from './recorded-tables.ts'

const [asked] = process.argv.slice(2)
for (const name of RECORD_NAMES.filter((one) => asked === undefined || one === asked)) {
  const folder = mkdtempSync(join(tmpdir(), 'rtstream-record-'))
  try {
    const { status, stdout, stderr } = await runPythonProgram(
      ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', join(import.meta.dirname, 'test_matrix.py')],
      { RTSTREAM_MATRIX: folder, RTSTREAM_SPARKS: 'all' },
      name,
    )
    if (status !== 0) throw new Error(`${stdout}\n${stderr}`)
    record(name, folder)
    console.log(`${name}: ${stdout.trim().split('\n').at(-1)}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
