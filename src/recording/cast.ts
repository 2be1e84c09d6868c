/** A recording as an asciinema cast (version 2), for a README or a slide: https://docs.asciinema.org/manual/asciicast/v2/ */

export interface CastOptions {
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
  const { columns, rows, title, startedAt } = options
  yield JSON.stringify({
    version: 2,
    width: columns,
    height: rows,
    timestamp: Math.floor(startedAt / 1000),
    title,
    env: { TERM: 'xterm-256color' },
  })
  let before: readonly string[] | undefined
  for (const frame of frames) {
    const changed = frame.rows.flatMap((row, index) =>
      before?.[index] === row ? [] : [`\x1b[${index + 1};1H${row}\x1b[0m`],
    )
    const text = `${before ? '' : HOME_AND_CLEAR}${changed.join('')}`
    before = frame.rows
    if (text !== '') yield JSON.stringify([Math.round(frame.time) / 1000, 'o', text])
  }
}
