/** The control room in a real terminal: what it draws, and that it gives the terminal back however it ends. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Bundle, bundle } from '../support/bundle.ts'
import type { scenarios } from '../support/scenario.ts'
import { openTerminal, type Terminal, type TerminalOptions } from '../support/terminal.ts'

let program: Bundle
const opened: Terminal[] = []
beforeAll(async () => {
  program = await bundle('test/support/control-room.ts')
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((terminal) => terminal.close()))
})
afterAll(() => program.remove())

/** From the header to the footer, each in its place. */
const isWhole = (screen: readonly string[]) =>
  (screen[0] ?? '').startsWith(' rtstream') && (screen.at(-1) ?? '').includes(READY)

const WAIT = 30_000
/** What stands in the last line once the frame is whole. */
const READY = 'q quit'

async function start(
  scenario: keyof typeof scenarios = 'allRunning',
  options: Omit<Partial<TerminalOptions>, 'command'> = {},
  ready: string | RegExp = READY,
): Promise<Terminal> {
  const args = [program.file, scenario, ...(options.args ?? [])]
  const terminal = openTerminal({ ...options, command: process.execPath, args })
  opened.push(terminal)
  await terminal.waitFor(ready)
  return terminal
}

/** What the program printed on the normal screen after the control room was closed. */
async function report(
  terminal: Terminal,
): Promise<{ reason: { kind: string; message?: string }; calls: string[]; printed: number }> {
  await terminal.exit
  const line = terminal.screen().find((row) => row.startsWith('{'))
  return JSON.parse(
    terminal
      .text()
      .slice(terminal.text().indexOf(line?.trimEnd() ?? '{'))
      .replaceAll('\n', ''),
  )
}

function expectRestored(terminal: Terminal): void {
  expect(terminal.isAlternateScreen).toBe(false)
  expect(terminal.isCursorShown).toBe(true)
  expect(terminal.written).toContain('\x1b[22;0t')
  expect(terminal.written.lastIndexOf('\x1b[23;0t')).toBeGreaterThan(
    terminal.written.lastIndexOf('\x1b[22;0t'),
  )
  expect(terminal.written.lastIndexOf('\x1b[?2004l')).toBeGreaterThan(
    terminal.written.lastIndexOf('\x1b[?2004h'),
  )
}

