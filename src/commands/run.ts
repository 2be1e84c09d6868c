/** `rtstream-tui run`: the whole pipeline without a screen, for a while, and the counts at the end. */

import type { Config } from '../config/schema.ts'
import { faultNamed } from '../pipeline/faults/registry.ts'
import type { TableAudit } from '../pipeline/ports/lake.ts'
import { STAGE_IDS, type StageId } from '../pipeline/ports/stages.ts'
import { systemClock, within } from '../pipeline/runtime/clock.ts'
import type { Session } from '../pipeline/session/session-types.ts'
import { stageNameFirst } from '../pipeline/stages/stage-names.ts'
import type { AppState } from '../pipeline/state/state.ts'
import { progressView } from './progress/view.ts'
import { openSessionFiles, requireSessionFiles, type SessionFiles } from './reports/session-files.ts'
import { closeAll } from './shared/close-all.ts'
import { openDataFolder } from './shared/data-folder.ts'
import { injectPlanned, isMended, type PlannedFault, requireWithin } from './shared/fault-plan.ts'
import { type OpenedTarget, openTarget } from './shared/launch.ts'
import { logFileOf, openLog } from './shared/logger.ts'
import { newSession } from './shared/new-session.ts'
import { isAsciiOnly } from './shared/plain-text.ts'
import { type Measured, summarise, summaryText } from './shared/summary.ts'
import { describeError, UserError } from './shared/user-error.ts'

/** As the command line gives them. */
export interface RunOptions {
  config: Config
  /** How long the generator runs, counted from the moment that every stage runs. */
  durationMs: number
  /** What is broken on purpose meanwhile. */
  faults: readonly PlannedFault[]
  /** Files to write: a recording of the session, and a report at its end. */
  record?: string | undefined
  report?: string | undefined
  /** The recording may take the place of a file that is there. */
  overwrite?: boolean
  json: boolean
  write: (text: string) => void
  writeError: (text: string) => void
  /** Ends the run early: the generator stops, the rest drains. */
  signal: AbortSignal
}

/** How long a start may take before the run gives up (ms): Azure's clusters need minutes, and so do three Sparks on a busy laptop. */
const START_TIMEOUT_MS = { duckdb: 60_000, spark: 5 * 60_000, azure: 15 * 60_000 }

/** How long reading the tables to the last row may take at the end (ms). */
const AUDIT_TIMEOUT_MS = { local: 5 * 60_000, azure: 30 * 60_000 }

/** How long stages may take to run again after a fault (ms). */
const MENDING_TIMEOUT_MS = 60_000

const startTimeout = ({ target, engine }: Config) => START_TIMEOUT_MS[target === 'azure' ? 'azure' : engine]

/** @returns 0 when the counts balance; 1 when they do not, a stage failed, or a file that was asked for could not be written. */
export async function runHeadless(options: RunOptions): Promise<number> {
  const { config, record, report, write, writeError, signal } = options
  requireWithin(options.faults, options.durationMs)
  requireSessionFiles({ record, report, overwrite: options.overwrite === true })
  const folder = openDataFolder(config)
  const { logger, rotate } = openLog(folder.path, config.logLevel)
  const failure = new AbortController()
  let opened: OpenedTarget | undefined
  let session: Session | undefined
  let files: SessionFiles | undefined
  try {
    session = newSession({ config, dataDir: folder.path, ephemeral: folder.ephemeral, logger })
    opened = await openTarget({
      config,
      dataDir: folder.path,
      command: 'run',
      logger,
      onFailure: (error) => failure.abort(error),
    })
    rotate()
    await connected(session, opened.target, startTimeout(config))
    files = await openSessionFiles({
      store: session.store,
      record,
      report,
      query: () => opened?.target.query,
      onProblem: (text) => writeError(`${text}\n`),
    })
    await files.begin()
    const outcome = await runPipeline(session, opened, options, AbortSignal.any([signal, failure.signal]))
    const { summary } = outcome
    if (options.json) write(`${JSON.stringify(summary)}\n`)
    else
      write(
        `${summaryText(summary, { dataDir: folder.path, ephemeral: folder.ephemeral, logFile: logFileOf(folder.path), isAscii: isAsciiOnly(config) })}\n`,
      )
    const written = await files.close()
    if (!options.json) for (const line of written) write(`${line}\n`)
    for (const reason of outcome.problems) writeError(`${reason}\n`)
    if (failure.signal.aborted) writeError(`${describeError(failure.signal.reason)}\n`)
    return summary.balanced && outcome.problems.length === 0 && !failure.signal.aborted && !files.hasFailed
      ? 0
      : 1
  } finally {
    // A close that fails is told by what it throws: the exit code is then not 0.
    await closeAll([
      () => files?.close().then(() => {}),
      () => session?.close(),
      () => opened?.close(),
      () => folder.release(),
    ])
  }
}

/** A service that never answers is a failure of the start, not a wait without end. */
async function connected(session: Session, target: OpenedTarget['target'], limitMs: number): Promise<void> {
  const late = Promise.withResolvers<never>()
  const message = `The services did not answer within ${limitMs / 1000} s; see the log.`
  const timer = setTimeout(() => late.reject(new UserError(message)), limitMs)
  try {
    await Promise.race([session.connect(target), late.promise])
  } finally {
    clearTimeout(timer)
  }
}

