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
    expect(keys).toContain('q')
  })

  it.each(keys)('%s is a key of the control room', (key) => {
    expect(bindingOf(NAMED[key] ?? key)).toBeDefined()
  })
})

/** What the lesson says that happens, and the command that the key must therefore be. */
const LESSON: readonly [says: RegExp, command: Command][] = [
  [/Press `(.)`\. One hundred stations report/, 'generator'],
  [/Press `(.)` twice: 400 stations/, 'moreStations'],
  [/Press `(.)` for a burst/, 'burst'],
  [/Press `(.)`\. Stream Analytics goes/, 'streamAnalytics'],
  [/Press `(.)`; on Azure it was pressed a part ahead, as the cluster needs minutes/, 'silver'],
  [/press `(.)`: a share of the readings is now corrupted/, 'dirty'],
  [/Use `(.)` and type `humidity`/, 'filter'],
  [/Press `(.)` to hold the screen still/, 'freeze'],
  [/Press `(.)`\. Gold adds date and hour/, 'gold'],
  [/Press `(.)`\. The Synapse panel names/, 'aggregate'],
  [/Press `(.)` to stop everything/, 'stopAll'],
  [/Press `(.)` for the keys/, 'help'],
  [/with `(\w+)` to the \*\*event hub\*\* panel/, 'nextPanel'],
  [/panel and press `(\w+)`/, 'zoom'],
]

describe('the lesson', () => {
  const lesson = read('docs/workshop.md').replaceAll('\n', ' ')
  it.each(LESSON)('%s is the key for %s', (says, command) => {
    const key = says.exec(lesson)?.[1] ?? 'not said any more'
    expect(bindingOf(NAMED[key] ?? key)?.command).toBe(command)
  })
})
