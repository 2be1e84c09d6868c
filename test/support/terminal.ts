/**
 * A real terminal for tests: the program runs in a pty, and what it writes is read by xterm itself, so a test sees what
 * a person would see. Nothing here sleeps: every wait ends with the output that it waits for.
 */
import { type IPty, spawn } from '@lydell/node-pty'
import type { IBufferCell, Terminal as XTerm } from '@xterm/headless'
import xterm from '@xterm/headless'
import { cellWidths } from './cell-widths.ts'

export interface TerminalOptions {
  command: string
  args?: readonly string[]
  columns?: number
  rows?: number
  cwd?: string
  /** Added to the environment; undefined takes a variable away. `CI` is never passed on: it turns colours off. */
  env?: Readonly<Record<string, string | undefined>>
  /** Whether it answers what it is asked, as terminals do. Default: it does; a slow line is played by hand. */
  answers?: boolean
}

export interface Cell {
  text: string
  /** `default`, an index of the 16 or 256 colours, or `#rrggbb`. */
  foreground: 'default' | number | `#${string}`
  background: 'default' | number | `#${string}`
  isBold: boolean
  isDim: boolean
  isInverse: boolean
  isBlinking: boolean
}

export interface Exit {
  code: number
  /** Number of the signal that ended it; 0: none. */
  signal: number
}

/** Keys by name, as terminals send them. Anything else is typed as it stands. */
const KEYS: Readonly<Record<string, string>> = {
  enter: '\r',
  escape: '\x1b',
  tab: '\t',
  'shift+tab': '\x1b[Z',
  backspace: '\x7f',
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  home: '\x1b[H',
  end: '\x1b[F',
  pageup: '\x1b[5~',
  pagedown: '\x1b[6~',
  'ctrl+c': '\x03',
}

/** Synchronized updates: what stands between is to be shown at once. */
const FRAME_START = '\x1b[?2026h'
const FRAME_END = '\x1b[?2026l'

export class Terminal {
  /** Settles when the process has ended and everything it wrote was read. */
  readonly exit: Promise<Exit>
  readonly #pty: IPty
  readonly #xterm: XTerm
  readonly #watchers = new Set<() => void>()
  #title = ''
  #written = ''
  /** As much of that as the terminal has taken in. */
  #read = ''
  #hasExited = false

