/** Brings readings to the hub: bounded, in order, until each is acknowledged. Never drops one. */

import { DEDUPLICATION_WINDOW_MS } from '../../contract/reading.ts'
import { ServiceError } from '../ports/errors.ts'
import { type HubProducer, type OutgoingEvent, SendError } from '../ports/hub.ts'
import { backoff } from '../runtime/backoff.ts'
import { type Clock, pause } from '../runtime/clock.ts'
import { errorText } from '../runtime/error-text.ts'
import type { MadeEvent } from './generator.ts'

/** Events in one send; the producer splits them by partition and by size. */
const EVENTS_PER_SEND = 8000
/** Between attempts while the hub is away (ms): short, so that its return is seen at once. */
const RETRY = { first: 50, longest: 500 }
/** Longest wait that a throttling hub can ask for. */
const THROTTLE_LIMIT_MS = 10_000
/**
 * An attempt that began so long ago (ms) may have been stored by the hub so early that silver would not take the next one for its copy:
 * a laptop that slept, a network that was away. By either clock: the monotonic one may stand still meanwhile.
 */
const LATE_MS = DEDUPLICATION_WINDOW_MS / 2
/** A hub that takes the call and fails is asked again for this long; then a person must look. */
const SERVICE_ERROR_PATIENCE_MS = 10_000

/** `since` is monotonic milliseconds. */
export type SenderCondition =
  | { readonly state: 'well' }
  /** The hub is away or throttles: the same events are tried again. */
  | { readonly state: 'retrying'; readonly since: number; readonly reason: string }
  /** Trying again by itself would not help. The events wait until {@link BufferedProducer.resume}. */
  | { readonly state: 'failed'; readonly reason: string; readonly error: ServiceError }

/** The hub, and who is told of what it has acknowledged. */
export interface SenderOptions {
  producer: HubProducer
  clock: Clock
  /** Events that may wait, those under way included. */
  limit: number
  /** Those that the hub holds already: asked before a late attempt. @throws ServiceError */
  stored(events: readonly OutgoingEvent[], signal: AbortSignal): Promise<ReadonlySet<OutgoingEvent>>
  /** In order of sending; called before the next send begins. */
  onAcknowledged(events: readonly MadeEvent[]): void
  onCondition(condition: SenderCondition): void
}

/**
 * One send at a time, of everything that has gathered meanwhile: order is kept for every key, and batches grow by themselves
 * when the hub is slow. After a partial failure the unacknowledged events go first.
 */
export class BufferedProducer {
  /** Events handed to the producer, counted once however often they are tried. */
  sent = 0
  /** Since it was made. */
  acknowledged = 0
  /** Events. */
  readonly limit: number
  readonly #options: SenderOptions
  readonly #closing = new AbortController()
  #waiting: MadeEvent[] = []
  /** Handed to the producer and not yet acknowledged; more than one send's worth never. */
  #underWay: readonly MadeEvent[] = []
  /** When what is under way was first tried, or last known not to be in the hub. */
  #triedAt = { time: 0, monotonic: 0 }
  #condition: SenderCondition = { state: 'well' }
  #loop: Promise<void> | undefined
  /** Stops waiting for the send under way, whatever its result. */
  #interrupt: (() => void) | undefined
  #idle: (() => void)[] = []

  constructor(options: SenderOptions) {
    this.#options = options
    this.limit = options.limit
  }

  /** Not acknowledged yet, those under way included. */
  get buffered(): number {
    return this.#waiting.length + this.#underWay.length
  }

  /** Events that may still be offered. */
  get room(): number {
    return Math.max(0, this.limit - this.buffered)
  }

  /** True when everything that was ever handed to the producer is acknowledged. */
  get settled(): boolean {
    return this.#underWay.length === 0
  }

  get condition(): SenderCondition {
    return this.#condition
  }

  /** Takes all of them: whoever makes events asks for {@link room} first. */
  offer(events: readonly MadeEvent[]): void {
    for (const event of events) this.#waiting.push(event)
    this.#run()
  }

