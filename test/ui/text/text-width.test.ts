import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import textWidth from '../../../src/ui/text/text-width.ts'

describe('text width', () => {
  it('agrees with string-width for every character of the basic plane, alone and among others', () => {
    for (let code = 0x20; code < 0xffff; code++) {
      const character = String.fromCharCode(code)
      // Spacing marks take a column of their own in terminals.
      if (/[\p{Mc}\u0e33\u0eb3]/u.test(character)) continue
      if (textWidth(character) !== stringWidth(character)) expect.fail(`U+${code.toString(16)} alone`)
      const text = `a${character}─b`
      if (textWidth(text) !== stringWidth(text)) expect.fail(`U+${code.toString(16)} among others`)
    }
  })

  it.each([
    ['plain', 5],
    ['東京', 4],
    ['👩‍🚀 base', 7],
    ['e\u0301', 1],
    ['القاهرة', 7],
    ['\x1b[38;2;1;2;3m●\x1b[39m', 1],
    ['น้ำ', 2],
    ['की', 2],
    // As tmux 3.3a counts them: each letter, whatever joins it to the one before.
    ['क्षि', 3],
    ['हिन्दी', 5],
    ['ക്ഷ', 2],
    ['ഇന്ത്യ', 4],
    ['ខ្មែរ', 4],
    ['བོད་', 3],
    ['שָׁלוֹם', 4],
    ['مُحَمَّد', 4],
    ['1\u20e3', 1],
    ['', 0],
  ])('%j takes %i columns', (text, width) => {
    expect(textWidth(text)).toBe(width)
  })
})
