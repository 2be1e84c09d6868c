/**
 * What stands in a real terminal can be read: the contrast of every letter, digit and sign with the ground of its own cell, as the
 * terminal has them at last. Frames, arrows, charts and the marks of empty rows are no text.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Bundle, bundle } from '../support/bundle.ts'
import { contrast } from '../support/contrast.ts'
import { type Cell, openTerminal, type Terminal } from '../support/terminal.ts'

let program: Bundle
beforeAll(async () => {
  program = await bundle('test/support/control-room.ts')
})
afterAll(() => program.remove())

const WAIT = 30_000
/** What people have: how the terminal tells it, and its own text on it. */
const GROUNDS = {
  dark: { ground: '#14181f', text: '#d5dae3', told: '15;0' },
  light: { ground: '#fdf6e3', text: '#24292f', told: '0;15' },
} as const

/** A key, and what the screen then shows. `q` closes: a letter soon after esc would be alt and that letter. */
const MODES: readonly (readonly [key: string, shows: RegExp])[] = [
  ['?', /start or stop the generator/],
  ['q', /q quit/],
  ['l', /five assertions/],
  ['q', /q quit/],
  ['F', /esc closes/],
  ['q', /q quit/],
  ['v', /events a second +created/],
  ['q', /q quit/],
  ['n', /How many\?/],
]

for (const scenario of ['allRunning', 'failing'])
  for (const [name, { told, ...colors }] of Object.entries(GROUNDS))
    for (const theme of ['auto', 'high-contrast', 'color-blind'])
      it(`${scenario}, ${theme}, on a ${name} terminal`, { timeout: 120_000 }, async () => {
        const terminal = openTerminal({
          command: process.execPath,
          args: [program.file, scenario, '--theme', theme],
          columns: 100,
          rows: 30,
          env: { COLORFGBG: told },
        })
        try {
          await terminal.waitFor(/q quit/, WAIT)
          const least = theme === 'high-contrast' ? 7 : 4.5
          expect(unreadable(terminal, colors, least)).toEqual([])
          for (const [key, shows] of MODES) {
            terminal.press(key)
            await terminal.waitFor(shows, WAIT)
            expect(unreadable(terminal, colors, least), key).toEqual([])
          }
        } finally {
          await terminal.close()
        }
      })

const isText = (text: string) =>
  /[\p{L}\p{N}\p{P}\p{S}]/u.test(text) && !/[\u2500-\u259f\u2800-\u28ff▶_·]/u.test(text)

/** Cells whose text has less contrast, once for each pair of colours. */
function unreadable(
  terminal: Terminal,
  { ground, text }: { ground: string; text: string },
  least: number,
): string[] {
  const found = new Set<string>()
  for (let row = 0; row < terminal.rows; row++)
    for (const cell of terminal.cells(row)) {
      if (!isText(cell.text)) continue
      const [front, back] = [colorOf(cell.foreground, text), colorOf(cell.background, ground)]
      const ratio = contrast(front, back)
      if (ratio < least || cell.isDim)
        found.add(
          `${cell.isInverse ? `${back} on ${front}` : `${front} on ${back}`}: ${ratio.toFixed(2)} ${cell.text}`,
        )
    }
  return [...found]
}

/** @throws for one of the sixteen colours, which every terminal has of its own. */
function colorOf(color: Cell['foreground'], fallback: string): string {
  if (typeof color === 'number') throw new Error(`colour ${color} is the terminal's own`)
  return color === 'default' ? fallback : color
}
