/** Opens the control room in the terminal's alternate screen, and gives the terminal back however it ends. */
import { render } from 'ink'
import { Component, type ReactNode } from 'react'
import type { Actions } from '../pipeline/actions.ts'
import type { ReadonlyStore } from '../pipeline/session-types.ts'
import { App } from './app.tsx'
import { ascii, speaksUtf8, unicode } from './glyphs.ts'
import { StyleContext } from './style.ts'
import { choosePalette, type ThemeName } from './theme.ts'

export interface ControlRoomOptions {
  store: ReadonlyStore
  actions: Actions
  theme: ThemeName
  ascii: boolean
  /** Do not ask before starting what costs money. */
  acceptCosts: boolean
  /** Repaints per second, at most. */
  maxFps: number
  env: Readonly<Record<string, string | undefined>>
  stdin: NodeJS.ReadStream
  stdout: NodeJS.WriteStream
  onKey: () => void
}

export type QuitReason =
  | { kind: 'quit'; stopAll: boolean }
  | { kind: 'signal' }
  | { kind: 'crash'; error: Error }

export interface ControlRoom {
  /** Settles when the terminal is as it was before. */
  ended: Promise<QuitReason>
  /** Ends it from outside: a signal, or a failure elsewhere. */
  close(reason: QuitReason): void
}

/** A key must show at once, whatever the rate of repaints; Ink's own limit only bounds bursts. */
const KEY_FPS = 30

export function openControlRoom(options: ControlRoomOptions): ControlRoom {
  const { stdout, stdin, env } = options
  let reason: QuitReason = { kind: 'signal' }
  const style = {
    palette: choosePalette(options.theme, stdout.getColorDepth?.(env as Record<string, string>) ?? 1, env),
    glyphs: options.ascii || !speaksUtf8(env) ? ascii : unicode,
  }
  const close = (why: QuitReason) => {
    reason = why
    instance.unmount()
  }
  const instance = render(
    <Boundary onError={(error) => close({ kind: 'crash', error })}>
      <StyleContext.Provider value={style}>
        <App
          store={options.store}
          actions={options.actions}
          acceptCosts={options.acceptCosts}
          onKey={options.onKey}
          onQuit={({ stopAll }) => close({ kind: 'quit', stopAll })}
        />
      </StyleContext.Provider>
    </Boundary>,
    {
      stdin,
      stdout,
      alternateScreen: true,
      incrementalRendering: true,
      exitOnCtrlC: false,
      patchConsole: true,
      interactive: true,
      maxFps: Math.max(KEY_FPS, options.maxFps),
    },
  )
  const ended = instance.waitUntilExit().then(
    () => reason,
    (error: Error): QuitReason => ({ kind: 'crash', error }),
  )
  return { ended, close }
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