async function runPipeline(session: Session, opened: OpenedTarget, options: RunOptions, signal: AbortSignal) {
  const { store, actions } = session
  const begun = performance.now()
  const since = new Date()
  const before = store.getState().generator.acknowledged
  const view = progressView({
    json: options.json,
    isAscii: isAsciiOnly(options.config),
    lastsMs: options.durationMs,
    write: options.write,
    stdout: process.stdout,
    env: process.env,
  })
  const show = () =>
    view.show({ state: store.getState(), elapsedSeconds: Math.round((performance.now() - begun) / 1000) })
  const ticker = setInterval(show, 1000)
  const problems: string[] = []
  const begunStages = watchBegun(store)
  // What a fault is expected to break does not fail the run if it runs again in the end.
  const expected = new Set(options.faults.flatMap(({ name }) => faultNamed(name)?.breaks ?? []))
  const failed = (state: AppState, excused: ReadonlySet<StageId> = expected) =>
    failures(state, begunStages.seen, excused)
  const faultsEnd = new AbortController()
  try {
    const started = actions.startAll()
    if (!started.ok) throw new UserError(started.reason)
    await until(
      store,
      (state) => STAGE_IDS.every((id) => state.stages[id].state === 'running') || failed(state).length > 0,
      AbortSignal.any([signal, AbortSignal.timeout(startTimeout(options.config))]),
    )
    if (failed(store.getState()).length === 0) {
      injectPlanned(options.faults, actions, faultsEnd.signal, (reason) => problems.push(reason))
      await until(
        store,
        (state) => failed(state).length > 0,
        AbortSignal.any([signal, AbortSignal.timeout(options.durationMs)]),
      )
    }
    await mended(session, faultsEnd, signal)
    problems.push(...failed(store.getState(), new Set()))
    if (
      problems.length === 0 &&
      !signal.aborted &&
      STAGE_IDS.some((id) => store.getState().stages[id].state === 'starting')
    )
      problems.push('Not every stage has started in time; see the log.')
    // The generator starts before the other stages do, and what it sends until then counts as well.
    const generatingMs = begunStages.generatingMs()
    const drained = await session.drain()
    if (!drained.balanced && drained.reason) problems.push(drained.reason)
    const state = store.getState()
    const audit = await auditTables(opened, since, problems)
    const measured: Measured = {
      generatingMs,
      acknowledgedInRun: state.generator.acknowledged - before,
      durationMs: performance.now() - begun,
    }
    return { summary: summarise(state, audit, measured), problems }
  } finally {
    faultsEnd.abort()
    clearInterval(ticker)
    view.end()
    begunStages.close()
  }
}

/** Injects no more faults, ends the active ones, and restarts what they made fail. */
async function mended({ store, actions }: Session, end: AbortController, signal: AbortSignal): Promise<void> {
  end.abort()
  if (isMended(store)) return
  actions.mendFaults()
  await until(
    store,
    ({ faults }) => faults.length === 0,
    AbortSignal.any([signal, AbortSignal.timeout(MENDING_TIMEOUT_MS)]),
  )
}

async function auditTables(
  opened: OpenedTarget,
  since: Date,
  problems: string[],
): Promise<TableAudit | undefined> {
  try {
    const limitMs = AUDIT_TIMEOUT_MS[opened.target.name]
    const audit = await within(systemClock, limitMs, opened.target.auditor.audit({ since }))
    if (!audit) problems.push(`The tables could not be audited: no end after ${limitMs / 60_000} min.`)
    return audit
  } catch (error) {
    problems.push(`The tables could not be audited: ${describeError(error)}`)
    return undefined
  }
}

/** Stages that have begun to start since: an earlier session's failure does not fail this run. */
function watchBegun(store: Session['store']) {
  const seen = new Set<StageId>()
  let generatesSince: number | undefined
  const look = ({ stages }: AppState) => {
    if (stages.generator.state === 'running') generatesSince ??= performance.now()
    for (const id of STAGE_IDS) if (['starting', 'running'].includes(stages[id].state)) seen.add(id)
  }
  look(store.getState())
  return {
    seen: seen as ReadonlySet<StageId>,
    /** How long the generator has run (ms); the clock may have been set meanwhile. */
    generatingMs: () => (generatesSince === undefined ? 0 : performance.now() - generatesSince),
    close: store.subscribe(look),
  }
}

const failures = (state: AppState, begun: ReadonlySet<StageId>, excused: ReadonlySet<StageId>): string[] =>
  STAGE_IDS.filter((id) => begun.has(id) && !excused.has(id) && state.stages[id].state === 'failed').map(
    (id) => `${stageNameFirst(id)} failed: ${state.stages[id].detail ?? state.stages[id].providerStatus}`,
  )

/** Resolves when the state passes or the signal aborts, whichever is first. */
function until(
  store: Session['store'],
  passes: (state: AppState) => boolean,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      unsubscribe()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const unsubscribe = store.subscribe((state) => passes(state) && done())
    signal.addEventListener('abort', done, { once: true })
    if (signal.aborted || passes(store.getState())) done()
  })
}
