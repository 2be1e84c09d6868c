/** What libuv has opened for Node's streams of a terminal: a descriptor of their own, so that nobody else's writes change with it. */

/** A stream of a terminal, as far as Node does not show it. */
type TerminalStream = NodeJS.WriteStream & {
  _handle?: { fd?: number; setBlocking?(isBlocking: boolean): void }
}

/** Undefined where the stream is no terminal, or writes on a descriptor that others have too. */
export function ownDescriptor(stream: TerminalStream): number | undefined {
  const own = stream.isTTY ? stream._handle?.fd : undefined
  return own === undefined || own <= 2 ? undefined : own
}

/**
 * Node waits for a terminal with each write: one that takes nothing any more (a line that is down, a window whose text is being
 * selected) held the whole program, signals too. From here on the stream keeps what the terminal has not taken yet.
 */
export function writeWithoutWaiting(stream: TerminalStream): void {
  if (process.platform !== 'win32' && ownDescriptor(stream) !== undefined)
    stream._handle?.setBlocking?.(false)
}
