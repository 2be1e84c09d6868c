/** The room for phones on the presenter's screen: its code is read by a decoder from the cells that a terminal shows. */
import xterm from '@xterm/headless'
import jsqr from 'jsqr'
import { describe, expect, it } from 'vitest'
import { qrRows } from '../../../src/commands/shared/audience/room.ts'
import type { AppState, AudienceSlice } from '../../../src/pipeline/state/state.ts'
import { screenLines } from '../../../src/ui/app/screen-lines.ts'
import { initialView, type ViewState } from '../../../src/ui/input/view-state.ts'
import { painter } from '../../../src/ui/text/ansi.ts'
import { plainText } from '../../../src/ui/text/line.ts'
import { type Background, chooseTheme, type ThemeName } from '../../../src/ui/text/theme.ts'
import { scenarios } from '../../support/scenario.ts'

const URL = 'http://192.168.100.100:39747/MKBYBSMHFB/'

const withRoom = (changes: Partial<AudienceSlice> = {}): AppState => ({
  ...scenarios.allRunning(),
  audience: {
    phase: 'open',
    addresses: [],
    url: URL,
    code: 'MKBYBSMHFB',
    qr: qrRows(URL),
    phones: 2,
    connected: 1,
    names: ['Otter', 'Lynx'],
    acknowledged: 1234,
    rate: 0,
    senders: [],
    rules: { isMischiefAllowed: true, readingsPerSecond: 5, isPaused: false, hasOwnNames: false },
    ...changes,
  },
})

const shown: ViewState = { ...initialView, overlay: 'audience' }
const textOf = (state: AppState, view: ViewState = shown, columns = 120, rows = 40) =>
  screenLines(state, view, columns, rows).lines.map(plainText).join('\n')

/** Brightness of a pixel; undefined: the terminal's own colours, which are not known. */
type Shade = number | undefined

/** What a terminal shows, as a picture with two pixels in each cell: the code's half blocks. */
async function pixelsOf(ansi: readonly string[], columns: number, own: { ink: Shade; paper: Shade }) {
  const terminal = new xterm.Terminal({ cols: columns, rows: ansi.length, allowProposedApi: true })
  await new Promise<void>((done) => terminal.write(ansi.join('\r\n'), done))
  const pixels: Shade[][] = []
  for (let row = 0; row < ansi.length; row++) {
    const line = terminal.buffer.active.getLine(row)
    const pair: [Shade[], Shade[]] = [[], []]
    for (let column = 0; column < columns; column++) {
      const cell = line?.getCell(column)
      if (!cell) throw new Error('no cell')
      const of = (isDefault: boolean, isRgb: boolean, color: number, fallback: Shade): Shade =>
        isDefault ? fallback : isRgb ? color & 0xff : ({ 0: 0, 15: 255, 16: 0, 231: 255 }[color] ?? 128)
      const ink = of(cell.isFgDefault(), cell.isFgRGB(), cell.getFgColor(), own.ink)
      const paper = of(cell.isBgDefault(), cell.isBgRGB(), cell.getBgColor(), own.paper)
      const text = cell.getChars()
      pair[0].push('▀█'.includes(text) && text !== '' ? ink : paper)
      pair[1].push('▄█'.includes(text) && text !== '' ? ink : paper)
    }
    pixels.push(...pair)
  }
  terminal.dispose()
  return pixels
}

/** Each pixel as a square of four, as a camera sees more than one. @param invert what the decoder may try. */
function decode(pixels: readonly Shade[][], invert: 'dontInvert' | 'attemptBoth' = 'dontInvert') {
  const [scale, width] = [4, pixels[0]?.length ?? 0]
  const data = new Uint8ClampedArray(scale * width * scale * pixels.length * 4)
  for (let y = 0; y < scale * pixels.length; y++)
    for (let x = 0; x < scale * width; x++) {
      const shade = pixels[Math.floor(y / scale)]?.[Math.floor(x / scale)] ?? 128
      data.set([shade, shade, shade, 255], (y * scale * width + x) * 4)
    }
  return jsqr.default(data, scale * width, scale * pixels.length, { inversionAttempts: invert })?.data
}

const ROOMS = {
  'a dark terminal': { ink: 220, paper: 20 },
  'a light terminal': { ink: 20, paper: 250 },
}
const DEPTHS = [4, 8, 24]

