import { describe, expect, it } from 'vitest'
import { backgroundOf, watchBackground } from '../../../src/ui/ink/background.ts'
import { painter } from '../../../src/ui/text/ansi.ts'
import { asciiOf, SPARKS, STATE_GLYPHS, speaksUtf8 } from '../../../src/ui/text/glyphs.ts'
import { badge, span } from '../../../src/ui/text/line.ts'
import { chooseTheme, colorCode, THEMES, TOKENS } from '../../../src/ui/text/theme.ts'
import { contrast } from '../../support/contrast.ts'
import { FakeClock } from '../../support/fake-clock.ts'

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
    // Nobody has said: the terminal's own colours.
    expect(chooseTheme('auto', 24, {}).palette).toBe(chooseTheme('ansi', 24, {}).palette)
    expect(chooseTheme('auto', 24, {}, 'dark').palette).toBe(dark)
    expect(chooseTheme('auto', 24, {}, 'light').palette).toBe(light)
    // What the terminal itself says counts more.
    expect(chooseTheme('auto', 24, { COLORFGBG: '15;0' }, 'light').palette).toBe(light)
    expect(chooseTheme('auto', 24, { COLORFGBG: '15;0' }).palette).toBe(dark)
    expect(chooseTheme('auto', 24, { COLORFGBG: '0;15' }).palette).toBe(light)
    expect(chooseTheme('dark', 24, { COLORFGBG: '0;15' }).palette).toBe(dark)
    expect(chooseTheme('color-blind', 24, { COLORFGBG: '0;15' }).palette).not.toEqual(
      chooseTheme('color-blind', 24, {}).palette,
    )
  })

  it('text can be read: contrast of at least 4.5 to 1 for words, on the backgrounds that people have', () => {
    const DARK = ['#000000', '#14181f', '#1e1e2e', '#282a36', '#002b36']
    const LIGHT = ['#ffffff', '#fdf6e3', '#fbf1c7', '#fafafa']
    for (const name of ['auto', 'color-blind', 'high-contrast'] as const)
      for (const [background, grounds] of [
        ['dark', DARK],
        ['light', LIGHT],
      ] as const)
        for (const ground of grounds)
          for (const token of ['muted', 'title', 'accent', 'ok', 'warn', 'fail'] as const) {
            const color = chooseTheme(name, 24, {}, background).palette[token]
            const least = name === 'high-contrast' ? 7 : 4.5
            expect(contrast(String(color), ground), `${name} ${token} on ${ground}`).toBeGreaterThanOrEqual(
              least,
            )
          }
  })

  it('with the own colours of a terminal nothing is drawn in bright black, which Solarized has as its background', () => {
    for (const color of Object.values(chooseTheme('ansi', 24, {}).palette)) expect(color).not.toBe('gray')
    expect(chooseTheme('ansi', 24, {}).dim).not.toContain('muted')
  })

  it('the background is told from the answer of the terminal, whatever its form', () => {
    expect(backgroundOf('\x1b]11;rgb:0000/2b2b/3636')).toBe('dark')
    expect(backgroundOf('\x1b]11;rgb:fdfd/f6f6/e3e3')).toBe('light')
    expect(backgroundOf('\x1b]11;rgb:f/f/f')).toBe('light')
    expect(backgroundOf('\x1b]11;rgba:1e/1e/2e/ff')).toBe('dark')
    expect(backgroundOf('\x1b]11;#ffffff')).toBe('light')
    expect(backgroundOf('\x1b]10;rgb:ffff/ffff/ffff')).toBeUndefined()
    expect(backgroundOf('\x1b[?1;2c')).toBeUndefined()
  })

  it('an answer that comes too late changes nothing; a report of a change asks again', async () => {
    const clock = new FakeClock()
    const written: string[] = []
    const told: unknown[] = []
    const watch = watchBackground({
      write: (text) => written.push(text),
      term: 'xterm',
      clock,
      onBackground: (background) => told.push(background),
    })
    watch.ask()
    expect(written.join('')).toContain('\x1b]11;?')
    await clock.advance(2500)
    watch.heard('\x1b]11;rgb:ffff/ffff/ffff')
    expect(told).toEqual([])
    watch.heard('\x1b[?997;2n')
    watch.heard('\x1b]11;rgb:ffff/ffff/ffff')
    expect(told).toEqual(['light'])
    watch.close()
    expect(written.at(-1)).toBe('\x1b[?2031l')
  })

  it('the end waits for what the terminal was asked, and not for one that does not answer', async () => {
    const clock = new FakeClock()
    const ends: string[] = []
    const watch = watchBackground({ write: () => {}, term: 'xterm', clock, onBackground: () => {} })
    const end = (name: string) => watch.answered().then(() => ends.push(name))
    await end('never asked')
    watch.ask()
    watch.ask()
    void end('asked')
    watch.heard('\x1b]11;rgb:ffff/ffff/ffff')
    watch.heard('\x1b[?62;22c')
    await clock.advance(100)
    expect(ends).toEqual(['never asked'])
    watch.heard('\x1b[?62;22c')
    await clock.advance(1)
    expect(ends).toEqual(['never asked', 'asked'])
    watch.ask()
    void end('silent')
    await clock.advance(999)
    expect(ends).toHaveLength(2)
    await clock.advance(2)
    expect(ends.at(-1)).toBe('silent')
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
