/**
 * The control room on Azure as a person sees it, without a subscription: the real session, adapters and screen over the
 * local services, behind links that a test can break. The session's clock stands still until the test moves it; it never
 * moves while a call to a service is under way.
 */
import type { TokenCredential } from '@azure/identity'
import { connectTarget } from '../../src/azure/target.ts'
import { localAzureConfig } from '../../src/commands/shared/local-config.ts'
import { idleStop } from '../../src/commands/terminal/idle-stop.ts'
import { startLocalServices } from '../../src/local/hosting/services.ts'
import { trust } from '../../src/local/hosting/trust.ts'
import type { LocalAzureEndpoints } from '../../src/local/runtime/options.ts'
import { bypassProxies } from '../../src/local/runtime/proxies.ts'
import type { StageService } from '../../src/pipeline/ports/stages.ts'
import type { Target } from '../../src/pipeline/ports/target.ts'
import { createSession } from '../../src/pipeline/session/session.ts'
import type { Session } from '../../src/pipeline/session/session-types.ts'
import { Screen } from '../../src/ui/app/screen.ts'
import type { Line } from '../../src/ui/text/line.ts'
import { controlPlaneCertificate } from './control-plane.ts'
import { type CuttableLink, startCuttableLink } from './cuttable-link.ts'
import { FakeClock, settle } from './fake-clock.ts'
import { FakeEngine } from './fake-engine.ts'
import { FakeStorage } from './fake-hub.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { dataFolder, localOptions } from './local-azure.ts'
import { memoryLogger } from './memory-logger.ts'

export interface AzureRoom {
  clock: FakeClock
  /** Before Resource Manager (`/subscriptions/…`), Databricks (`/databricks/…`), Synapse (`/synapse/…`) and Azure Monitor. */
  services: FaultProxy
  lake: FaultProxy
  hub: CuttableLink
  /** What the runs of Databricks and Synapse do. */
  engine: FakeEngine
  target: Target
  /** The producer of the target; a test may replace its `send`. */
  producer: Target['producer']
  session: Session
  /** Attaches the services, as the program does by itself. */
  connect(): Promise<void>
  /** What the room was left with, once for each `onQuit`. */
  quits: { stopAll: boolean }[]
  /** The token that all clients show; the services take the first one only. */
  token: { value: string; isRefused: boolean }
  /** Every key is drawn before the next, as in a terminal. */
  press(...keys: string[]): void
  /** The screen as it stands, row by row. */
  text(): string
  /** What stands in the panel of this title, as running text. */
  panel(title: PanelTitle): string
  /** Moves the clock, second by second, letting every call to a service end in between. */
  advance(ms: number): Promise<void>
  /** Moves the clock until the work is done. */
  finish(work: Promise<unknown>): Promise<void>
  /** Moves the clock until the screen shows it; fails with the screen when it does not. @returns the screen. */
  see(shown: RegExp, withinMs?: number): Promise<string>
  /** The same of one panel. */
  seeIn(title: PanelTitle, shown: RegExp, withinMs?: number): Promise<string>
  close(): Promise<void>
}

export type PanelTitle =
  | 'event rate'
  | 'stream analytics'
  | 'databricks'
  | 'synapse'
  | 'event hub'
  | 'lake'
  | 'log'

export interface AzureRoomOptions {
  columns?: number
  rows?: number
  readOnly?: boolean
  acceptCosts?: boolean
  /** `--idle-stop`, milliseconds. */
  idleStop?: number
  /** False: the room is open and waits for {@link AzureRoom.connect}. */
  isConnected?: boolean
}

/** By then a change is on the screen (ms): frames are a quarter of a second apart at least, and gather what comes together. */
const PAINTED_MS = 400
const STEP_MS = 1000
/** For what the services do in their own time: a job that starts, a connection that comes back (ms of the real clock). */
const REAL_LIMIT_MS = 5000
const REAL_PAUSE_MS = 20

