/**
 * The report that the README shows: a live session of the built program with three faults, an event that was followed and a reading
 * that was typed, written to `docs/report-example.html`, and its picture to `docs/pictures/report.png` (by Chromium):
 *   npm run pictures:report
 * Look at both before they are committed. test/docs.test.ts says when the page is older than the code.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FAULTS } from '../src/pipeline/faults/registry.ts'
import { LETTERS } from '../src/ui/input/letters.ts'
import { openBrowser, showPage } from '../test/support/browser.ts'
import { BIN } from '../test/support/cli.ts'
import { openTerminal } from '../test/support/terminal.ts'

const DOCS = join(import.meta.dirname, '../docs')
const PAGE = join(DOCS, 'report-example.html')
const PICTURE = { file: join(DOCS, 'pictures/report.png'), width: 900, height: 1500 }
const BROKEN = ['silver-killed', 'hub-away', 'schema-change']
const PATIENCE_MS = 60_000
/** A fault lasts so long, and so long passes before the next one (ms): charts need something to show. */
const BROKEN_MS = 6000
const CALM_MS = 9000

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const folder = mkdtempSync(join(tmpdir(), 'rtstream-report-'))
const room = openTerminal({
  command: process.execPath,
  args: [
    ...[BIN, '--data-dir', join(folder, 'data'), '--stations', '150', '--interval', '1s', '--dirty', '0.03'],
    ...['--report', PAGE],
  ],
  columns: 120,
  rows: 40,
})
const see = (shows: Parameters<typeof room.waitFor>[0]) => room.waitFor(shows, PATIENCE_MS)
const without = (text: string) => see((screen) => !screen.join('\n').includes(text))

async function breakFor(name: string): Promise<void> {
  room.press('F')
  await see('A letter breaks it')
  room.press(LETTERS[FAULTS.findIndex((fault) => fault.name === name)] as string)
  await see(' broken ')
  await pause(BROKEN_MS)
  room.press('escape')
  await without(' broken ')
  await without(' mended ')
}

/** Its details are shown, then closed, and then the strip is the pipeline's again. */
async function followedToTheEnd(): Promise<void> {
  await see((screen) =>
    [/╭ one event/, /Event .* at \d:\d+/, /● aggregate/].every((part) => part.test(screen.join('\n'))),
  )
  room.press('escape')
  await without('╭ one event')
  room.press('escape')
  await see('● stream analytics')
  // A key that acts, right after esc, would be taken for one that is pressed with alt.
  await pause(2000)
}

try {
  await see('q quit')
  room.press('a')
  await see(/1 running.*2 running.*3 running.*4 running.*5 running/)
  await pause(CALM_MS)
  for (const name of BROKEN) {
    await breakFor(name)
    await pause(CALM_MS)
  }
  room.press('T')
  await followedToTheEnd()
  room.press('w')
  await see('send one reading')
  for (const part of ['Bern', '21', '60']) {
    for (const key of part) room.press(key)
    await see(`${part}▏`)
    room.press('enter')
  }
  await followedToTheEnd()
  await pause(CALM_MS)
  room.press('1')
  await see('✓ balanced')
  room.press('x')
  await see('stop all stages?')
  room.press('y')
  await see(/1 stopped.*2 stopped.*3 stopped.*4 stopped.*5 stopped/)
  room.press('q')
  await room.exit
} finally {
  await room.close()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
console.log(PAGE)
const browser = await openBrowser()
try {
  const { page } = await showPage(browser, readFileSync(PAGE, 'utf8'), PICTURE)
  await page.screenshot({ path: PICTURE.file })
} finally {
  await browser.close()
}
console.log(PICTURE.file)
