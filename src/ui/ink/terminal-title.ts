/** Names the terminal's window while the control room is open; what it was called before comes back afterwards. */

const SAVE = '\x1b[22;0t'
const RESTORE = '\x1b[23;0t'

export interface WindowTitle {
  show(): void
  /** Gives the title back; safe to call twice. */
  restore(): void
}

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
