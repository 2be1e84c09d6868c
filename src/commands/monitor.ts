/** `rtstream-tui`: the control room. The first frame comes before anything is connected. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Config } from '../config/schema.ts'
import { inFlightOf, verdictOf } from '../pipeline/reconciliation/verdict.ts'
import { systemClock } from '../pipeline/runtime/clock.ts'
import type { Session } from '../pipeline/session/session-types.ts'
import type { EndpointLine } from '../pipeline/state/state.ts'
import { type ControlRoom, openControlRoom, type QuitReason } from '../ui/app/main.tsx'
import type { ScreenFile } from '../ui/app/screen-files.ts'
import { speaksUtf8 } from '../ui/text/glyphs.ts'
import { openSessionFiles } from './reports/session-files.ts'
import { billingNotice } from './shared/billing-notice.ts'
import { closeAll } from './shared/close-all.ts'
import { openDataFolder } from './shared/data-folder.ts'
import { idleStop } from './shared/idle-stop.ts'
import type { OpenedTarget } from './shared/launch.ts'
import { loadLessons } from './shared/lessons.ts'
import { logFileOf, type OpenedLog, openLog } from './shared/logger.ts'
import { newSession } from './shared/new-session.ts'
import { hardEnd, rememberSession } from './shared/session-memory.ts'
import { summariseSession, summaryText } from './shared/summary.ts'
import { describeError, UserError } from './shared/user-error.ts'
import { divertNativeOutput, nativeOutputOf } from './terminal/native-output.ts'

export interface MonitorOptions {
  config: Config
  /** Folder of the lessons, and the lesson to begin with: its name or the path of another file. */
  lessonsDir: string
  /** Of the package: what the jobs run on Spark, to read beside the screen. */
  notebooksDir: string
  lesson?: string | undefined
  /** Files to write: a recording of the session, and a report at its end. */
  record?: string | undefined
  report?: string | undefined
  /** Keys of settings that a person gave: these stand, whatever the session before had. */
  given?: ReadonlySet<string>
  write: (text: string) => void
  writeError: (text: string) => void
}

/** @returns 0; 1 after a failure that ended it. @throws UserError when the output is not a terminal. */
export async function runMonitor({
  config,
  given,
  lessonsDir,
  notebooksDir,
  lesson,
  record,
  report,
  write,
  writeError,
}: MonitorOptions): Promise<number> {
  const { stdin, stdout } = process
  if (!stdout.isTTY || !stdin.isTTY)
    throw new UserError(
      `The control room needs a terminal, and ${stdout.isTTY ? 'the input' : 'the output'} is not a terminal.`,
      'Without a screen: rtstream-tui run --duration 30s (rtstream-tui run --help).',
      { exitCode: 2 },
    )
  if (process.env.TERM === 'dumb')
    throw new UserError(
      'The control room needs a terminal that can be drawn on, and TERM=dumb says that this one cannot.',
      'Without a screen: rtstream-tui run --duration 30s. If it can after all: TERM=xterm rtstream-tui.',
      { exitCode: 2 },
    )
  // A lesson that is not there is told before the screen; without one, they are read behind the first frame.
  const asked = lesson === undefined ? undefined : loadLessons(lessonsDir, lesson, config.target)
  const folder = openDataFolder(config)
  const { logger, rotate } = openLog(folder.path, config.logLevel)
  const session = newSession({
    config,
    dataDir: folder.path,
    ephemeral: folder.ephemeral,
    logger,
    after: resumed(folder.path, config, given),
  })
  session.setLessons(asked?.lessons ?? [])
  if (asked?.first !== undefined) session.actions.lessons?.begin(asked.first)
  const begun = performance.now()
  // What cannot be written is told when the screen is gone.
  const problems: string[] = []
  const files = await openSessionFiles({
    store: session.store,
    record,
    report,
    query: () => found?.target.query,
    onProblem: (message) => problems.push(message),
  })
  const idle = idleStop(config.idleStop, session.actions, systemClock)
  const onOutput = (line: string) => logger.info({ source: 'output' }, line)
  const native = divertNativeOutput(nativeOutputOf(folder.path), [stdout, process.stderr], onOutput)
  let found: OpenedTarget | undefined
  const room = openControlRoom({
    store: session.store,
    actions: session.actions,
    theme: config.theme,
    ascii: config.ascii,
    acceptCosts: config.acceptCosts,
    yesQuit: config.yesQuit,
    mouse: config.mouse,
    presenter: config.presenter,
    overlay: config.audience && !config.readOnly ? 'audience' : undefined,
    clock: systemClock,
    maxFps: config.fps,
    env: process.env,
    stdin,
    stdout,
    stderr: process.stderr,
    onKey: idle.reset,
    query: () => found?.target.query,
    onExport: async (table, format, signal) => {
      const { exportForScreen } = await import('./sql.ts')
      return exportForScreen({ query: found?.target.query, target: config.target, table, format, signal })
    },
    onSave: (files) => saveScreen(join(folder.path, 'logs'), files),
    onOutput,
  })
  const restore = endWithProcess(room, logger)
  if (!asked) session.setLessons(loadLessons(lessonsDir, undefined).lessons)
  let refusal: unknown
  let broken: Error | undefined
  const opening = open(session, config, folder.path, logger, notebooksDir, {
    refuse: (error) => {
      refusal = error
      room.close({ kind: 'signal' })
    },
    // The screen stays, and says why nothing works any more.
    onFailure: (error) => {
      broken = error
      session.connectFailed(error)
    },
  })
  // Not before the folder is ours: another instance may have it.
  let memory: ReturnType<typeof rememberSession> | undefined
  void opening.then((opened) => {
    found = opened
    if (opened) rotate()
    if (opened && !config.readOnly) memory = rememberSession(folder.path, session.store)
  })
  const reason = await room.ended
  idle.cancel()
  const opened = await opening
  if (reason.kind === 'quit' && reason.stopAll) await stopEverything(session, write)
  if (reason.kind === 'crash') logger.error({ err: reason.error }, 'the screen failed')
  const state = session.store.getState()
  const written = await files.close()
  const notClosed = await closeAll([() => session.close(), () => memory?.end(), () => opened?.close()]).catch(
    (error: UserError) => error,
  )
  restore()
  native.restore()
  if (reason.kind === 'crash')
    writeError(
      `rtstream-tui ended unexpectedly: ${describeError(reason.error)}\nThe details are in ${logFileOf(folder.path)}\n`,
    )
  if (state.session.connected) {
    const { dataDir, logFile } = state.session
    const inFlight = inFlightOf(state)
    const isAscii = config.ascii || !speaksUtf8(process.env, process.platform)
    const where = { dataDir, ephemeral: folder.ephemeral, logFile, inFlight, isAscii }
    write(`${summaryText(summariseSession(state, performance.now() - begun), where)}\n`)
    write(billingNotice(state))
    for (const line of written) write(`${line}\n`)
  } else if (refusal !== undefined) writeError(`${describeError(refusal)}\n`)
  for (const problem of problems) writeError(`${problem}\n`)
  folder.release()
  if (notClosed) writeError(`${describeError(notClosed)}\n`)
  if (broken !== undefined) writeError(`${describeError(broken)}\n`)
  const isWell = state.session.connected && verdictOf(state).kind !== 'unbalanced'
  return isWell && reason.kind !== 'crash' && !notClosed && broken === undefined ? 0 : 1
}

