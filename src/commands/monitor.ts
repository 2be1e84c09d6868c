/** `rtstream-tui`: the control room. The first frame comes before anything is connected. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { inFlightOf, verdictOf } from '../pipeline/reconciliation/verdict.ts'
import { systemClock } from '../pipeline/runtime/clock.ts'
import type { Session } from '../pipeline/session/session-types.ts'
import type { AppState, EndpointLine } from '../pipeline/state/state.ts'
import {
  type ControlRoom,
  type ControlRoomOptions,
  openControlRoom,
  type QuitReason,
} from '../ui/app/main.tsx'
import { openSessionFiles, requireSessionFiles } from './reports/session-files.ts'
import { billingNotice } from './shared/billing-notice.ts'
import { closeAll } from './shared/close-all.ts'
import { type DataFolder, openDataFolder } from './shared/data-folder.ts'
import type { OpenedTarget } from './shared/launch.ts'
import { loadLessons } from './shared/lessons.ts'
import { logFileOf, openLog } from './shared/logger.ts'
import { newSession } from './shared/new-session.ts'
import { isAsciiOnly } from './shared/plain-text.ts'
import { hardEnd, rememberSession } from './shared/session-memory.ts'
import { summariseSession, summaryText } from './shared/summary.ts'
import { describeError, type UserError } from './shared/user-error.ts'
import { endWithProcess } from './terminal/end-with-process.ts'
import { idleStop } from './terminal/idle-stop.ts'
import { divertNativeOutput, nativeOutputOf } from './terminal/native-output.ts'
import { requireTerminal } from './terminal/require-terminal.ts'
import { saveScreen } from './terminal/saved-screen.ts'

/** As the command line gives them, with what the package brings. */
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
  /** The recording may take the place of a file that is there. */
  overwrite?: boolean
  /** Keys of settings that a person gave: these stand, whatever the session before had. */
  given: ReadonlySet<string>
  write: (text: string) => void
  writeError: (text: string) => void
}

/** How the way to the services stands; it is opened behind the first frame. */
interface Connection {
  /** Undefined as long as there is none. */
  opened?: OpenedTarget
  /** Stops what was started here, also when the session could not connect to it. */
  close?: () => Promise<void>
  /** Why the local services did not start. */
  refusal?: unknown
  /** Why they ended while the screen was there. */
  broken?: Error
}

/** @returns 0; 1 after a failure that ended it. @throws UserError when the output is not a terminal. */
export async function runMonitor(options: MonitorOptions): Promise<number> {
  const { config, given, lessonsDir, notebooksDir, lesson, record, report, write } = options
  requireTerminal('The control room', 'Without a screen: rtstream-tui run --duration 30s')
  // A lesson that is not there is told before the screen; without one, they are read behind the first frame.
  const asked = lesson === undefined ? undefined : loadLessons(lessonsDir, lesson, config.target)
  requireSessionFiles({ record, report, overwrite: options.overwrite === true })
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
  const connection: Connection = {}
  // What cannot be written is in the log at once, and told again when the screen is gone.
  const problems: string[] = []
  const files = await openSessionFiles({
    store: session.store,
    record,
    report,
    query: () => connection.opened?.target.query,
    onProblem: (message) => {
      problems.push(message)
      session.warn(message.replaceAll('\n', ' '))
    },
  })
  // There the folder is shared, and a session that does not connect is worth a recording too.
  if (config.target === 'azure') await files.begin()
  const idle = idleStop(config.idleStop, session.actions, systemClock)
  const onOutput = (line: string) => logger.info({ source: 'output' }, line)
  const native = divertNativeOutput(nativeOutputOf(folder.path), [process.stdout, process.stderr], onOutput)
  const room = openRoom(config, session, connection, folder.path, { onKey: idle.reset, onOutput })
  const restore = endWithProcess(room, logger)
  if (!asked) offerLessons(session, lessonsDir)
  const opening = connect(connection, { session, config, dataDir: folder.path, logger, notebooksDir, room })
  // Not before the folder is ours: another instance may have it.
  let memory: ReturnType<typeof rememberSession> | undefined
  const ours = opening.then(async () => {
    if (!connection.opened) return
    rotate()
    if (!config.readOnly) memory = rememberSession(folder.path, session.store)
    if (config.target === 'local') await files.begin()
  })
  const reason = await room.ended
  idle.cancel()
  await ours
  if (reason.kind === 'quit' && reason.stopAll) await stopEverything(session, write)
  if (reason.kind === 'crash') logger.error({ err: reason.error }, 'the screen failed')
  const state = session.store.getState()
  const lastedMs = performance.now() - begun
  // The tables are asked for it, which may take a while.
  if (report !== undefined && connection.opened) write('Writing the report …\n')
  const written = await files.close()
  const notClosed = await closeAll([
    () => session.close(),
    () => memory?.end(),
    () => connection.close?.(),
  ]).catch((error: UserError) => error)
  restore()
  native.restore()
  const end: SessionEnd = { reason, state, lastedMs, written, problems }
  tellEnd(end, connection, folder, options)
  folder.release()
  if (notClosed) options.writeError(`${describeError(notClosed)}\n`)
  if (connection.broken !== undefined) options.writeError(`${describeError(connection.broken)}\n`)
  const isWell = state.session.connected && verdictOf(state).kind !== 'unbalanced' && !files.hasFailed
  return isWell && reason.kind !== 'crash' && !notClosed && connection.broken === undefined ? 0 : 1
}

