/**
 * What rests is closed, as the service does it (learn.microsoft.com, "AMQP errors in Azure Event Hubs"): a publisher's link after half an
 * hour, a connection some minutes after its last link to the hub. Readers may wait as long as they like, if their connection shows that it is
 * there: empty frames do (OASIS AMQP 1.0 part 2, 2.4.5).
 */
import type { Connection, Receiver, Sender } from 'rhea'
import { hooksOf } from '../amqp/library.ts'
import type { Rejection } from '../amqp/refusal.ts'

/** Milliseconds. */
export const IDLE = {
  /** Since the last event on a publisher's link. */
  publisherMs: 30 * 60_000,
  /** Since there was a link to the hub, or a question to `$cbs` or `$management`. */
  connectionMs: 5 * 60_000,
  /** Since the connection was opened, while it has had no link at all. */
  firstLinkMs: 60_000,
  /** Since anything was heard of a peer: what the service names as its idle time-out (Azure SDK for Python, issue 11708). */
  silentMs: 240_000,
} as const

/** Between two looks; after more the hub itself has stood still, and what came in that time has not been read yet. */
const STOOD_STILL_MS = IDLE.silentMs / 2

/** When readers were used last: their links never rest. */
const NEVER = Number.POSITIVE_INFINITY

interface Usage {
  /** Monotonic milliseconds. */
  lastUsed: number
  lastHeard: number
  hadLink: boolean
}

/** The sentence as clients logged it in 2020 (Azure SDK for Java, issue 10682). */
const publisherIdle = (name: string): Rejection => ({
  condition: 'amqp:link:detach-forced',
  description: `Idle link tracker, link ${name} has been idle for ${IDLE.publisherMs}ms`,
})

/** The sentence as clients logged it in 2024 (Azure SDK for Java, issue 41535). */
const connectionIdle = (container: string, ms: number): Rejection => ({
  condition: 'amqp:connection:forced',
  description: `The connection was closed by container '${container}' because it did not have any active links in the past ${ms} milliseconds.`,
})

/** The sentence as clients logged it in 2025 (Azure SDK for Python, issue 41220). */
const silent = (container: string): Rejection => ({
  condition: 'amqp:connection:forced',
  description: `The connection was inactive for more than the allowed ${IDLE.silentMs} milliseconds and is closed by container '${container}'.`,
})

/** Knows when something was used last; what to do about it is looked at in {@link sweep}, so that a use costs next to nothing. */
export class IdleTracker {
  readonly #now: () => number
  readonly #container: string
  readonly #connections = new Map<Connection, Usage>()
  /** Links to the hub, by when they were used last. */
  readonly #links = new WeakMap<Sender | Receiver, number>()
  #sweptAt: number

  /** @param now monotonic milliseconds. @param container what the hub calls itself. */
  constructor(now: () => number, container: string) {
    this.#now = now
    this.#container = container
    this.#sweptAt = now()
  }

  /** A new connection. */
  opened(connection: Connection): void {
    const now = this.#now()
    this.#connections.set(connection, { lastUsed: now, lastHeard: now, hadLink: false })
  }

  /** Whatever it was. */
  heard(connection: Connection): void {
    const usage = this.#connections.get(connection)
    if (usage) usage.lastHeard = this.#now()
  }

  /** @param isOfHub false: of `$cbs` or `$management`. */
  admitted(link: Sender | Receiver, isOfHub: boolean): void {
    const usage = this.#connections.get(link.connection)
    if (usage) Object.assign(usage, { lastUsed: this.#now(), hadLink: true })
    if (isOfHub) this.#links.set(link, link.is_receiver() ? this.#now() : NEVER)
  }

  /** An event came over a publisher's link. */
  published(link: Receiver): void {
    this.#links.set(link, this.#now())
  }

  /** Something was asked of `$cbs` or `$management`. */
  asked(connection: Connection): void {
    const usage = this.#connections.get(connection)
    if (usage) usage.lastUsed = this.#now()
  }

  /** The connection is gone. */
  forget(connection: Connection): void {
    this.#connections.delete(connection)
  }

  /**
   * Closes publishers' links that rest.
   * @param end is told of each connection that rests, and why it has to end.
   */
  sweep(end: (connection: Connection, reason: Rejection) => void): void {
    const now = this.#now()
    const stoodStill = now - this.#sweptAt > STOOD_STILL_MS
    this.#sweptAt = now
    for (const [connection, usage] of [...this.#connections]) {
      if (stoodStill) usage.lastHeard = now
      if (now - usage.lastHeard >= IDLE.silentMs) {
        this.forget(connection)
        end(connection, silent(this.#container))
        continue
      }
      for (const link of openLinks(connection)) {
        const lastUsed = this.#links.get(link)
        if (lastUsed === undefined) continue
        usage.lastUsed = now
        if (now - lastUsed >= IDLE.publisherMs) link.close(publisherIdle(link.name))
      }
      const patience = usage.hadLink ? IDLE.connectionMs : IDLE.firstLinkMs
      if (now - usage.lastUsed < patience) continue
      const reason = connectionIdle(this.#container, patience)
      // Each of its links is told too.
      for (const link of openLinks(connection)) link.close(reason)
      this.forget(connection)
      end(connection, reason)
    }
  }
}

function* openLinks(connection: Connection): Generator<Sender | Receiver> {
  for (const { links } of Object.values(hooksOf(connection).local_channel_map))
    for (const link of Object.values(links)) if (link.is_open()) yield link
}
