/** What the presenter does with the room for phones: keys, letters, and the palette, over a made-up pipeline. */
import { describe, expect, it } from 'vitest'
import type { AppState, AudienceSlice } from '../../../src/pipeline/state/state.ts'
import { Screen } from '../../../src/ui/app/screen.ts'
import { KEYMAP } from '../../../src/ui/input/keymap.ts'
import { plainText } from '../../../src/ui/text/line.ts'
import { fakePipeline } from '../../support/fake-pipeline.ts'
import { ROOM } from '../../support/open-room.ts'
import { scenarios } from '../../support/scenario.ts'

function open(audience?: Partial<AudienceSlice>, more: Partial<AppState> = {}) {
  const state = { ...scenarios.allRunning(), ...more }
  const pipeline = fakePipeline(audience ? { ...state, audience: { ...ROOM, ...audience } } : state)
  const screen = new Screen({
    ...pipeline,
    paint: plainText,
    acceptCosts: true,
    onQuit: () => {},
    onHandOver: () => undefined,
  })
  screen.subscribe(() => {})
  const text = () => screen.frame(120, 40).rows.join('\n')
  text()
  return {
    text,
    calls: () => pipeline.calls,
    press: (...keys: string[]) => {
      for (const key of keys) {
        screen.press([key])
        text()
      }
    },
    palette: (words: string) => {
      screen.press([':', ...words, 'return'])
      text()
    },
  }
}

describe('A', () => {
  it('asks for the room, shows it when it is hidden, and closes it when it is shown', () => {
    const { press, calls, text } = open()
    press('A')
    expect(calls()).toEqual(['audience toggle'])
    expect(text()).toContain('╭ audience')
    const shown = open({})
    shown.press('A')
    expect(shown.calls()).toEqual([])
    expect(shown.text()).toContain('╭ audience')
    shown.press('A')
    expect(shown.calls()).toEqual(['audience toggle'])
    expect(shown.text()).not.toContain('╭ audience')
  })

  it('and a letter choose the address; the room stays on the screen', () => {
    const addresses = [
      { name: 'wlan0', address: '192.168.1.20' },
      { name: 'lo', address: '127.0.0.1' },
    ]
    const { press, calls, text } = open({ phase: 'choosing', url: undefined, addresses })
    press('A', 'b')
    expect(calls()).toEqual(['audience choose 127.0.0.1'])
    expect(text()).toContain('╭ audience')
  })
})

describe('the palette', () => {
  it.each([
    ['allow phones mischief', 'audience change {"isMischiefAllowed":false}'],
    ['pause the room', 'audience change {"isPaused":true}'],
    // No lesson is played: its pause could do nothing.
    ['pause', 'audience change {"isPaused":true}'],
    ['names of their own', 'audience change {"hasOwnNames":true}'],
    ['clear the names', 'audience clearNames'],
  ])('%s', (words, call) => {
    const { palette, calls } = open({})
    palette(words)
    expect(calls()).toEqual([call])
  })

  it('goes back to what was', () => {
    const { palette, calls } = open({ rules: { ...ROOM.rules, isPaused: true, isMischiefAllowed: false } })
    palette('pause the room')
    palette('allow phones mischief')
    expect(calls()).toEqual([
      'audience change {"isPaused":false}',
      'audience change {"isMischiefAllowed":true}',
    ])
  })

  it('asks how many readings each phone may send', () => {
    const { palette, press, calls, text } = open({})
    palette('readings a second each')
    expect(text()).toContain('now 5, at most 50')
    press('1', 'x', '2', 'return')
    expect(calls()).toEqual(['audience change {"readingsPerSecond":12}'])
  })

  it('asks for the phone to remove, and takes the beginning of its name', () => {
    const { palette, press, calls, text } = open({})
    palette('remove a phone')
    expect(text()).toContain('Otter · Owl · Lynx')
    press('o')
    expect(text()).toContain('Otter · Owl ')
    press('w', 'return')
    expect(calls()).toEqual(['audience remove Owl'])
    palette('remove a phone')
    press('o', 'return')
    // Two begin so: neither is meant.
    expect(calls().at(-1)).toBe('audience remove o')
  })

  it('says why not while no room is open, or the session is read-only', () => {
    const { palette, calls, text } = open()
    palette('pause the room')
    expect(text()).toContain('No room is open: A opens one.')
    const session = { ...scenarios.allRunning().session, readOnly: true }
    const readOnly = open({}, { session })
    readOnly.palette('pause the room')
    expect(readOnly.text()).toContain('Read-only')
    expect([...calls(), ...readOnly.calls()]).toEqual([])
  })

  it('has every decision, and each does something', () => {
    for (const { does } of KEYMAP.filter(({ group }) => group === 'Room')) {
      const { palette, calls, text } = open({})
      palette(does.slice(0, 40))
      expect(calls().length > 0 || text().includes('esc'), does).toBe(true)
    }
  })
})