  /** After a failure: try again. */
  resume(): void {
    if (this.#condition.state === 'failed') this.#condition = { state: 'well' }
    this.#run()
  }

  /** Resolves when nothing waits any more, or sending has failed, or the signal aborts. Never rejects. */
  async flushed(signal?: AbortSignal): Promise<void> {
    while (this.buffered > 0 && this.#condition.state !== 'failed' && !signal?.aborted) {
      await new Promise<void>((resolve) => {
        this.#idle.push(resolve)
        signal?.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  /** Ends sending. What is not acknowledged is forgotten here; the saved numbers do not count it, so it is made again. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#interrupt?.()
    await this.#loop
  }

  #run(): void {
    if (this.#loop || this.#closing.signal.aborted || this.#condition.state === 'failed') return
    if (this.buffered === 0) return
    this.#loop = this.#sendAll().finally(() => {
      this.#loop = undefined
      const waiters = this.#idle
      this.#idle = []
      for (const resolve of waiters) resolve()
      // Something may have been offered between the last look and here.
      this.#run()
    })
  }

  async #sendAll(): Promise<void> {
    const { signal } = this.#closing
    let failures = 0
    while (this.buffered > 0 && !signal.aborted) {
      if (this.#underWay.length === 0) {
        this.#underWay = this.#waiting.slice(0, EVENTS_PER_SEND)
        this.#waiting = this.#waiting.slice(EVENTS_PER_SEND)
        this.sent += this.#underWay.length
        this.#triedAt = this.#moment()
      }
      const error = await this.#sendOnce()
      if (signal.aborted) return
      if (!error) {
        failures = 0
        if (this.#condition.state !== 'well') this.#become({ state: 'well' })
        continue
      }
      if (this.#isFinal(error)) return this.#become({ state: 'failed', reason: errorText(error), error })
      const since =
        this.#condition.state === 'retrying' ? this.#condition.since : this.#options.clock.monotonic()
      this.#become({ state: 'retrying', since, reason: errorText(error) })
      const asked = Math.min(error.retryAfterMs ?? 0, THROTTLE_LIMIT_MS)
      await pause(this.#options.clock, Math.max(backoff(++failures, RETRY), asked), signal)
    }
  }

  /** @returns why not all of it was acknowledged. Once it is closing, the result no longer matters. */
  async #sendOnce(): Promise<ServiceError | undefined> {
    let batch = this.#underWay
    const { signal } = this.#closing
    try {
      const interrupted = new Promise<void>((resolve) => {
        this.#interrupt = resolve
      })
      if (this.#isLate()) {
        const stored = await Promise.race([this.#options.stored(batch, signal), interrupted])
        if (signal.aborted || !stored) return undefined
        this.#triedAt = this.#moment()
        this.#settle(
          batch,
          batch.filter((event) => !stored.has(event)),
        )
        batch = this.#underWay
        if (batch.length === 0) return undefined
      }
      await Promise.race([this.#options.producer.send(batch, signal), interrupted])
      if (signal.aborted) return undefined
      this.#settle(batch, [])
      return undefined
    } catch (error) {
      if (signal.aborted) return undefined
      this.#settle(batch, error instanceof SendError ? error.unacknowledged : batch)
      const cause = error instanceof SendError ? error.cause : error
      return cause instanceof ServiceError
        ? cause
        : new ServiceError('service', 'Event Hubs', `Sending failed: ${errorText(cause)}`, { cause })
    }
  }

  #moment(): { time: number; monotonic: number } {
    const { clock } = this.#options
    return { time: clock.now(), monotonic: clock.monotonic() }
  }

  #isLate(): boolean {
    const { time, monotonic } = this.#moment()
    const tried = this.#triedAt
    return Math.max(Math.abs(time - tried.time), monotonic - tried.monotonic) >= LATE_MS
  }

  #settle(batch: readonly MadeEvent[], unacknowledged: readonly OutgoingEvent[]): void {
    const left = new Set(unacknowledged)
    const acknowledged = left.size === 0 ? batch : batch.filter((event) => !left.has(event))
    this.#underWay = left.size === 0 ? [] : batch.filter((event) => left.has(event))
    this.acknowledged += acknowledged.length
    if (acknowledged.length > 0) this.#options.onAcknowledged(acknowledged)
  }

  #isFinal(error: ServiceError): boolean {
    if (error.kind === 'throttled' || error.kind === 'unreachable') return false
    if (error.kind === 'authorization' || error.kind === 'not-found') return true
    const condition = this.#condition
    return (
      condition.state === 'retrying' &&
      this.#options.clock.monotonic() - condition.since >= SERVICE_ERROR_PATIENCE_MS
    )
  }

  #become(condition: SenderCondition): void {
    this.#condition = condition
    this.#options.onCondition(condition)
  }
}
