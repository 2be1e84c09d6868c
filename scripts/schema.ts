/** Writes rtstream.schema.json from the settings; with `--check` only says whether it is up to date. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { configJsonSchema } from '../src/config/json-schema.ts'

const file = fileURLToPath(new URL('../rtstream.schema.json', import.meta.url))
const wanted = `${JSON.stringify(configJsonSchema(), null, 2)}\n`

if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== wanted) {
    console.error('rtstream.schema.json is stale: run `node scripts/schema.ts`.')
    process.exit(1)
  }
} else {
  writeFileSync(file, wanted)
}
