/** Gives the terminal to others and takes it back: ctrl+z and `fg`, a stop from outside, ctrl+l. */

/** `suspend`: back to the shell until it says `fg`; `redraw`: something else has written on the screen. */
export type HandOver = 'redraw' | 'suspend'

/** Until {@link JobControl.close}. */
export interface JobControl {
  /** @returns why it cannot be done. */
  handOver(what: HandOver): string | undefined
  /** The size of the window is asked for: a SIGWINCH now is this process's own. */
  isAsking(): boolean
  close(): void
}

type Deed = () => Promise<void>

/** @param lend gives the terminal back as it was, waits for the deed, takes the terminal and draws everything anew. */
export function jobControl(lend: (deed: Deed) => Promise<void>): JobControl {
  const hasJobs = process.platform !== 'win32'
  let isAway = false
  let isAsking = false
  let isClosed = false
  /** What came up meanwhile: the last one counts. */
  let next: Deed | undefined

  const away = async (deed: Deed): Promise<void> => {
    if (isAway) {
      next = deed
      return
    }
    isAway = true
    await lend(async () => {
      await deed()
      if (!hasJobs) return
      isAsking = true
      await askForSize().finally(() => {
        isAsking = false
      })
    })
    isAway = false
    const waiting = next
    next = undefined
    if (waiting) await away(waiting)
  }
  const suspend = () =>
    void away(async () => {
      stopListening()
      await stopTheJob()
      listen()
    })
  // Stopped without being asked, the shell has used the terminal meanwhile.
  const redraw = () => void away(async () => {})
  const listen = () => {
    if (hasJobs && !isClosed) process.on('SIGTSTP', suspend).on('SIGCONT', redraw)
  }
  const stopListening = () => process.off('SIGTSTP', suspend).off('SIGCONT', redraw)
  listen()
  return {
    handOver(what) {
      if (what === 'suspend' && !hasJobs) return 'This system cannot put a program to sleep: q quits.'
      if (what === 'suspend') suspend()
      else redraw()
      return undefined
    },
    isAsking: () => isAsking,
    close() {
      isClosed = true
      stopListening()
    },
  }
}

/**
 * A window that is resized while the program sleeps tells those in the foreground: the shell. Node asks the terminal again when it
 * is told so itself, which its streams hear before this does.
 */
async function askForSize(): Promise<void> {
  const told = Promise.withResolvers<void>()
  process.once('SIGWINCH', told.resolve)
  process.kill(process.pid, 'SIGWINCH')
  await told.promise
}

/** Without a shell that could resume it the process is not stopped: the attempt is then over after this time. */
const NO_SHELL_MS = 500

/** As ctrl+z does by itself: all that was started together, such as npm, stops. Goes on with `fg`. */
async function stopTheJob(): Promise<void> {
  const woken = Promise.withResolvers<void>()
  process.once('SIGCONT', woken.resolve)
  process.kill(0, 'SIGTSTP')
  const timer = setTimeout(woken.resolve, NO_SHELL_MS)
  await woken.promise
  clearTimeout(timer)
  process.off('SIGCONT', woken.resolve)
}
