/** The terminal as `doctor` judges it. */
import type { TerminalFacts } from '../../doctor/local.ts'
import { SMALLEST } from '../../ui/layout.ts'

/** What the process knows of its terminal, and what the screen needs of it. */
export function terminalFacts(
  output: NodeJS.WriteStream,
  env: Readonly<Record<string, string | undefined>>,
  ascii: boolean,
): TerminalFacts {
  const isTty = output.isTTY === true
  return {
    isTty,
    smallest: SMALLEST,
    columns: isTty ? output.columns : undefined,
    rows: isTty ? output.rows : undefined,
    colorDepth: isTty ? output.getColorDepth() : undefined,
    env,
    platform: process.platform,
    ascii,
  }
}
