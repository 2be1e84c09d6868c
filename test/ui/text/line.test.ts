import { describe, expect, it } from 'vitest'
import {
  cut,
  left,
  lineWidth,
  overlay,
  plainText,
  printable,
  right,
  span,
  spread,
  toWidth,
  wrap,
} from '../../../src/ui/text/line.ts'
import textWidth from '../../../src/ui/text/text-width.ts'

const TEXTS = [
  '',
  'a',
  'weather',
  '東京都千代田区',
  '👩‍🚀 base',
  'القاهرة',
  'e\u0301e\u0301e\u0301',
  'a東b京c',
]

describe('cutting', () => {
  it('keeps what fits and ends what does not with an ellipsis', () => {
    expect(cut('weather', 7)).toBe('weather')
    expect(cut('weather', 6)).toBe('weath…')
    expect(cut('weather', 1)).toBe('…')
    expect(cut('weather', 0)).toBe('')
  })

  it('never halves a wide character, nor takes an accent from its letter', () => {
    expect(cut('東京都', 5)).toBe('東京…')
    expect(cut('東京都', 4)).toBe('東…')
    expect(cut('e\u0301e\u0301e\u0301', 2)).toBe('e\u0301…')
  })

  it('fills to exactly the width, at either side, whatever the script', () => {
    for (const text of TEXTS)
      for (let width = 0; width < 20; width++) {
        expect(textWidth(left(text, width)), `left ${text} ${width}`).toBe(width)
        expect(textWidth(right(text, width)), `right ${text} ${width}`).toBe(width)
      }
  })
})

describe('lines', () => {
  const line = [span('ab', 'ok'), span('東京'), span('cd', 'fail', true)]

  it('are cut or filled to exactly the width', () => {
    for (let width = 0; width < 15; width++) expect(lineWidth(toWidth(line, width))).toBe(width)
    expect(plainText(toWidth(line, 5))).toBe('ab東…')
    expect(plainText(toWidth(line, 8))).toBe('ab東京cd')
  })

  it('show that more was there, also when a span ends just at the edge', () => {
    expect(plainText(toWidth([span('abc'), span('def')], 3))).toBe('ab…')
    // Blanks at its end are no text that is cut.
    expect(plainText(toWidth([span('a '), span('124   ')], 5))).toBe('a 124')
    expect(plainText(toWidth([span('a '), span('124   '), span(' ')], 6))).toBe('a 124 ')
    expect(plainText(toWidth([span('abc'), span('   ')], 3))).toBe('abc')
  })

  it('spread over the width; the left part gives way', () => {
    expect(plainText(spread([span('left')], [span('right')], 12))).toBe('left   right')
    expect(plainText(spread([span('a long left')], [span('right')], 9))).toBe('a l…right')
  })

  it('are covered cleanly, wide characters cut in two by blanks', () => {
    const below = [span('a東b京c')]
    expect(plainText(overlay(below, 2, [span('XX')]))).toBe('a XX京c')
    for (let column = 0; column < 6; column++) {
      const covered = overlay(below, column, [span('X')])
      expect(lineWidth(covered)).toBe(7)
      expect(plainText(covered)).toContain('X')
    }
  })
})

describe('wrapping', () => {
  it('breaks between words, and inside those that are too long', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three'])
    expect(wrap('abcdefghij kl', 4)).toEqual(['abcd', 'efgh', 'ij', 'kl'])
    expect(wrap('東京都 x', 4)).toEqual(['東京', '都 x'])
    expect(wrap('', 4)).toEqual([''])
  })

  it('loses no text and exceeds no width', () => {
    const text = 'Batch 690: 東京都千代田区霞が関 AnalysisException: cannot resolve'
    for (let width = 2; width < 40; width++) {
      const lines = wrap(text, width)
      for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width)
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
    }
  })
})

describe('what came from elsewhere', () => {
  it('reaches the terminal without control characters or turned directions', () => {
    expect(printable('a\x1b[2Jb\r\nc\x07')).toBe('a [2Jb  c ')
    expect(printable('a\u202eb\u2066c\u200bd')).toBe('abcd')
    expect(printable('\x9b31m')).toBe(' 31m')
  })

  it('keeps letters of every script; joined emoji become their first, since terminals disagree about them', () => {
    expect(printable('São Paulo القاهرة 東京')).toBe('São Paulo القاهرة 東京')
    expect(printable('👩‍🚀 base')).toBe('👩 base')
    expect(printable('☀️')).toBe('☀')
    // tmux 3.3a draws a colour of skin as a square of its own, others on the hand.
    expect(printable('👍🏽 yes')).toBe('👍 yes')
  })
})