export async function openAzureRoom(options: AzureRoomOptions = {}): Promise<AzureRoom> {
  const { columns = 160, rows = 50, readOnly = false, acceptCosts = true } = options
  const cleanUp: (() => Promise<void>)[] = []
  const close = async () => {
    for (const one of cleanUp.splice(0).reverse()) await one()
  }
  try {
    bypassProxies()
    const tls = await controlPlaneCertificate()
    const engine = new FakeEngine()
    const azure = await startLocalServices(localOptions(dataFolder()), {
      logger: memoryLogger().logger,
      createEngine: async () => ({ engine, readBySilver: () => () => false }),
      job: { rollIntervalMs: 20, transitionMs: 20 },
      databricksLimit: { perSecond: 1000, burst: 1000 },
    })
    cleanUp.push(() => azure.close())
    trust(azure.endpoints.certificate)
    const services = await startFaultProxy({ upstream: azure.endpoints.management, tls })
    cleanUp.push(() => services.close())
    const lake = await startFaultProxy({ upstream: new URL(azure.endpoints.lakeTls).origin, tls })
    cleanUp.push(() => lake.close())
    const hub = await startCuttableLink(Number(new URL(azure.endpoints.eventHubsTls).port))
    cleanUp.push(() => hub.close())

    const token = { value: azure.endpoints.token, isRefused: false }
    const calls = new CallCounter()
    const target = calls.watch(
      await connectTarget({
        name: 'azure',
        azure: localAzureConfig(behind(azure.endpoints, services, lake)),
        credential: credentialOf(token),
        customEndpointAddress: `sb://localhost:${hub.port}`,
      }),
    )
    // Metrics are asked for with the time of this machine.
    const clock = new FakeClock(Date.now())
    const session = createSession(
      {
        session: { target: 'azure', readOnly },
        stations: 20,
        intervalMs: 1000,
        dirty: 0,
        seed: 'azure',
        nodeType: 'Standard_D4s_v3',
      },
      {
        clock,
        logger: memoryLogger().logger,
        storage: new FakeStorage().open(),
        newRunId: () => 'run',
      },
    )
    const idle = idleStop(options.idleStop, session.actions, clock)
    const quits: { stopAll: boolean }[] = []
    const screen = new Screen({
      store: session.store,
      actions: session.actions,
      paint: (line: Line) => line.map(({ text }) => text).join(''),
      acceptCosts,
      onQuit: (choice) => void quits.push(choice),
      onHandOver: () => undefined,
    })
    const text = () => screen.frame(columns, rows).rows.join('\n')
    const stopWatching = screen.subscribe(() => {})
    text()

    const quiet = async () => {
      await settle()
      while (calls.underWay > 0) {
        await new Promise((resolve) => setTimeout(resolve, 2))
        await settle()
      }
    }
    const advance = async (ms: number) => {
      for (let left = ms; left > 0; left -= STEP_MS) {
        await quiet()
        await clock.advance(Math.min(left, STEP_MS))
      }
      await quiet()
      // What the last second has brought is painted together, a moment later.
      await clock.advance(PAINTED_MS)
      await quiet()
    }
    const see = async (look: () => string, shown: RegExp, withinMs = 60_000): Promise<string> => {
      const begun = performance.now()
      for (let waited = 0; ; waited += STEP_MS) {
        await quiet()
        const seen = look()
        if (shown.test(seen)) return seen
        if (waited >= withinMs && performance.now() - begun > REAL_LIMIT_MS)
          throw new Error(`${shown} is not on the screen:\n${text()}`)
        if (waited < withinMs) await advance(STEP_MS)
        else await new Promise((resolve) => setTimeout(resolve, REAL_PAUSE_MS))
      }
    }
    const within = async (work: Promise<unknown>) => {
      let isDone = false
      const done = work.finally(() => {
        isDone = true
      })
      while (!isDone) await advance(STEP_MS)
      await done
    }
    cleanUp.push(async () => {
      idle.cancel()
      stopWatching()
      for (const run of engine.runs) run.end()
      hub.mend()
      await within(session.close())
      await target.close()
    })
    const connect = () => within(session.connect(target))
    if (options.isConnected ?? true) await connect()

    return {
      clock,
      services,
      lake,
      hub,
      engine,
      target,
      producer: target.producer,
      session,
      connect,
      quits,
      token,
      press: (...keys) => {
        for (const key of keys) {
          idle.reset()
          screen.press([key])
          text()
        }
      },
      text,
      panel: (title) => panelText(text(), title),
      advance,
      finish: within,
      see: (shown, withinMs) => see(text, shown, withinMs),
      seeIn: (title, shown, withinMs) => see(() => panelText(text(), title), shown, withinMs),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Cuts the panel out of the screen, and puts its lines together again. */
function panelText(screen: string, title: PanelTitle): string {
  const rows = screen.split('\n')
  const top = rows.findIndex((row) => new RegExp(`╭ (?:[0-9l ]+ )?${title} `).test(row))
  if (top < 0) throw new Error(`there is no panel ${title}:\n${screen}`)
  const row = rows[top] as string
  const left = row.slice(0, row.indexOf(`${title} `)).lastIndexOf('╭')
  const right = row.indexOf('╮', left)
  const height = rows.slice(top).findIndex((line) => line[left] === '╰')
  return rows
    .slice(top, top + height)
    .map((line) => line.slice(left + 1, right).trim())
    .join(' ')
}

const behind = (
  endpoints: LocalAzureEndpoints,
  services: FaultProxy,
  lake: FaultProxy,
): LocalAzureEndpoints => ({
  ...endpoints,
  management: services.url,
  lakeTls: `${lake.url}${new URL(endpoints.lakeTls).pathname}`,
})

/** Refused as `az` refuses when the sign-in has run out. */
const credentialOf = (token: AzureRoom['token']): TokenCredential => ({
  getToken: async (scope) => {
    if (token.isRefused)
      throw Object.assign(new Error('AADSTS700082: The refresh token has expired due to inactivity.'), {
        name: 'CredentialUnavailableError',
      })
    // About to expire, so that the clients ask again before every call and no old one is kept. A link of AMQP lasts.
    const lifeMs = String(scope).includes('eventhubs') ? 3_600_000 : 1000
    return { token: token.value, expiresOnTimestamp: Date.now() + lifeMs }
  },
})

/** Counts the calls to a target that have not ended. */
class CallCounter {
  underWay = 0

  watch(target: Target): Target {
    const stages = Object.fromEntries(
      Object.entries(target.stages).map(([id, stage]) => [id, this.#all<StageService>(stage)]),
    ) as Target['stages']
    return {
      ...target,
      stages,
      hub: { ...this.#all(target.hub), readAfter: target.hub.readAfter.bind(target.hub) },
      producer: this.#all(target.producer),
      metrics: this.#all(target.metrics),
      lake: this.#all(target.lake),
    }
  }

  #all<T extends object>(service: T): T {
    return new Proxy(service, {
      get: (object, name) => {
        const method: unknown = Reflect.get(object, name)
        if (typeof method !== 'function') return method
        return async (...args: unknown[]) => {
          this.underWay++
          try {
            return await method.apply(object, args)
          } finally {
            this.underWay--
          }
        }
      },
    })
  }
}
