/**
 * Bytes that a terminal sends never act as keys: every known sequence, cut at every byte, with pauses as a slow line makes them,
 * through the reader that the control room uses.
 */
import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { mouseOf } from '../../../src/ui/input/csi.ts'
import { isRisky } from '../../../src/ui/input/keymap.ts'
import { terminalInput } from '../../../src/ui/input/terminal-input.ts'
import { TILDE_KEYS, type Token } from '../../../src/ui/input/tokens.ts'
import { FakeClock } from '../../support/fake-clock.ts'

class FakeStdin extends EventEmitter {
  readonly modes: boolean[] = []
  destroyed = false
  setRawMode(isRaw: boolean) {
    this.modes.push(isRaw)
  }
  resume() {}
  pause() {}
}

function open() {
  const stdin = new FakeStdin()
  const clock = new FakeClock()
  const tokens: Token[] = []
  const written: string[] = []
  const ends: string[] = []
  const input = terminalInput({
    stdin: stdin as unknown as NodeJS.ReadStream,
    write: (text) => written.push(text),
    clock,
    mouse: true,
    isRisky,
    onTokens: (some) => tokens.push(...some),
    onEnd: () => ends.push('end'),
  })
  input.open()
  return {
    ends,
    input,
    stdin,
    clock,
    written,
    tokens,
    send: (bytes: Buffer | string) => stdin.emit('data', Buffer.from(bytes)),
    /** Keys as they stand in the end: an escape that was taken back is none. */
    keys: () =>
      tokens.flatMap((token, index) => {
        const next = tokens[index + 1]
        if (token.kind === 'pair') return [`alt+${token.key}`]
        return token.kind === 'key' && next?.kind !== 'takeBack' ? [token.key] : []
      }),
  }
}

/** Sequences of keys, and the key that each is. */
const KEYS: readonly (readonly [sequence: string, key: string])[] = [
  ['\x1b[A', 'up'],
  ['\x1b[B', 'down'],
  ['\x1b[C', 'right'],
  ['\x1b[D', 'left'],
  ['\x1b[E', 'begin'],
  ['\x1b[F', 'end'],
  ['\x1b[H', 'home'],
  ['\x1bOA', 'up'],
  ['\x1bOB', 'down'],
  ['\x1bOC', 'right'],
  ['\x1bOD', 'left'],
  ['\x1bOF', 'end'],
  ['\x1bOH', 'home'],
  ['\x1bOP', 'f1'],
  ['\x1bOQ', 'f2'],
  ['\x1bOR', 'f3'],
  ['\x1bOS', 'f4'],
  ['\x1bOM', 'return'],
  ['\x1bOq', 'keypad 1'],
  ['\x1bOl', 'keypad ,'],
  ['\x1b[Z', 'shift+tab'],
  ['\x1b[1;2A', 'shift+up'],
  ['\x1b[1;3B', 'alt+down'],
  ['\x1b[1;5C', 'ctrl+right'],
  ['\x1b[1;6D', 'ctrl+shift+left'],
  ['\x1b[1;5P', 'ctrl+f1'],
  ['\x1b[5;5~', 'ctrl+pageup'],
  ['\x1b[27;5;49~', 'ctrl+1'],
  ['\x1b[97;5u', 'ctrl+a'],
  ['\x1b[49;3u', 'alt+1'],
  ['\x1b[27u', 'escape'],
  ['\x1b[27;1:1u', 'escape'],
  ['\x1b[57352u', 'up'],
  ['\x1b[97;2u', 'A'],
  // With what shift makes of the key, and with the text: `?` must not be `/`, nor `!` the key that starts the generator.
  ['\x1b[47:63;2u', '?'],
  ['\x1b[49:33;2u', '!'],
  ['\x1b[47;2;63u', '?'],
  ['\x1b[97:65:97;2;65u', 'A'],
  ['\x1b[97;65;65u', 'A'],
  ['\x1b[49:33;6u', 'ctrl+!'],
  ['\x1b[47:63u', '/'],
  ['\x1b[13;1;13u', 'return'],
  // Windows' own, which a program before may have left on: characters, keys without one, ctrl, alt, AltGr.
  ['\x1b[65;30;97;1;0;1_', 'a'],
  ['\x1b[65;30;65;1;16;1_', 'A'],
  ['\x1b[38;72;0;1;256;1_', 'up'],
  ['\x1b[34;81;0;1;264_', 'ctrl+pagedown'],
  ['\x1b[67;46;3;1;8;1_', 'ctrl+c'],
  ['\x1b[65;30;97;1;2;1_', 'alt+a'],
  ['\x1b[81;16;64;1;9;1_', '@'],
  ['\x1b[9;15;9;1;16;1_', 'shift+tab'],
  ['\x1b[13;28;13;1;0;1_', 'return'],
  ['\x1b[27;1;27;1;0;1_', 'escape'],
  ...Object.entries(TILDE_KEYS).map(([number, key]) => [`\x1b[${number}~`, key] as const),
]

