/** `rtstream-tui serve`: the local services alone, for programs and their tests. */
import { abortableSleep } from '../azure/http/abortable-sleep.ts'
import type { Config } from '../config/schema.ts'
import type { LocalAzureEndpoints } from '../local/runtime/options.ts'
import type { StageId, StageService } from '../pipeline/ports/stages.ts'
import { stageNameFirst } from '../pipeline/stages/stage-names.ts'
import { openDataFolder } from './shared/data-folder.ts'
import { endpointLines, endpointsObject } from './shared/endpoint-lines.ts'
import { localAzureConfig } from './shared/local-config.ts'
import { type OpenedServices, openLocalServices } from './shared/local-services.ts'
import { openLog } from './shared/logger.ts'
import { describeError, UserError } from './shared/user-error.ts'

type ServiceStage = Exclude<StageId, 'generator'>

/** As they are written after `--start`, in the order in which data flows. */
const WRITTEN: Readonly<Record<ServiceStage, string>> = {
  streamAnalytics: 'stream-analytics',
  silver: 'silver',
  gold: 'gold',
  aggregate: 'aggregate',
}
const STAGES = new Map(Object.entries(WRITTEN).map(([stage, name]) => [name, stage as ServiceStage]))
const NAMES = [...STAGES.keys()]

/** As the command line gives them. */
export interface ServeOptions {
  config: Config
  /** See {@link stagesToStart}. */
  start: readonly ServiceStage[]
  json: boolean
  write: (text: string) => void
  writeError: (text: string) => void
  /** Ends it. */
  signal: AbortSignal
}

/**
 * @param text names of stages, separated by commas; `all` is all of them.
 * @throws UserError for an unknown name.
 */
export function stagesToStart(text: string | undefined): ServiceStage[] {
  const asked = (text ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean)
  const wrong = asked.find((name) => name !== 'all' && !NAMES.includes(name))
  if (wrong !== undefined)
    throw new UserError(
      `--start: ${wrong} is not a stage of the local services.`,
      wrong === 'generator'
        ? 'serve sends no readings of its own; rtstream-tui run does.'
        : `Name some of ${NAMES.join(', ')}, or all.`,
      { exitCode: 2 },
    )
  return NAMES.filter((name) => asked.includes('all') || asked.includes(name)).map(
    (name) => STAGES.get(name) as ServiceStage,
  )
}

/** @returns 0 after a signal, 1 when the services died. */
export async function runServe(options: ServeOptions): Promise<number> {
  const { config, json, write, writeError, signal } = options
  if (config.target !== 'local')
    throw new UserError('serve starts the local services; on Azure there is nothing to serve.', undefined)
  const folder = openDataFolder(config)
  const failure = new AbortController()
  const until = AbortSignal.any([signal, failure.signal])
  let services: OpenedServices | undefined
  try {
    const { logger, rotate } = openLog(folder.path, config.logLevel)
    services = await openLocalServices({
      config,
      dataDir: folder.path,
      command: 'serve',
      isTrusted: options.start.length > 0,
      onFailure: (error) => failure.abort(error),
    })
    rotate()
    const { endpoints } = services
    if (options.start.length > 0) await startStages(endpoints, options.start, config, until)
    logger.info({ started: options.start }, 'local Azure is served')
    if (!until.aborted)
      write(
        json
          ? `${JSON.stringify(endpointsObject({ pid: process.pid, endpoints }))}\n`
          : readyText(endpoints, folder.path),
      )
    await aborted(until)
    if (!failure.signal.aborted) return 0
    writeError(`${describeError(failure.signal.reason)}\n`)
    return 1
  } finally {
    await services?.close()
    folder.release()
  }
}

function readyText(endpoints: LocalAzureEndpoints, dataDir: string): string {
  const lines = endpointLines(endpoints, { secrets: false })
  const width = Math.max(...lines.map(({ name }) => name.length))
  return [
    ...lines.map(({ name, value }) => `${name.padEnd(width)}  ${value}`),
    '',
    // With its folder: a flag has chosen it here, and nothing tells the other command.
    `Ready on ${dataDir}; Ctrl-C stops it. The keys: rtstream-tui endpoints --data-dir ${typed(dataDir)}`,
    '',
  ].join('\n')
}

/** As a shell takes it for one word. */
const typed = (path: string) => (/^[\w/.:\\~+-]+$/.test(path) ? path : `"${path}"`)

/** How long a stage may take to run (ms). */
const START_TIMEOUT_MS = { duckdb: 60_000, spark: 5 * 60_000 }
const POLL_MS = 100

async function startStages(
  endpoints: LocalAzureEndpoints,
  stages: readonly ServiceStage[],
  { engine }: Config,
  signal: AbortSignal,
): Promise<void> {
  const { connectLocalTarget } = await import('../azure/target.ts')
  const { token, eventHubsTls } = endpoints
  const target = await connectLocalTarget({ token, eventHubsTls, azure: localAzureConfig(endpoints) })
  try {
    for (const id of stages) await untilItRuns(id, target.stages[id], START_TIMEOUT_MS[engine], signal)
  } catch (error) {
    // A signal during the start ends the command in order.
    if (!signal.aborted) throw error
  } finally {
    await target.close()
  }
}

async function untilItRuns(
  id: ServiceStage,
  service: StageService,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  await service.start(signal)
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const { state, providerStatus, detail } = await service.status(signal)
    if (state === 'running' || state === 'degraded') return
    if (state === 'failed' || performance.now() > deadline)
      throw new UserError(`${stageNameFirst(id)} does not run: ${detail ?? providerStatus}.`, undefined)
    await abortableSleep(POLL_MS, signal)
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
