/** `rtstream-tui replay FILE`: a recorded session on the same screen, without any service; or as an asciinema cast. */
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Config } from '../config/schema.ts'
import { UnwritableFileError } from '../local/storage/naming-file.ts'
import { systemClock } from '../pipeline/runtime/clock.ts'
import { refused } from '../pipeline/state/actions.ts'
import { type CastVersion, castLines } from '../recording/cast.ts'
import { RecordingError } from '../recording/format.ts'
import { play } from '../recording/player.ts'
import { openRecording, type Recording } from '../recording/recording.ts'
import { requireOther } from './reports/report-file.ts'
import { endWithSignals } from './terminal/end-with-process.ts'
import { requireTerminal } from './terminal/require-terminal.ts'

interface CastFile {
  file: string
  version: CastVersion
  columns: number
  rows: number
}

/** `speed` is how many times as fast. */
export interface ReplayOptions {
  config: Config
  file: string
  speed: number
  /** Since the start (ms). */
  from: number
  /** Write a cast of this size in place of showing it. */
  cast: CastFile | undefined
  write: (text: string) => void
}

/** @returns 0; 1 when the screen failed. @throws RecordingError, UserError */
export async function runReplay(options: ReplayOptions): Promise<number> {
  const { config, file, speed, from, cast, write } = options
  const recording = await openRecording(file)
  if (cast) {
    requireOther('The cast', file, cast.file)
    await writeCast(recording, { ...cast, speed, from }, config)
    write(`${cast.file}\n`)
    return 0
  }
  const { stdin, stdout } = process
  requireTerminal(
    'A replay',
    `Without one: rtstream-tui report ${file}, or rtstream-tui replay ${file} --cast out.cast`,
  )
  const player = play({ recording, clock: systemClock, speed, from })
  const { openControlRoom } = await import('../ui/app/main.tsx')
  const room = openControlRoom({
    store: player.store,
    actions: player.actions,
    theme: config.theme,
    ascii: config.ascii,
    acceptCosts: true,
    yesQuit: true,
    presenter: config.presenter,
    mouse: config.mouse,
    clock: systemClock,
    maxFps: config.fps,
    env: process.env,
    stdin,
    stdout,
    stderr: process.stderr,
    onKey: () => {},
    onSave: () => refused('A replay is not saved: the recording has it all.'),
    onOutput: () => {},
  })
  const forget = endWithSignals(room)
  const reason = await room.ended
  forget()
  player.close()
  if (reason.kind === 'crash') throw reason.error
  return 0
}

async function writeCast(
  recording: Recording,
  { file, version, columns, rows, speed, from }: CastFile & { speed: number; from: number },
  config: Config,
): Promise<void> {
  const [{ screenLines }, { initialView }, { painter }, { chooseTheme }] = await Promise.all([
    import('../ui/app/screen-lines.ts'),
    import('../ui/input/view-state.ts'),
    import('../ui/text/ansi.ts'),
    import('../ui/text/theme.ts'),
  ])
  const paint = painter(chooseTheme(config.theme === 'auto' ? 'dark' : config.theme, 24, {}), config.ascii)
  function* frames() {
    for (const { time, state } of recording.states())
      if (time >= from)
        yield {
          time: (time - from) / speed,
          rows: screenLines(state, initialView, columns, rows).lines.map(paint),
        }
  }
  const { startedAt } = recording.header
  const lines = castLines({ version, columns, rows, title: 'rtstream-tui', startedAt }, frames())
  await pipeline(
    Readable.from(
      (function* () {
        for (const line of lines) yield `${line}\n`
      })(),
    ),
    createWriteStream(file),
  ).catch((error: unknown) => {
    if (error instanceof RecordingError) throw error
    throw new UnwritableFileError(file, error)
  })
}
