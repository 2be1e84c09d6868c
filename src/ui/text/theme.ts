/** Colours by meaning. No state is told by colour alone, so a palette may also be none. */

/** Every meaning that has a colour. */
export const TOKENS = [
  'muted',
  'title',
  'accent',
  'ok',
  'warn',
  'fail',
  /** Lines of a chart and sparklines. */
  'series1',
  'series2',
  /** What is filled below the line of a chart: no text is drawn in it. */
  'fill',
  'border',
  'borderFocused',
] as const
/** One of them. */
export type Token = (typeof TOKENS)[number]

/** `#rrggbb`, or a name that even a terminal of sixteen colours has; undefined: the terminal's own. */
export type Color = `#${string}` | AnsiColor | undefined
/** A colour for each meaning; it may be none. */
export type Palette = Readonly<Record<Token, Color>>

const ANSI_COLORS = {
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
  gray: 90,
} as const
/** The sixteen names, whose look the terminal decides. */
export type AnsiColor = keyof typeof ANSI_COLORS

/** Made for anything from black to Solarized's dark blue. */
const dark: Palette = {
  muted: '#9aa3b2',
  title: '#e2e7f0',
  accent: '#5fb3f3',
  ok: '#4cc38a',
  warn: '#f2b84b',
  fail: '#ff7a66',
  series1: '#5fb3f3',
  series2: '#f2b84b',
  fill: '#2b4d6e',
  border: '#4a5160',
  borderFocused: '#5fb3f3',
}

/** Made for anything from white to Solarized's cream. */
const light: Palette = {
  muted: '#515a66',
  title: '#1c2430',
  accent: '#0a5ea8',
  ok: '#0b6b3b',
  warn: '#7d5200',
  fail: '#b3261e',
  series1: '#0a5ea8',
  series2: '#b45f06',
  fill: '#b9d4ee',
  border: '#a9b0bb',
  borderFocused: '#0a5ea8',
}

/** Blue, yellow and vermilion: told apart with any kind of colour vision (after Okabe and Ito). */
const colorBlind: Palette = {
  ...dark,
  accent: '#d49ac0',
  ok: '#56b4e9',
  warn: '#f0e442',
  fail: '#ff8243',
  series1: '#56b4e9',
  series2: '#e69f00',
  fill: '#2a5470',
  borderFocused: '#d49ac0',
}

const colorBlindOnLight: Palette = {
  ...light,
  accent: '#8c3d70',
  ok: '#00609c',
  warn: '#7a5c00',
  fail: '#b34700',
  series1: '#00609c',
  series2: '#b34700',
  fill: '#b5d2e6',
  borderFocused: '#8c3d70',
}

/** For projectors and tired eyes: nothing is quiet. */
const highContrast: Palette = {
  muted: '#dcdcdc',
  title: '#ffffff',
  accent: '#7fd4ff',
  ok: '#6dff9e',
  warn: '#ffe75c',
  fail: '#ff9d9d',
  series1: '#7fd4ff',
  series2: '#ffe75c',
  fill: '#3f7fa6',
  border: '#c0c0c0',
  borderFocused: '#ffffff',
}

const highContrastOnLight: Palette = {
  muted: '#2b2b2b',
  title: '#000000',
  accent: '#003a8c',
  ok: '#00471f',
  warn: '#5c3200',
  fail: '#8c0000',
  series1: '#003a8c',
  series2: '#5c3200',
  fill: '#7fa6d9',
  border: '#3c3c3c',
  borderFocused: '#000000',
}

/**
 * Names only: a terminal of sixteen colours shows them in its own shades, which suit its own background. What is quiet has the
 * terminal's own text colour: "bright black" is the background itself in Solarized, and faint letters are too faint in it.
 */
const ansi: Palette = {
  muted: undefined,
  title: undefined,
  accent: 'cyan',
  ok: 'green',
  warn: 'yellow',
  fail: 'red',
  series1: 'cyan',
  series2: 'yellow',
  fill: 'blue',
  border: undefined,
  borderFocused: 'cyan',
}

const mono = Object.fromEntries(TOKENS.map((token) => [token, undefined])) as Palette

