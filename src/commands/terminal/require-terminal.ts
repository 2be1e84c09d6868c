/** What a screen needs, told before anything is drawn or opened. */
import { UserError } from '../shared/user-error.ts'

/**
 * @param what needs it, as a sentence begins.
 * @param instead what to do without one; no full stop.
 * @throws UserError
 */
export function requireTerminal(what: string, instead: string): void {
  const { stdin, stdout, env } = process
  if (!stdout.isTTY || !stdin.isTTY)
    throw new UserError(
      `${what} needs a terminal, and ${stdout.isTTY ? 'the input' : 'the output'} is not a terminal.`,
      `${instead}.`,
      { exitCode: 2 },
    )
  if (env.TERM === 'dumb')
    throw new UserError(
      `${what} needs a terminal that can be drawn on, and TERM=dumb says that this one cannot.`,
      `${instead}. If it can after all, set TERM=xterm.`,
      { exitCode: 2 },
    )
}
