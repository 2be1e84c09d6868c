/** The control planes over a real hub log and a real lake folder, with an engine that obeys the test; everything in a temporary folder. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TokenCredential } from '@azure/identity'
import { LakeFolder } from '../../src/local/data-lake/store/folder.ts'
import type { RateLimit } from '../../src/local/databricks/rate-limit.ts'
import { HubLog } from '../../src/local/event-hubs/log/log.ts'
import { startManagement } from '../../src/local/hosting/management.ts'
import { trust } from '../../src/local/hosting/trust.ts'
import type { After } from '../../src/local/notebook-runs/run-timers.ts'
import { type Certificate, createCertificate } from '../../src/local/runtime/certificate.ts'
import { type Clock, systemClock } from '../../src/local/runtime/clock.ts'
import { bypassProxies } from '../../src/local/runtime/proxies.ts'
import { type JobTuning, StreamAnalyticsJob } from '../../src/local/stream-analytics/job.ts'
import { FakeEngine } from './fake-engine.ts'
import { encodeEvent } from './hub-events.ts'
import { memoryLogger } from './memory-logger.ts'

export const TOKEN = 'the-token-of-this-session'

export interface ControlPlane {
  url: string
  /** PEM, of what the URL is served with. */
  certificate: string
  folder: string
  log: HubLog
  lake: LakeFolder
  job: StreamAnalyticsJob
  engine: FakeEngine
  logged: ReturnType<typeof memoryLogger>
  credential: TokenCredential
  /** Puts bodies into the hub; objects as JSON. */
  send(partition: number, ...bodies: (string | Uint8Array | object)[]): void
  /** Stops everything; the folder stays for the next start. */
  close(): Promise<void>
}

export interface ControlPlaneOptions {
  /** Of an earlier start; undefined: a new one. */
  folder?: string
  clock?: Clock
  partitions?: number
  tuning?: Partial<JobTuning>
  lakeLimit?: number
  hubRetention?: { ms: number; bytes: number }
  databricksLimit?: RateLimit
  /** Of a start or stop of the job; undefined is a second, `service` what a session says. */
  retryAfterSeconds?: number | 'service'
  /** Timers of runs; undefined: Node's. */
  after?: After
}

const folders: string[] = []
let tls: Promise<Certificate> | undefined

/** One for all servers of a test file, trusted by its process. */
export async function controlPlaneCertificate(): Promise<Certificate> {
  tls ??= createCertificate().then((made) => {
    bypassProxies()
    trust(made.cert)
    return made
  })
  return tls
}

export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const { clock = systemClock, partitions = 2 } = options
  const folder = options.folder ?? temporaryFolder()
  const logged = memoryLogger()
  const log = HubLog.open(join(folder, 'hub'), {
    partitions,
    retention: options.hubRetention ?? { ms: 3_600_000, bytes: 1e9 },
    clock,
  })
  const lake = new LakeFolder(join(folder, 'lake'), { limitBytes: options.lakeLimit ?? 1e9, clock })
  mkdirSync(join(lake.root, 'bronze'), { recursive: true })
  const job = new StreamAnalyticsJob({
    log,
    lake,
    bronzeRoot: join(folder, 'lake', 'bronze'),
    stateFile: join(folder, 'state', 'stream-analytics.json'),
    clock,
    logger: logged.logger,
    tuning: { rollIntervalMs: 20, transitionMs: 20, ...options.tuning },
  })
  const engine = new FakeEngine()
  let ids = 0
  const tls = await controlPlaneCertificate()
  const server = await startManagement({
    job,
    engine,
    stateFolder: join(folder, 'state'),
    resources: {
      ports: { hubTls: 5671, lakeTls: 10443 },
      partitions,
      consumerGroups: ['$Default', 'alerts'],
      createdAt: Date.UTC(2026, 0, 2),
      retentionMs: 86_400_000,
    },
    port: 0,
    tls,
    token: TOKEN,
    newId: () => `id-${++ids}`,
    clock,
    logger: logged.logger,
    retryAfterSeconds: options.retryAfterSeconds === 'service' ? undefined : (options.retryAfterSeconds ?? 1),
    databricksLimit: options.databricksLimit ?? { perSecond: 1000, burst: 1000 },
    after: options.after,
  })
  return {
    url: `https://localhost:${server.port}`,
    certificate: tls.cert,
    folder,
    log,
    lake,
    job,
    engine,
    logged,
    credential: { getToken: async () => ({ token: TOKEN, expiresOnTimestamp: Date.now() + 3_600_000 }) },
    send: (partition, ...bodies) => void log.append(partition, bodies.map(encodeEvent)),
    close: async () => {
      for (const run of engine.runs) run.endsAtOnce = true
      await server.close()
      await job.close()
      log.close()
    },
  }
}

/** Another process that finds the state as a killed one leaves it: nothing was cancelled, nothing closed. */
export function startFromStateOf(
  killed: ControlPlane,
  options: ControlPlaneOptions = {},
): Promise<ControlPlane> {
  const folder = temporaryFolder()
  cpSync(join(killed.folder, 'state'), join(folder, 'state'), { recursive: true })
  return startControlPlane({ ...options, folder })
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rtstream-control-'))
  folders.push(folder)
  return folder
}

/** For afterAll. */
export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}
