/** The shell that Ink needs: rows of text, keys, pasted text, the size of the window. */
import { Box, Text, useApp, useInput, usePaste, useWindowSize } from 'ink'
import { memo, useLayoutEffect, useSyncExternalStore } from 'react'
import { isPasted, keyNames } from '../input/key-name.ts'
import type { Screen } from './screen.ts'

export interface AppProps {
  screen: Screen
  /** Any key was pressed. */
  onKey: () => void
  /** A key's handler has failed: React's boundaries do not see that. */
  onError: (error: Error) => void
  /** How the terminal can be lent to others. */
  onOpen: (lend: Lend) => void
}

export type Lend = (deed: () => Promise<void>) => Promise<void>

export function App({ screen, onKey, onError, onOpen }: AppProps) {
  const { suspendTerminal } = useApp()
  // Before the first frame can be seen: a key may follow at once.
  useLayoutEffect(() => onOpen(suspendTerminal), [suspendTerminal, onOpen])
  const { columns, rows } = useWindowSize()
  const frame = useSyncExternalStore(screen.subscribe, () => screen.frame(columns, rows))
  const guarded = (act: () => void) => {
    try {
      onKey()
      act()
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)))
    }
  }
  useInput((input, key) =>
    guarded(() => (isPasted(input) ? screen.paste(input) : screen.press(keyNames(input, key)))),
  )
  usePaste((text) => guarded(() => screen.paste(text)))
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
