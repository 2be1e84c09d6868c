/** The documents that are made from code. `npm run docs` writes them, test/docs.test.ts says which are stale. */
import { keysDocument } from '../src/ui/input/keymap.ts'
import { configurationDocument } from './configuration-document.ts'

/** Path relative to the repository → what must stand there. */
export const DOCUMENTS: Readonly<Record<string, () => string>> = {
  'docs/keys.md': keysDocument,
  'docs/configuration.md': configurationDocument,
}