/** Without them there is all but lessons. */
function offerLessons(session: Session, folder: string): void {
  try {
    session.setLessons(loadLessons(folder, undefined).lessons)
  } catch (error) {
    session.warn(describeError(error).replaceAll('\n', ' '))
  }
}

function openRoom(
  config: Config,
  session: Session,
  connection: Connection,
  dataDir: string,
  { onKey, onOutput }: Pick<ControlRoomOptions, 'onKey' | 'onOutput'>,
): ControlRoom {
  const { stdin, stdout, stderr, env } = process
  const query = () => connection.opened?.target.query
  return openControlRoom({
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
    env,
    stdin,
    stdout,
    stderr,
    onKey,
    query,
    onExport: async (table, format, signal) => {
      const { exportForScreen } = await import('./sql.ts')
      return exportForScreen({ query: query(), target: config.target, table, format, signal })
    },
    onSave: (files) => saveScreen(join(dataDir, 'logs'), files),
    onOutput,
  })
}

interface SessionEnd {
  reason: QuitReason
  state: AppState
  lastedMs: number
  /** Lines about files that were asked for. */
  written: readonly string[]
  problems: readonly string[]
}

/** What a person reads when the screen is gone. */
function tellEnd(
  { reason, state, lastedMs, written, problems }: SessionEnd,
  { refusal }: Connection,
  folder: DataFolder,
  { config, write, writeError }: MonitorOptions,
): void {
  if (reason.kind === 'crash')
    writeError(
      `rtstream-tui ended unexpectedly: ${describeError(reason.error)}\nThe details are in ${logFileOf(folder.path)}\n`,
    )
  if (state.session.connected) {
    const { dataDir, logFile } = state.session
    const inFlight = inFlightOf(state)
    const isAscii = isAsciiOnly(config)
    const where = { dataDir, ephemeral: folder.ephemeral, logFile, inFlight, isAscii }
    write(`${summaryText(summariseSession(state, lastedMs), where)}\n`)
    write(billingNotice(state))
    for (const line of written) write(`${line}\n`)
  } else if (refusal !== undefined) writeError(`${describeError(refusal)}\n`)
  for (const problem of problems) writeError(`${problem}\n`)
}

/** Settings of a session that ended hard, but for those that are given now. */
function resumed(dataDir: string, config: Config, given: ReadonlySet<string>) {
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

/** Never rejects. */
async function connect(
  connection: Connection,
  {
    session,
    config,
    dataDir,
    logger,
    notebooksDir,
    room,
  }: {
    session: Session
    config: Config
    dataDir: string
    logger: Logger
    notebooksDir: string
    room: ControlRoom
  },
): Promise<void> {
  try {
    const { openTarget } = await import('./shared/launch.ts')
    const opened = await openTarget({
      config,
      dataDir,
      logger,
      // The screen stays, and says why nothing works any more.
      onFailure: (error) => {
        connection.broken = error
        session.connectFailed(error)
      },
    })
    connection.close = opened.close
    session.setEndpoints([
      ...opened.endpoints,
      ...(config.target === 'local' ? notebookLinks(notebooksDir) : []),
    ])
    await session.connect(opened.target)
    connection.opened = opened
  } catch (error) {
    session.connectFailed(error)
    // Azure may still answer, or be asked for what is missing; without its local services the screen has nothing to show.
    if (config.target === 'azure') return
    connection.refusal = error
    room.close({ kind: 'signal' })
  }
}
