/** Names the terminal's window while the control room is open; what it was called before comes back afterwards. */

const SAVE = '\x1b[22;0t'
const RESTORE = '\x1b[23;0t'

/** Given back also when the process ends in any other way. */
export interface WindowTitle {
  /** Safe to call twice. */
  show(): void
  /** Gives the title back; safe to call twice. */
  restore(): void
}

/** Uses the terminal's stack of titles; where there is none, the title is made empty. */
export function windowTitle(stdout: NodeJS.WriteStream, title: string): WindowTitle {
  let isShown = false
  const restore = () => {
    process.off('exit', restore)
    if (!isShown) return
    isShown = false
    // An empty title first: terminals that keep no stack fall back to their own.
    if (!stdout.destroyed) stdout.write(`\x1b]2;\x07${RESTORE}`)
  }
  const show = () => {
    if (isShown) return
    isShown = true
    stdout.write(`${SAVE}\x1b]2;${title}\x07`)
    // Whatever ends the process: this runs last, and synchronously.
    process.on('exit', restore)
  }
  return { show, restore }
}
