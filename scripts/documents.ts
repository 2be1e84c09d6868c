/** The documents that are made from code. `npm run docs` writes them, test/docs.test.ts says which are stale. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { coverageTable } from '../src/local/data-lake/operations/coverage.ts'
import { keysDocument } from '../src/ui/input/keymap.ts'
import { configurationDocument } from './configuration-document.ts'
import { workshopDocument } from './workshop-document.ts'

/** Path relative to the repository → what must stand there. */
export const DOCUMENTS: Readonly<Record<string, () => string>> = {
  'docs/keys.md': keysDocument,
  'docs/configuration.md': configurationDocument,
  'docs/workshop.md': workshopDocument,
  'docs/clients.md': () => withPart('docs/clients.md', 'operations of the lake', coverageTable()),
}

/** The document as it stands, with a text between the two comments that name its place. */
function withPart(path: string, name: string, text: string): string {
  const document = readFileSync(join(import.meta.dirname, '..', path), 'utf8')
  const [begin, end] = [`<!-- ${name}: made by npm run docs -->\n`, `<!-- end of ${name} -->`]
  const [from, to] = [document.indexOf(begin), document.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${path} has no place for ${name}.`)
  return document.slice(0, from + begin.length) + text + document.slice(to)
}
