/** Opens the control room in the terminal's alternate screen, and gives the terminal back however it ends. */
import { type RenderOptions, render } from 'ink'
import type { LakeQuery } from '../../pipeline/ports/query.ts'
import type { Clock } from '../../pipeline/runtime/clock.ts'
import type { ReadonlyStore } from '../../pipeline/session/session-types.ts'
import type { ActionResult, Actions } from '../../pipeline/state/actions.ts'
import { type BackgroundWatch, watchBackground } from '../ink/background.ts'
import { clipboardSequence } from '../ink/clipboard.ts'
import { divertOutput } from '../ink/divert-output.ts'
import { type HandOver, jobControl } from '../ink/hand-over.ts'
import { openLink } from '../ink/open-link.ts'
import { type WindowTitle, windowTitle } from '../ink/terminal-title.ts'
import { isRisky } from '../input/keymap.ts'
import { type TerminalInput, terminalInput } from '../input/terminal-input.ts'
import type { Token } from '../input/tokens.ts'
import type { Overlay } from '../input/view-state.ts'
import type { ThemeName } from '../text/theme.ts'
import { App, type Lend } from './app.tsx'
import { Appearance } from './appearance.ts'
import { Boundary } from './boundary.tsx'
import { Screen, type ScreenOptions } from './screen.ts'
import type { ScreenFile } from './screen-files.ts'

/** The pipeline, the terminal, and what the settings ask of the screen. */
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
  /** Writes the screen to files, and says where they are. */
  onSave: (files: readonly ScreenFile[]) => ActionResult
  /** A line that somebody else would have written on the screen. */
  onOutput: (line: string) => void
}

/** Why the screen is gone: a person, a signal, or an error that has to be shown. */
export type QuitReason =
  | { kind: 'quit'; stopAll: boolean }
  | { kind: 'signal' }
  | { kind: 'crash'; error: Error }

/** It ends once, for one reason. */
export interface ControlRoom {
  /** Settles when the terminal has been restored. Never rejects. */
  ended: Promise<QuitReason>
  /** Ends it from outside: a signal, or a failure elsewhere. The first reason counts. */
  close(reason: QuitReason): void
}

/** A key must show at once, whatever the rate of repaints; Ink's own limit only bounds bursts. */
const KEY_FPS = 60
const FIRST_COLUMN = '\r'

/** Takes the terminal at once; it has been given back when `ended` settles. */
export function openControlRoom(options: ControlRoomOptions): ControlRoom {
  const { stdin, env, store, clock } = options
  const output = divertOutput(options.stdout, options.stderr, options.onOutput, clock)
  const stdout = output.screen
  let reason: QuitReason | undefined
  let leave = () => {}
  const close = (why: QuitReason) => {
    reason ??= why
    leave()
  }
  const onError = (error: unknown) => close(crashOf(error))
  const { theme, ascii } = options
  const appearance = new Appearance({ theme, ascii, depth: stdout.getColorDepth?.({ ...env }) ?? 1, env })
  const background = watchBackground({
    write: output.write,
    term: env.TERM,
    clock,
    onBackground: (told) => {
      appearance.background = told
      screen.repaint(appearance.painter())
    },
  })
  const screen = openScreen(options, appearance, {
    write: output.write,
    setMouse: (isOn) => input.setMouse(isOn),
    quit: ({ stopAll }) => close({ kind: 'quit', stopAll }),
    handOver: (what) => jobs.handOver(what),
    isBehind: output.isBehind,
  })
  let lend: Lend | undefined
  const jobs = jobControl(async (deed) => {
    await lend?.(async () => {
      await background.answered()
      modes.give()
      await output.flushed()
      await deed()
      modes.take()
    })
  })
  const onTokens = (tokens: readonly Token[]) => {
    try {
      if (tokens.some(({ kind }) => kind === 'key' || kind === 'pair' || kind === 'paste')) options.onKey()
      for (const token of tokens) if (token.kind === 'report') background.heard(token.text)
      screen.take(tokens)
    } catch (error) {
      onError(error)
    }
  }
  const onEnd = () => close({ kind: 'signal' })
  const { write } = output
  const input = terminalInput({ stdin, write, clock, mouse: options.mouse, isRisky, onTokens, onEnd })
  const title = windowTitle(stdout, `rtstream ${store.getState().session.target}`)
  const modes = terminalModes(stdout, { title, input, background })
  // Before the first frame: a key pressed at the sight of it must be a command, not a letter on the screen.
  modes.take()
  const instance = render(
    <Boundary onError={onError}>
      <App
        screen={screen}
        onOpen={(how) => {
          lend = how
        }}
      />
    </Boundary>,
    inkOptions(stdin, stdout, options.maxFps),
  )
  const forget = followTerminal(stdout, clock, {
    onSettled: () => jobs.handOver('redraw'),
    isOwn: jobs.isAsking,
    onDrain: () => screen.caughtUp(),
  })
  const ended = instance
    .waitUntilExit()
    .then((): QuitReason => reason ?? { kind: 'signal' }, crashOf)
    .finally(async () => {
      await background.answered()
      modes.give()
      jobs.close()
      forget()
      output.restore()
    })
  leave = () => {
    // An empty last frame: terminals that were resized meanwhile may bring lines of it back behind the summary.
    instance.rerender(null)
    instance.unmount()
  }
  // A first frame that cannot be drawn says so before there is anything to leave.
  if (reason) leave()
  return { ended, close }
}

