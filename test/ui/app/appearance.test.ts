import { expect, it } from 'vitest'
import { Appearance } from '../../../src/ui/app/appearance.ts'
import { type Background, THEMES, type ThemeName } from '../../../src/ui/text/theme.ts'

/** All themes that the key brings, in turn. */
function offered(background: Background, env: Record<string, string> = {}, theme: ThemeName = 'auto') {
  const appearance = new Appearance({ theme, ascii: false, depth: 24, env })
  appearance.background = background
  return Array.from(THEMES, () => appearance.nextTheme())
}

it('the key passes over the theme of the other background, on which titles are pale, once the terminal has told its own', () => {
  expect(offered('light').slice(0, 2)).toEqual(['light', 'color-blind'])
  expect(offered('dark').slice(0, 2)).toEqual(['dark', 'color-blind'])
  expect(offered('light')).not.toContain('dark')
  // One that was named is left, and is not offered again.
  expect(offered('light', {}, 'dark')).toEqual([
    ...THEMES.filter((name) => !/auto|dark/.test(name)),
    'auto',
    'light',
  ])
})

it('where only the environment tells it, which may be wrong, each of them is offered', () => {
  expect(offered(undefined, { COLORFGBG: '0;15' })).toEqual([...THEMES.slice(1), 'auto'])
})

it('links are left out where a terminal would print them: GNU screen the long ones, the console of Linux all', () => {
  const drawn = (env: Record<string, string>) =>
    new Appearance({ theme: 'mono', ascii: false, depth: 24, env }).painter()([
      { text: 'portal', link: 'https://portal.azure.com/' },
    ])
  expect(drawn({ TERM: 'xterm-256color' })).toContain('\x1b]8;;https://portal.azure.com/')
  for (const env of [{ TERM: 'screen', STY: '1.tty' }, { TERM: 'linux' }])
    expect(drawn(env as Record<string, string>)).toBe('portal')
})
