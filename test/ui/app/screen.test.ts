/** What keys do, on a screen over a made-up pipeline: no terminal, no Ink. */
import { describe, expect, it, vi } from 'vitest'
import { FAULTS } from '../../../src/pipeline/faults/registry.ts'
import type { LakeQuery, QueryResult } from '../../../src/pipeline/ports/query.ts'
import { type ActionResult, accepted, refused } from '../../../src/pipeline/state/actions.ts'
import type { AppState } from '../../../src/pipeline/state/state.ts'
import { Screen } from '../../../src/ui/app/screen.ts'
import { KEYMAP, NEEDS, type Need } from '../../../src/ui/input/keymap.ts'
import { LETTERS } from '../../../src/ui/input/letters.ts'
import type { MouseAction } from '../../../src/ui/input/tokens.ts'
import { PANELS } from '../../../src/ui/layout.ts'
import type { Line } from '../../../src/ui/text/line.ts'
import { fakePipeline } from '../../support/fake-pipeline.ts'
import { MODES } from '../../support/modes/modes.ts'
import { ROOM } from '../../support/open-room.ts'
import { TRACE } from '../../support/recorded-session.ts'
import { scenarios } from '../../support/scenario.ts'

interface OpenOptions {
  columns?: number
  rows?: number
  acceptCosts?: boolean
  yesQuit?: boolean
  monotonic?: () => number
  query?: () => LakeQuery | undefined
  isBehind?: () => boolean
}

function open(state: AppState, options: OpenOptions = {}) {
  const { columns = 120, rows = 40, acceptCosts = false, yesQuit = false, monotonic = () => 0 } = options
  const pipeline = fakePipeline(state)
  const onQuit = vi.fn()
  const onHandOver = vi.fn<(what: string) => string | undefined>()
  const onCopy = vi.fn()
  const onSave = vi.fn((): ActionResult => accepted('saved'))
  const onMouse = vi.fn(() => false)
  const onTheme = vi.fn(() => 'light')
  const screen = new Screen({
    ...pipeline,
    paint,
    acceptCosts,
    yesQuit,
    monotonic,
    ...(options.query ? { query: options.query } : {}),
    ...(options.isBehind ? { isBehind: options.isBehind } : {}),
    onQuit,
    onHandOver,
    onCopy,
    onSave,
    onMouse,
    onTheme,
  })
  const onFrame = vi.fn()
  const close = screen.subscribe(onFrame)
  const text = () => screen.frame(columns, rows).rows.join('\n')
  text()
  return {
    pipeline,
    screen,
    onQuit,
    onHandOver,
    onCopy,
    onSave,
    onMouse,
    onFrame,
    close,
    text,
    /** Presses and draws, as a paint follows every key. */
    press: (...keys: string[]) => {
      for (const key of keys) {
        screen.press([key])
        text()
      }
    },
    lastLine: () => text().split('\n').at(-1) ?? '',
    frame: () => screen.frame(columns, rows),
  }
}
/** Text as it stands; a badge, such as the title of the panel in focus, begins with a mark. */
const paint = (line: Line) =>
  line
    .map(({ text, inverse, token }) => (inverse && token === 'accent' ? `»${text.slice(1)}` : text))
    .join('')
type Opened = ReturnType<typeof open>

const azure = (state: AppState): AppState => ({
  ...state,
  session: { ...state.session, target: 'azure' },
  cost: { perHour: 1.42, spent: 0.3, billed: [] },
})

describe('keys of stages', () => {
  it.each([
    ['1', 'toggle generator'],
    ['2', 'toggle streamAnalytics'],
    ['3', 'toggle silver'],
    ['4', 'toggle gold'],
    ['5', 'toggle aggregate'],
    ['a', 'startAll'],
    ['+', 'scaleStations 2'],
    ['=', 'scaleStations 2'],
    ['-', 'scaleStations 0.5'],
    ['b', 'burst'],
    ['d', 'toggleCorruption'],
  ])('%s does: %s; and its message stands at the foot', (key, call) => {
    const { pipeline, press, lastLine } = open(scenarios.allRunning())
    press(key)
    expect(pipeline.calls).toEqual([call])
    expect(lastLine()).toContain(`✓ ${call}`)
  })

  it('x asks first: y stops all, anything else does not', () => {
    const { pipeline, press, text } = open(scenarios.allRunning())
    press('x')
    expect(text()).toContain('stop all stages?')
    expect(pipeline.calls).toEqual([])
    press('z', '1')
    expect(text()).toContain('stop all stages?')
    press('n')
    expect(text()).not.toContain('stop all stages?')
    press('x', 'escape', 'x', 'y')
    expect(pipeline.calls).toEqual(['stopAll'])
    expect(text()).not.toContain('stop all stages?')
  })

  it('x says so when nothing runs', () => {
    const { press, lastLine } = open(scenarios.allStopped())
    press('x')
    expect(lastLine()).toContain('▲ Nothing runs.')
  })

  it('n asks for a number, and takes only digits', () => {
    const { pipeline, press, text } = open(scenarios.allRunning())
    press('n')
    expect(text()).toMatch(/How many\?[\s\S]*now 1,200, at most 1,000,000/)
    press('2', 'x', '5', '9', 'backspace', '0', 'return')
    expect(pipeline.calls).toEqual(['setStations 250'])
    press('n', '7', 'escape')
    press('n', 'return')
    expect(pipeline.calls).toHaveLength(1)
  })

  it('on Azure, starting asks once about the costs; stopping never does', () => {
    const { pipeline, press, text } = open(azure(scenarios.allStopped()))
    press('1')
    expect(pipeline.calls).toEqual(['toggle generator'])
    press('3')
    expect(text()).toContain('start on Azure?')
    press('n')
    expect(pipeline.calls).toHaveLength(1)
    press('a', 'y')
    expect(pipeline.calls).toEqual(['toggle generator', 'startAll'])
    press('3', '3', '4')
    expect(pipeline.calls.slice(2)).toEqual(['toggle silver', 'toggle silver', 'toggle gold'])
    expect(text()).not.toContain('start on Azure?')
  })

  it('asks nothing when costs were accepted beforehand', () => {
    const { pipeline, press } = open(azure(scenarios.allStopped()), { acceptCosts: true })
    press('a')
    expect(pipeline.calls).toEqual(['startAll'])
  })
})

describe('keys that cannot act say why', () => {
  const keysThatNeed = (need: Need) =>
    KEYMAP.filter(({ needs }) => needs === need).flatMap(({ keys }) => keys)

  it('read-only: none of the controls does anything', () => {
    const { pipeline, press, lastLine, text } = open(scenarios.readOnly())
    for (const key of [...keysThatNeed('start'), ...keysThatNeed('control')]) {
      press(key)
      expect(lastLine(), key).toContain('▲ Read-only')
    }
    expect(pipeline.calls).toEqual([])
    expect(text()).not.toContain('stop all stages?')
  })

  it('in a recording: what its keys are, and that it has no tables', () => {
    const replay = { position: 0, durationMs: 60_000, speed: 1, isPaused: false }
    const { pipeline, press, lastLine } = open({ ...scenarios.readOnly(), replay })
    for (const key of [...keysThatNeed('start'), ...keysThatNeed('control')]) {
      press(key)
      expect(lastLine(), key).toContain('▲ This is a recording: space pauses')
    }
    expect(keysThatNeed('tables')).toEqual(['o', 's', 'E'])
    for (const key of keysThatNeed('tables')) {
      press(key)
      expect(lastLine(), key).toContain('▲ A recording has what the screen showed, and no tables to ask.')
    }
    expect(pipeline.calls).toEqual([])
  })

  it('before anything is connected', () => {
    const { pipeline, press, lastLine } = open(scenarios.beforeConnect())
    for (const key of keysThatNeed('control')) {
      press(key)
      expect(lastLine(), key).toContain('▲ Still connecting; if it stays so, the log says why.')
    }
    expect(pipeline.calls).toEqual([])
  })

  it('what the pipeline refuses is told in its words', () => {
    const { pipeline, press, lastLine } = open(scenarios.allStopped())
    vi.spyOn(pipeline.actions, 'burst').mockReturnValue({ ok: false, reason: 'Start the generator first.' })
    press('b')
    expect(lastLine()).toContain('▲ Start the generator first.')
  })

  it('a key that is none, f outside lists, pages where everything is shown', () => {
    const { press, lastLine } = open(scenarios.allRunning())
    press('z')
    expect(lastLine()).toContain('z does nothing here: ? shows every key.')
    press('й')
    expect(lastLine()).toContain('й does nothing here: switch the keyboard to Latin letters.')
    press('é')
    expect(lastLine()).toContain('é does nothing here: ? shows every key.')
    press('alt+z')
    expect(lastLine()).toContain('alt+z does nothing here')
    press('f')
    expect(lastLine()).toContain('Only events and log follow')
    press('pagedown')
    expect(lastLine()).toContain('Everything of this panel is shown.')
  })

  it('ctrl+z and ctrl+l hand the terminal over wherever one is, and say why not', () => {
    const { press, onHandOver, lastLine, text } = open(scenarios.allRunning())
    press('ctrl+l', '/', 'ctrl+z')
    expect(onHandOver.mock.calls).toEqual([['redraw'], ['suspend']])
    expect(text()).toContain('enter keeps it')
    press('escape')
    onHandOver.mockReturnValue('There is no shell.')
    press('ctrl+z')
    expect(lastLine()).toContain('▲ There is no shell.')
  })

  it('every need has words for the document', () => {
    for (const need of Object.values(NEEDS)) expect(need.text).not.toBe('')
  })

  it('what a key came to goes with the next key, or after five seconds of the store’s time', () => {
    const { press, lastLine, pipeline } = open(scenarios.allRunning())
    press('d')
    expect(lastLine()).toContain('toggleCorruption')
    press('tab')
    expect(lastLine()).not.toContain('toggleCorruption')
    press('d')
    pipeline.change((state) => ({ ...state, now: state.now + 4900 }))
    expect(lastLine()).toContain('toggleCorruption')
    pipeline.change((state) => ({ ...state, now: state.now + 200 }))
    expect(lastLine()).not.toContain('toggleCorruption')
  })
})