/** Terminals send them in one piece: so much later than the escape, the second one is a finger's. */
const WITH_ALT = [
  ['\x1b1', 'alt+1'],
  ['\x1ba', 'alt+a'],
  ['\x1bx', 'alt+x'],
  ['\x1bq', 'alt+q'],
] as const

/** Answers and reports: none of their bytes is a key. */
const REPORTS: readonly string[] = [
  // OSC: colours, clipboard, title, palette, current folder; ended by BEL, ST and the one-character ST.
  '\x1b]11;rgb:1e1e/1e1e/2e2e\x07',
  '\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\',
  '\x1b]10;rgb:ffff/ffff/ffff\x1b\\',
  '\x1b]4;1;rgb:cccc/0000/0000\x07',
  '\x1b]52;c;YTF4cQ==\x07',
  '\x1b]l1a2x3q\x1b\\',
  '\x1b]L1a2x3q\x1b\\',
  '\x1b]1337;ReportCellSize=17.0;8.0;1.0\x1b\\',
  '\x1b]99;i=1:p=?;a=1\x07',
  // DCS: version, settings, capabilities, device ids.
  '\x1bP>|xterm(392) a1x\x1b\\',
  '\x1bP1$r0;1;31m\x1b\\',
  '\x1bP1+r544e=787465726d\x1b\\',
  '\x1bP!|00000000\x1b\\',
  // APC (kitty graphics), PM, SOS.
  '\x1b_Gi=31;OK a1\x1b\\',
  '\x1b^private 12345\x1b\\',
  '\x1bXstring a1b2\x1b\\',
  // Device attributes, status, cursor position, modes, window size.
  '\x1b[?1;2c',
  '\x1b[?62;1;2;4;6;9;15;22c',
  '\x1b[>41;392;0c',
  '\x1b[=1;2c',
  '\x1b[0n',
  '\x1b[?997;1n',
  '\x1b[12;40R',
  '\x1b[?12;40;1R',
  '\x1b[?2031;1$y',
  '\x1b[4;1$y',
  '\x1b[8;24;80t',
  '\x1b[?1u',
  '\x1b[?7u',
  // Focus.
  '\x1b[I',
  '\x1b[O',
  // Keys that were let go, and modifiers alone.
  '\x1b[97;1:3u',
  '\x1b[57441;2u',
  '\x1b[1;5:3A',
  '\x1b[65;30;97;0;0;1_',
  '\x1b[16;42;0;1;16;1_',
  // Keys of the desktop: cmd+q, super+up.
  '\x1b[113;9u',
  '\x1b[1;9A',
  // Function keys of the Linux console.
  '\x1b[[A',
  '\x1b[[E',
  // What nobody knows.
  '\x1b[12;34;56;78z',
  '\x1b[>0;1;2q',
  '\x1b[200;1p',
]

const MOUSE: readonly string[] = [
  '\x1b[<0;10;5M',
  '\x1b[<0;10;5m',
  '\x1b[<64;10;5M',
  '\x1b[<65;120;40M',
  '\x1b[<35;1;1M',
  '\x1b[32;10;5M',
  '\x1b[M a1',
  '\x1b[M!x2',
]

/** Every way to cut a sequence in two, and some in three. */
function cuts(sequence: string): string[][] {
  const bytes = Array.from({ length: sequence.length - 1 }, (_, index) => index + 1)
  const two = bytes.map((at) => [sequence.slice(0, at), sequence.slice(at)])
  const three = bytes
    .slice(1)
    .map((at) => [sequence.slice(0, 1), sequence.slice(1, at), sequence.slice(at)])
    .filter((parts) => parts.every((part) => part !== ''))
  return [[sequence], ...two, ...three]
}

/** At once, as a slow line does, and as slow as they get. */
const GAPS = [0, 30, 120, 300, 499]

async function pieces(
  sequence: string,
  check: (opened: ReturnType<typeof open>, parts: string[]) => void,
  gaps = GAPS,
) {
  for (const parts of cuts(sequence))
    for (const gap of parts.length === 1 ? [0] : gaps) {
      const opened = open()
      for (const [index, part] of parts.entries()) {
        if (index > 0) await opened.clock.advance(gap)
        opened.send(part)
      }
      await opened.clock.advance(2000)
      // What is typed afterwards is a key again.
      opened.send('z')
      check(opened, parts)
      opened.input.close()
    }
}

