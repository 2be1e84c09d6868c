/** Writes the documents that are made from code; `--check` only says which are stale. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DOCUMENTS } from './documents.ts'

const root = join(import.meta.dirname, '..')
let stale = 0
for (const [path, make] of Object.entries(DOCUMENTS)) {
  const file = join(root, path)
  if (!process.argv.includes('--check')) writeFileSync(file, make())
  else if (readFileSync(file, 'utf8') !== make()) {
    console.error(`${path} is stale: npm run docs`)
    stale++
  }
}
process.exitCode = stale > 0 ? 1 : 0
