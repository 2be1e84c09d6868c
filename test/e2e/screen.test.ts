/** The control room of the built program in a real terminal: sizes, keys, resizing, and how it gives the terminal back. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { BIN, temporaryFolder } from '../support/cli.ts'
import { openTerminal, type Terminal } from '../support/terminal.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

let count = 0
const open = (
  options: { columns?: number; rows?: number; args?: string[]; env?: Record<string, string> } = {},
): Terminal => {
  const { columns = 120, rows = 40, args = [], env = {} } = options
  const dataDir = join(folder.path, String(count++))
  return openTerminal({
    command: process.execPath,
    args: [BIN, '--data-dir', dataDir, '--stations', '50', '--interval', '1s', ...args],
    columns,
    rows,
    env,
  })
}
const connected = (terminal: Terminal) =>
  terminal.waitFor((screen) => /○ agg/.test(screen.join()) && !/connecting/.test(screen[0] ?? ''), 30_000)

/** Every stage's glyph in the flow strip says that it runs. */
const ALL_RUN = /● gen.*● (?:stream analytics|asa).*● silver.*● gold.*● agg/

describe('the control room', () => {
  it.each([
    [80, 24],
    [120, 40],
    [200, 60],
  ])(
    'fills %i×%i, starts everything with a, and shows readings in gold',
    async (columns, rows) => {
      const terminal = open({ columns, rows })
      await connected(terminal)
      expect(terminal.isAlternateScreen).toBe(true)
      terminal.press('a')
      await terminal.waitFor(ALL_RUN, 30_000)
      await terminal.waitFor(/gold +\d+ +[\d.]+ KB +[1-9]/, 30_000)
      for (const row of terminal.screen()) expect(row.length).toBeLessThanOrEqual(columns)
      // What the key came to stands there first.
      await terminal.waitFor((screen) => /q quit/.test(screen.at(-1) ?? ''))
      terminal.press('q', 'q')
      expect((await terminal.exit).code).toBe(0)
      expect(terminal.isAlternateScreen).toBe(false)
      expect(terminal.isCursorShown).toBe(true)
      expect(terminal.text()).toMatch(/The ledger after .*[\s\S]*The data lies in/)
      expect(terminal.text()).not.toMatch(/on Azure/)
      await terminal.close()
    },
    90_000,
  )

  it('takes a key at the sight of the first frame; with --yes-quit one q ends it while all stages run', async () => {
    const terminal = open({ args: ['--yes-quit'] })
    await terminal.waitFor('connecting')
    terminal.press('a')
    await terminal.waitFor(ALL_RUN, 60_000)
    terminal.press('q')
    expect((await terminal.exit).code).toBe(0)
    expect(terminal.written).not.toContain('quit?')
    expect(terminal.text()).toMatch(/The ledger after/)
    await terminal.close()
  }, 90_000)

  it('acts on every stage key, on stations, dirty data and burst, and says why a key cannot act', async () => {
    const terminal = open()
    await connected(terminal)
    terminal.press('b')
    await terminal.waitFor(/burst needs|generator.*not run|start it/i)
    for (const [key, name] of [
      ['1', 'generator'],
      ['2', 'stream analytics'],
      ['3', 'silver'],
      ['4', 'gold'],
      ['5', 'aggregate'],
    ] as const) {
      terminal.press(key)
      await terminal.waitFor(new RegExp(`● ${name}`), 30_000)
    }
    terminal.press('+')
    await terminal.waitFor(/100 stations/)
    terminal.press('-')
    await terminal.waitFor(/50 stations/)
    terminal.press('d')
    await terminal.waitFor(/dirty/)
    await terminal.waitFor(/quarantine +\d+ +[\d.]+ KB +[1-9]/, 30_000)
    terminal.press('1')
    await terminal.waitFor(/○ generator/)
    await terminal.waitFor('balanced', 30_000)
    terminal.press('x')
    await terminal.waitFor(/stop all stages\?/)
    terminal.press('y')
    await terminal.waitFor(/○ stream analytics.*○ silver.*○ gold.*○ aggregate/, 30_000)
    terminal.press('ctrl+c', 'ctrl+c')
    expect((await terminal.exit).code).toBe(0)
    expect(terminal.text()).toMatch(/✓ balanced/)
    await terminal.close()
  }, 120_000)

  it('opens and leaves help, ledger, endpoints and a zoom; filters the log; freezes', async () => {
    const terminal = open()
    await connected(terminal)
    for (const [key, shown] of [
      ['?', /burst: ten times/],
      ['l', /five assertions/],
      ['e', /data lake connection string/],
    ] as const) {
      terminal.press(key)
      await terminal.waitFor(shown)
      terminal.press('escape')
      await terminal.waitFor((screen) => !shown.test(screen.join('\n')))
    }
    terminal.press('e')
    await terminal.waitFor(/AccountKey=•+/)
    terminal.press('escape')
    // Sent together, the two would be one key: alt+p.
    await terminal.waitFor((screen) => !/AccountKey/.test(screen.join('')))
    terminal.press('p')
    await terminal.waitFor(/frozen/i)
    terminal.press('p')
    await terminal.waitFor((screen) => !/frozen/i.test(screen[0] ?? ''))
    terminal.press('/', 'z', 'z', 'z', 'enter')
    await terminal.waitFor('nothing matches “zzz”')
    terminal.press('q', 'q')
    await terminal.exit
    await terminal.close()
  }, 60_000)

  it('is laid out anew at once on resize, and says what it needs when there is too little room', async () => {
    const terminal = open()
    await connected(terminal)
    terminal.resize(80, 24)
    await terminal.waitFor((screen) => /q quit/.test(screen[23] ?? ''))
    terminal.resize(50, 15)
    await terminal.waitFor(/60×20/)
    terminal.resize(160, 45)
    await terminal.waitFor((screen) => /q quit/.test(screen[44] ?? ''))
    terminal.resize(50, 15)
    await terminal.waitFor(/60×20/)
    terminal.press('q', 'q')
    expect((await terminal.exit).code).toBe(0)
    await terminal.close()
  }, 60_000)

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'gives the terminal back on %s, stops the local services, prints the summary',
    async (signal) => {
      const socket = join(folder.path, String(count), 'local/control.sock')
      const terminal = open()
      await connected(terminal)
      expect(existsSync(socket)).toBe(true)
      terminal.signal(signal)
      expect((await terminal.exit).code).toBe(0)
      expect(existsSync(socket)).toBe(false)
      expect(terminal.isAlternateScreen).toBe(false)
      expect(terminal.isCursorShown).toBe(true)
      if (signal !== 'SIGHUP') expect(terminal.text()).toMatch(/The ledger after/)
      await terminal.close()
    },
    60_000,
  )

  it('draws no colour with NO_COLOR, and every state has a glyph', async () => {
    const terminal = open({ env: { NO_COLOR: '1' } })
    await terminal.waitFor(
      /○ generator.*● event hub.*○ stream analytics.*○ silver.*○ gold.*○ aggregate/,
      30_000,
    )
    for (let row = 0; row < terminal.rows; row++)
      for (const cell of terminal.cells(row))
        expect([cell.foreground, cell.background]).toEqual(['default', 'default'])
    terminal.press('q', 'q')
    await terminal.exit
    await terminal.close()
  }, 60_000)

  it('uses the sixteen colours only where the terminal has no more', async () => {
    const terminal = open({ env: { TERM: 'xterm', COLORTERM: '' } })
    await connected(terminal)
    const colors = Array.from({ length: terminal.rows }, (_, row) => terminal.cells(row))
      .flat()
      .flatMap(({ foreground }) => (foreground === 'default' ? [] : [Number(foreground)]))
    expect(colors).not.toEqual([])
    expect(colors.filter((color) => !(color < 16))).toEqual([])
    terminal.press('q', 'q')
    await terminal.exit
    await terminal.close()
  }, 60_000)

  it('is not drawn on a terminal that says it cannot be drawn on', async () => {
    const terminal = open({ env: { TERM: 'dumb', COLORTERM: '' } })
    expect((await terminal.exit).code).toBe(2)
    expect(terminal.text().replaceAll('\n', '')).toMatch(/TERM=dumb.*rtstream-tui run/)
    expect(terminal.written).not.toContain('\x1b')
    await terminal.close()
  })

  it('says in one line what Azure lacks, and what to do, before there is a screen', async () => {
    const terminal = openTerminal({
      command: process.execPath,
      args: [BIN, '--target', 'azure', '--data-dir', join(folder.path, String(count++))],
      cwd: folder.path,
    })
    expect((await terminal.exit).code).toBe(2)
    expect(terminal.written.trimEnd()).not.toMatch(/[\r\n]/)
    expect(terminal.text()).toMatch(
      /^No settings for Azure: no azd environment in this folder or above\. Run `azd up`/,
    )
    expect(terminal.written).not.toContain('\x1b[?1049h')
    await terminal.close()
  }, 60_000)

  it('with --no-mouse it sets no mouse mode, a click and the wheel do nothing, and m says how it is', async () => {
    const modes = /\x1b\[\?(?:1000|1002|1003|1006)h/
    const terminal = open({ args: ['--no-mouse'] })
    await connected(terminal)
    expect(terminal.written).not.toMatch(modes)
    terminal.press('?')
    await terminal.waitFor('esc closes')
    const list = terminal.text().split('\n').slice(6).join('\n')
    // Reports of a terminal that was left in that mode: the wheel, a click on `esc back`.
    terminal.press('\x1b[<65;40;20M', '\x1b[<65;40;20M', `\x1b[<0;3;40M`, `\x1b[<0;3;40m`, 'down')
    await terminal.waitFor((screen) => /▸ 2 /.test(screen.join('\n')))
    expect(terminal.text().split('\n').slice(6).join('\n').replace('▸ 2', '  2')).toBe(
      list.replace('▸ 1', '  1'),
    )
    terminal.press('escape')
    await terminal.waitFor((screen) => !/esc closes/.test(screen.join('')))
    terminal.press('m')
    await terminal.waitFor('The mouse is on.')
    expect(terminal.written).toMatch(modes)
    terminal.press('m')
    await terminal.waitFor('The mouse is off.')
    terminal.press('q')
    expect((await terminal.exit).code).toBe(0)
    expect(terminal.written.lastIndexOf('\x1b[?1006l')).toBeGreaterThan(
      terminal.written.lastIndexOf('\x1b[?1006h'),
    )
    await terminal.close()

    const usual = open()
    await connected(usual)
    expect(usual.written).toMatch(modes)
    await usual.close()
  }, 60_000)

  it('disables every control with --read-only, and says so', async () => {
    const terminal = open({ args: ['--read-only'] })
    await connected(terminal)
    expect(terminal.screen()[0]).toMatch(/read-only/i)
    terminal.press('a')
    await terminal.waitFor(/read-only.*disabled|Read-only:/i)
    terminal.press('q', 'q')
    await terminal.exit
    await terminal.close()
  }, 60_000)

  it('says on a folder that is in use who has it, and leaves it alone', async () => {
    const args = ['--data-dir', join(folder.path, 'shared')]
    const first = openTerminal({ command: process.execPath, args: [BIN, ...args] })
    await connected(first)
    const second = openTerminal({ command: process.execPath, args: [BIN, ...args] })
    expect((await second.exit).code).toBe(1)
    expect(second.text().replaceAll('\n', '')).toContain(String(first.pid))
    expect(existsSync(join(folder.path, 'shared', 'lake'))).toBe(true)
    first.press('q', 'q')
    expect((await first.exit).code).toBe(0)
    await Promise.all([first.close(), second.close()])
  }, 60_000)
})
