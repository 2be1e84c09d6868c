/** The report of what lies in a data folder, or on Azure, without a recording: services are found or started, and only read. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../config/schema.ts'
import { verdictOf } from '../../pipeline/reconciliation/verdict.ts'
import type { ReadonlyStore } from '../../pipeline/session/session-types.ts'
import type { AppState } from '../../pipeline/state/state.ts'
import { folderReport, type Mark, ReportCollector, type ReportModel } from '../../report/model.ts'
import { VERSIONS } from '../../report/report.ts'
import { askTables } from '../../report/tables.ts'
import { attachTarget } from '../shared/attach.ts'
import { closeAll } from '../shared/close-all.ts'
import { askInstance } from '../shared/control-channel.ts'
import { openDataFolder } from '../shared/data-folder.ts'
import { type OpenedTarget, openTarget } from '../shared/launch.ts'
import { logFileOf, noLog, openLog } from '../shared/logger.ts'
import { newSession } from '../shared/new-session.ts'
import { logTail } from '../shared/session-memory.ts'
import { UserError } from '../shared/user-error.ts'

/** How long hub and lake may take to be read (ms), and how long rows may be in flight until that is the news. */
const PATIENCE_MS = 60_000
const FLOWING_MS = 8000

/** @throws UserError when there is nothing there. */
export async function reportOfFolder(config: Config, signal: AbortSignal): Promise<ReportModel> {
  const { dataDir } = config
  const isAzure = config.target === 'azure'
  if (!isAzure && !existsSync(join(dataDir, 'lake')))
    throw new UserError(
      `There is no lake in ${dataDir}: nothing to report.`,
      'Name a data folder with --data-dir, or a recording: rtstream-tui report FILE.',
      { exitCode: 2 },
    )
  const isRunning = isAzure || (await askInstance(dataDir)) !== undefined
  // Before its log says anything new. On Azure nobody's keys stand in a file.
  const marks = isAzure ? [] : marksOf(dataDir)
  const logger = isRunning ? noLog() : openLog(folderToRead(config), config.logLevel).logger
  const session = newSession({
    config: { ...config, readOnly: true },
    dataDir,
    ephemeral: false,
    logger,
    isGuest: true,
  })
  let opened: OpenedTarget | undefined
  try {
    if (!isRunning)
      opened = await openTarget({ config, dataDir, command: 'report', logger, onFailure: () => {} })
    const target = opened?.target ?? (await attachTarget(config))
    await session.connect(target)
    await settled(session.store, signal)
    const why = unreadable(session.store.getState())
    if (why !== undefined)
      throw new UserError(
        `There is nothing to report, as the lake cannot be read: ${why}`,
        `rtstream-tui doctor${isAzure ? ' --target azure' : ''} says what is missing.`,
      )
    const collector = new ReportCollector()
    collector.add(session.store.getState())
    const tables = target.query
      ? await askTables(target.query, signal)
      : { samples: [], quarantine: undefined, minutes: [] }
    return folderReport(collector.report(tables, VERSIONS), tables, marks)
  } finally {
    await closeAll([() => session.close(), () => opened?.close()])
  }
}

/** The services that read a folder write in it: its lock, their logs, and where they listen. */
function folderToRead(config: Config): string {
  try {
    return openDataFolder(config).path
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException
    if (!(error instanceof UserError) || code === undefined) throw error
    throw new UserError(
      error.message,
      'The services that read it keep their lock and their logs there: copy it to where you may write, and name the copy with --data-dir.',
      { cause: error },
    )
  }
}

/** What was done in the last session, as its log has it. */
const marksOf = (dataDir: string): Mark[] =>
  logTail(logFileOf(dataDir)).flatMap(({ at, source, message }) =>
    source === 'you' ? [{ at, text: message }] : [],
  )

/** Why no layer of the lake could be read, once each was asked; undefined: one was, or is still to be. */
function unreadable({ lake }: AppState): string | undefined {
  const layers = Object.values(lake.layers)
  return layers.every(({ updatedAt, error }) => updatedAt === undefined && error !== undefined)
    ? layers[0]?.error
    : undefined
}

/** Resolves once hub and lake were read and the ledger has come to rest, or rows stay in flight. */
async function settled(store: ReadonlyStore, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let flowing: NodeJS.Timeout | undefined
  const look = () => {
    const state = store.getState()
    const { kind } = verdictOf(state)
    if (unreadable(state) !== undefined) resolve()
    else if (kind === 'flowing') flowing ??= setTimeout(resolve, FLOWING_MS)
    else if (kind !== 'unknown') resolve()
  }
  const unsubscribe = store.subscribe(look)
  const limit = setTimeout(resolve, PATIENCE_MS)
  signal.addEventListener('abort', () => resolve(), { once: true })
  look()
  try {
    await promise
    signal.throwIfAborted()
  } finally {
    unsubscribe()
    clearTimeout(limit)
    clearTimeout(flowing)
  }
}