/** Beside the log; named by the second. @returns what happened, for a person. */
function saveScreen(folder: string, files: readonly ScreenFile[]): string {
  const name = `screen-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}`
  try {
    for (const { extension, content } of files) writeFileSync(join(folder, `${name}.${extension}`), content)
    return `Saved as ${join(folder, name)}.txt, .ansi and .svg.`
  } catch (error) {
    return `The screen could not be saved: ${describeError(error)}`
  }
}

/** Settings of a session that ended hard, but for those that are given now. */
function resumed(dataDir: string, config: Config, given: ReadonlySet<string> = new Set()) {
  const before = config.readOnly ? undefined : hardEnd(dataDir)
  if (!before) return undefined
  return {
    stations: given.has('stations') ? config.stations : before.stations,
    intervalMs: given.has('interval') ? config.interval : before.intervalMs,
    dirty: given.has('dirty') ? config.dirty : before.dirty,
  }
}

/** The screen is gone, and services take minutes to stop: ctrl+c ends the waiting for them. */
async function stopEverything(session: Session, write: (text: string) => void): Promise<void> {
  const isAzure = session.store.getState().session.target === 'azure'
  write(`Stopping all stages${isAzure ? '; on Azure this takes minutes' : ''}. Ctrl+C ends the waiting.\n`)
  const enough = Promise.withResolvers<void>()
  process.once('SIGINT', enough.resolve).once('SIGTERM', enough.resolve)
  try {
    await Promise.race([session.drain({ patienceMs: 5000 }), enough.promise])
  } finally {
    process.off('SIGINT', enough.resolve).off('SIGTERM', enough.resolve)
  }
}

/** Offline the notebooks are files of the package. */
const notebookLinks = (directory: string): EndpointLine[] =>
  (['silver', 'gold', 'aggregate'] as const).map((name) => ({
    name: `notebook of ${name}`,
    value: pathToFileURL(join(directory, `${name}.py`)).href,
    opens: name,
  }))

async function open(
  session: Session,
  config: Config,
  dataDir: string,
  logger: OpenedLog['logger'],
  notebooksDir: string,
  { refuse, onFailure }: { refuse: (error: unknown) => void; onFailure: (error: Error) => void },
): Promise<OpenedTarget | undefined> {
  try {
    const { openTarget } = await import('./shared/launch.ts')
    const opened = await openTarget({
      config,
      dataDir,
      logger,
      onFailure,
    })
    session.setEndpoints([
      ...opened.endpoints,
      ...(config.target === 'local' ? notebookLinks(notebooksDir) : []),
    ])
    await session.connect(opened.target)
    return opened
  } catch (error) {
    session.connectFailed(error)
    // Without its local services the screen has nothing to show; Azure may still answer, or be asked for what is missing.
    if (config.target === 'local') refuse(error)
    return undefined
  }
}

/** Signals and defects end the screen first, so that the terminal is given back whatever happens. */
function endWithProcess(room: ControlRoom, logger: OpenedLog['logger']): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const onSignal = () => room.close({ kind: 'signal' })
  const onDefect = (error: unknown) => {
    logger.fatal({ err: error }, 'unexpected error')
    const crash: QuitReason = {
      kind: 'crash',
      error: error instanceof Error ? error : new Error(String(error)),
    }
    room.close(crash)
  }
  for (const signal of signals) process.on(signal, onSignal)
  process.on('uncaughtException', onDefect)
  process.on('unhandledRejection', onDefect)
  return () => {
    for (const signal of signals) process.off(signal, onSignal)
    process.off('uncaughtException', onDefect)
    process.off('unhandledRejection', onDefect)
  }
}
