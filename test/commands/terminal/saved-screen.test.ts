/** The files of ctrl+s, and what the last line of the screen says of them. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { saveScreen } from '../../../src/commands/terminal/saved-screen.ts'

const FILES = [
  { extension: 'txt', content: 'text\n' },
  { extension: 'ansi', content: 'text\n' },
  { extension: 'svg', content: '<svg/>' },
] as const
/** Columns of the smallest window with panels, without the mark of a message. */
const COLUMNS = 77

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rtstream-screen-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('names the files first: a long folder is cut at the end of the line, they are not', () => {
  const result = saveScreen(folder, FILES)
  const said = result.ok ? result.message : ''
  const [first = ''] = readdirSync(folder)
  const name = first.slice(0, first.lastIndexOf('.'))
  expect(readdirSync(folder).sort()).toEqual([`${name}.ansi`, `${name}.svg`, `${name}.txt`])
  expect(said.slice(0, COLUMNS)).toContain(`Saved ${name}.txt, .ansi and .svg in `)
  expect(said.endsWith(folder)).toBe(true)
})

it('says why it could not', () => {
  expect(saveScreen(join(folder, 'none'), FILES)).toEqual({
    ok: false,
    reason: expect.stringMatching(
      /^The screen could not be saved: .*none cannot be written: its folder does not exist\..*--data-dir\.$/,
    ),
  })
})
