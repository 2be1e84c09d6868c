/** Shows how a run goes: a table in place on a terminal, a line where its output goes elsewhere, JSON on request. */
import { type Painter, painter } from '../../ui/text/ansi.ts'
import { chooseTheme } from '../../ui/text/theme.ts'
import { progressTable, WIDEST } from './table.ts'
import { type Progress, progressJson, progressLine } from './text.ts'

/** What a table that is drawn in place needs of a terminal. */
export interface ProgressTerminal {
  write: (text: string) => void
  /** As wide as it is now. */
  columns: () => number
  paint: Painter
}

/** Called about once a second. */
export interface ProgressView {
  show(progress: Progress): void
  /** What follows stands below. */
  end(): void
}

const UP = (rows: number) => (rows > 0 ? `\x1b[${rows}A\r` : '\r')
const CLEAR_BELOW = '\x1b[0J'

/** Draws the table over the one before. Lines never wrap, so that the way back up is known. */
function tableView({ write, columns, paint }: ProgressTerminal, lastsMs: number): ProgressView {
  let rows = 0
  let width = 0
  return {
    show(progress) {
      const lines = progressTable(progress, columns(), lastsMs)
      // A narrower window has wrapped the lines on the screen: they take more rows now.
      const before = columns() < width ? rows * Math.ceil(width / Math.max(1, columns())) : rows
      write(`${UP(before)}${CLEAR_BELOW}${lines.map((line) => `${paint(line)}\n`).join('')}`)
      rows = lines.length
      width = Math.min(WIDEST, columns() - 1)
    },
    end() {
      rows = 0
    },
  }
}

/** How the progress of a run is shown, and for how long it lasts. */
export interface ProgressOptions {
  json: boolean
  isAscii: boolean
  lastsMs: number
  write: (text: string) => void
  stdout: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'> & {
    getColorDepth?: NodeJS.WriteStream['getColorDepth']
  }
  env: Readonly<Record<string, string | undefined>>
}

/** Columns below which a table says less than a line. */
const LEAST_COLUMNS = 60

/** Decides by where the output goes. */
export function progressView({ json, isAscii, lastsMs, write, stdout, env }: ProgressOptions): ProgressView {
  const end = () => {}
  if (json) return { show: (progress) => write(`${progressJson(progress)}\n`), end }
  const isTable = stdout.isTTY && env.TERM !== 'dumb' && (stdout.columns ?? 0) >= LEAST_COLUMNS
  if (!isTable) return { show: (progress) => write(`${progressLine(progress)}\n`), end }
  const depth = stdout.getColorDepth?.({ ...env }) ?? 1
  const paint = painter(chooseTheme('auto', depth, env, undefined), isAscii)
  return tableView({ write, columns: () => stdout.columns ?? LEAST_COLUMNS, paint }, lastsMs)
}
