/**
 * What terminal and control room say to each other beyond keys and rows, in a real terminal: the background and its changes, the
 * clipboard, the mouse; and what is typed: shares, intervals, actions by a few letters, times past.
 */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type Bundle, bundle } from '../support/bundle.ts'
import { openTerminal, type Terminal } from '../support/terminal.ts'

let program: Bundle
const opened: Terminal[] = []
beforeAll(async () => {
  program = await bundle('test/support/control-room.ts')
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((terminal) => terminal.close()))
})
afterAll(() => program.remove())

const WAIT = 30_000
const TEST = { timeout: 180_000 }

const start = (...args: string[]) => startIn([120, 40], ...args)

async function startIn([columns, rows]: readonly [number, number], ...args: string[]): Promise<Terminal> {
  const terminal = openTerminal({
    command: process.execPath,
    args: [program.file, 'allRunning', ...args],
    columns,
    rows,
  })
  opened.push(terminal)
  await terminal.waitFor('q quit', WAIT)
  return terminal
}

/** What the program says after its end that it was asked to do. */
async function calls(terminal: Terminal): Promise<string[]> {
  terminal.press('q')
  await terminal.waitFor('quit?', WAIT)
  terminal.press('enter')
  await terminal.exit
  const text = terminal.text()
  return JSON.parse(text.slice(text.indexOf('{"reason"')).replaceAll('\n', '')).calls
}

const titleColor = (terminal: Terminal) => terminal.cells(0)[1]?.foreground
const ASK = '\x1b]11;?\x1b\\'
const asked = (terminal: Terminal) => terminal.written.split(ASK).length - 1
const background = (part: string) => `\x1b]11;rgb:${part}/${part}/${part}\x1b\\`

it(
  'follows the background of the terminal, and asks again when it says that its theme has changed',
  TEST,
  async () => {
    const terminal = await start()
    const lookOf = () =>
      JSON.stringify(terminal.cells(2).map(({ foreground }) => foreground)) + titleColor(terminal)
    expect(terminal.written).toContain('\x1b[?2031h')
    expect(asked(terminal)).toBe(1)
    const own = lookOf()
    terminal.press(background('0000'))
    await terminal.waitFor(() => lookOf() !== own, WAIT)
    const dark = lookOf()
    // An answer that was not asked for changes nothing: the next key shows that it was read.
    terminal.press(background('ffff'), '?')
    await terminal.waitFor('esc closes', WAIT)
    terminal.press('?')
    await terminal.waitFor((screen) => !screen.join('').includes('esc closes'), WAIT)
    expect(lookOf()).toBe(dark)
    for (const [report, part] of [
      ['\x1b[?997;2n', 'ffff'],
      ['\x1b[?997;1n', '1010'],
    ] as const) {
      const [before, count] = [lookOf(), asked(terminal)]
      terminal.press(report)
      await terminal.waitFor(() => asked(terminal) > count, WAIT)
      terminal.press(background(part))
      await terminal.waitFor(() => lookOf() !== before, WAIT)
    }
    expect(lookOf()).toBe(dark)
    expect(await calls(terminal)).toEqual([])
    expect(terminal.written.lastIndexOf('\x1b[?2031l')).toBeGreaterThan(
      terminal.written.lastIndexOf('\x1b[?2031h'),
    )
  },
)

it('an answer that comes after the end, over a slow line, is not typed into the shell', TEST, async () => {
  const terminal = openTerminal({
    command: process.execPath,
    args: [program.file, 'allStopped'],
    answers: false,
  })
  opened.push(terminal)
  await terminal.waitFor('q quit', WAIT)
  terminal.press('q')
  await terminal.waitFor(() => terminal.written.includes('\x1b[?1049l'), WAIT)
  terminal.press(`${background('0000')}\x1b[?62;22c`)
  await terminal.exit
  expect(terminal.text()).toContain('{"reason"')
  expect(terminal.text()).not.toContain('rgb:')
})

/** What was put on the clipboard last. */
const copied = (terminal: Terminal) => {
  const last = [...terminal.written.matchAll(/\x1b\]52;c;([^\x07]*)\x07/g)].at(-1)?.[1]
  return last === undefined ? undefined : Buffer.from(last, 'base64').toString()
}