describe('the screen', () => {
  it('fills the alternate screen, hides the cursor, names the window, and blinks nowhere', async () => {
    const terminal = await start()
    expect(terminal.isAlternateScreen).toBe(true)
    expect(terminal.isCursorShown).toBe(false)
    expect(terminal.title).toBe('rtstream local')
    for (let row = 0; row < terminal.rows; row++)
      for (const cell of terminal.cells(row)) expect(cell.isBlinking).toBe(false)
  })

  it('is drawn anew at once when the window changes its size, down to too small and back', async () => {
    const terminal = await start()
    terminal.resize(200, 60)
    await terminal.waitFor((screen) => /e endpoints.*q quit/.test(screen.at(-1) ?? ''))
    expect(terminal.text()).toContain('five assertions')
    terminal.resize(80, 24)
    // The emulator reflows the old frame first, whose last row may look whole too.
    await terminal.waitFor((screen) => isWhole(screen) && (screen[0] ?? '').includes('ledger ✓ 38 in flight'))
    expect(terminal.text()).not.toContain('five assertions')
    terminal.resize(60, 20)
    await terminal.waitFor(
      (screen) =>
        screen.length === 20 && isWhole(screen) && screen.filter((line) => line.startsWith('╭')).length === 1,
    )
    terminal.resize(50, 15)
    await terminal.waitFor('needs 60×20')
    expect(terminal.text()).not.toContain('stream analytics')
    terminal.resize(120, 40)
    await terminal.waitFor(isWhole)
    terminal.resize(50, 15)
    await terminal.waitFor('needs 60×20')
    terminal.press('q', 'q')
    expect((await report(terminal)).reason).toEqual({ kind: 'quit', stopAll: false })
  })

  it('stands still while it is frozen, and follows again afterwards', async () => {
    const terminal = await start('allRunning', { args: ['--animate', '50'] })
    const shown = () => /acknowledged ([\d,]+)/.exec(terminal.text())?.[1]
    const first = shown()
    await terminal.waitFor(() => shown() !== first)
    terminal.press('p')
    await terminal.waitFor('frozen')
    const frozen = shown()
    // Each key that is answered is time in which the pipeline went on.
    for (let times = 0; times < 5; times++) {
      terminal.press('?')
      await terminal.waitFor('esc closes')
      terminal.press('?')
      await terminal.waitFor('acknowledged')
      expect(shown()).toBe(frozen)
    }
    terminal.press('p')
    await terminal.waitFor(() => shown() !== frozen)
  })

  it('writes only the rows that have changed', async () => {
    const terminal = await start()
    const before = terminal.written.length
    terminal.press('d')
    await terminal.waitFor('✓ toggleCorruption')
    expect(terminal.written.length - before).toBeLessThan(3000)
    expect(before).toBeGreaterThan(6000)
  })

  it('takes keys that come together one by one', async () => {
    const terminal = await start()
    terminal.press('xy1d+')
    await terminal.waitFor('scaleStations 2')
    terminal.press('q', 'q')
    expect((await report(terminal)).calls).toEqual([
      'stopAll',
      'toggle generator',
      'toggleCorruption',
      'scaleStations 2',
    ])
  })

  it('knows the named keys as terminals send them', async () => {
    const terminal = await start()
    terminal.press('tab', 'enter')
    await terminal.waitFor('last enqueued')
    terminal.press('right')
    await terminal.waitFor('in bronze')
    terminal.press('shift+tab')
    await terminal.waitFor('last enqueued')
    terminal.press('escape')
    await terminal.waitFor((screen) => !screen.join().includes('last enqueued'))
    terminal.press('/', 'Oslo', 'backspace', 'o', 'enter')
    await terminal.waitFor('/Oslo')
  })

  it('leaves presenter mode with esc, q or ctrl+c, and asks only then whether to quit', async () => {
    const terminal = await start('allRunning', { args: ['--presenter'] }, 'q back')
    const isPresenting = (screen: readonly string[]) => /events a second/.test(screen.join('\n'))
    for (const key of ['escape', 'q', 'ctrl+c']) {
      await terminal.waitFor((screen) => isPresenting(screen) && /v panels/.test(screen.at(-1) ?? ''), WAIT)
      terminal.press(key)
      await terminal.waitFor((screen) => !isPresenting(screen) && isWhole(screen), WAIT)
      expect(terminal.text()).not.toContain('quit?')
      terminal.press('v')
    }
    await terminal.waitFor(isPresenting, WAIT)
    terminal.press('q')
    await terminal.waitFor((screen) => !isPresenting(screen) && isWhole(screen), WAIT)
    terminal.press('q')
    await terminal.waitFor('quit?', WAIT)
    terminal.press('enter')
    expect((await report(terminal)).reason).toEqual({ kind: 'quit', stopAll: false })
  }, 120_000)

  it('with --yes-quit ends at the first q, with stages running', async () => {
    const terminal = await start('allRunning', { args: ['--yes-quit'] })
    terminal.press('q')
    expect((await report(terminal)).reason).toEqual({ kind: 'quit', stopAll: false })
    expect(terminal.written).not.toContain('quit?')
  })

  it('does not act on pasted text', async () => {
    const terminal = await start()
    terminal.press('\x1b[200~a1x\ny\x1b[201~')
    await terminal.waitFor('Pasted text does nothing here')
    terminal.press('q', 'q')
    expect((await report(terminal)).calls).toEqual([])
  })
})

