/** Opens the control room in the terminal's alternate screen, and gives the terminal back however it ends. */
import { render } from 'ink'
import { Component, type ReactNode } from 'react'
import type { LakeQuery } from '../../pipeline/ports/query.ts'
import type { Clock } from '../../pipeline/runtime/clock.ts'
import type { ReadonlyStore } from '../../pipeline/session/session-types.ts'
import type { Actions } from '../../pipeline/state/actions.ts'
import { watchBackground } from '../ink/background.ts'
import { divertOutput } from '../ink/divert-output.ts'
import { jobControl } from '../ink/hand-over.ts'
import { openLink } from '../ink/open-link.ts'
import { windowTitle } from '../ink/terminal-title.ts'
import { isRisky } from '../input/keymap.ts'
import { terminalInput } from '../input/terminal-input.ts'
import type { Token } from '../input/tokens.ts'
import type { Overlay } from '../input/view-state.ts'
import { painter } from '../text/ansi.ts'
import { speaksUtf8 } from '../text/glyphs.ts'
import { type Background, chooseTheme, THEMES, type ThemeName } from '../text/theme.ts'
import { App, type Lend } from './app.tsx'
import { Screen, type ScreenOptions } from './screen.ts'
import { type ScreenFile, screenFiles } from './screen-files.ts'

export interface ControlRoomOptions {
  store: ReadonlyStore
  actions: Actions
  theme: ThemeName
  /** Draw with ASCII only, also where the locale speaks UTF-8. */
  ascii: boolean
  /** Do not ask before starting what costs money. */
  acceptCosts: boolean
  /** Quit at the first press, whatever runs. */
  yesQuit: boolean
  /** Begin in presenter mode. */
  presenter: boolean
  /** What covers the panels at first. */
  overlay?: Overlay | undefined
  /** Take clicks and the wheel from the start. */
  mouse: boolean
  clock: Clock
  /** Repaints per second, at most. */
  maxFps: number
  env: Readonly<Record<string, string | undefined>>
  stdin: NodeJS.ReadStream
  stdout: NodeJS.WriteStream
  stderr: NodeJS.WriteStream
  onKey: () => void
  /** What asks the layers in SQL, once there is a target. */
  query?: () => LakeQuery | undefined
  /** See {@link ScreenOptions}. */
  onExport?: ScreenOptions['onExport']
  /** Writes the screen to files. @returns where they are, for a person. */
  onSave: (files: readonly ScreenFile[]) => string
  /** A line that somebody else would have written on the screen. */
  onOutput: (line: string) => void
}

export type QuitReason =
  | { kind: 'quit'; stopAll: boolean }
  | { kind: 'signal' }
  | { kind: 'crash'; error: Error }
  | { kind: 'refused'; error: Error }

export interface ControlRoom {
  /** Settles when the terminal has been restored. Never rejects. */
  ended: Promise<QuitReason>
  /** Ends it from outside: a signal, or a failure elsewhere. The first reason counts. */
  close(reason: QuitReason): void
}

/** A key must show at once, whatever the rate of repaints; Ink's own limit only bounds bursts. */
const KEY_FPS = 60
const FIRST_COLUMN = '\r'

