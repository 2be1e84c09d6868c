/** The whole programs of docs/clients.md, each by its heading there. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const guide = readFileSync(resolve(import.meta.dirname, '../../docs/clients.md'), 'utf8')
const page = guide.slice(guide.indexOf('## Your own client in five minutes'))

/** @throws when the page has no such program. */
export function guideProgram(heading: string): string {
  const section = page.slice(page.indexOf(`\n### ${heading}\n`))
  const [, program] = /```\w+\n([\s\S]*?)```/.exec(section) ?? []
  if (!section.startsWith('\n### ') || program === undefined)
    throw new Error(`docs/clients.md has no program under ${heading}.`)
  return program
}