it('copies the chosen row, and what is opened, to the clipboard of the terminal', TEST, async () => {
  const terminal = await start()
  terminal.press('y')
  await terminal.waitFor('Nothing to copy here', WAIT)
  expect(copied(terminal)).toBeUndefined()
  // Events: the newest is chosen first.
  terminal.press('\x1b7')
  await isFocused(terminal, 'events  ')
  terminal.press('jy')
  await terminal.waitFor('Sent to the terminal', WAIT)
  expect(copied(terminal)).toMatch(/^\d\d:\d\d:\d\d\.\d station-\d+ /)
  terminal.press('enter')
  await terminal.waitFor('partition key', WAIT)
  terminal.press('y')
  await terminal.waitFor('Sent to the terminal', WAIT)
  expect(copied(terminal)).toMatch(/partition key +station-/)
  terminal.press('qq')
  await terminal.waitFor((screen) => !screen.join('').includes('partition key'), WAIT)
  // An address of the endpoints, whole, but for its key.
  terminal.press('e')
  await terminal.waitFor('esc closes', WAIT)
  terminal.press('jy')
  await terminal.waitFor('Copied without its key', WAIT)
  expect(copied(terminal)).toBe('Endpoint=sb://localhost:5672;SharedAccessKey=••••')
  terminal.press('q')
  await terminal.waitFor((screen) => !screen.join('').includes('esc closes'), WAIT)
  expect(await calls(terminal)).toEqual([])
})

/** Where a text stands: from 1, as the mouse reports. */
function placeOf(terminal: Terminal, text: string): [column: number, row: number] | undefined {
  const screen = terminal.screen()
  // Not the strip: boxes have names of panels.
  const row = screen.findIndex((line, index) => index >= 6 && line.includes(text))
  return row < 0 ? undefined : [(screen[row] as string).indexOf(text) + 1, row + 1]
}
const whereIs = (terminal: Terminal, text: string): [column: number, row: number] => {
  const place = placeOf(terminal, text)
  if (!place) throw new Error(`${text} is not on the screen:\n${terminal.text()}`)
  return place
}

/** The title of a panel in focus is a badge. */
const isFocused = (terminal: Terminal, title: string) =>
  terminal.waitFor(() => {
    const [column, row] = placeOf(terminal, title) ?? [1, 1]
    return terminal.cells(row - 1)[column - 1]?.isInverse === true
  }, WAIT)

const MOUSE = { on: '\x1b[?1006h', off: '\x1b[?1006l' }
const count = (terminal: Terminal, text: string) => terminal.written.split(text).length - 1

it(
  'the mouse focuses panels by frame and box, opens rows, presses keys, scrolls; m switches it',
  TEST,
  async () => {
    const terminal = await start('--mouse')
    expect(terminal.written).toContain(MOUSE.on)
    const click = ([column, row]: readonly [number, number]) =>
      terminal.press(`\x1b[<0;${column};${row}M`, `\x1b[<0;${column};${row}m`)
    click(whereIs(terminal, 'event hub  weather'))
    await isFocused(terminal, 'event hub  weather')
    // A box of the strip, on its name and on its badge below.
    const strip = terminal.screen()[2] as string
    click([strip.indexOf('stream analytics') + 1, 3])
    await isFocused(terminal, 'stream analytics')
    click([strip.indexOf('aggregate') + 1, 5])
    await isFocused(terminal, 'synapse')
    // A row is chosen by the first click on it, and opened by the second.
    click(whereIs(terminal, 'lake  growth'))
    await isFocused(terminal, 'lake  growth')
    const silver = whereIs(terminal, '│ silver  ')
    const row: [number, number] = [silver[0] + 3, silver[1]]
    click(row)
    await terminal.waitFor(() => terminal.cells(row[1] - 1)[row[0]]?.isInverse === true, WAIT)
    click(row)
    await terminal.waitFor('mean size of a file', WAIT)
    // A key of the last line.
    const foot = terminal.screen().at(-1) as string
    click([foot.indexOf('esc back') + 1, terminal.rows])
    await terminal.waitFor((screen) => !screen.join('').includes('mean size of a file'), WAIT)
    // The row is still chosen.
    terminal.press('q')
    await terminal.waitFor(() => terminal.cells(row[1] - 1)[row[0]]?.isInverse === false, WAIT)
    // The wheel scrolls what covers the panels.
    terminal.press('?')
    await terminal.waitFor('/ searches', WAIT)
    const list = terminal.text()
    for (let notch = 0; notch < 12; notch++) terminal.press('\x1b[<65;40;20M')
    await terminal.waitFor(() => terminal.text() !== list, WAIT)
    terminal.press('?')
    await terminal.waitFor((screen) => !screen.join('').includes('/ searches'), WAIT)
    // Off: what a click sends means nothing to the terminal any more; on again.
    terminal.press('m')
    await terminal.waitFor('The mouse is off', WAIT)
    expect(terminal.written.lastIndexOf(MOUSE.off)).toBeGreaterThan(terminal.written.lastIndexOf(MOUSE.on))
    terminal.press('m')
    await terminal.waitFor('The mouse is on', WAIT)
    expect(count(terminal, MOUSE.on)).toBe(2)
    // The other buttons and a mere movement do nothing.
    for (const code of [1, 2, 35]) terminal.press(`\x1b[<${code};10;10M`)
    expect(await calls(terminal)).toEqual([])
    expect(terminal.written.lastIndexOf(MOUSE.off)).toBeGreaterThan(terminal.written.lastIndexOf(MOUSE.on))
  },
)