it('in a recording that is played fast, what a key came to is read as long as elsewhere', () => {
  const state: AppState = {
    ...scenarios.allRunning(),
    replay: { position: 0, durationMs: 60_000_000, speed: 64, isPaused: false },
  }
  const { press, pipeline, lastLine } = open(state)
  press('Z')
  pipeline.change(({ now, ...rest }) => ({ ...rest, now: now + 60 * 4000 }))
  expect(lastLine()).toContain('Z does nothing here')
  pipeline.change(({ now, ...rest }) => ({ ...rest, now: now + 60 * 2000 }))
  expect(lastLine()).not.toContain('Z does nothing here')
})

describe('focus and zoom', () => {
  /** The panel whose frame fills the body. */
  const zoomedTitle = ({ text }: Opened) => text().split('\n')[6] ?? ''

  it('tab, shift+tab and arrows go through all panels and come round', () => {
    const opened = open(scenarios.allRunning())
    opened.press('return')
    const seen = PANELS.map(() => {
      const title = zoomedTitle(opened)
      opened.press('tab')
      return title
    })
    expect(new Set(seen).size).toBe(PANELS.length)
    expect(zoomedTitle(opened)).toBe(seen[0])
    opened.press('left')
    expect(zoomedTitle(opened)).toBe(seen.at(-1))
    opened.press('tab', 'shift+tab')
    expect(zoomedTitle(opened)).toBe(seen.at(-1))
  })

  it('↓ and ↑ move the focus where nothing scrolls', () => {
    const opened = open(scenarios.allRunning())
    opened.press('down', 'return')
    expect(zoomedTitle(opened)).toContain('event hub')
    opened.press('up')
    expect(zoomedTitle(opened)).toContain('event rate')
  })

  it('enter zooms and comes back; esc comes back, one thing at a time', () => {
    const opened = open(scenarios.allRunning())
    const before = opened.text()
    opened.press('return')
    expect(opened.text()).toContain('2 of at most 20,000')
    opened.press('return')
    expect(opened.text()).toBe(before)
    opened.press('return', '?', 'escape')
    expect(opened.text()).toContain('2 of at most 20,000')
    opened.press('escape')
    expect(opened.text()).toBe(before)
  })

  it('l shows the ledger, and goes back to where one was', () => {
    const opened = open(scenarios.allRunning())
    opened.press('tab', 'tab')
    const before = opened.text()
    opened.press('l')
    expect(opened.text()).toContain('five assertions')
    opened.press('l')
    expect(opened.text()).toBe(before)
    opened.press('l', 'escape')
    expect(opened.text()).toBe(before)
  })

  it('a small screen shows the focused panel in place of the chart', () => {
    const { press, text } = open(scenarios.allRunning(), { columns: 80, rows: 24 })
    press('tab')
    expect(text()).toMatch(/event hub[\s\S]*1,810[\s\S]*lake/)
    press('tab')
    expect(text()).toMatch(/2 stream analytics/)
  })

  it('help and endpoints open and close with their key, and leave the focus as it was', () => {
    const opened = open(scenarios.allRunning())
    opened.press('tab')
    const before = opened.text()
    for (const [key, content] of [
      ['?', 'tart or stop the generator'],
      ['e', 'Event Hubs'],
    ] as const) {
      opened.press(key)
      expect(opened.text()).toContain(content)
      opened.press(key)
      expect(opened.text()).toBe(before)
      opened.press(key, 'escape')
      expect(opened.text()).toBe(before)
    }
    opened.press('x', 'n')
    expect(opened.text()).toBe(before)
  })

  it('help has every key, and scrolls where it does not fit', () => {
    const { press, text } = open(scenarios.allRunning(), { columns: 80, rows: 24 })
    press('?')
    const seen = new Set<string>()
    for (let line = 0; line < 60; line++) {
      for (const row of text().split('\n')) seen.add(row)
      press('down')
    }
    const all = [...seen].join('\n')
    for (const { does } of KEYMAP) expect(all).toContain(does.split(' ').slice(0, 3).join(' '))
  })

  it('the lists of faults and lessons say all of what a letter does in the smallest window', () => {
    for (const [key, end] of [
      ['F', 'the lesson.'],
      ['L', 'space pauses.'],
    ] as const) {
      const lessons = [{ name: 'mine', title: 'Mine', minutes: 5 }]
      const { press, text } = open({ ...scenarios.allRunning(), lessons }, { columns: 60, rows: 20 })
      press(key)
      expect(text().replace(/[│\s]+/g, ' ')).toContain(end)
    }
  })

  it.each([
    ['ctrl+f', 'ctrl+b'],
    ['ctrl+d', 'ctrl+u'],
  ])('%s and %s go by pages, as PgDn and PgUp do', (down, up) => {
    const shown = (...keys: string[]) => {
      const { press, text } = open(scenarios.allRunning(), { columns: 80, rows: 24 })
      press(...keys)
      return text()
    }
    for (const over of ['F', '?']) {
      expect(shown(over, down)).toBe(shown(over, 'pagedown'))
      expect(shown(over, down)).not.toBe(shown(over))
      expect(shown(over, 'end', up)).toBe(shown(over, 'end', 'pageup'))
      expect(shown(over, 'end', up)).not.toBe(shown(over, 'end'))
    }
  })
})