describe('sequences, cut at every byte', () => {
  it.each(KEYS)('%j is one key: %s', async (sequence, key) => {
    await pieces(sequence, ({ keys }, parts) => expect(keys(), JSON.stringify(parts)).toEqual([key, 'z']))
  })

  it.each(WITH_ALT)('%j is one key, unless a pause stands between: %s', async (sequence, key) => {
    const [, second = ''] = sequence
    await pieces(sequence, ({ keys }) => expect(keys()).toEqual([key, 'z']), [0, 30])
    for (const gap of [60, 120, 499]) {
      const { send, keys, clock, input } = open()
      send('\x1b')
      await clock.advance(gap)
      send(second)
      await clock.advance(20)
      expect(keys()).toEqual(['escape', second])
      input.close()
    }
  })

  it.each(REPORTS)('%j is no key', async (sequence) => {
    await pieces(sequence, ({ keys }, parts) => expect(keys(), JSON.stringify(parts)).toEqual(['z']))
  })

  it.each(MOUSE)('%j is the mouse', async (sequence) => {
    await pieces(sequence, ({ keys, tokens }, parts) => {
      expect(keys(), JSON.stringify(parts)).toEqual(['z'])
      expect(tokens.filter(({ kind }) => kind === 'mouse')).toHaveLength(1)
    })
  })

  it('a pasted text is one paste, and its letters are no keys', async () => {
    const paste = '\x1b[200~a1\x1b[5~xq\r\x1b[201~'
    await pieces(paste, ({ keys, tokens }, parts) => {
      expect(keys(), JSON.stringify(parts)).toEqual(['z'])
      expect(tokens.find(({ kind }) => kind === 'paste')).toEqual({ kind: 'paste', text: 'a1\x1b[5~xq\r' })
    })
  })

  it('a pasted text of which a slow line brings the rest seconds later is one paste', async () => {
    const { send, keys, tokens, clock } = open()
    send('\x1b[200~a1')
    await clock.advance(2500)
    send('xq\r\x1b[201~')
    expect(keys()).toEqual([])
    expect(tokens).toEqual([{ kind: 'paste', text: 'a1xq\r' }])
  })

  it('ctrl+c leaves a pasted text whose end was lost; within a read it is part of the text', () => {
    const { send, tokens } = open()
    send('\x1b[200~a\x03b')
    send('c')
    expect(tokens).toEqual([])
    send('\x03')
    expect(tokens).toEqual([
      { kind: 'paste', text: 'a\x03bc' },
      { kind: 'key', key: 'ctrl+c' },
    ])
  })

  it('a pasted text without an end is told all the same', async () => {
    const { send, keys, tokens, clock } = open()
    send('\x1b[200~a1')
    await clock.advance(6000)
    send('z')
    expect(tokens[0]).toEqual({ kind: 'paste', text: 'a1' })
    expect(keys()).toEqual(['z'])
  })

  it('a key that is held on Windows comes as often as it says, within bounds', () => {
    const { send, keys } = open()
    send('\x1b[40;80;0;1;256;3_')
    expect(keys()).toEqual(['down', 'down', 'down'])
    send('\x1b[65;30;97;1;0;60000_')
    expect(keys().length).toBeLessThan(50)
  })

  it('a character of several bytes is one key', async () => {
    const { stdin, keys, clock } = open()
    for (const byte of Buffer.from('東é')) stdin.emit('data', Buffer.from([byte]))
    await clock.advance(20)
    expect(keys()).toEqual(['東', 'é'])
  })
})

