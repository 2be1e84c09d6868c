/** The guides name keys: each must be there, or a presenter stands before an audience with a dead one. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bindingOf } from '../../../src/ui/input/keymap.ts'

const read = (path: string) => readFileSync(resolve(import.meta.dirname, '../../..', path), 'utf8')
/** As the guides call them, and as the input does. */
const NAMED: Readonly<Record<string, string>> = { enter: 'return', esc: 'escape', tab: 'tab' }

/** A single character in code type is a key, and so are the named ones. */
const keysIn = (text: string) =>
  [...text.matchAll(/`([^`\n]+)`/g)]
    .map((match) => match[1] as string)
    .filter((code) => code.length === 1 || code in NAMED)

describe.each(['docs/workshop.md', 'docs/azure.md'])('%s', (path) => {
  const keys = [...new Set(keysIn(read(path)))]

  it('names keys', () => {
    expect(keys.length).toBeGreaterThan(2)
  })

  it.each(keys)('%s is a key of the control room', (key) => {
    expect(bindingOf(NAMED[key] ?? key)).toBeDefined()
  })
})
