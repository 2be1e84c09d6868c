/**
 * The pictures of `docs/screens.md`: every mode of the screen over made-up states, drawn as `ctrl+s` does, into `docs/pictures`.
 * `npm run pictures [NAME…]`; look at them before they are committed. `docs/screen.svg` shows a live run: `scripts/screenshot.ts`.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { screenFiles } from '../src/ui/app/screen-files.ts'
import { painter } from '../src/ui/text/ansi.ts'
import { type Line, plainText } from '../src/ui/text/line.ts'
import { chooseTheme } from '../src/ui/text/theme.ts'
import { drawMode, MODES } from '../test/support/modes/modes.ts'
import { PICTURES, type Picture } from '../test/support/modes/pictures.ts'

const names = process.argv.slice(2)
const unknown = names.filter((name) => !(name in PICTURES))
if (unknown.length > 0)
  throw new Error(
    `No picture is called ${unknown.join(', ')}. There are: ${Object.keys(PICTURES).join(', ')}.`,
  )
for (const [name, picture] of Object.entries(PICTURES))
  if (names.length === 0 || names.includes(name)) {
    const file = join(import.meta.dirname, '../docs/pictures', `${name}.svg`)
    writeFileSync(file, await svgOf(picture))
    console.log(file)
  }

async function svgOf({ mode, size, theme = 'dark' }: Picture): Promise<string> {
  const lines: Line[] = []
  const screen = await drawMode(mode, ...size, plainText)
  const { shows } = MODES[mode]
  const text = screen.rows.join('\n')
  if (typeof shows === 'string' ? !text.includes(shows) : !shows.test(text))
    throw new Error(`The screen of ${mode} does not show ${shows}.`)
  screen.repaint((line) => {
    lines.push(line)
    return plainText(line)
  })
  const colors = chooseTheme(theme, 24, {})
  const svg = screenFiles(lines, painter(colors, false), colors, theme === 'light').find(
    ({ extension }) => extension === 'svg',
  )
  return svg?.content ?? ''
}