  constructor(options: TerminalOptions) {
    const { columns = 120, rows = 40 } = options
    this.#xterm = new xterm.Terminal({ cols: columns, rows, scrollback: 1000, allowProposedApi: true })
    this.#xterm.unicode.register(cellWidths)
    this.#xterm.unicode.activeVersion = cellWidths.version
    this.#xterm.onTitleChange((title) => {
      this.#title = title
    })
    this.#pty = spawn(options.command, [...(options.args ?? [])], {
      // It becomes TERM, whatever the environment says.
      name: options.env?.TERM ?? 'xterm-256color',
      cols: columns,
      rows,
      cwd: options.cwd ?? process.cwd(),
      env: environment(options.env),
    })
    // What it is (DA1), as every terminal says when it is asked.
    if (options.answers !== false) this.#xterm.onData((data) => !this.#hasExited && this.#pty.write(data))
    this.#pty.onData((data) => {
      this.#written += data
      this.#xterm.write(data, () => {
        this.#read += data
        this.#look()
      })
    })
    this.exit = new Promise((done) => {
      this.#pty.onExit(({ exitCode, signal }) => {
        // What is still on its way into the terminal is read first.
        this.#xterm.write('', () => {
          this.#hasExited = true
          done({ code: exitCode, signal: signal ?? 0 })
          this.#look()
        })
      })
    })
  }

  get pid(): number {
    return this.#pty.pid
  }

  /** What stands in the window now: one string per row, padded to the full width. */
  screen(): string[] {
    const buffer = this.#xterm.buffer.active
    return Array.from(
      { length: this.#xterm.rows },
      (_, row) => buffer.getLine(buffer.viewportY + row)?.translateToString(false) ?? '',
    )
  }

  /** The same without blanks at the ends of rows, as one text. */
  text(): string {
    return this.screen()
      .map((row) => row.trimEnd())
      .join('\n')
  }

  /** A row of cells with their attributes; the second half of a wide character has an empty text. */
  cells(row: number): Cell[] {
    const buffer = this.#xterm.buffer.active
    const line = buffer.getLine(buffer.viewportY + row)
    if (!line) throw new Error(`the screen has no row ${row}`)
    return Array.from({ length: this.#xterm.cols }, (_, column) =>
      cellOf(line.getCell(column) as IBufferCell),
    )
  }

  /** Takes nothing any more, as on a line that is down; keys still arrive. */
  stall(): void {
    this.#pty.pause()
  }

  /** Takes what has waited, and everything after it. */
  goOn(): void {
    this.#pty.resume()
  }

  get columns(): number {
    return this.#xterm.cols
  }

  get rows(): number {
    return this.#xterm.rows
  }

  /** Everything that was written, escape sequences included. */
  get written(): string {
    return this.#written
  }

  get title(): string {
    return this.#title
  }

  get isAlternateScreen(): boolean {
    return this.#xterm.buffer.active.type === 'alternate'
  }

  /** Whether the last word about the cursor was to show it. */
  get isCursorShown(): boolean {
    return this.#written.lastIndexOf('\x1b[?25h') >= this.#written.lastIndexOf('\x1b[?25l')
  }

  /** Named keys or text, each sent on its own. */
  press(...keys: readonly string[]): void {
    for (const key of keys) this.#pty.write(KEYS[key] ?? key)
  }

  /** What somebody else writes on the same terminal. */
  async write(data: string): Promise<void> {
    await new Promise<void>((done) => this.#xterm.write(data, done))
  }

  resize(columns: number, rows: number): void {
    this.#xterm.resize(columns, rows)
    this.#pty.resize(columns, rows)
  }

  signal(name: NodeJS.Signals): void {
    this.#pty.kill(name)
  }

  /**
   * Waits until the screen shows something.
   * @throws when the process ends before, or after `timeoutMs`; with the screen as it was then.
   */
  async waitFor(
    wanted: string | RegExp | ((screen: readonly string[]) => boolean),
    timeoutMs = 30_000,
  ): Promise<void> {
    const holds = () => {
      const screen = this.screen()
      if (typeof wanted === 'function') return wanted(screen)
      const text = screen.join('\n')
      return typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)
    }
    await new Promise<void>((done, fail) => {
      const finish = (end: () => void) => {
        clearTimeout(timer)
        this.#watchers.delete(check)
        end()
      }
      const complain = (why: string) =>
        finish(() => fail(new Error(`${why} before the screen showed ${String(wanted)}:\n${this.text()}`)))
      const check = () => {
        if (this.#isWhole() && holds()) finish(done)
        else if (this.#hasExited) complain('the program ended')
      }
      const timer = setTimeout(() => complain(`${timeoutMs} ms went by`), timeoutMs)
      this.#watchers.add(check)
      check()
    })
  }

  /** Ends the process if it still runs, and frees the terminal. */
  async close(): Promise<void> {
    if (!this.#hasExited) this.#pty.kill('SIGKILL')
    await this.exit
    this.#xterm.dispose()
  }

  /** A frame may arrive in pieces: nobody looks before it is whole, if the program says where frames end. */
  #isWhole(): boolean {
    return this.#hasExited || this.#read.lastIndexOf(FRAME_END) >= this.#read.lastIndexOf(FRAME_START)
  }

  #look(): void {
    for (const watcher of [...this.#watchers]) watcher()
  }
}

export const openTerminal = (options: TerminalOptions): Terminal => new Terminal(options)

function environment(changes: TerminalOptions['env'] = {}): Record<string, string> {
  const {
    CI: _ci,
    NO_COLOR: _noColor,
    FORCE_COLOR: _forceColor,
    NODE_ENV: _nodeEnv,
    ...inherited
  } = process.env
  const merged = { ...inherited, TERM: 'xterm-256color', COLORTERM: 'truecolor', LANG: 'C.UTF-8', ...changes }
  return Object.fromEntries(
    Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

function cellOf(cell: IBufferCell): Cell {
  const color = (isDefault: boolean, isRgb: boolean, value: number): Cell['foreground'] =>
    isDefault ? 'default' : isRgb ? `#${value.toString(16).padStart(6, '0')}` : value
  return {
    text: cell.getChars() || (cell.getWidth() === 0 ? '' : ' '),
    foreground: color(cell.isFgDefault(), cell.isFgRGB(), cell.getFgColor()),
    background: color(cell.isBgDefault(), cell.isBgRGB(), cell.getBgColor()),
    isBold: cell.isBold() !== 0,
    isDim: cell.isDim() !== 0,
    isInverse: cell.isInverse() !== 0,
    isBlinking: cell.isBlink() !== 0,
  }
}
