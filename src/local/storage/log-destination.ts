/** The file that log lines go to, from the process and from its worker alike. */
import pino from 'pino'
import { LogRotation } from './log-rotation.ts'

/** What is held of lines that could not be written (bytes). */
const HELD_BYTES = 256_000

/** A stream for pino. */
export type LogDestination = ReturnType<typeof pino.destination> & {
  /** From now on the file is kept short here. */
  own(): void
}

/**
 * Lines are written at once, so that a crash loses none. A full disk ends nothing: lines are held, up to a bound, and written
 * once there is room again; how many went beyond it is then said in a line of its own.
 * Where another writer has set the file aside, lines go to the new one.
 * @param file is made, with its folder, when it is missing.
 */
export function logDestination(file: string, maxBytes?: number): LogDestination {
  const destination = pino.destination({
    dest: file,
    sync: true,
    append: true,
    mkdir: true,
    maxLength: HELD_BYTES,
  })
  // JSON escapes the controls below U+0020 only: a terminal that shows the log would obey the others.
  const write = destination.write.bind(destination)
  const rotation = new LogRotation(destination, file, maxBytes)
  destination.write = (line: string) => {
    rotation.beforeWrite(line.length)
    return write(escaped(line))
  }
  let lost = 0
  const tell = () => {
    if (lost === 0) return
    const toTell = lost
    const msg = `${toTell} ${toTell === 1 ? 'line' : 'lines'} of this log could not be written: its disk was full`
    lost = 0
    destination.write(`${JSON.stringify({ level: 40, time: new Date().toISOString(), msg })}\n`)
    // The notice itself was dropped: report these lines later.
    if (lost > 0) lost = toTell
  }
  // Tries to write the held lines; dropping a line does not do so by itself.
  const tryAgain = () => void destination.write('')
  // The library's own flush retries for ever while the disk is full, and pino calls it on a fatal line. There is nothing to flush.
  destination.flushSync = tryAgain
  // Without a listener the process would end here. Who else finds the disk full says so on the screen.
  destination.on('error', () => {})
  destination.on('drop', () => {
    lost++
    tryAgain()
  })
  // Not from within the write that this follows.
  destination.on('write', () => queueMicrotask(tell))
  return Object.assign(destination, { own: () => rotation.own() })
}

/** Delete and the C1 controls, which can only stand inside a string of the line. */
const escaped = (line: string) =>
  line.replace(/[\u007f-\u009f]/g, (control) => `\\u00${control.charCodeAt(0).toString(16)}`)