it('a click on a box of two bands brings its panel below them', TEST, async () => {
  const terminal = await startIn([60, 20], '--mouse')
  for (const [box, title] of [
    ['event hub', '╭ event hub'],
    ['analytics', '╭ 2 stream analytics'],
    ['silver', '╭ 3 4 databricks'],
    ['aggregate', '╭ 5 synapse'],
    ['generator', '╭ event rate'],
  ] as const) {
    const row = terminal.screen().findIndex((line) => line.includes(`● ${box}`))
    const column = (terminal.screen()[row] ?? '').indexOf(box) + 1
    terminal.press(`\x1b[<0;${column};${row + 1}M`, `\x1b[<0;${column};${row + 1}m`)
    await terminal.waitFor((screen) => (screen[12] ?? '').startsWith(title), WAIT)
  }
  expect(await calls(terminal)).toEqual([])
})

it('the mouse is the terminal’s own until m, where it is not asked for', TEST, async () => {
  const terminal = await start()
  expect(terminal.written).not.toContain(MOUSE.on)
  terminal.press('m')
  await terminal.waitFor('The mouse is on', WAIT)
  expect(terminal.written).toContain(MOUSE.on)
  terminal.press('m')
  await terminal.waitFor('The mouse is off', WAIT)
  expect(await calls(terminal)).toEqual([])
})

it(
  'types shares and intervals, finds actions by a few letters, goes back an hour and forward again',
  TEST,
  async () => {
    const terminal = await start()
    const ask = async (key: string, question: string, text: string, answer: string) => {
      terminal.press(key)
      await terminal.waitFor(question, WAIT)
      terminal.press(...text)
      await terminal.waitFor(text, WAIT)
      terminal.press('enter')
      await terminal.waitFor(answer, WAIT)
    }
    await ask('D', 'How many percent?', '12.5', 'setCorruption 0.125')
    await ask('i', 'How often does each station report?', '500ms', 'setInterval 500')
    await ask('i', 'How often does each station report?', '2m', 'setInterval 120000')
    // No letter of it has to be its key, and they need not stand together.
    terminal.press(':')
    await terminal.waitFor('enter runs the chosen one', WAIT)
    terminal.press(...'bst10')
    await terminal.waitFor((screen) => /burst: ten times/.test(screen.join('')), WAIT)
    terminal.press('backspace', 'backspace')
    await terminal.waitFor(/bst(?!10)/, WAIT)
    terminal.press('enter')
    await terminal.waitFor(/✓ burst/, WAIT)
    // Half of a flag is nothing that a person could see: it goes as one.
    for (const [key, question] of [
      ['s', 'SQL over the layers'],
      ['/', ' filter '],
      [':', 'enter runs the chosen one'],
    ] as const) {
      terminal.press(key)
      await terminal.waitFor(question, WAIT)
      terminal.press('x')
      await terminal.waitFor('x▏', WAIT)
      terminal.press('🇫🇮')
      await terminal.waitFor((screen) => !screen.join('').includes('x▏'), WAIT)
      terminal.press('backspace')
      await terminal.waitFor('x▏', WAIT)
      terminal.press('ctrl+c')
      await terminal.waitFor((screen) => !screen.join('').includes('x▏'), WAIT)
    }
    // The chart ends at now; an hour back at most.
    const end = () => /−(\d+):(\d\d) *│|now *│/.exec(terminal.text())?.[0]
    expect(end()).toContain('now')
    terminal.press(...'['.repeat(4))
    await terminal.waitFor((screen) => /−2:00/.test(screen.join('')), WAIT)
    terminal.press(...'['.repeat(150))
    await terminal.waitFor((screen) => /−60:00/.test(screen.join('')), WAIT)
    terminal.press(...']'.repeat(118))
    await terminal.waitFor((screen) => /−1:00|−60 s +│/.test(screen.join('')), WAIT)
    terminal.press(']', ']')
    await terminal.waitFor((screen) => / now +│/.test(screen.join('')), WAIT)
    terminal.press(']')
    await terminal.waitFor('The chart ends at now already', WAIT)
    expect(await calls(terminal)).toEqual([
      'setCorruption 0.125',
      'setInterval 500',
      'setInterval 120000',
      'burst',
    ])
  },
)
