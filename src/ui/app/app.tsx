/** The shell that Ink needs: rows of text, and the size of the window. Keys come another way (input/terminal-input.ts). */
import { Box, Text, useApp, useWindowSize } from 'ink'
import { memo, useLayoutEffect, useSyncExternalStore } from 'react'
import type { Screen } from './screen.ts'

export interface AppProps {
  screen: Screen
  /** How the terminal can be lent to others. */
  onOpen: (lend: Lend) => void
}

export type Lend = (deed: () => Promise<void>) => Promise<void>

export function App({ screen, onOpen }: AppProps) {
  const { suspendTerminal } = useApp()
  // Before the first frame can be seen: a key may follow at once.
  useLayoutEffect(() => onOpen(suspendTerminal), [suspendTerminal, onOpen])
  const { columns, rows } = useWindowSize()
  const frame = useSyncExternalStore(screen.subscribe, () => screen.frame(columns, rows))
  return (
    <Box flexDirection="column" width={frame.columns} height={frame.rows.length}>
      {frame.rows.map((text, row) => (
        // Rows of the screen have no identity beyond their place.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <Row key={row} text={text} />
      ))}
    </Box>
  )
}

/** Exactly as wide as the window already: one text node, laid out once as long as it stays the same. */
const Row = memo(({ text }: { text: string }) => <Text wrap="truncate-end">{text}</Text>)