describe('a terminal without bracketed paste', () => {
  it.each([
    ['a line', 'https://example.com/a1x\ry\r'],
    // More than a terminal hands over in one read.
    ['pages', 'some text, x\ry\rq\rq\r1\r2\r'.repeat(1000)],
  ])('%s of pasted text starts and stops nothing', async (_name, text) => {
    const terminal = await start('allRunning', { args: ['--animate', '50'] })
    terminal.press(text)
    await terminal.waitFor('Taken for pasted text')
    // A pause, after which keys are keys again.
    await terminal.waitFor((screen) => {
      terminal.press('/')
      return screen.join().includes('filter  /')
    })
    terminal.press('ctrl+c')
    await terminal.waitFor(isWhole)
    terminal.press('q', 'q')
    expect((await report(terminal)).calls).toEqual([])
  })
})

describe('the shell', () => {
  /** An interactive shell, in which the program is a job. */
  async function startInShell(line: string): Promise<Terminal> {
    const terminal = openTerminal({ command: 'sh', args: ['-i'], env: { PS1: '$ ', ENV: undefined } })
    opened.push(terminal)
    await terminal.waitFor('$ ')
    terminal.press(`${line}\r`)
    return terminal
  }
  // Each path may have blanks.
  const command = () => `'${process.execPath}' '${program.file}' allRunning`
  const isAtShell = (screen: readonly string[]) => screen.findLast((row) => row.trim() !== '')?.trim() === '$'

  it('may have left its cursor anywhere', async () => {
    const terminal = await startInShell(`printf abc; ${command()}`)
    await terminal.waitFor(isWhole)
    terminal.press('q', 'q')
    await terminal.waitFor(isAtShell)
  })

  it('is there again with ctrl+z, and the screen is with fg', async () => {
    const terminal = await startInShell(command())
    await terminal.waitFor(isWhole)
    for (let times = 0; times < 2; times++) {
      terminal.press('\x1a')
      await terminal.waitFor(/Stopped|Suspended/)
      await terminal.waitFor(isAtShell)
      expect(terminal.isAlternateScreen).toBe(false)
      expect(terminal.isCursorShown).toBe(true)
      // What is typed shows: the terminal is in the shell's mode again.
      terminal.press('stty -a\r')
      await terminal.waitFor(/ icanon[\s\S]* echo /)
      terminal.press('clear; fg\r')
      await terminal.waitFor(isWhole)
      expect(terminal.isAlternateScreen).toBe(true)
      terminal.press('?')
      await terminal.waitFor('esc closes')
      // Together, as fast fingers do.
      if (times === 0) terminal.press('?')
      else terminal.press('?qq')
      await terminal.waitFor((screen) => !screen.join().includes('esc closes'))
    }
    await terminal.waitFor(isAtShell)
    expectRestored(terminal)
  })

  it('may change its size meanwhile, of which only the shell is told', async () => {
    const terminal = await startInShell(command())
    await terminal.waitFor(isWhole)
    for (const [columns, rows] of [
      [90, 30],
      [140, 45],
    ] as const) {
      terminal.press('\x1a')
      await terminal.waitFor(isAtShell)
      terminal.resize(columns, rows)
      terminal.press('stty size\r')
      await terminal.waitFor(`${rows} ${columns}`)
      terminal.press('clear; fg\r')
      await terminal.waitFor(
        (screen) =>
          screen.length === rows && isWhole(screen) && (screen.at(-2)?.trimEnd().length ?? 0) === columns,
      )
    }
    terminal.press('qq')
    await terminal.waitFor(isAtShell)
    expectRestored(terminal)
  })

  it('ctrl+l and a continued process repair what others have written on the screen', async () => {
    const terminal = await start()
    const damage = () => terminal.write('\x1b[1;1H\x1b[2Kbroadcast message')
    for (const repair of [() => terminal.press('\x0c'), () => terminal.signal('SIGCONT')]) {
      await damage()
      expect(terminal.screen()[0]).toMatch(/^broadcast/)
      repair()
      await terminal.waitFor(isWhole)
    }
  })

  it('finds nothing of the screen behind its prompt', async () => {
    const terminal = await start()
    terminal.press('q', 'q')
    await terminal.exit
    const onAlternate = terminal.written.slice(0, terminal.written.lastIndexOf('\x1b[?1049l'))
    const cleared = Math.max(...['\x1b[2J', '\x1b[J'].map((erase) => onAlternate.lastIndexOf(erase)))
    expect(onAlternate.slice(cleared)).not.toMatch(/[│─]/)
  })
})

