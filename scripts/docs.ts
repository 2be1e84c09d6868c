/** Writes docs/keys.md from the key map; `--check` only says whether it is stale. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { keysDocument } from '../src/ui/input/keymap.ts'

const file = fileURLToPath(new URL('../docs/keys.md', import.meta.url))
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== keysDocument()) {
    console.error('docs/keys.md is stale: npm run docs')
    process.exit(1)
  }
} else writeFileSync(file, keysDocument())
