/** The guides name keys: each must be there, or a presenter stands before an audience with a dead one. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bindingOf, type Command } from '../../../src/ui/input/keymap.ts'

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

/** What a lesson says a key does, and the command that the key must therefore be. */
const SAID: readonly [lesson: string, says: RegExp, command: Command][] = [
  ['1-pipeline', /^(.) starts the generator/m, 'generator'],
  ['1-pipeline', /^(.) stops the generator/m, 'generator'],
  ['2-exactly-once', /^(.) starts all five stages/m, 'startAll'],
  ['2-exactly-once', /^(.) lists what can be broken/m, 'faults'],
  ['2-exactly-once', /^(\w+) mends it/m, 'back'],
  ['3-operations', /^(.) starts the Stream Analytics job/m, 'streamAnalytics'],
  ['3-operations', /^(.) sends ten times as many readings/m, 'burst'],
  ['3-operations', /^(.) stops everything, in reverse order/m, 'stopAll'],
  ['4-room', /^(.) opens it\. Where it asks for the address/m, 'audience'],
  ['4-room', /line of the ledger: (.) shows it/, 'ledger'],
]

describe('a lesson', () => {
  it.each(SAID)('%s: %s is the key for %s', (lesson, says, command) => {
    const key = says.exec(read(`lessons/${lesson}.md`))?.[1] ?? 'not said any more'
    expect(bindingOf(NAMED[key] ?? key)?.command).toBe(command)
  })
})