describe('colours', () => {
  const cellsOf = (terminal: Terminal) =>
    Array.from({ length: terminal.rows }, (_, row) => terminal.cells(row)).flat()

  it('are true colours where the terminal has them', async () => {
    const terminal = await start('allRunning', { args: ['--theme', 'dark'] })
    expect(cellsOf(terminal).some(({ foreground }) => String(foreground).startsWith('#'))).toBe(true)
  })

  it('are the table of 256 without COLORTERM', async () => {
    const terminal = await start('allRunning', { args: ['--theme', 'dark'], env: { COLORTERM: undefined } })
    const colors = cellsOf(terminal).map(({ foreground }) => foreground)
    expect(colors.some((color) => typeof color === 'number' && color >= 16)).toBe(true)
    expect(colors.some((color) => typeof color === 'string' && color !== 'default')).toBe(false)
  })

  it('are sixteen on a terminal of sixteen', async () => {
    const terminal = await start('failing', { env: { COLORTERM: undefined, TERM: 'xterm' } })
    for (const { foreground, background } of cellsOf(terminal)) {
      expect(background).toBe('default')
      if (foreground !== 'default')
        expect(foreground).toSatisfy((color) => typeof color === 'number' && color < 16)
    }
    expect(new Set(cellsOf(terminal).map(({ foreground }) => foreground)).size).toBeGreaterThan(4)
  })

  it.each([
    ['NO_COLOR', { env: { NO_COLOR: '1' } }],
    ['--theme mono', { args: ['--theme', 'mono'] }],
    ['TERM=dumb', { env: { COLORTERM: undefined, TERM: 'dumb' } }],
  ])('are none with %s; every state is still told', async (_name, options) => {
    const terminal = await start('failing', options)
    for (const { foreground, background } of cellsOf(terminal)) {
      expect(foreground).toBe('default')
      expect(background).toBe('default')
    }
    expect(terminal.text()).toMatch(/▲ generator.*✗ event hub.*\? stream analytics.*✗ silver.*● gold/)
    expect(terminal.text()).toMatch(/✗ 17 lost/)
    // Stages that run are badges, the one in an unknown state is not.
    const flow = terminal.cells(2)
    expect(flow[2]?.isInverse).toBe(true)
    expect(flow[terminal.screen()[2]?.indexOf('? stream') ?? -1]?.isInverse).toBe(false)
  })

  it('each theme has its own', async () => {
    const seen = new Set<unknown>()
    for (const theme of ['dark', 'light', 'ansi', 'color-blind']) {
      const terminal = await start('allRunning', { args: ['--theme', theme] })
      seen.add(terminal.cells(2)[2]?.foreground)
    }
    expect(seen.size).toBe(4)
  })
})

describe('ASCII', () => {
  it.each([
    ['--ascii', { args: ['--ascii'] }],
    ['a locale without UTF-8', { env: { LANG: 'C', LC_ALL: 'C' } }],
  ])('is all that is drawn with %s', async (_name, options) => {
    const terminal = await start('wideCharacters', options)
    for (const row of terminal.screen()) expect(row).toMatch(/^[ -~]*$/)
    expect(terminal.text()).toMatch(/\* generator =+120\/s=+> \* event hub/)
    expect(terminal.screen().at(6)).toMatch(/^\+.*\+$/)
  })
})

