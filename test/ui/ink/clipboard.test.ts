import { expect, it } from 'vitest'
import { clipboardSequence, isGnuScreen } from '../../../src/ui/ink/clipboard.ts'

const text = 'event '.repeat(400)
const whole = `\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`

it('GNU screen passes text on in pieces: what is longer than 768 characters it prints', () => {
  const sequence = clipboardSequence(text, { STY: '4711.pts-0.host', TERM: 'screen.xterm-256color' })
  const pieces = [...sequence.matchAll(/\x1bP([\s\S]*?)\x1b\\/g)].map(([, piece = '']) => piece)
  expect(pieces.join('')).toBe(whole)
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(700)
  expect(sequence).toBe(pieces.map((piece) => `\x1bP${piece}\x1b\\`).join(''))
})

it('any other terminal takes it whole, tmux within GNU screen too', () => {
  for (const env of [
    {},
    { TERM: 'screen-256color', TMUX: '/tmp/tmux' },
    { STY: '1.a', TERM: 'tmux-256color' },
  ]) {
    expect(isGnuScreen(env)).toBe(false)
    expect(clipboardSequence(text, env)).toBe(whole)
  }
})
