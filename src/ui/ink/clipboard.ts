/** The clipboard of the terminal (OSC 52), also through GNU screen, which has none of its own. Pure. */

type Environment = Readonly<Record<string, string | undefined>>

/** Characters of a string that GNU screen takes; what is longer than 768 it prints in the middle of the window. */
const PIECE = 256

/**
 * tmux knows these sequences. Within GNU screen it says so by a TERM of its own, unless it was set up to pass for screen: then text
 * is lost, where GNU screen would print it.
 */
export const isGnuScreen = ({ STY, TERM = '' }: Environment): boolean =>
  STY !== undefined && STY !== '' && TERM.startsWith('screen')

/** @returns what a terminal takes for text to be copied. GNU screen passes on what stands in DCS, piece by piece. */
export function clipboardSequence(text: string, env: Environment): string {
  const sequence = `\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`
  if (!isGnuScreen(env)) return sequence
  const pieces = sequence.match(new RegExp(`[\\s\\S]{1,${PIECE}}`, 'g')) ?? []
  return pieces.map((piece) => `\x1bP${piece}\x1b\\`).join('')
}
