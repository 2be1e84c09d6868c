/** What can be opened in the built program, in a real terminal, over the services that really run: zooms, rows, layers, SQL. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { BIN, temporaryFolder } from '../support/cli.ts'
import { openTerminal } from '../support/terminal.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())
const WAIT = 30_000

it('every zoom shows what the services have written, rows open, and the layers answer', async () => {
  const args = [BIN, '--data-dir', folder.path, '--stations', '100', '--interval', '1s']
  const terminal = openTerminal({
    command: process.execPath,
    args,
    columns: 80,
    rows: 40,
    env: { DISPLAY: undefined, WAYLAND_DISPLAY: undefined },
  })
  const shows = (wanted: string | RegExp) => terminal.waitFor(wanted, WAIT)
  try {
    await terminal.waitFor((screen) => /○ agg/.test(screen.join()), WAIT)
    terminal.press('a')
    await shows(/● gen.*● asa.*● silver.*● gold.*● agg/)
    await shows(/gold +\d+ +[\d.]+ KB +[1-9]/)

    terminal.press('\x1b4', 'enter')
    await shows(
      /newest files of bronze[\s\S]*_\d+\.json[\s\S]*Delta commits[\s\S]*silver +\d+ +STREAMING UPDATE/,
    )
    for (let row = 0; row < 12; row++) terminal.press('j')
    terminal.press('enter')
    await shows(/file of bronze|commit \d+ of/)
    terminal.press('q', 'q', 'q')

    terminal.press('\x1b2', 'enter')
    await shows(/events\/s by look[\s\S]*▇[\s\S]*the job, as bronze tells[\s\S]*stream-analytics +AMQP/)
    terminal.press('j', 'enter')
    await shows('not in bronze yet')
    terminal.press('q', 'q', 'q')

    terminal.press('\x1b5', 'enter')
    await shows(/batches of silver[\s\S]*batches of gold[\s\S]*history of silver/)
    terminal.press('g')
    await shows(/No desktop here to open it: file:.*silver\.py/)
    terminal.press('q')

    terminal.press('\x1b8', 'enter', '\x1b[C')
    await shows(/all \d+ +generator \d+/)
    terminal.press('q')

    terminal.press('o')
    await shows(/columns 1–\d of 10 ←→[\s\S]*station-/)
    for (let column = 0; column < 9; column++) terminal.press('right')
    await shows(/columns 10 of 10|columns 9–10 of 10/)
    terminal.press('q', 's', 'SELECT 40 + 2 AS answer', 'enter')
    await shows(/answer[\s\S]*42[\s\S]*1 row, from/)
    terminal.press('q', '\x13')
    await shows(/✓ .*logs/)
    expect(readdirSync(join(folder.path, 'logs')).join(' ')).toMatch(/\.svg/)
    terminal.press('q', 'q')
    expect((await terminal.exit).code).toBe(0)
    expect(existsSync(join(folder.path, 'logs'))).toBe(true)
  } finally {
    await terminal.close()
  }
}, 180_000)
