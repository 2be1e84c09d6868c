/** How the screen is drawn: the theme that was chosen, what the terminal can show, and what it says of its background. */
import { isGnuScreen } from '../ink/clipboard.ts'
import { type Painter, painter } from '../text/ansi.ts'
import { speaksUtf8 } from '../text/glyphs.ts'
import type { Line } from '../text/line.ts'
import { type Background, chooseTheme, THEMES, type ThemeName } from '../text/theme.ts'
import { type ScreenFile, screenFiles } from './screen-files.ts'

/** What was chosen, and what the terminal says of itself. */
export interface AppearanceOptions {
  theme: ThemeName
  /** Draw with ASCII only, also where the locale speaks UTF-8. */
  ascii: boolean
  /** Bits of colour. */
  depth: number
  env: Readonly<Record<string, string | undefined>>
}

/** May change while the screen is up: each change asks for a new painter. */
export class Appearance {
  readonly #options: AppearanceOptions
  readonly #isAscii: boolean
  #theme: ThemeName
  /** As the terminal told; undefined: it has not. */
  #background: Background

  constructor(options: AppearanceOptions) {
    this.#options = options
    this.#isAscii = options.ascii || !speaksUtf8(options.env, process.platform)
    this.#theme = options.theme
  }

  /** As the terminal has told it. */
  set background(told: Background) {
    this.#background = told
  }

  /** For the theme as it is now. */
  painter(): Painter {
    const { env } = this.#options
    // The console of Linux would show links as text, and GNU screen long ones.
    return painter(this.#chosen(), this.#isAscii, env.TERM !== 'linux' && !isGnuScreen(env))
  }

  /** @returns the name of the theme that comes next; that of the other background is passed over once the terminal has told its own. */
  nextTheme(): ThemeName {
    const unreadable = this.#background && (this.#background === 'light' ? 'dark' : 'light')
    const offered = THEMES.filter((name) => name === this.#theme || name !== unreadable)
    this.#theme = offered[(offered.indexOf(this.#theme) + 1) % offered.length] ?? 'auto'
    return this.#theme
  }

  /** The screen as it looks now. */
  files(lines: readonly Line[]): ScreenFile[] {
    const theme = this.#chosen()
    const isLight = this.#theme === 'light' || this.#background === 'light'
    return screenFiles(lines, painter(theme, this.#isAscii), theme, isLight)
  }

  #chosen() {
    return chooseTheme(this.#theme, this.#options.depth, this.#options.env, this.#background)
  }
}