describe('fingers', () => {
  it('keys typed together are told one by one, control letters too', () => {
    const { send, keys } = open()
    send('ab\r\t\x7f\x03?\x1a\x0c\x1c\x1fq')
    expect(keys()).toEqual([
      'a',
      'b',
      'return',
      'tab',
      'backspace',
      'ctrl+c',
      '?',
      'ctrl+z',
      'ctrl+l',
      'ctrl+\\',
      'ctrl+_',
      'q',
    ])
  })

  it('escape acts within a blink, and so does what is pressed after it; what comes at once may be alt', async () => {
    const { send, keys, clock, tokens } = open()
    send('\x1b')
    expect(keys()).toEqual([])
    await clock.advance(60)
    expect(keys()).toEqual(['escape'])
    for (const parts of [['\x1bq'], ['\x1b', 'q']]) {
      for (const part of parts) send(part)
      await clock.advance(20)
      expect(tokens.at(-1)).toEqual({ kind: 'pair', key: 'q' })
    }
    send('\x1b\x1b')
    await clock.advance(600)
    expect(keys().slice(-2)).toEqual(['escape', 'escape'])
  })

  it('what has come while the program was busy has come at once', async () => {
    const { send, clock, tokens } = open()
    send('\x1b')
    // Its timer was late, and the loop comes to what waits in the terminal only behind it.
    clock.after(50, () => send('q'))
    await clock.advance(51)
    expect(tokens).toEqual([{ kind: 'pair', key: 'q' }])
  })

  it.each(['n', 'D', 'i', 'w', 'F'])(
    'escape and soon after it %s, which asks, are both: its answer would be commands else',
    async (key) => {
      const { send, keys, clock, tokens } = open()
      send('\x1b')
      await clock.advance(120)
      send(key)
      await clock.advance(120)
      send('2')
      await clock.advance(20)
      expect(keys()).toEqual(['escape', key, '2'])
      expect(tokens).toHaveLength(3)
    },
  )

  it.each([10, 300])(
    'escape is told and over, too, when the terminal is lent %i ms after it',
    async (pause) => {
      const { clock, input, send, keys } = open()
      send('\x1b')
      await clock.advance(pause)
      input.close()
      input.open()
      await clock.advance(600)
      send('x')
      await clock.advance(20)
      expect(keys()).toEqual(['escape', 'x'])
    },
  )

  it('escape and a bracket, by hand, are both', async () => {
    const { send, keys, clock } = open()
    send('\x1b')
    await clock.advance(200)
    send('[')
    await clock.advance(600)
    expect(keys()).toEqual(['escape', '['])
  })

  it('ctrl+c gets out of an answer that never ends', () => {
    const { send, keys } = open()
    send('\x1b]11;rgb:')
    send('\x03')
    expect(keys()).toEqual(['ctrl+c'])
  })

  it('what never ends is held in bounded memory, and dropped', async () => {
    const { send, keys, clock, tokens } = open()
    send(`\x1b]52;c;${'A'.repeat(1_000_000)}`)
    send(`\x1b\\\x1b[200~${'b'.repeat(50_000)}\x1b[201~`)
    await clock.advance(600)
    expect(keys()).toEqual([])
    for (const token of tokens)
      if (token.kind === 'paste' || token.kind === 'report')
        expect(token.text.length).toBeLessThanOrEqual(10_007)
    expect(tokens.map(({ kind }) => kind)).toEqual(['report', 'paste'])
  })
})

describe('the terminal', () => {
  it('is taken raw, with paste and mouse, and given back once', () => {
    const { input, stdin, written } = open()
    expect(stdin.modes).toEqual([true])
    expect(written.join('')).toContain('\x1b[?2004h')
    expect(written.join('')).toContain('\x1b[?1006h')
    input.close()
    input.close()
    expect(stdin.modes).toEqual([true, false])
    expect(written.join('')).toMatch(/\x1b\[\?1000l.*\x1b\[\?2004l$/)
  })
})

it.each(['end', 'error'])('a terminal that is gone is told: %s; not while it is lent', (event) => {
  const { input, stdin, ends } = open()
  input.close()
  if (event === 'end') stdin.emit(event)
  expect(ends).toEqual([])
  input.open()
  stdin.emit(event, new Error('EIO'))
  expect(ends).toEqual(['end'])
})

it.each([
  // Two fingers on a pad drift sideways: reported of terminal programs whose lists jumped up and back at the end of each gesture.
  ['\x1b[<64;9;5M', 'wheelUp', 0],
  ['\x1b[<65;9;5M', 'wheelDown', 1],
  ['\x1b[<66;9;5M', 'wheelLeft', 2],
  ['\x1b[<67;9;5M', 'wheelRight', 3],
  // The buttons at a mouse's side: reported of programs that took back and forward for clicks.
  ['\x1b[<128;9;5M', 'press', 8],
  ['\x1b[<129;9;5M', 'press', 9],
  ['\x1b[<128;9;5m', 'release', 8],
  ['\x1b[<160;9;5M', 'drag', 8],
  ['\x1b[<163;9;5M', 'drag', 11],
  ['\x1b[<0;9;5M', 'press', 0],
  ['\x1b[<35;9;5M', 'move', 3],
] as const)('%j is %s of button %i', (sequence, action, button) => {
  expect(mouseOf(sequence)).toEqual({ action, button, column: 8, row: 4, shift: false })
})

it('reports of the mouse mean nothing while it is off', () => {
  const { input, send, tokens, keys } = open()
  send('\x1b[<0;3;4M')
  expect(tokens.map(({ kind }) => kind)).toEqual(['mouse'])
  input.setMouse(false)
  send('\x1b[<0;3;4M\x1b[<65;3;4Mj')
  expect(tokens.map(({ kind }) => kind)).toEqual(['mouse', 'key'])
  expect(keys()).toEqual(['j'])
  input.setMouse(true)
  send('\x1b[<64;3;4M')
  expect(tokens.at(-1)?.kind).toBe('mouse')
})