describe('lists', () => {
  const long = (): AppState => {
    const state = scenarios.allRunning()
    const log = Array.from({ length: 200 }, (_, index) => ({
      at: state.now - (200 - index) * 1000,
      level: 'info' as const,
      source: 'silver',
      message: `line ${index}.`,
    }))
    return { ...state, log }
  }
  const opened = () => {
    const one = open(long())
    one.press('shift+tab', 'return')
    return one
  }

  it('numbers of rubbish are whole', () => {
    const state = scenarios.allRunning()
    const [event] = state.events
    if (!event) throw new Error('no event')
    const events = [
      [-147, 184],
      [-14_700, 1840],
      [34.4, 55.123456],
      [1e300, -12_345],
    ].map(([temperature, humidity]) => ({ ...event, temperature, humidity, reasons: [] }))
    const { text } = open({ ...state, events })
    expect(text()).toMatch(/−147°C 184 %/)
    expect(text()).toMatch(/ {2}−15k 1840%/)
    expect(text()).toMatch(/ {2}34 °C {2}55 %/)
    expect(text()).toMatch(/ {6}… {2}−12k/)
  })

  it('scroll by lines, pages and to the ends; f follows again', () => {
    const { press, text } = opened()
    expect(text()).toContain('line 199.')
    press('up')
    expect(text()).not.toContain('line 199.')
    expect(text()).toMatch(/line 198\.[\s\S]*/)
    expect(text()).toContain('1 back, f follows')
    press('down')
    expect(text()).toContain('line 199.')
    press('pageup')
    expect(text()).not.toContain('line 190.')
    press('home')
    expect(text()).toContain('line 0.')
    press('up')
    expect(text()).toContain('line 0.')
    press('end')
    expect(text()).toContain('line 199.')
    press('home', 'f')
    expect(text()).toContain('line 199.')
    expect(text()).toContain('follow')
  })

  it('an opened line that is longer than the window scrolls, and begins at its top when it is opened again', () => {
    const message = Array.from({ length: 400 }, (_, index) => `word${index}`).join(' ')
    const state = scenarios.allRunning()
    const entry = { at: state.now, level: 'error', source: 'hub', message } as const
    const { press, text, screen } = open({ ...state, log: [entry] }, { columns: 80, rows: 24 })
    press('alt+8', 'j', 'return')
    expect(text()).toMatch(/↑↓ 0\/\d+ +y copies/)
    expect(text()).toContain('word0 ')
    expect(text()).not.toContain('word399')
    press('end')
    expect(text()).toContain('word399')
    press('home', 'down', 'j')
    expect(text()).toMatch(/↑↓ 2\//)
    press('k')
    expect(text()).toMatch(/↑↓ 1\//)
    screen.take([
      { kind: 'mouse', mouse: { action: 'wheelDown', button: 0, column: 5, row: 10, shift: false } },
    ])
    expect(text()).toMatch(/↑↓ 4\//)
    press('escape', 'return')
    expect(text()).toMatch(/↑↓ 0\//)
  })

  it('a row that was chosen in what covers the panels is forgotten with it', () => {
    const { press, text, onCopy } = open(scenarios.allRunning())
    press('e', 'j', 'q', 'y')
    expect(onCopy).not.toHaveBeenCalled()
    expect(text()).toContain('Nothing to copy here; in a list j and k choose a row')
  })

  it('keep their place while new lines come in', () => {
    const { press, text, pipeline } = opened()
    press('pageup')
    const body = () => text().split('\n').slice(30, 38).join('\n')
    const before = body()
    for (let index = 0; index < 7; index++)
      pipeline.change((state) => ({
        ...state,
        log: [
          ...state.log.slice(1),
          { at: state.now, level: 'info', source: 'hub', message: `new ${index}` },
        ],
      }))
    expect(body()).toBe(before)
    press('f')
    expect(text()).toContain('new 6')
  })

  it('/ filters log and events while one types; enter keeps the filter, esc clears it', () => {
    const { press, text, lastLine } = open(long())
    press('/')
    expect(lastLine()).toContain('filter')
    press('1', '9', '9', 'x', 'backspace', '.')
    expect(text()).toContain('line 199.')
    expect(text()).not.toContain('line 198.')
    press('return')
    expect(text()).toContain('/199.')
    expect(lastLine()).toContain('q back')
    press('escape')
    expect(text()).toContain('line 198.')
    press('/', 'q', 'escape')
    expect(text()).toContain('line 198.')
  })

  it('/ shows what it filters, whatever lay on it; another filter is another list', () => {
    for (const [name, keys] of [
      ['an opened row', ['j', 'return']],
      ['presenter mode', ['v']],
      ['endpoints', ['e']],
    ] as const) {
      const { press, text } = open(long())
      press('alt+8', ...keys, '/', '1', '9', '9', '.')
      expect(text(), name).toContain('line 199.')
      expect(text(), name).not.toContain('line 198.')
    }
    const { press, lastLine } = open(long())
    press('alt+8', 'j', '/', '1', 'return', 'escape')
    expect(lastLine()).not.toContain('enter open')
  })

  it('many partitions scroll', () => {
    const { press, text } = open(scenarios.huge())
    press('tab')
    expect(text()).not.toMatch(/^.*│ 31 /m)
    press('end')
    expect(text()).toMatch(/│ 31 /)
    press('home')
    expect(text()).toMatch(/│ 0 +270\.0 M/)
  })
})

describe('freezing', () => {
  it('p stops the screen, not the pipeline: nobody listens, nothing moves, keys still act', () => {
    const { press, text, pipeline, onFrame } = open(scenarios.allRunning())
    press('p')
    expect(text()).toContain('frozen')
    expect(pipeline.readers()).toBe(0)
    const before = text()
    onFrame.mockClear()
    pipeline.change((state) => ({ ...state, hub: { ...state.hub, rate: 987 } }))
    expect(onFrame).not.toHaveBeenCalled()
    expect(text()).toBe(before)
    press('d')
    expect(pipeline.calls).toEqual(['toggleCorruption'])
    expect(text()).not.toContain('987')
    press('p')
    expect(pipeline.readers()).toBe(1)
    expect(text()).toContain('987')
    expect(text()).not.toContain('frozen')
  })

  it.each([
    ['an event that is followed', ['T']],
    ['a reading that is sent', ['w', 'return', 'return', 'return']],
    ['a room that is open by now', ['A']],
    ['a lesson that begins', ['L', 'a']],
    ['a fault', ['F', 'a']],
    ['a fault of the palette', [':', ...'hub away', 'return']],
  ])('ends with %s: it is not in what was frozen', (_name, keys) => {
    const lessons = [{ name: 'one', title: 'One', minutes: 5 }]
    const { press, text, pipeline } = open({ ...scenarios.allRunning(), lessons })
    press('p')
    pipeline.change((state) => ({ ...state, audience: ROOM, hub: { ...state.hub, rate: 987 } }))
    press(...keys)
    expect(text()).not.toContain('frozen')
    expect(pipeline.readers()).toBe(1)
  })

  it('questions and the last line speak of the pipeline as it is now', () => {
    const { press, text, lastLine, pipeline } = open(scenarios.allStopped())
    press('p')
    const { now } = scenarios.allStopped()
    pipeline.set({ ...scenarios.allRunning(), now: now + 60_000 })
    press('q')
    expect(text()).toContain('5 of 5 stages run')
    press('escape', 'x')
    expect(text()).toContain('5 of 5 run')
    press('n', 'Z')
    expect(lastLine()).toContain('Z does nothing here')
  })
})

describe('frames', () => {
  it('nothing changing is the same frame', () => {
    const { pipeline, frame } = open(scenarios.allRunning())
    const before = frame()
    pipeline.change((state) => ({ ...state, hub: { ...state.hub, updatedAt: state.now } }))
    expect(frame()).toBe(before)
    pipeline.change((state) => ({ ...state, hub: { ...state.hub, rate: 121 } }))
    expect(frame()).not.toBe(before)
  })

  it('the store is told of the end', () => {
    const { pipeline, close } = open(scenarios.allRunning())
    expect(pipeline.readers()).toBe(1)
    close()
    expect(pipeline.readers()).toBe(0)
  })

  it('keys typed together act one after the other, each on what the one before has left', () => {
    const { screen, pipeline, text } = open(scenarios.allRunning())
    screen.press(['x', 'y', 'tab', 'return'])
    expect(pipeline.calls).toEqual(['stopAll'])
    expect(text()).toMatch(/partition +first +last/)
    screen.press(['escape', ...'/oslo'])
    expect(text()).toContain('nothing matches “oslo”')
  })

  it('pasted text is typed where text is asked for, and never acts', () => {
    const { screen, pipeline, press, text, lastLine } = open(scenarios.allRunning())
    screen.paste('axy\n1')
    expect(pipeline.calls).toEqual([])
    expect(lastLine()).toContain('Pasted text does nothing here')
    press('/')
    screen.paste('Os\x1blo\n')
    expect(text()).toContain('filter  Oslo')
  })

  it('words of pasted lines stay apart', () => {
    const { screen, press, text } = open(scenarios.allRunning())
    press('s')
    screen.paste('SELECT city,\r\n\thumidity\nFROM gold\n')
    expect(text()).toContain('SELECT city, humidity FROM gold')
  })

  it('too small a window still lets one quit', () => {
    const { press, text, onQuit } = open(scenarios.allRunning(), { columns: 40, rows: 10 })
    expect(text()).toContain('needs 60×20')
    press('q')
    expect(text()).toMatch(/q again|quit\?/)
    press('q')
    expect(onQuit).toHaveBeenCalledWith({ stopAll: false })
  })

  it.each(['s', '/', ':'])('too small a window says how to quit while text is typed: %s', (key) => {
    const { press, text, onQuit } = open(scenarios.allRunning(), { columns: 40, rows: 10 })
    press(key)
    expect(text()).toContain('esc, then q quits')
    press('q')
    expect(text()).toContain('esc, then q quits')
    press('escape', 'q', 'q')
    expect(onQuit).toHaveBeenCalledWith({ stopAll: false })
  })
})

describe('pasted text that the terminal does not mark', () => {
  const arrive = ({ screen }: Opened, text: string) =>
    screen.take(
      [...text.replaceAll('\n', '\r')].map((character) => ({
        kind: 'key',
        key: { '\r': 'return', '\t': 'tab', '\x7f': 'backspace' }[character] ?? character,
      })),
    )

  it.each([
    'https://example.com/labs/1?x=y\n',
    'https://aka.ms/azd',
    'npm ci && npm start\n',
    'exit\n',
    'ls -la\n',
    'sudo apt-get install x\ny\n',
    'x\ny\n',
    'x\n\ny\nq\nq\n',
    '{"temperature": 21, "city": "Oslo"}',
    '[\n  1,\n  2\n]\n',
    'Stop all, says the text.\n\nyes\n',
    '54321',
    '5551234',
    '2026-11-29 18:03:07',
    'date',
    'data\n',
    'a b',
    '東京都',
    'día\n',
    '3.14159',
    '\tx\n\ty\n',
    'aaxxyy11qq22aa33xx',
  ])('%j does nothing, and is told', (text) => {
    const opened = open(scenarios.allRunning())
    arrive(opened, text)
    expect(opened.pipeline.calls).toEqual([])
    expect(opened.onQuit).not.toHaveBeenCalled()
    expect(opened.lastLine()).toContain('Taken for pasted text')
    expect(opened.text()).not.toContain('stop all stages?')
  })

  it.each([
    ['xy1d+', ['stopAll', 'toggle generator', 'toggleCorruption', 'scaleStations 2']],
    ['12345', ['generator', 'streamAnalytics', 'silver', 'gold', 'aggregate'].map((one) => `toggle ${one}`)],
    ['n250\n', ['setStations 250']],
    ['D12.5\n', ['setCorruption 0.125']],
    ['i500ms\n', ['setInterval 500']],
    [':burst\n', ['burst']],
    ['++++++++++++', Array(12).fill('scaleStations 2')],
    ['+++++-----', [...Array(5).fill('scaleStations 2'), ...Array(5).fill('scaleStations 0.5')]],
    ['dd', ['toggleCorruption', 'toggleCorruption']],
    ['/Oslo\x7fo\n', []],
  ])('%j, as fingers do, acts', (text, calls) => {
    const opened = open(scenarios.allRunning())
    arrive(opened, text)
    expect(opened.pipeline.calls).toEqual(calls)
    expect(opened.lastLine()).not.toContain('Taken for pasted text')
  })

  it('its rest does nothing either, until a pause', () => {
    let now = 0
    const opened = open(scenarios.allRunning(), { monotonic: () => now })
    arrive(opened, 'one two')
    now += 60
    arrive(opened, '1')
    now += 60
    arrive(opened, 'd')
    expect(opened.pipeline.calls).toEqual(['toggleCorruption'])
  })

  it('is typed where text is asked for: its lines neither ask nor go on as keys', () => {
    const query = { run: vi.fn(), size: vi.fn() } as unknown as LakeQuery
    const opened = open(scenarios.allRunning(), { query: () => query })
    opened.press('s')
    arrive(opened, 'SELECT city\nFROM\tgold\nd\n')
    expect(opened.text()).toContain('SELECT city FROM gold d')
    expect(query.run).not.toHaveBeenCalled()
    expect(opened.pipeline.calls).toEqual([])
  })

  it('what follows a line that closes a field is looked at anew', () => {
    const opened = open(scenarios.allRunning())
    opened.press('w')
    arrive(opened, 'Oslo\n12\n40\nx\ny\n')
    expect(opened.pipeline.calls).toEqual([expect.stringMatching(/^sendOne/)])
    const typed = open(scenarios.allRunning())
    typed.press('/')
    arrive(typed, 'gold\n')
    arrive(typed, 'd')
    expect(typed.pipeline.calls).toEqual(['toggleCorruption'])
  })

  it('no question about money is answered before it is shown', () => {
    const opened = open(azure(scenarios.allStopped()))
    arrive(opened, 'ay')
    expect(opened.text()).toContain('start on Azure?')
    expect(opened.pipeline.calls).toEqual([])
    arrive(opened, 'y')
    expect(opened.pipeline.calls).toEqual(['startAll'])
  })

  it.each([
    ['x', scenarios.allRunning()],
    ['a', azure(scenarios.allStopped())],
  ])('a word typed in the wrong window, and enter, answer no question: %s', (key, state) => {
    const { pipeline, press, text } = open(state)
    press(key, 'i', 't', 'return')
    expect(pipeline.calls).toEqual([])
    press('y')
    expect(pipeline.calls).toHaveLength(1)
    expect(text()).not.toMatch(/stop all stages\?|start on Azure\?/)
  })
})

describe('quitting', () => {
  it('q and ctrl+c quit at once where nothing runs, or where one only watches', () => {
    for (const key of ['q', 'ctrl+c']) {
      const states = [scenarios.allStopped(), azure(scenarios.allStopped()), scenarios.readOnly()]
      for (const state of states) {
        const { press, onQuit } = open(state)
        press(key)
        expect(onQuit, key).toHaveBeenCalledExactlyOnceWith({ stopAll: false })
      }
    }
  })

  it('asks once while stages run, offline too: a second press within two seconds quits, a later one stays', () => {
    for (const key of ['q', 'ctrl+c']) {
      let now = 0
      const { press, text, onQuit } = open(scenarios.allRunning(), { monotonic: () => now })
      press(key)
      expect(onQuit).not.toHaveBeenCalled()
      expect(text()).toMatch(/quit\?[\s\S]*end with this window/)
      now += 2001
      press(key)
      expect(text()).not.toContain('end with this window')
      expect(onQuit).not.toHaveBeenCalled()
      press(key)
      now += 1999
      press(key)
      expect(onQuit).toHaveBeenCalledExactlyOnceWith({ stopAll: false })
    }
  })

  it('what the question names answers it, however long it has stood there', () => {
    for (const answer of ['return', 'y']) {
      let now = 0
      const { press, text, onQuit } = open(scenarios.allRunning(), { monotonic: () => now })
      press('q')
      now += 60_000
      expect(text()).toMatch(/enter +quit/)
      expect(text()).not.toMatch(/│ q +quit/)
      press(answer)
      expect(onQuit, answer).toHaveBeenCalledExactlyOnceWith({ stopAll: false })
    }
  })

  it('--yes-quit does not ask', () => {
    const { press, onQuit } = open(scenarios.allRunning(), { yesQuit: true })
    press('q')
    expect(onQuit).toHaveBeenCalledExactlyOnceWith({ stopAll: false })
  })

  it('asks while stages run on Azure: stop all, leave them, or stay', () => {
    const state = azure(scenarios.allRunning())
    const stay = open(state)
    stay.press('q')
    expect(stay.text()).toMatch(/quit\?[\s\S]*≈ \$1\.42\/h/)
    stay.press('escape')
    expect(stay.onQuit).not.toHaveBeenCalled()
    const stop = open(state)
    stop.press('q', 's')
    expect(stop.onQuit).toHaveBeenCalledExactlyOnceWith({ stopAll: true })
    const leave = open(state)
    leave.press('q', 'l')
    expect(leave.onQuit).toHaveBeenCalledExactlyOnceWith({ stopAll: false })
    const insist = open(state)
    insist.press('ctrl+c', 'ctrl+c')
    expect(insist.onQuit).toHaveBeenCalledExactlyOnceWith({ stopAll: false })
  })

  it('closes what lies on top first, one thing at a time', () => {
    for (const end of ['q', 'ctrl+c'])
      for (const open_ of [['?'], ['e'], ['l'], ['return'], ['/', 'z', 'return']]) {
        const { press, onQuit, text } = open(scenarios.allStopped())
        const before = text()
        press(...open_, end)
        expect(onQuit, `${open_.join()} ${end}`).not.toHaveBeenCalled()
        if (!open_.includes('/')) expect(text()).toBe(before)
        press(end)
        expect(onQuit).toHaveBeenCalledOnce()
      }
    for (const key of ['x', 'n', '/']) {
      const { press, onQuit } = open(scenarios.allRunning())
      press(key, 'ctrl+c')
      expect(onQuit, key).not.toHaveBeenCalled()
    }
  })

  it('presenter mode is left by esc, q and ctrl+c, and only then do those quit', () => {
    for (const key of ['escape', 'q', 'ctrl+c']) {
      const { press, onQuit, text, lastLine } = open(scenarios.allStopped())
      const before = text()
      press('v')
      expect(lastLine()).toMatch(/v panels.*q back/)
      press('?')
      press(key)
      expect(lastLine(), 'the help lies on top of it').toContain('v panels')
      press(key)
      expect(text(), key).toBe(before)
      expect(onQuit, key).not.toHaveBeenCalled()
    }
  })

  it('esc in presenter mode mends what is broken first, as it says', () => {
    const state = scenarios.allRunning()
    const faults = [
      { name: 'lake-slow', state: 'active', startedAt: state.now },
    ] as unknown as AppState['faults']
    const { press, pipeline, lastLine } = open({ ...state, faults })
    press('v', 'escape')
    expect(pipeline.calls).toEqual(['mendFaults'])
    press('1')
    expect(lastLine()).toContain('toggle generator')
  })

  it('a row that was chosen does not outlive presenter mode: one esc leaves it', () => {
    const { press, text, lastLine } = open(scenarios.allRunning())
    press('alt+4', 'j', 'v')
    expect(text()).toMatch(/events a second/)
    press('escape')
    expect(text()).not.toMatch(/events a second/)
    expect(lastLine()).toContain('q quit')
  })

  describe('an escape and a key that come at once', () => {
    const pair = (key: string) => [{ kind: 'pair' as const, key }]

    it('are both: help closes, and enter runs nothing of it', () => {
      const { screen, press, pipeline, text } = open(scenarios.allRunning())
      press('?')
      screen.take(pair('return'))
      expect(text()).not.toContain('every action with its key')
      press('return')
      expect(pipeline.calls).toEqual([])
      press('/', 'a')
      screen.take(pair('l'))
      expect(text()).toContain('five assertions')
    })

    it('a key that acts on the pipeline does not, and says so; what lay on top is left', () => {
      const { screen, press, pipeline, text, lastLine } = open(scenarios.allRunning())
      for (const [key, name] of [
        ['d', 'd'],
        ['b', 'b'],
        ['x', 'x'],
        ['q', 'q'],
        ['9', '9'],
      ] as const) {
        press('?')
        screen.take(pair(key))
        expect(text()).not.toContain('every action with its key')
        expect(text()).not.toContain('stop all stages?')
        expect(lastLine()).toContain(
          `${name} came so soon after esc that it may be alt+${name}: press it again`,
        )
      }
      expect(pipeline.calls).toEqual([])
    })

    it('alt and a number focus a panel; not while something is asked', () => {
      const { screen, press, text } = open(scenarios.allRunning())
      screen.take(pair('8'))
      expect(text()).toContain('»log')
      press('?')
      press('escape')
      screen.take(pair('2'))
      expect(text()).toContain('»event hub')
      press('n')
      screen.take(pair('8'))
      expect(text()).not.toContain('how many stations')
      expect(text()).toContain('»event hub')
    })

    it('in a line of text, alt deletes a word or does nothing; what was left of SQL comes back', () => {
      const { screen, text } = open(scenarios.allRunning(), { query: () => undefined })
      screen.press(['s'])
      screen.paste('select one two')
      for (const key of ['b', 'f', 'd', 'backspace']) screen.take(pair(key))
      expect(text()).toContain('select one ▏')
      screen.press(['ctrl+w'])
      expect(text()).toContain('select ▏')
      screen.take(pair('l'))
      expect(text()).not.toContain('select ▏')
      screen.press(['escape', 's', 'up'])
      expect(text()).toContain('select ▏')
      screen.press(['ctrl+u'])
      screen.paste('left by ctrl+c')
      screen.press(['ctrl+c', 's', 'up'])
      expect(text()).toContain('left by ctrl+c▏')
    })
  })

  it('an escape that was none is taken back', () => {
    const { screen, press, text } = open(scenarios.allRunning())
    press('?')
    const before = text()
    press('escape')
    expect(text()).not.toBe(before)
    screen.take([{ kind: 'takeBack' }])
    expect(text()).toBe(before)
  })
})

describe('backspace', () => {
  it.each([
    ['the question in SQL', 's'],
    ['the filter', '/'],
    ['the palette', ':'],
    ['a reading of one’s own', 'w'],
  ] as const)('in %s takes away one character as a person sees it', (_, key) => {
    const { press, text } = open(scenarios.allRunning())
    press(key, 'a')
    const before = text()
    for (const one of ['é', 'e\u0301', '😀', '👍🏽', '🇫🇮', '1\ufe0f\u20e3', '👩\u200d👩\u200d👧', 'क्षि']) {
      press(...one)
      expect(text(), one).not.toBe(before)
      press('backspace')
      expect(text(), one).toBe(before)
    }
    press('backspace', 'backspace', 'a')
    expect(text()).toBe(before)
  })
})

describe('the palette', () => {
  it('finds an action by a few of its letters, and runs it', () => {
    const { press, text, pipeline } = open(scenarios.allRunning())
    press(':', 'b', 'u', 'r', 's', 't')
    expect(text()).toMatch(/: burst▏/)
    expect(text()).toMatch(/▸ b +»urst: ten times/)
    press('return')
    expect(pipeline.calls).toEqual(['burst'])
    expect(text()).not.toContain('enter runs')
  })

  it('runs nothing that only happens to have the letters, as a slip of the finger has', () => {
    const found = (query: string) => {
      const { press, text } = open(scenarios.allRunning())
      press(':', ...query)
      return text()
    }
    for (const slip of ['busrt', 'legder']) expect(found(slip), slip).toContain('Nothing is called that')
    // In a word, or at the beginnings of several.
    expect(found('brst')).toMatch(/▸ b +/)
    expect(found('star all')).toMatch(/▸ a +/)
    expect(found('lhh')).toMatch(/▸ l +/)
    for (const query of ['hot', 'PARTITION hot', 'break part', 'hub-away'])
      expect(found(query)).toMatch(/▸ F \S/)
    expect(found('boph')).not.toContain('break on purpose')
  })

  it('has first what can act now, and what cannot before what has only its letters', () => {
    const first = (state: AppState) => {
      const { press, text } = open(state)
      press(':', ...'pause')
      return /▸ (\S+)/.exec(text())?.[1]
    }
    const state = scenarios.allRunning()
    expect(first(state)).toBe('space')
    expect(first({ ...state, audience: ROOM })).toBe(':')
    expect(first({ ...MODES.lesson.state(), audience: ROOM })).toBe('space')
  })

  it('letters are typed, not pressed; one escape closes it, as its frame says', () => {
    const { press, text, pipeline, onQuit } = open(scenarios.allStopped())
    press(':', 'q', '1', 'x')
    expect(pipeline.calls).toEqual([])
    expect(text()).toContain('Nothing is called that')
    expect(text()).toMatch(/keys [^/]*enter runs {3}esc closes/)
    press('escape')
    expect(text()).not.toContain('esc closes')
    expect(onQuit).not.toHaveBeenCalled()
  })

  it('is the same list as the help, which is walked with the arrows and searched with /', () => {
    const { press, text, pipeline } = open(scenarios.allRunning())
    press('?')
    expect(text()).toContain('»tart or stop the generator')
    press('down', 'return')
    expect(pipeline.calls).toEqual(['toggle streamAnalytics'])
    press('?')
    expect(text()).toMatch(/keys .*\/ searches {3}enter runs {3}esc closes/)
    press('/', 'd', 'i', 'r', 't')
    expect(text()).toContain('irty data on or off')
    press('escape')
    expect(text()).not.toContain('esc closes')
  })
})

describe('a fault', () => {
  it('that is active is mended by esc on the panels; what lies on them is closed first, and says so', () => {
    const state = scenarios.allRunning()
    const fault = {
      name: 'poison',
      title: 'poison',
      happens: '',
      seen: '',
      since: state.now,
      until: undefined,
    }
    const { press, text, pipeline, lastLine } = open({ ...state, faults: [{ ...fault, state: 'active' }] })
    expect(text()).toMatch(/poison, .*: +esc mends it\./)
    for (const [opens, on] of [
      ['F', 'On the panels esc mends everything'],
      ['return', 'esc mends it'],
      ['j', 'esc mends it'],
    ] as const) {
      press('alt+7', opens)
      expect(text(), opens).toContain(on)
      expect(text(), opens).toMatch(/poison, .*: +on the panels esc mends it\./)
      expect(lastLine(), opens).toContain('esc back')
      press('escape')
      expect(pipeline.calls, opens).toEqual([])
    }
    press('[')
    expect(lastLine()).not.toContain('esc now')
    press('escape')
    expect(pipeline.calls).toEqual(['mendFaults'])
  })

  it.each(FAULTS)('$name is found in the palette by its title, and broken by enter', ({ name, title }) => {
    const { press, text, pipeline, lastLine } = open(scenarios.allRunning())
    press(':', ...title)
    expect(text()).toContain(`▸ F ${LETTERS[FAULTS.findIndex((one) => one.name === name)]}`)
    press('return')
    expect(pipeline.calls).toEqual([`injectFault ${name}`])
    expect(lastLine()).not.toContain('▲')
  })

  it('is refused where nothing may be changed', () => {
    const { press, pipeline, lastLine } = open(scenarios.readOnly())
    press(':', ...'hub away', 'return')
    expect(pipeline.calls).toEqual([])
    expect(lastLine()).toContain('▲')
  })
})

describe('values that are typed', () => {
  it('their end is in sight, however long they are, and what answers them', () => {
    const query = `select ${Array.from({ length: 200 }, (_, index) => `column_${index}`).join(', ')} from gold`
    for (const [columns, rows] of [
      [60, 20],
      [80, 24],
    ] as const) {
      const { screen, text } = open(scenarios.allRunning(), { columns, rows })
      const type = (...keys: string[]) => screen.press(keys)
      type('s')
      screen.paste(query)
      expect(text()).toContain('column_199')
      expect(text()).toContain('enter  ask')
      type('escape', 'w', ...'札幌'.repeat(20))
      expect(text()).toContain('札幌▏')
      type('escape', '/', ...'札幌'.repeat(20))
      expect(text()).toContain('札幌▏')
      type('escape', ':', ...'札幌'.repeat(20))
      expect(text()).toContain('札幌▏')
    }
  })

  it('of the interval and the share the question says what is set, not nearly so', () => {
    const { press, text, pipeline } = open(scenarios.allRunning())
    pipeline.change((state) => ({
      ...state,
      generator: { ...state.generator, intervalMs: 250, dirty: 0.0004 },
    }))
    press('i')
    expect(text()).toContain('now every 250 ms')
    press('escape', 'D')
    expect(text()).toContain('now <0.1 %')
  })

  it('D is the share of dirty data, i the interval', () => {
    const { press, text, pipeline } = open(scenarios.allRunning())
    press('D')
    expect(text()).toMatch(/How many percent\?[\s\S]*now 5 %/)
    press(
      '1',
      '2',
      '.',
      '5',
      'return',
      'i',
      '5',
      '0',
      '0',
      'm',
      's',
      'return',
      'i',
      '2',
      'm',
      'return',
      'i',
      '7',
      'return',
    )
    expect(pipeline.calls).toEqual([
      'setCorruption 0.125',
      'setInterval 500',
      'setInterval 120000',
      'setInterval 7000',
    ])
  })
})

describe('rows', () => {
  it('j and k choose one, enter opens what is behind it, y copies it, escape goes back step by step', () => {
    const { press, text, onCopy } = open(scenarios.allRunning())
    press('alt+7', 'j')
    expect(text()).toMatch(/»2:31:10\.9 station-00017 Cairo/)
    press('k', 'y')
    expect(onCopy).toHaveBeenCalledWith(expect.stringMatching(/^12:31:10\.7 station-00093 Oslo/))
    press('return')
    expect(text()).toMatch(
      /event of station-00093[\s\S]*partition key +station-00093[\s\S]*temperature +3 °C/,
    )
    press('escape')
    expect(text()).not.toContain('partition key')
    expect(text()).toMatch(/»2:31:10\.7/)
    press('escape')
    expect(text()).not.toMatch(/»2:31:10/)
  })

  it.each([
    ['?', 'keys'],
    [':', 'keys'],
    ['e', 'endpoints'],
    ['F', 'break something'],
    ['L', 'lessons'],
    ['T', 'one event'],
    ['l', 'five assertions'],
    ['tab', 'weather'],
  ])('%s on what is opened is seen, and what is opened goes', (key, shown) => {
    const { press, text } = open(scenarios.allRunning())
    press('alt+2', 'j', 'return')
    expect(text()).toContain('»partition 0')
    press(key)
    expect(text()).not.toContain('events held')
    expect(text()).toContain(shown)
  })

  it('the palette acts on the row that is chosen and on what is opened, and leaves them there', () => {
    const { press, text, onCopy, lastLine } = open(scenarios.allRunning())
    press('alt+2', 'j', 'j', ':', ...'copy', 'return')
    expect(onCopy.mock.lastCall?.[0]).toContain('1,810')
    press('return', ':', 'escape')
    expect(text()).toContain('events held')
    press(':', ...'copy', 'return')
    expect(onCopy.mock.lastCall?.[0]).toContain('last sequence number  1,810')
    expect(text()).toContain('events held')
    press('escape')
    expect(lastLine()).toContain('enter open')
  })

  it('an address that takes several rows is opened and copied whole, from each of them', () => {
    const whole =
      'Endpoint=sb://localhost:5671;SharedAccessKeyName=RootManageSharedAccessKey;EntityPath=weather'
    const endpoints = [
      { name: 'connection string', value: whole },
      { name: 'event hub', value: 'weather' },
    ]
    const { press, text, onCopy, lastLine } = open(
      { ...scenarios.allRunning(), endpoints },
      { columns: 80, rows: 24 },
    )
    press('e', 'j', 'y')
    expect(onCopy).toHaveBeenLastCalledWith(whole)
    press('j', 'y')
    expect(onCopy).toHaveBeenLastCalledWith(whole)
    press('return')
    expect(text().replaceAll(/[^\w=;:/]/g, '')).toContain('EntityPath=weather')
    // A name is nothing that a browser opens.
    expect(lastLine()).not.toContain('g open')
    press('escape', 'j', 'y')
    expect(onCopy).toHaveBeenLastCalledWith('weather')
  })

  it('a row that its list shows in part is copied whole: of a table with tabs, of the zoomed log with all its lines', async () => {
    const state = scenarios.allRunning()
    const rows = [['7'.repeat(36), 'São\tPaulo', 'x'.repeat(60)]]
    const answer = { columns: ['id', 'city', 'note'], rows, isCut: false, files: 1, bytes: 9 }
    const { press, text, onCopy } = open(
      { ...state, log: [{ at: state.now, level: 'error', source: 'gold', message: 'word '.repeat(40) }] },
      { columns: 60, rows: 24, query: () => ({ run: async () => answer }) as unknown as LakeQuery },
    )
    press('o')
    await vi.waitFor(() => expect(text()).toContain('7777'))
    press('j', 'y')
    expect(onCopy).toHaveBeenLastCalledWith(`${'7'.repeat(36)}\tSão Paulo\t${'x'.repeat(60)}`)
    press('escape', 'escape', 'alt+8', 'return', 'j', 'y')
    expect(onCopy).toHaveBeenLastCalledWith(expect.stringMatching(/error gold (word ){40}$/))
  })

  it('what is opened is shown and copied with its addresses, none of them cut', () => {
    const endpoints = [
      { name: 'notebook', value: `file:///${'folder/'.repeat(12)}gold.py`, opens: 'gold' },
    ] as const
    const { press, text, onCopy } = open({ ...scenarios.allRunning(), endpoints }, { columns: 80, rows: 24 })
    press('alt+5', 'j', 'j', 'return', 'y')
    expect(onCopy).toHaveBeenLastCalledWith(
      expect.stringMatching(/run {2}41874[\s\S]*notebook {2}file:.*gold\.py$/),
    )
    expect(text()).toContain('gold.py')
  })

  it('where no row can be chosen, y does not send one to j, which acts there', () => {
    const { press, lastLine } = open(scenarios.allRunning())
    press('F', 'y')
    expect(lastLine()).toContain('Nothing to copy here')
  })

  it('of an open room its address is copied and opened', () => {
    const { url } = ROOM
    const { press, onCopy, lastLine } = open({ ...scenarios.allRunning(), audience: ROOM })
    press('A')
    expect(lastLine()).toMatch(/y copy +g open/)
    press('y')
    expect(onCopy).toHaveBeenLastCalledWith(url)
  })

  it('a row that the window cuts is copied whole; what the terminal makes of it is not known', () => {
    const state = scenarios.allRunning()
    const message = `${'word '.repeat(40)}the end`
    const log = [...state.log, { at: state.now, level: 'error' as const, source: 'gold', message }]
    const { press, onCopy, lastLine } = open({ ...state, log })
    press('alt+8', 'j', 'y')
    expect(onCopy).toHaveBeenCalledWith(expect.stringMatching(/gold +word [\s\S]*the end$/))
    expect(lastLine()).toContain("Sent to the terminal's clipboard; not all take it")
  })

  it('a key that is not shown is not copied either, and the command that has it is named', () => {
    const endpoints = [{ name: 'hub', value: 'Endpoint=sb://localhost:5671;SharedAccessKey=••••' }]
    const { press, lastLine } = open({ ...scenarios.allRunning(), endpoints })
    press('e', 'j', 'y')
    expect(lastLine()).toContain('Copied without its key: rtstream-tui endpoints prints it whole.')
  })

  it('a lesson that begins has the strip for the pipeline: nothing is followed any more', () => {
    const state = {
      ...scenarios.allRunning(),
      trace: { query: { kind: 'newest' as const }, trace: TRACE, problem: undefined, lookedAt: 0 },
    }
    const lessons = [{ name: 'one', title: 'One', minutes: 5 }]
    const { press, pipeline } = open({ ...state, lessons })
    press('L', 'a')
    expect(pipeline.calls).toEqual(['endTrace'])
  })

  it('every list has something behind its rows', () => {
    for (const [key, shown] of [
      ['alt+2', /partition 0[\s\S]*last sequence number +1,803/],
      ['alt+3', /streamAnalytics[\s\S]*the service says +Running/],
      ['alt+4', /bronze[\s\S]*mean size of a file/],
      ['alt+5', /silver[\s\S]*last batch +#689/],
      ['alt+6', /aggregate[\s\S]*InProgress/],
      ['alt+8', /line of the log[\s\S]*source/],
    ] as const) {
      const { press, text } = open(scenarios.allRunning())
      press(key, 'j', 'return')
      expect(text(), key).toMatch(shown)
    }
  })

  it('what is chosen stays under the cursor while newer lines come in', () => {
    const { press, text, pipeline } = open(scenarios.allRunning())
    press('alt+8', 'j')
    const chosen = () => text().match(/».*/)?.[0]
    const before = text().match(/»2:31:10 ▲ hub/)?.[0]
    expect(before).toBeDefined()
    pipeline.change((state) => ({
      ...state,
      log: [...state.log, { at: state.now, level: 'info', source: 'hub', message: 'newer' }],
    }))
    expect(text()).toMatch(/»2:31:10 ▲ hub/)
    expect(chosen()).toBeDefined()
  })
})

describe('the mouse', () => {
  const at = (screen: string, wanted: string) => {
    const row = screen.split('\n').findLastIndex((line) => line.includes(wanted))
    return { row, column: screen.split('\n')[row]?.indexOf(wanted) ?? -1 }
  }
  const mouse = (action: MouseAction, place: { row: number; column: number }) =>
    ({ kind: 'mouse', mouse: { action, button: 0, shift: false, ...place } }) as const

  it('focuses what is clicked, chooses its row, opens it with another click', () => {
    const { screen, text } = open(scenarios.allRunning())
    const row = at(text(), 'station-00093')
    screen.take([mouse('press', row)])
    expect(text()).toMatch(/»events /)
    screen.take([mouse('press', row), mouse('release', row)])
    expect(text()).toMatch(/»2:31:10\.7 station-00093/)
    screen.take([mouse('press', row)])
    expect(text()).toContain('event of station-00093')
  })

  it('presses the keys of the last line, and scrolls what it stands over', () => {
    const state = scenarios.allRunning()
    const log = Array.from({ length: 99 }, (_, index) => ({
      at: state.now,
      level: 'info' as const,
      source: 'hub',
      message: `line ${index}`,
    }))
    const { screen, text } = open({ ...state, log })
    screen.take([mouse('wheelUp', at(text(), 'line 97'))])
    expect(text()).not.toContain('line 98')
    screen.take([mouse('press', at(text(), '? help'))])
    expect(text()).toContain('enter runs')
  })

  it('a click while a filter is typed keeps what was typed', () => {
    const { screen, text, press, lastLine } = open(scenarios.allRunning())
    press('/', ...'zzz')
    screen.take([mouse('press', at(text(), 'lake'))])
    expect(lastLine()).not.toContain('enter keeps it')
    expect(text()).toContain('/zzz')
  })

  it('a wheel that goes sideways and the buttons at the side do nothing', () => {
    const { screen, text } = open(scenarios.allRunning())
    const place = at(text(), 'station-00093')
    const before = text()
    const side = { kind: 'mouse', mouse: { ...mouse('press', place).mouse, button: 8 } } as const
    screen.take([mouse('wheelLeft', place), mouse('wheelRight', place), side])
    expect(text()).toBe(before)
  })

  it('[ and ] go back in time and to now again, though time goes on meanwhile', () => {
    const { press, text, pipeline } = open(scenarios.allRunning())
    const later = (ms: number) => pipeline.change((state) => ({ ...state, now: state.now + ms }))
    press('[')
    expect(text()).toMatch(/−40 s +−30 s /)
    later(4000)
    press('[')
    later(4000)
    press(']')
    expect(text()).toMatch(/−48 s +−38 s /)
    press(']')
    expect(text()).toMatch(/−10 s +now /)
  })

  it('m, ctrl+s and t tell what they have come to', () => {
    const { onSave, press, lastLine } = open(scenarios.allRunning())
    press('m')
    expect(lastLine()).toContain('The mouse is off.')
    press('ctrl+s')
    expect(lastLine()).toContain('✓ saved')
    onSave.mockReturnValueOnce(refused('no room'))
    press('ctrl+s')
    expect(lastLine()).toContain('▲ no room')
    press('t')
    expect(lastLine()).toContain('theme: light')
  })
})

describe('data of the layers', () => {
  const result: QueryResult = {
    columns: ['file', 'n'],
    rows: [
      ['weather/a.json', 1],
      ['weather/b.json', 22],
    ],
    isCut: false,
    files: 2,
    bytes: 1_500_000,
  }
  const withQuery = (answer: (sql: string, signal?: AbortSignal) => Promise<QueryResult>) => {
    const asked: string[] = []
    const query: LakeQuery = {
      size: async () => ({ files: 0, bytes: 0 }),
      export: async () => 0,
      run: (sql, _limits, signal) => {
        asked.push(sql)
        return answer(sql, signal)
      },
    }
    return { ...open(scenarios.allRunning(), { query: () => query }), asked }
  }

  it('o shows the newest rows of the chosen layer, s the answer to a question, with history', async () => {
    const { press, text, asked } = withQuery(async () => result)
    press('alt+4', 'j', 'o')
    expect(asked[0]).toMatch(/FROM bronze ORDER BY file DESC/)
    await vi.waitFor(() =>
      expect(text()).toMatch(/file +n[\s\S]*weather\/b\.json +22[\s\S]*2 rows, from 2 files, 1\.5 MB/),
    )
    press('escape', 's', ...'SELECT 1', 'return')
    expect(asked[1]).toBe('SELECT 1')
    await vi.waitFor(() => expect(text()).toContain('weather/b.json'))
    press('q', 's', 'up')
    expect(text()).toContain('SELECT 1▏')
    press('up')
    expect(text()).toContain('FROM gold GROUP BY')
  })

  it('enter opens the chosen row, with all its columns; each way back leads one step', async () => {
    const { press, text, lastLine } = withQuery(async () => result)
    press('o')
    await vi.waitFor(() => expect(text()).toContain('weather/b.json'))
    expect(lastLine()).toContain('j k choose')
    press('j', 'j')
    expect(lastLine()).toMatch(/enter open +y copy/)
    press('return')
    expect(text()).toMatch(/╭.row[\s\S]*file +weather\/b\.json[\s\S]*n +22/)
    press('q')
    expect(text()).toContain('newest rows of silver')
    press('q')
    expect(text()).not.toContain('newest rows of silver')
  })

  it('a query that is closed is given up; one that fails says why', async () => {
    let given: AbortSignal | undefined
    const { press, text } = withQuery(async (sql, signal) => {
      given = signal
      if (sql.includes('bad')) throw new Error('Binder Error: no such column')
      return new Promise(() => {})
    })
    press('o')
    expect(text()).toContain('asking …')
    press('escape')
    expect(given?.aborted).toBe(true)
    press('s', ...'bad', 'return')
    await vi.waitFor(() => expect(text()).toContain('no such column'))
  })

  it('before there is a target it says so', () => {
    const { press, lastLine } = open(scenarios.beforeConnect())
    press('o')
    expect(lastLine()).toContain('cannot be asked yet')
  })
})

describe('the last line', () => {
  it('offers what acts where one is: no key that is typed, and what a list, a row, a detail can do', () => {
    const { press, lastLine } = open(scenarios.allRunning())
    press(':')
    expect(lastLine().trim()).toBe('enter run  ↑↓ choose  esc back')
    press('escape', '?')
    expect(lastLine().trim()).toBe('esc back  / search  ↑↓ choose  enter run  q back')
    press('escape', 'alt+7', 'return')
    expect(lastLine()).toMatch(/esc back +j k choose/)
    press('j')
    expect(lastLine()).toMatch(/esc back +enter open +y copy/)
    press('return')
    expect(lastLine()).toMatch(/esc back .*y copy/)
    press('escape', 'escape', 'escape', '[')
    expect(lastLine()).toMatch(/esc now +\[ \] time/)
    press('escape', 'v')
    expect(lastLine()).toContain('v panels')
  })
})

describe('the event that is followed', () => {
  it('follows the event that is opened with t, which is the theme everywhere else', () => {
    const state = scenarios.allRunning()
    const events = state.events.map((event) => ({
      ...event,
      trace: { kind: 'id', eventId: 'this one' } as const,
    }))
    const { pipeline, press, text } = open({ ...state, events })
    press('alt+7', 'j', 'return')
    expect(text()).toContain('t follows it')
    press('t')
    expect(pipeline.calls).toEqual(['trace {"kind":"id","eventId":"this one"}'])
    expect(text()).toContain('one event')
    press('escape')
    expect(text()).not.toContain('t follows it')
    press('t')
    expect(pipeline.calls).toEqual(['trace {"kind":"id","eventId":"this one"}'])
    expect(text()).toContain('theme:')
  })

  const followed: AppState['trace'] = {
    query: { kind: 'newest' },
    trace: {
      position: { partition: '2', sequenceNumber: 41 },
      eventId: 'id',
      steps: [],
      lookedAt: 0,
      cost: { reads: 0, listed: 0, bytes: 0 },
    },
    problem: undefined,
    lookedAt: undefined,
  }

  const strip = (text: string) => text.split('\n').slice(1, 7).join('\n')

  it.each([
    ['esc', ['escape']],
    ['its own key', ['T']],
    ['another list', ['?', 'escape']],
    ['a panel', ['tab']],
  ])('stays in the strip once %s has taken the place of its details, until esc ends it', (_name, keys) => {
    const { press, pipeline, text, lastLine } = open(scenarios.allRunning())
    press('T')
    expect(pipeline.calls).toEqual(['trace {"kind":"newest"}'])
    pipeline.change((state) => ({ ...state, trace: followed }))
    expect(text()).toContain('one event')
    press(...keys)
    expect(pipeline.calls.slice(1)).toEqual([])
    expect(text()).not.toContain('one event')
    expect(strip(text())).toContain('Event id at 2:41')
    expect(lastLine()).toContain('esc ends following')
    press('escape')
    expect(pipeline.calls.slice(1)).toEqual(['endTrace'])
    pipeline.change((state) => ({ ...state, trace: undefined }))
    expect(strip(text())).toContain('stream analytics')
  })

  it('shows its details again while something of it is to come; then the key follows the newest one', () => {
    const { press, pipeline, text } = open(scenarios.allRunning())
    press('T')
    pipeline.change((state) => ({ ...state, trace: { ...followed, trace: TRACE } }))
    press('escape')
    press('T')
    expect(text()).toContain('one event')
    expect(pipeline.calls).toEqual(['trace {"kind":"newest"}'])
    press('escape')
    pipeline.change((state) => ({ ...state, trace: followed }))
    press('T')
    expect(pipeline.calls.slice(1)).toEqual(['trace {"kind":"newest"}'])
  })

  it('gives way to a fault: that is mended first', () => {
    const { press, pipeline } = open(scenarios.allRunning())
    const fault = { name: 'poison', title: 'poison', happens: '', seen: '', since: 0, until: undefined }
    pipeline.change((state) => ({ ...state, trace: followed, faults: [{ ...fault, state: 'active' }] }))
    press('escape')
    pipeline.change((state) => ({ ...state, faults: [] }))
    press('escape')
    expect(pipeline.calls).toEqual(['mendFaults', 'endTrace'])
  })

  it('is followed on, the very same one, when the escape was none', () => {
    const { press, screen, pipeline } = open(scenarios.allRunning())
    press('T', 'T')
    pipeline.change((state) => ({ ...state, trace: followed }))
    press('escape')
    pipeline.change((state) => ({ ...state, trace: undefined }))
    screen.take([{ kind: 'takeBack' }])
    expect(pipeline.calls.slice(1)).toEqual([
      'endTrace',
      'trace {"kind":"position","partition":"2","sequenceNumber":41}',
    ])
  })
})

describe('one cause', () => {
  const saying = (error: string) => {
    const state = scenarios.allStopped()
    const layers = Object.fromEntries(
      Object.entries(state.lake.layers).map(([name, layer]) => [name, { ...layer, error }]),
    ) as AppState['lake']['layers']
    return open({ ...state, hub: { ...state.hub, error }, lake: { ...state.lake, layers } })
      .text()
      .split('\n')[1]
  }

  it('is one banner, with what mends it first; the panels are quiet', () => {
    expect(saying('nobody is signed in — az login')).toMatch(
      /^ ▲ az login {2}nobody is signed in {2}\(hub, lake\)/,
    )
    expect(saying('認証 — az login')).toMatch(/^ ▲ az login {2}認証 {2}\(hub, lake\) +$/)
    expect(open(scenarios.failing()).text().split('\n')[1]).not.toContain('▲ ')
  })
})

it('every key of the map does something here', () => {
  for (const { keys, command } of KEYMAP)
    for (const key of keys) {
      // From a state in which each of them can act: a list in focus that can be scrolled.
      const state = scenarios.allRunning()
      const log = Array.from({ length: 99 }, () => ({
        at: state.now,
        level: 'info' as const,
        source: 's',
        message: 'm',
      }))
      const { press, text, pipeline, onQuit, onHandOver } = open({ ...state, log })
      press('shift+tab', 'up', ...(key === 'alt+8' ? ['tab'] : []))
      const before = text()
      press(key)
      const called = [pipeline.calls, onQuit.mock.calls, onHandOver.mock.calls].some(
        (calls) => calls.length > 0,
      )
      const isVisible = text() !== before || called
      expect(isVisible, `${command} ${key}`).toBe(true)
      expect(text(), key).not.toContain('does nothing here')
    }
})

it('a terminal that is behind gets no frame but for another size; one with all changes comes when it has caught up', () => {
  let isBehind = true
  const { press, frame, text, screen, onFrame } = open(scenarios.allRunning(), { isBehind: () => isBehind })
  const before = frame()
  press('alt+8', 'return', '?')
  expect(frame()).toBe(before)
  expect(screen.frame(80, 24).rows.join('\n')).toContain('enter runs')
  isBehind = false
  onFrame.mockClear()
  screen.caughtUp()
  expect(onFrame).toHaveBeenCalledTimes(1)
  expect(text()).toContain('enter runs')
})
