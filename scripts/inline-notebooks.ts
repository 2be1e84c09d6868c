/** Copies the shared modules into the notebooks that cannot import them (Synapse). Run it after a change of a module. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NOTEBOOKS } from '../src/commands/notebooks.ts'
import { withGeneratedCode } from '../src/commands/shared/notebooks-source.ts'

const folder = join(import.meta.dirname, '../notebooks')
const read = (name: string) => readFileSync(join(folder, `${name}.py`), 'utf8')

for (const name of NOTEBOOKS) writeFileSync(join(folder, `${name}.py`), withGeneratedCode(read(name), read))
