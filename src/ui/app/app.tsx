/** The shell that Ink needs: rows of text, and the size of the window. Keys come another way (input/terminal-input.ts). */
import { Box, Transform, useApp, useWindowSize } from 'ink'
import { useLayoutEffect, useSyncExternalStore } from 'react'
import type { Screen } from './screen.ts'

/** What draws, and what Ink alone can give. */
export interface AppProps {
  screen: Screen
  /** How the terminal can be lent to others. */
  onOpen: (lend: Lend) => void
}

/** Ink gives the terminal away, and draws everything anew when the deed has ended. */
export type Lend = (deed: () => Promise<void>) => Promise<void>

/** Draws whole rows and nothing else: a frame that is the same object is not drawn again. */
export function App({ screen, onOpen }: AppProps) {
  const { suspendTerminal } = useApp()
  // Before the first frame can be seen: a key may follow at once.
  useLayoutEffect(() => onOpen(suspendTerminal), [suspendTerminal, onOpen])
  const { columns, rows } = useWindowSize()
  const frame = useSyncExternalStore(screen.subscribe, () => screen.frame(columns, rows))
  return (
    <Box flexDirection="column" width={frame.columns} height={frame.rows.length}>
      <Rows rows={frame.rows} />
    </Box>
  )
}

/**
 * Ink lays out, measures and cleans what a text says each time it changes. The rows are as wide as the window and clean already:
 * Ink is given as many blank ones, which never change, and the painted ones when it writes them.
 */
const Rows = ({ rows }: { rows: readonly string[] }) => (
  <Transform accessibilityLabel={rows.join('\n')} transform={(_, row) => rows[row] ?? ''}>
    {blanks(rows.length)}
  </Transform>
)

const blanks = (count: number) => Array<string>(count).fill(' ').join('\n')