describe('the code of the room', () => {
  const cases = Object.entries(ROOMS).flatMap(([room, own]) =>
    (['dark', 'light', 'ansi'] as ThemeName[]).flatMap((theme) =>
      DEPTHS.map((depth) => [room, theme, depth, own] as const),
    ),
  )
  it.each(cases)('is read, dark on light, on %s in the theme %s at depth %i', async (_, name, depth, own) => {
    const background: Background = own.paper > 128 ? 'light' : 'dark'
    const paint = painter(chooseTheme(name, depth, {}, background), false)
    const { lines } = screenLines(withRoom(), shown, 120, 40)
    expect(decode(await pixelsOf(lines.map(paint), 120, own))).toBe(URL.toUpperCase())
  })

  it.each([
    [80, 24],
    [60, 20],
  ])('is read at %i×%i, where it takes the place of the strip', async (columns, rows) => {
    const paint = painter(chooseTheme('light', 24, {}, 'light'), false)
    const { lines } = screenLines(withRoom(), shown, columns, rows)
    const ansi = lines.map(paint)
    // Whole, or but for half of the light edge below.
    const drawn = lines.filter((line) => line.some(({ isPrint }) => isPrint)).length
    expect(drawn).toBeGreaterThanOrEqual(qrRows(URL).length - 1)
    expect(decode(await pixelsOf(ansi, columns, ROOMS['a light terminal']))).toBe(URL.toUpperCase())
  })

  it('has four light modules around it', () => {
    const rows = qrRows(URL)
    expect(rows.slice(0, 2).join('').trim()).toBe('')
    expect(rows.at(-1)?.trim()).toBe('')
    expect(rows.every((row) => /^ {4}.* {4}$/.test(row))).toBe(true)
  })

  it('is drawn without colours where there are none, and not at all in ASCII', () => {
    const { lines } = screenLines(withRoom(), shown, 120, 40)
    const plain = lines.map(painter(chooseTheme('mono', 24, {}), false)).join('')
    expect(plain).toContain('▀▀▀▀▀▀▀')
    expect(plain).not.toMatch(/\x1b\[[34]8/)
    const ascii = lines.map(painter(chooseTheme('dark', 24, {}), true)).join('')
    expect(ascii).not.toMatch(/##### /)
    expect(ascii).toContain(URL)
  })
})

describe('the room on the screen', () => {
  it('asks on which address it opens', () => {
    const text = textOf(
      withRoom({
        phase: 'choosing',
        url: undefined,
        qr: [],
        addresses: [
          { name: 'wlan0', address: '192.168.1.20' },
          { name: 'lo, this machine alone', address: '127.0.0.1' },
        ],
      }),
    )
    expect(text).toMatch(/a {2}192\.168\.1\.20 +wlan0/)
    expect(text).toMatch(/b {2}127\.0\.0\.1 +lo, this machine alone/)
    // Letters choose here: no other meaning of theirs stands in the last line.
    expect(text.split('\n').at(-1)).toMatch(/a–b open there/)
    expect(text.split('\n').at(-1)).not.toMatch(/a all|d dirty/)
  })

  it('says who is there, how much they send, and what they may do', () => {
    const text = textOf(
      withRoom({
        rate: 12.34,
        rules: { isMischiefAllowed: false, readingsPerSecond: 3, isPaused: true, hasOwnNames: true },
      }),
    )
    for (const part of ['1 of 2 phones is here, 12/s', 'code MKBYBSMHFB', 'Otter · Lynx', 'paused'])
      expect(text).toContain(part)
    expect(text).toContain('3/s each, mischief off, own names')
    expect(textOf(withRoom({ phones: 1, connected: 0 }))).toContain('0 of 1 phone is here')
  })

  it('says that readings wait where stages are stopped', () => {
    const { audience } = withRoom()
    expect(textOf({ ...scenarios.allStopped(), audience })).toContain('readings wait for them: a starts all')
    // Where no key acts, none is named.
    const { session, ...stopped } = scenarios.allStopped()
    const readOnly = textOf({ ...stopped, session: { ...session, readOnly: true }, audience })
    expect(readOnly).toContain('readings wait for them.')
    expect(readOnly).not.toMatch(/a starts all|A closes it/)
    expect(textOf(withRoom())).not.toContain('wait for them')
  })

  it('names of phones that send float over the event hub, newest first, and go', () => {
    const { now } = scenarios.allRunning()
    const state = withRoom({
      senders: [
        { name: 'Otter\x1b[2J', at: now - 100 },
        { name: 'Lynx', at: now - 2000 },
        { name: 'Heron', at: now - 60_000 },
      ],
    })
    const lines = textOf(state, initialView).split('\n')
    const row = lines.findIndex((line) => line.includes('Otter'))
    expect(lines[row]).toMatch(/Otter \[2J · Lynx/)
    expect(lines[row + 1]).toContain('event hub')
    const middle = (lines[row] as string).indexOf('·')
    const hub = (lines[row + 1] as string).indexOf('event hub')
    expect(Math.abs(middle - hub)).toBeLessThan(14)
    expect(lines.join('\n')).not.toContain('Heron')
    expect(textOf(state, initialView, 80, 24)).toMatch(/hub[\s\S]*Otter \[2J/)
  })

  it('is a line of the ledger once it has sent anything', () => {
    const state = withRoom()
    const ledger = { ...state.ledger, audience: 234 }
    const zoomed: ViewState = { ...initialView, focused: 'ledger', isZoomed: true }
    expect(textOf({ ...state, ledger }, zoomed)).toMatch(/ {2}audience +234 .*by phones/)
    expect(textOf({ ...state, ledger }, zoomed, 80, 24)).toMatch(/audience +234/)
    expect(textOf(state, zoomed)).not.toMatch(/audience/)
  })
})

it('in a recording stands without address and code', () => {
  const text = textOf(withRoom({ url: undefined, code: undefined, qr: [] }))
  expect(text).toContain('A recording keeps no address of the room.')
  expect(text).toContain('Otter')
})

it('that could not be opened says why', () => {
  const state = withRoom()
  const why = 'The room could not be opened: the port 8080 is taken.'
  const log = [...state.log, { at: state.now, level: 'error', source: 'audience', message: why } as const]
  expect(textOf({ ...state, audience: undefined, log })).toContain(why)
})