export function openControlRoom(options: ControlRoomOptions): ControlRoom {
  const { stdin, env, store } = options
  const output = divertOutput(options.stdout, options.stderr, options.onOutput)
  const stdout = output.screen
  let reason: QuitReason | undefined
  const close = (why: QuitReason) => {
    reason ??= why
    // An empty last frame: terminals that were resized meanwhile may bring lines of it back behind the summary.
    instance.rerender(null)
    instance.unmount()
  }
  const onError = (error: Error) => close({ kind: 'crash', error })
  const depth = stdout.getColorDepth?.({ ...env }) ?? 1
  const isAscii = options.ascii || !speaksUtf8(env, process.platform)
  let themeName = options.theme
  let told: Background
  let hasMouse = options.mouse
  // The console of Linux would show them.
  const hasLinks = env.TERM !== 'linux'
  const paint = () => painter(chooseTheme(themeName, depth, env, told), isAscii, hasLinks)
  const background = watchBackground({
    write: output.write,
    term: env.TERM,
    clock: options.clock,
    onBackground: (is) => {
      told = is
      screen.repaint(paint())
    },
  })
  const screen = new Screen({
    store,
    actions: options.actions,
    paint: paint(),
    ...(options.query ? { query: options.query } : {}),
    ...(options.onExport ? { onExport: options.onExport } : {}),
    onCopy: (text) => output.write(`\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`),
    onOpenLink: (url) => openLink(url, { env, platform: process.platform, onProblem: options.onOutput }),
    onSave: (lines) => {
      const theme = chooseTheme(themeName, depth, env, told)
      return options.onSave(
        screenFiles(lines, painter(theme, isAscii), theme, themeName === 'light' || told === 'light'),
      )
    },
    onMouse: () => {
      hasMouse = !hasMouse
      input.setMouse(hasMouse)
      return hasMouse
    },
    onTheme: () => {
      themeName = THEMES[(THEMES.indexOf(themeName) + 1) % THEMES.length] ?? 'auto'
      screen.repaint(paint())
      return themeName
    },
    acceptCosts: options.acceptCosts,
    yesQuit: options.yesQuit,
    presenter: options.presenter,
    overlay: options.overlay,
    onQuit: ({ stopAll }) => close({ kind: 'quit', stopAll }),
    onHandOver: (what) => jobs.handOver(what),
  })
  let lend: Lend | undefined
  const jobs = jobControl(async (deed) => {
    await lend?.(async () => {
      background.close()
      input.close()
      title.restore()
      await deed()
      title.show()
      input.open()
      background.ask()
      stdout.write(FIRST_COLUMN)
    })
  })
  const onOpen = (how: Lend) => {
    lend = how
  }
  const onTokens = (tokens: readonly Token[]) => {
    try {
      if (tokens.some(({ kind }) => kind === 'key' || kind === 'paste')) options.onKey()
      for (const token of tokens) if (token.kind === 'report') background.heard(token.text)
      screen.take(tokens)
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)))
    }
  }
  const input = terminalInput({
    stdin,
    write: output.write,
    clock: options.clock,
    mouse: options.mouse,
    isRisky,
    onTokens,
  })
  // Before the first frame: a key pressed at the sight of it must be a command, not a letter on the screen.
  input.open()
  const title = windowTitle(stdout, `rtstream ${store.getState().session.target}`)
  title.show()
  background.ask()
  // The first frame begins where the cursor stands: what was typed before, or printed without a line end, is not in its way.
  stdout.write(FIRST_COLUMN)
  const instance = render(
    <Boundary onError={onError}>
      <App screen={screen} onOpen={onOpen} />
    </Boundary>,
    {
      stdin,
      stdout,
      alternateScreen: true,
      incrementalRendering: true,
      exitOnCtrlC: false,
      patchConsole: false,
      interactive: true,
      maxFps: Math.max(KEY_FPS, options.maxFps),
    },
  )
  const settled = whenSettled(stdout, options.clock, () => jobs.handOver('redraw'))
  const ended = instance
    .waitUntilExit()
    .then(
      (): QuitReason => reason ?? { kind: 'signal' },
      (error: unknown): QuitReason => ({
        kind: 'crash',
        error: error instanceof Error ? error : new Error(String(error)),
      }),
    )
    .finally(() => {
      background.close()
      input.close()
      jobs.close()
      settled()
      title.restore()
      output.restore()
    })
  return { ended, close }
}

/** How long a window must keep its size before it is painted whole (ms): dragging an edge is many sizes. */
const SETTLED_MS = 250

/** Terminals shuffle lines while they are resized: once that is over, everything is painted anew. */
function whenSettled(stdout: NodeJS.WriteStream, clock: Clock, repaint: () => void): () => void {
  let cancel = () => {}
  const onResize = () => {
    cancel()
    cancel = clock.after(SETTLED_MS, repaint)
  }
  stdout.on('resize', onResize)
  return () => {
    cancel()
    stdout.off('resize', onResize)
  }
}

/** What a panel throws must not be lost behind the screen. */
class Boundary extends Component<
  { children: ReactNode; onError: (error: Error) => void },
  { hasFailed: boolean }
> {
  override state = { hasFailed: false }
  static getDerivedStateFromError() {
    return { hasFailed: true }
  }
  override componentDidCatch(error: Error) {
    this.props.onError(error)
  }
  override render() {
    return this.state.hasFailed ? null : this.props.children
  }
}
