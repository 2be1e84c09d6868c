/** A control room that is killed: the next one says so, and goes on with what a person had set. And an end in a plain locale. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { BIN, temporaryFolder } from '../support/cli.ts'
import { openTerminal, type Terminal } from '../support/terminal.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())
const WAIT = 30_000

const open = (args: readonly string[] = [], env: Record<string, string> = {}): Terminal =>
  openTerminal({ command: process.execPath, args: [BIN, '--data-dir', folder.path, ...args], env })
const isConnected = (screen: readonly string[]) =>
  /[○o] agg/.test(screen.join('')) && !/connecting/.test(screen[0] ?? '')
const remembered = () => JSON.parse(readFileSync(join(folder.path, 'state', 'session.json'), 'utf8'))

it('after kill -9 the next start says it, resumes stations, interval and dirt, and goes on with the log', async () => {
  const first = open(['--stations', '50', '--interval', '10s'])
  await first.waitFor(isConnected, WAIT)
  const set = async (key: string, question: string, text: string) => {
    first.press(key)
    await first.waitFor(question, WAIT)
    first.press(...text)
    await first.waitFor(text, WAIT)
    first.press('enter')
    await first.waitFor((screen) => !screen.join('').includes(question), WAIT)
  }
  await set('n', 'How many?', '77')
  await set('i', 'How often does each station report?', '20s')
  await set('D', 'How many percent?', '8')
  await first.waitFor(/77 st[\s\S]*8 % dirty/, WAIT)
  await expect
    .poll(remembered, { timeout: WAIT })
    .toMatchObject({ hasEnded: false, stations: 77, intervalMs: 20_000, dirty: 0.08 })
  first.signal('SIGKILL')
  await first.exit
  await first.close()

  // What is given now stands above what was set then.
  const second = open(['--interval', '30s'], { LANG: 'C', LC_ALL: 'C' })
  await second.waitFor(isConnected, WAIT)
  await second.waitFor(/77 st[\s\S]*8 % dirty[\s\S]*last session ended hard/, WAIT)
  // The log of the session before stands above it, in the zoom with room for both.
  second.press('\x1b8')
  await second.waitFor((screen) => /enter zoom/.test(screen.at(-1) ?? ''), WAIT)
  second.press('enter')
  await second.waitFor(/77 stations[\s\S]*last session ended hard; a starts everything again/, WAIT)
  await expect
    .poll(remembered, { timeout: WAIT })
    .toMatchObject({ hasEnded: false, stations: 77, intervalMs: 30_000, dirty: 0.08 })
  for (const row of second.screen()) expect(row).toMatch(/^[ -~]*$/)
  second.press('q')
  await second.waitFor((screen) => /q quit/.test(screen.at(-1) ?? ''), WAIT)
  second.press('q')
  await second.exit
  // The summary too keeps to the locale.
  expect(second.isAlternateScreen).toBe(false)
  expect(second.text()).toMatch(/The ledger after[\s\S]*The data lies in/)
  expect(second.text()).toMatch(/^[\n -~]*$/)
  expect(remembered().hasEnded).toBe(true)
  await second.close()

  const third = open()
  await third.waitFor(isConnected, WAIT)
  expect(third.text()).not.toContain('ended hard')
  third.press('q')
  expect((await third.exit).code).toBe(0)
  await third.close()
}, 240_000)