const crashOf = (error: unknown): QuitReason => ({
  kind: 'crash',
  error: error instanceof Error ? error : new Error(String(error)),
})

/** What keys can do to the terminal and to the room itself. */
interface Reach {
  write(text: string): void
  setMouse(isOn: boolean): void
  quit(choice: { stopAll: boolean }): void
  handOver(what: HandOver): string | undefined
  isBehind(): boolean
}

function openScreen(options: ControlRoomOptions, appearance: Appearance, reach: Reach): Screen {
  const { store, actions, acceptCosts, yesQuit, presenter, overlay, query, onExport, env } = options
  let hasMouse = options.mouse
  const screen = new Screen({
    store,
    actions,
    paint: appearance.painter(),
    ...(query ? { query } : {}),
    ...(onExport ? { onExport } : {}),
    onCopy: (text) => reach.write(clipboardSequence(text, env)),
    onOpenLink: (url) => openLink(url, { env, platform: process.platform, onProblem: options.onOutput }),
    onSave: (lines) => options.onSave(appearance.files(lines)),
    onMouse: () => {
      hasMouse = !hasMouse
      reach.setMouse(hasMouse)
      return hasMouse
    },
    onTheme: () => {
      const name = appearance.nextTheme()
      screen.repaint(appearance.painter())
      return name
    },
    acceptCosts,
    yesQuit,
    presenter,
    overlay,
    onQuit: reach.quit,
    onHandOver: reach.handOver,
    isBehind: reach.isBehind,
  })
  return screen
}

const inkOptions = (stdin: NodeJS.ReadStream, stdout: NodeJS.WriteStream, maxFps: number): RenderOptions => ({
  stdin,
  stdout,
  alternateScreen: true,
  incrementalRendering: true,
  exitOnCtrlC: false,
  patchConsole: false,
  interactive: true,
  maxFps: Math.max(KEY_FPS, maxFps),
})

/** How long a window must keep its size before it is painted whole (ms): dragging an edge is many sizes. */
const SETTLED_MS = 250

/**
 * Terminals shuffle lines while they are resized: once that is over, everything is painted anew. One that went away and back while
 * the program was busy has cut them all the same, and Node, which finds the size as it was, tells nobody: the signal does. One that
 * is slow takes its frames later: then there is room for the next.
 */
function followTerminal(
  stdout: NodeJS.WriteStream,
  clock: Clock,
  {
    onSettled,
    isOwn,
    onDrain,
  }: {
    onSettled: () => void
    /** The signal of a window that was resized was sent by this process. */
    isOwn: () => boolean
    onDrain: () => void
  },
): () => void {
  let cancel = () => {}
  const onResize = () => {
    cancel()
    cancel = clock.after(SETTLED_MS, onSettled)
  }
  const onSignal = () => {
    if (!isOwn()) onResize()
  }
  stdout.on('resize', onResize).on('drain', onDrain)
  process.on('SIGWINCH', onSignal)
  return () => {
    cancel()
    process.off('SIGWINCH', onSignal)
    stdout.off('resize', onResize).off('drain', onDrain)
  }
}

/** All that is switched in the terminal beside Ink's screen: taken together, at first and again, and given back together. */
function terminalModes(
  stdout: NodeJS.WriteStream,
  { title, input, background }: { title: WindowTitle; input: TerminalInput; background: BackgroundWatch },
) {
  return {
    take() {
      title.show()
      input.open()
      background.ask()
      // The next frame begins where the cursor stands: what was typed before, or printed without a line end, is not in its way.
      stdout.write(FIRST_COLUMN)
    },
    give() {
      background.close()
      input.close()
      title.restore()
    },
  }
}
