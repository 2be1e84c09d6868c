/** What a person's terminal can show, for commands without a screen of lines: characters beyond ASCII need UTF-8. */
import type { Config } from '../../config/schema.ts'
import { asciiOf, speaksUtf8 } from '../../ui/text/glyphs.ts'

/** As it was asked for, or as the locale says. */
export const isAsciiOnly = (
  { ascii }: Pick<Config, 'ascii'>,
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): boolean => ascii || !speaksUtf8(env, platform)

/** What one character cannot say; the screen, where each has its column, must do with one. */
const LONGER: Readonly<Record<string, string>> = { '≥': '>=', '≤': '<=' }

/** A stand-in for each character beyond ASCII. */
export const inAscii = (text: string): string =>
  [...text].map((one) => (one <= '~' ? one : (LONGER[one] ?? asciiOf(one)))).join('')

/** For what a person reads. JSON stays as it is, and so do the rows of tables: a program reads them. */
export const writeToPerson = (
  write: (text: string) => void,
  config: Pick<Config, 'ascii'>,
  { json }: { json?: unknown },
): ((text: string) => void) =>
  json === true || !isAsciiOnly(config) ? write : (text) => write(inAscii(text))
