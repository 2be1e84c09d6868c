/** The page with the pictures shows each of them, and each shows what its mode is about. */
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { MODES } from '../support/modes/modes.ts'
import { PICTURES } from '../support/modes/pictures.ts'

const docs = resolve(import.meta.dirname, '../../docs')
const page = readFileSync(resolve(docs, 'screens.md'), 'utf8')

it('docs/screens.md shows every picture, and none that is not drawn', () => {
  const shown = [...page.matchAll(/\]\(pictures\/(\S+)\.svg\)/g)].map(([, name]) => name)
  expect(shown.toSorted()).toEqual(Object.keys(PICTURES).toSorted())
  const drawn = readdirSync(resolve(docs, 'pictures')).flatMap((file) => /^(.*)\.svg$/.exec(file)?.[1] ?? [])
  expect(drawn.toSorted()).toEqual(Object.keys(PICTURES).toSorted())
})

it.each(Object.entries(PICTURES))('%s shows what its mode is about', (name, { mode }) => {
  const svg = readFileSync(resolve(docs, 'pictures', `${name}.svg`), 'utf8')
  const text = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, part]) => part).join(' ')
  const letters = (some: string) => some.replaceAll(/&[a-z]+;|\W+/g, '')
  const { shows } = MODES[mode]
  if (typeof shows === 'string') expect(letters(text)).toContain(letters(shows))
  else expect(text.length).toBeGreaterThan(100)
})
