import { describe, expect, it } from 'vitest'
import { painter } from '../../../src/ui/text/ansi.ts'
import { asciiOf, SPARKS, STATE_GLYPHS, speaksUtf8 } from '../../../src/ui/text/glyphs.ts'
import { badge, span } from '../../../src/ui/text/line.ts'
import { chooseTheme, colorCode, THEMES, TOKENS } from '../../../src/ui/text/theme.ts'

const plain = (text: string) => text.replace(/\x1b\[[\d;]*m/g, '')

describe('theme', () => {
  it('uses the sixteen names only on a terminal of sixteen colours, whatever the theme', () => {
    for (const name of THEMES) {
      const { palette, depth } = chooseTheme(name, 4, {})
      for (const token of TOKENS) expect(palette[token] ?? '').not.toMatch(/^#/)
      expect(depth).toBeLessThanOrEqual(4)
    }
  })

  it('has no colour at all under NO_COLOR, in mono, and where the terminal has none', () => {
    const none = [
      chooseTheme('dark', 24, { NO_COLOR: '1' }),
      chooseTheme('mono', 24, {}),
      chooseTheme('auto', 1, {}),
    ]
    for (const { palette } of none) for (const token of TOKENS) expect(palette[token]).toBeUndefined()
    expect(chooseTheme('dark', 24, { NO_COLOR: '' }).palette.ok).toBeDefined()
  })

  it('goes by the background that the terminal tells, unless a theme is asked for', () => {
    const dark = chooseTheme('dark', 24, {}).palette
    const light = chooseTheme('light', 24, {}).palette
    expect(chooseTheme('auto', 24, {}).palette).toBe(dark)
    expect(chooseTheme('auto', 24, { COLORFGBG: '15;0' }).palette).toBe(dark)
    expect(chooseTheme('auto', 24, { COLORFGBG: '0;15' }).palette).toBe(light)
    expect(chooseTheme('dark', 24, { COLORFGBG: '0;15' }).palette).toBe(dark)
    expect(chooseTheme('color-blind', 24, { COLORFGBG: '0;15' }).palette).not.toEqual(
      chooseTheme('color-blind', 24, {}).palette,
    )
  })

  it('text can be read: contrast of at least 4.5 to 1 for words, on the background that it is made for', () => {
    const grounds = [
      ['dark', {}, '#14181f'],
      ['color-blind', {}, '#14181f'],
      ['light', {}, '#ffffff'],
      ['color-blind', { COLORFGBG: '0;15' }, '#ffffff'],
    ] as const
    for (const [name, env, ground] of grounds)
      for (const token of ['muted', 'title', 'accent', 'ok', 'warn', 'fail'] as const) {
        const color = chooseTheme(name, 24, env).palette[token]
        expect(contrast(String(color), ground), `${name} ${token}`).toBeGreaterThanOrEqual(4.5)
      }
  })

  it('speaks each depth: true colour, the table of 256, the sixteen names', () => {
    expect(colorCode('#5fb3f3', 24)).toBe('38;2;95;179;243')
    expect(colorCode('#5fafff', 8)).toBe('38;5;75')
    expect(colorCode('#767676', 8)).toBe('38;5;243')
    expect(colorCode('cyan', 4)).toBe('36')
    expect(colorCode('#5fb3f3', 1)).toBeUndefined()
    expect(colorCode(undefined, 24)).toBeUndefined()
  })
})

describe('painting', () => {
  const dark = painter(chooseTheme('dark', 24, {}), false)
  const mono = painter(chooseTheme('mono', 1, {}), false)

  it('begins and ends every look, and changes nothing for blanks', () => {
    expect(dark([span('a', 'ok'), span('  '), span('b', 'ok')])).toBe('\x1b[38;2;76;195;138ma  b\x1b[39m')
    expect(dark([span('a', 'ok', true), span('b')])).toBe('\x1b[38;2;76;195;138m\x1b[1ma\x1b[22m\x1b[39mb')
    expect(dark([])).toBe('')
  })

  it('keeps the blanks of a badge on its colour', () => {
    expect(dark([badge('on', 'warn'), span(' x')])).toMatch(/\x1b\[7m on \x1b\[22m\x1b\[27m\x1b\[39m x/)
  })

  it('without colour, tells what is quiet by fainter letters and nothing else', () => {
    expect(mono([span('quiet', 'muted'), span('fine', 'ok'), span('bad', 'fail', true)])).toBe(
      '\x1b[2mquiet\x1b[22mfine\x1b[1mbad\x1b[22m',
    )
  })
})

describe('ASCII', () => {
  const ascii = painter(chooseTheme('mono', 1, {}), true)

  it('stands in column by column, for our glyphs and for data', () => {
    const line = [...Object.values(STATE_GLYPHS), ...SPARKS].join('')
    expect(plain(ascii([span(line)]))).toMatch(/^[ -~]+$/)
    expect(plain(ascii([span(line)]))).toHaveLength(line.length)
    expect(ascii([span('São Tromsø 東京 ●')])).toBe('Sao Tromso ???? *')
  })

  it('tells every state by another character', () => {
    const glyphs = Object.entries(STATE_GLYPHS).filter(([state]) => state !== 'stopping')
    expect(new Set(glyphs.map(([, glyph]) => asciiOf(glyph))).size).toBe(glyphs.length)
  })

  it('is chosen by the locale', () => {
    expect(speaksUtf8({ LANG: 'en_GB.UTF-8' }, 'linux')).toBe(true)
    expect(speaksUtf8({ LANG: 'C' }, 'linux')).toBe(false)
    expect(speaksUtf8({ LC_ALL: 'C', LANG: 'en_GB.UTF-8' }, 'linux')).toBe(false)
    expect(speaksUtf8({ TERM: 'xterm-256color' }, 'linux')).toBe(true)
    expect(speaksUtf8({ TERM: 'linux' }, 'linux')).toBe(false)
    expect(speaksUtf8({}, 'win32')).toBe(false)
    expect(speaksUtf8({ WT_SESSION: 'x' }, 'win32')).toBe(true)
  })
})

/** WCAG 2. */
function contrast(one: string, other: string): number {
  const luminance = (color: string) => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5]
      .map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
      .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}