/** In the order in which the key goes through them; `auto` first. */
export const THEMES = ['auto', 'dark', 'light', 'color-blind', 'high-contrast', 'ansi', 'mono'] as const
/** As the setting has it. */
export type ThemeName = (typeof THEMES)[number]

/** What the terminal says of its background; undefined: it has not said. */
export type Background = 'dark' | 'light' | undefined

type Environment = Readonly<Record<string, string | undefined>>

/** A palette, and how much of it the terminal can show. */
export interface Theme {
  palette: Palette
  /** Bits of colour that the terminal understands: 1 none, 4 the sixteen names, 8 a table of 256, 24 any. */
  depth: number
  /** Drawn faint, where no colour tells them from the rest. */
  dim: readonly Token[]
}

/**
 * @param colorDepth what the terminal can show (`stdout.getColorDepth()`).
 * @param env NO_COLOR, if set to anything, wins over every theme (no-color.org); COLORFGBG tells the background where the
 *   terminal itself has not answered.
 */
export function chooseTheme(
  name: ThemeName,
  colorDepth: number,
  env: Environment,
  background: Background = toldByEnvironment(env),
): Theme {
  if (name === 'mono' || colorDepth <= 1 || (env.NO_COLOR ?? '') !== '')
    return { palette: mono, depth: 1, dim: ['muted', 'border'] }
  // Nobody knows what colours lie on: the terminal's own suit each other.
  const isUnknown = name === 'auto' && background === undefined
  if (name === 'ansi' || isUnknown || colorDepth < 8) return { palette: ansi, depth: 4, dim: ['border'] }
  return { palette: paletteOf(name, background === 'light'), depth: colorDepth, dim: [] }
}

function paletteOf(name: ThemeName, isLight: boolean): Palette {
  if (name === 'color-blind') return isLight ? colorBlindOnLight : colorBlind
  if (name === 'high-contrast') return isLight ? highContrastOnLight : highContrast
  if (name === 'auto') return isLight ? light : dark
  return name === 'light' ? light : dark
}

/** Terminals that say so set COLORFGBG to `foreground;background`; 7 and 15 are white. */
function toldByEnvironment({ COLORFGBG }: Environment): Background {
  const [, background] = /;(\d+)$/.exec(COLORFGBG ?? '') ?? []
  if (background === undefined) return undefined
  return background === '7' || background === '15' ? 'light' : 'dark'
}

/** The SGR parameters that choose a colour as the foreground; undefined: none. */
export function colorCode(color: Color, depth: number): string | undefined {
  if (color === undefined || depth <= 1) return undefined
  const hex = /^#(..)(..)(..)$/.exec(color)
  if (!hex) return String(ANSI_COLORS[color as AnsiColor])
  const [red = 0, green = 0, blue = 0] = hex.slice(1).map((part) => Number.parseInt(part, 16))
  return depth >= 24 ? `38;2;${red};${green};${blue}` : `38;5;${nearestOf256(red, green, blue)}`
}

/**
 * Black on white, both said: the terminal's own colours may be the other way round. Empty where there are no colours; there
 * the characters stand alone.
 */
export function printCodes(depth: number): string {
  if (depth <= 1) return ''
  if (depth >= 24) return '\x1b[38;2;0;0;0;48;2;255;255;255m'
  return depth >= 8 ? '\x1b[38;5;16;48;5;231m' : '\x1b[30;107m'
}

/** The nearest of the 6×6×6 cube and the grey ramp of 256-colour terminals. */
function nearestOf256(red: number, green: number, blue: number): number {
  const steps = [0, 95, 135, 175, 215, 255]
  const nearestStep = (value: number) =>
    steps.reduce(
      (best, step, index) => (Math.abs(step - value) < Math.abs((steps[best] ?? 0) - value) ? index : best),
      0,
    )
  const [r, g, b] = [nearestStep(red), nearestStep(green), nearestStep(blue)]
  const distance = (x: number, y: number, z: number) => (x - red) ** 2 + (y - green) ** 2 + (z - blue) ** 2
  const gray = Math.min(23, Math.max(0, Math.round(((red + green + blue) / 3 - 8) / 10)))
  const shade = 8 + gray * 10
  const inCube = distance(steps[r] as number, steps[g] as number, steps[b] as number)
  return distance(shade, shade, shade) < inCube ? 232 + gray : 16 + 36 * r + 6 * g + b
}
