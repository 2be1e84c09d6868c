import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DOCUMENTS } from '../scripts/documents.ts'

it.each(Object.entries(DOCUMENTS))('%s says what the code says (npm run docs)', (path, make) => {
  expect(readFileSync(join(import.meta.dirname, '..', path), 'utf8')).toBe(make())
})
