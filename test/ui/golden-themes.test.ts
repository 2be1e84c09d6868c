/**
 * Golden screens of five sizes in four themes, with their colours: the lines as they are painted, without a terminal between.
 * `npx vitest run test/ui/golden-themes.test.ts -u` takes them anew; `cat` shows one in a terminal of its size.
 */
import { expect, it } from 'vitest'
import { screenLines } from '../../src/ui/app/screen-lines.ts'
import { initialView } from '../../src/ui/input/view-state.ts'
import { painter } from '../../src/ui/text/ansi.ts'
import { chooseTheme } from '../../src/ui/text/theme.ts'
import { scenarios } from '../support/scenario.ts'

const SIZES = [
  [80, 24],
  [100, 30],
  [120, 40],
  [160, 50],
  [200, 60],
] as const
const THEMES = {
  dark: chooseTheme('dark', 24, {}),
  light: chooseTheme('light', 24, {}),
  ansi: chooseTheme('ansi', 4, {}),
  mono: chooseTheme('mono', 1, {}),
}

for (const [name, theme] of Object.entries(THEMES))
  it.each(SIZES)(`${name} at %i×%i`, async (columns, rows) => {
    const { lines } = screenLines(scenarios.allRunning(), initialView, columns, rows)
    const text = `${lines.map(painter(theme, false)).join('\n')}\n`
    await expect(text).toMatchFileSnapshot(`golden/themes/${name}-${columns}x${rows}.ansi`)
  })
