import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { STAGE_IDS } from '../../../src/pipeline/ports/stages.ts'
import { bindingOf, KEYMAP, keysDocument } from '../../../src/ui/input/keymap.ts'

it('docs/keys.md is what the key map says (npm run docs makes it)', () => {
  expect(readFileSync(new URL('../../../docs/keys.md', import.meta.url), 'utf8')).toBe(keysDocument())
})

it('gives each key to one command only', () => {
  const keys = KEYMAP.flatMap((binding) => binding.keys)
  expect(new Set(keys).size).toBe(keys.length)
  for (const binding of KEYMAP) for (const key of binding.keys) expect(bindingOf(key)).toBe(binding)
})

it('gives each stage a key', () => {
  expect(KEYMAP.map(({ command }) => command)).toEqual(expect.arrayContaining([...STAGE_IDS]))
})

it('has every key of the control room', () => {
  for (const key of [
    '1',
    '2',
    '3',
    '4',
    '5',
    'a',
    'x',
    '+',
    '-',
    'b',
    'd',
    'tab',
    'left',
    'return',
    '/',
    'p',
    '?',
    'q',
  ])
    expect(bindingOf(key), key).toBeDefined()
})