describe('bytes of the terminal', () => {
  it('PgUp and ctrl+right in pieces, and late answers, start and stop nothing', async () => {
    const terminal = await start()
    for (const sequence of ['\x1b[5~', '\x1b[1;5C', '\x1b]11;rgb:1111/2222/3333\x1b\\', '\x1bP>|a1x2\x1b\\'])
      for (const part of [sequence.slice(0, 1), sequence.slice(1, 3), sequence.slice(3)]) {
        terminal.press(part)
        // As a slow line does: the pieces are read one by one.
        await new Promise((done) => setTimeout(done, 120))
      }
    terminal.press('?')
    await terminal.waitFor('esc closes')
    terminal.press('q', 'q', 'q')
    expect((await report(terminal)).calls).toEqual([])
  })
})

describe('what others write', () => {
  it('goes to the log, not to the screen: stdout, stderr, warnings of Node', async () => {
    const terminal = await start('allRunning', { args: ['--noise'] })
    terminal.press('?')
    await terminal.waitFor('esc closes')
    expect(terminal.written).not.toMatch(/azure:core|library says|is old/)
    terminal.press('q', 'q', 'q')
    expect((await report(terminal)).printed).toBe(3)
  })
})

describe('after a resize', () => {
  it('everything is painted anew once the size has settled', async () => {
    const terminal = await start()
    terminal.resize(100, 32)
    await terminal.waitFor((screen) => screen.length === 32 && isWhole(screen))
    // Terminals shuffle lines while they are resized.
    await terminal.write('\x1b[10;1Hgarbage that a terminal left')
    await terminal.waitFor((screen) => isWhole(screen) && !screen.join('').includes('garbage'))
  })

  it('so it is where the window was resized and back again before the program could see it', async () => {
    const terminal = await start()
    await terminal.write('\x1b[10;1Hgarbage that a terminal left')
    process.kill(terminal.pid, 'SIGWINCH')
    await terminal.waitFor((screen) => isWhole(screen) && !screen.join('').includes('garbage'))
    const painted = terminal.written.length
    terminal.press('Z')
    await terminal.waitFor('Z does nothing here')
    // Its own signal, which asks for the size, is no reason to paint again.
    expect(terminal.written.length - painted).toBeLessThan(1000)
  })
})

describe('the terminal is as it was', () => {
  it.each([
    ['q', { kind: 'quit', stopAll: false }],
    ['ctrl+c', { kind: 'quit', stopAll: false }],
  ])('after %s', async (key, reason) => {
    const terminal = await start()
    terminal.press(key, key)
    expect((await report(terminal)).reason).toEqual(reason)
    expectRestored(terminal)
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGALRM', 'SIGXCPU', 'SIGPWR'] as const)(
    'after %s',
    async (signal) => {
      const terminal = await start()
      terminal.signal(signal)
      expect((await report(terminal)).reason).toEqual({ kind: 'signal' })
      expectRestored(terminal)
    },
  )

  it.each(['first', 'draw'])('after an error while drawing, which is told: %s', async (crash) => {
    const terminal = await start('allRunning', { args: ['--crash', crash] }, '"crash"')
    const { reason } = await report(terminal)
    expect(reason.kind).toBe('crash')
    expect(reason.message).toMatch(/null|undefined/)
    expectRestored(terminal)
  })

  it('after an error in what a key does', async () => {
    const terminal = await start('allRunning', { args: ['--crash', 'key'] })
    terminal.press('b')
    expect((await report(terminal)).reason).toEqual({ kind: 'crash', message: 'the burst has burst' })
    expectRestored(terminal)
  })

  it('after process.exit in the middle of it', async () => {
    const terminal = await start('allRunning', { args: ['--crash', 'exit'] })
    terminal.press('b')
    expect((await terminal.exit).code).toBe(3)
    expectRestored(terminal)
  })
})
