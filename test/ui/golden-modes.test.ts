/**
 * Golden screens of every mode: the text in three to five sizes, and the four themes with their colours at 80×24; one file of
 * each for a mode. `npx vitest run test/ui/golden-modes.test.ts -u` takes them anew; `cat` shows the colours in a terminal.
 */
import { expect, it } from 'vitest'
import { painter } from '../../src/ui/text/ansi.ts'
import { plainText } from '../../src/ui/text/line.ts'
import textWidth from '../../src/ui/text/text-width.ts'
import { chooseTheme } from '../../src/ui/text/theme.ts'
import { drawMode, MODES, type ModeName } from '../support/modes/modes.ts'

type Size = readonly [columns: number, rows: number]
const SMALL: Size = [80, 24]
const SIZES: readonly Size[] = [SMALL, [120, 40], [200, 60]]
/** Those that have most to lay out, at the sizes between too. */
const ALL_SIZES: readonly Size[] = [SMALL, [100, 30], [120, 40], [160, 50], [200, 60]]
const LAID_OUT = new Set<ModeName>([
  'presenter',
  'help',
  'data-silver',
  'trace',
  'zoom-hub',
  'zoom-lake',
  'zoom-databricks',
  'ledger',
  'unsigned',
])
const THEMES = {
  dark: chooseTheme('dark', 24, {}),
  light: chooseTheme('light', 24, {}),
  ansi: chooseTheme('ansi', 4, {}),
  mono: chooseTheme('mono', 1, {}),
}

/** The main screen has more sizes and states: golden.test.ts, golden-themes.test.ts. */
const names = (Object.keys(MODES) as ModeName[]).filter((name) => name !== 'main')

it.each(names)('%s', async (name) => {
  const parts: string[] = []
  const { shows } = MODES[name]
  for (const [columns, rows] of LAID_OUT.has(name) ? ALL_SIZES : SIZES) {
    const screen = await drawMode(name, columns, rows, plainText)
    expect(screen.rows.join('\n')).toMatch(shows)
    expect(screen.rows.map((row) => textWidth(row))).toEqual(Array(rows).fill(columns))
    parts.push(`${columns}×${rows}`, ...screen.rows.map((row) => row.trimEnd()), '')
  }
  await expect(`${parts.join('\n')}\n`).toMatchFileSnapshot(`golden/modes/${name}.txt`)
})

it.each(names)('%s in four themes', async (name) => {
  const { repaint } = await drawMode(name, ...SMALL, plainText)
  const parts = Object.entries(THEMES).flatMap(([theme, colors]) => [
    theme,
    ...repaint(painter(colors, false)),
  ])
  await expect(`${parts.join('\n')}\n`).toMatchFileSnapshot(`golden/modes/${name}.ansi`)
})
