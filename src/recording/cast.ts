/**
 * A recording as an asciinema cast, for a README or a slide: https://docs.asciinema.org/manual/asciicast/v2/ and /v3/. Version 2 is
 * what every player knows; version 3 is that of asciinema 3, in which each time counts from the event before.
 */

export type CastVersion = 2 | 3

export interface CastOptions {
  version: CastVersion
  columns: number
  rows: number
  title: string
  /** Epoch milliseconds. */
  startedAt: number
}

export interface CastFrame {
  /** Since the start (ms). */
  time: number
  /** One string for each row, with its escape sequences. */
  rows: readonly string[]
}

const HOME_AND_CLEAR = '\x1b[?25l\x1b[2J'

/** Lines of the file, without line breaks. Only rows that have changed are written again. */
export function* castLines(options: CastOptions, frames: Iterable<CastFrame>): Generator<string> {
  const { version } = options
  yield JSON.stringify(headerOf(options))
  /** Rounded as it was written, so that what is rounded never adds up (ms). */
  let lastAt = 0
  let before: readonly string[] | undefined
  for (const frame of frames) {
    const changed = frame.rows.flatMap((row, index) =>
      before?.[index] === row ? [] : [`\x1b[${index + 1};1H${row}\x1b[0m`],
    )
    const text = `${before ? '' : HOME_AND_CLEAR}${changed.join('')}`
    before = frame.rows
    if (text === '') continue
    const at = Math.round(frame.time)
    yield JSON.stringify([(version === 2 ? at : at - lastAt) / 1000, 'o', text])
    lastAt = at
  }
}

function headerOf({ version, columns, rows, title, startedAt }: CastOptions): object {
  const timestamp = Math.floor(startedAt / 1000)
  const type = 'xterm-256color'
  return version === 2
    ? { version, width: columns, height: rows, timestamp, title, env: { TERM: type } }
    : { version, term: { cols: columns, rows, type }, timestamp, title }
}
