/**
 * A terminal that takes nothing any more (a line that is down) holds neither the pipeline nor the end: Node waits for a terminal with
 * each write, which froze programs with a screen, as their users report (pi's issue 9743).
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { BIN, cli, temporaryFolder } from '../support/cli.ts'
import { openTerminal } from '../support/terminal.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())
const WAIT = 30_000
/** Whole frames, each in other colours: more than any buffer on the way holds. */
const THEMES = 80
/** A busy machine paints fewer of them: then as many more as it takes. */
const MOST_THEMES = 2000

/** Whether the program waits for its terminal to take what it has written: what its event loop is woken for tells that, on Linux. */
function waitsForTerminal(pid: number): boolean {
  if (process.platform !== 'linux') return true
  const WRITABLE = 4
  return readdirSync(`/proc/${pid}/fdinfo`).some((loop) =>
    [
      ...readFileSync(`/proc/${pid}/fdinfo/${loop}`, 'utf8').matchAll(/^tfd: +(\d+) events: +([\da-f]+)/gm),
    ].some(
      ([, descriptor, events = '']) =>
        (Number.parseInt(events, 16) & WRITABLE) !== 0 &&
        readlinkSync(`/proc/${pid}/fd/${descriptor}`).startsWith('/dev/pts/'),
    ),
  )
}

it('the pipeline answers meanwhile, the newest frame comes afterwards, and a signal ends it', async () => {
  const dataDir = join(folder.path, 'data')
  const terminal = openTerminal({
    command: process.execPath,
    args: [BIN, '--data-dir', dataDir],
    columns: 200,
    rows: 60,
  })
  const isConnected = (screen: readonly string[]) =>
    screen.join('').includes('○ agg') && !/connecting/.test(screen[0] ?? '')
  await terminal.waitFor(isConnected, WAIT)
  const stall = async () => {
    terminal.stall()
    for (let pressed = 0; pressed < THEMES || !waitsForTerminal(terminal.pid); pressed++) {
      expect(pressed).toBeLessThan(MOST_THEMES)
      terminal.press('t')
      await new Promise((done) => setTimeout(done, 10))
    }
    const { code, stderr } = await cli(['status', '--json', '--data-dir', dataDir])
    expect([code, stderr]).toEqual([0, ''])
  }
  await stall()
  terminal.press('v')
  terminal.goOn()
  await terminal.waitFor(/v panels/, WAIT)
  await stall()
  terminal.signal('SIGTERM')
  expect((await terminal.exit).code).toBe(1)
  await terminal.close()
}, 120_000)
