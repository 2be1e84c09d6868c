/** Colours by meaning. No state is told by colour alone, so every palette may also be none. */

export const TOKENS = [
  'text',
  'muted',
  'title',
  'accent',
  'ok',
  'warn',
  'fail',
  'series1',
  'series2',
  'border',
  'borderFocused',
] as const
export type Token = (typeof TOKENS)[number]

/** A hex colour, an ANSI name that every terminal has, or undefined: the terminal's own. */
export type Palette = Readonly<Record<Token, string | undefined>>

/** Blue against orange instead of green against red: told apart with any kind of colour vision. */
const dark: Palette = {
  text: undefined,
  muted: '#8b93a1',
  title: '#d7dde8',
  accent: '#5fb3f3',
  ok: '#4cc38a',
  warn: '#f2b84b',
  fail: '#ff7a66',
  series1: '#5fb3f3',
  series2: '#f2b84b',
  border: '#4a5160',
  borderFocused: '#5fb3f3',
}

const light: Palette = {
  text: undefined,
  muted: '#5b6470',
  title: '#1c2430',
  accent: '#0a5ea8',
  ok: '#0f7a45',
  warn: '#8a5a00',
  fail: '#b3261e',
  series1: '#0a5ea8',
  series2: '#8a5a00',
  border: '#a9b0bb',
  borderFocused: '#0a5ea8',
}

const ansi: Palette = {
  text: undefined,
  muted: 'gray',
  title: undefined,
  accent: 'cyan',
  ok: 'green',
  warn: 'yellow',
  fail: 'red',
  series1: 'cyan',
  series2: 'yellow',
  border: 'gray',
  borderFocused: 'cyan',
}

const mono = Object.fromEntries(TOKENS.map((token) => [token, undefined])) as unknown as Palette

export type ThemeName = 'auto' | 'dark' | 'light' | 'mono'

/**
 * @param colorDepth bits of colour that the terminal has (`stdout.getColorDepth()`): 1 none, 4 the sixteen names, more: any.
 * @param env NO_COLOR wins over everything but a theme that was asked for by name.
 */
export function choosePalette(
  name: ThemeName,
  colorDepth: number,
  env: Readonly<Record<string, string | undefined>>,
): Palette {
  if (name === 'mono' || colorDepth <= 1 || (env.NO_COLOR !== undefined && env.NO_COLOR !== '')) return mono
  if (colorDepth < 8) return ansi
  if (name === 'light') return light
  return name === 'dark' || !isLightBackground(env) ? dark : light
}

/** Terminals that say so set COLORFGBG to `foreground;background`; 7 and 15 are white. */
const isLightBackground = (env: Readonly<Record<string, string | undefined>>) =>
  /;(7|15)$/.test(env.COLORFGBG ?? '')

const ANSI_CODES: Readonly<Record<string, number>> = {
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
  gray: 90,
}

/** The escape sequence that begins a colour, for text that is made outside Ink (charts). Empty without colour. */
export function escapeOf(palette: Palette, token: Token): string {
  const color = palette[token]
  if (color === undefined) return ''
  const hex = /^#(..)(..)(..)$/.exec(color)
  if (!hex) return `\x1b[${ANSI_CODES[color] ?? 39}m`
  const [red, green, blue] = hex.slice(1).map((part) => Number.parseInt(part, 16))
  return `\x1b[38;2;${red};${green};${blue}m`
}
