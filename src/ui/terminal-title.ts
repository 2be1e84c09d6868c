/** Names the terminal's window while the control room is open; what it was called before comes back afterwards. */

const SAVE = '\x1b[22;0t'
const RESTORE = '\x1b[23;0t'

/** @returns gives the title back; safe to call twice. */
export function showTitle(stdout: NodeJS.WriteStream, title: string): () => void {
  stdout.write(`${SAVE}\x1b]2;${title}\x07`)
  const restore = () => {
    process.off('exit', restore)
    if (isRestored) return
    isRestored = true
    // An empty title first: terminals that keep no stack fall back to their own.
    if (!stdout.destroyed) stdout.write(`\x1b]2;\x07${RESTORE}`)
  }
  let isRestored = false
  // Whatever ends the process: this runs last, and synchronously.
  process.on('exit', restore)
  return restore
}
