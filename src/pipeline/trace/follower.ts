/** Follows one event on the screen: polls until its trace is complete. Costs nothing while no event is followed. */

import { formatTimestamp } from '../generator/encode.ts'
import type { HubProducer, OutgoingEvent } from '../ports/hub.ts'
import type { Target } from '../ports/target.ts'
import { isComplete, type TraceQuery, type Tracer } from '../ports/trace.ts'
import { type Clock, type Moment, momentOf, pause, restated } from '../runtime/clock.ts'
import { errorText } from '../runtime/error-text.ts'
import type { IdleTracker } from '../runtime/idle-tracker.ts'
import { type ActionResult, accepted, type OwnReading, refused } from '../state/actions.ts'
import type { Log } from '../state/log.ts'
import type { TraceSlice } from '../state/state.ts'
import type { StateStore } from '../state/store.ts'

/** The follower asks the tracer that the session gives it later. */
export interface FollowerOptions {
  store: StateStore
  clock: Clock
  log: Log
  idle: IdleTracker
  newId: () => string
}

/** Between two looks: at a pipeline on this machine, and at one on Azure, where minutes pass (ms). */
const LOOK_EVERY_MS = { local: 700, azure: 5000 }
/** Sender of a person's own readings; its key too. */
const OWN_DEVICE = 'you'

/** One event at a time; it looks until no step waits any more. */
export class Follower {
  readonly #options: FollowerOptions
  #tracer: Tracer | undefined
  #producer: HubProducer | undefined
  #everyMs = LOOK_EVERY_MS.local
  #following = new AbortController()
  #underWay: Promise<void> = Promise.resolve()
  #acknowledged = 0
  #looked: Moment | undefined

  constructor(options: FollowerOptions) {
    this.#options = options
  }

  /** Before it nothing can be followed. */
  connect({ name, tracer, producer }: Target): void {
    this.#tracer = tracer
    this.#producer = producer
    this.#everyMs = LOOK_EVERY_MS[name]
  }

  /** A person's own readings that the hub has taken, in this session. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  /** Gives up the event that was followed before. */
  follow(query: TraceQuery): ActionResult {
    const tracer = this.#tracer
    if (!tracer) return refused('This target cannot follow single events.')
    this.#following.abort()
    this.#following = new AbortController()
    this.#show({ query, trace: undefined, problem: undefined, lookedAt: undefined })
    const { signal } = this.#following
    this.#underWay = this.#look(tracer, query, signal)
    return accepted('Looking for the event.')
  }

  /** The screen shows none any more. */
  end(): ActionResult {
    this.#following.abort()
    this.#show(undefined)
    return accepted('The event is no longer followed.')
  }

  /** In the contract's form, with an id, so that it can be found again. */
  sendOne({ city, temperature, humidity }: OwnReading): ActionResult {
    const producer = this.#producer
    if (!producer) return refused('Nothing is connected.')
    const { clock, newId, log } = this.#options
    const now = clock.now()
    const eventId = newId()
    const body = {
      eventId,
      deviceId: OWN_DEVICE,
      city,
      temperature: asTyped(temperature),
      humidity: asTyped(humidity),
      timestamp: formatTimestamp(now),
      createdAt: new Date(now).toISOString(),
    }
    const event: OutgoingEvent = { body: Buffer.from(JSON.stringify(body)), partitionKey: OWN_DEVICE }
    this.#following.abort()
    this.#following = new AbortController()
    const { signal } = this.#following
    const sending = producer.send([event]).then(
      () => {
        this.#acknowledged++
        // The person may have stopped following it, or follows another event.
        if (!signal.aborted) this.follow({ kind: 'id', eventId })
      },
      (error: unknown) => log.error('hub', `Your reading was not sent: ${errorText(error)}`, error),
    )
    void this.#options.idle.track(sending)
    return accepted(`Sending one reading from ${city === '' ? 'nowhere' : city}.`)
  }

  /** The last look keeps its age when somebody sets the clock. */
  followClock(): void {
    const { clock, store } = this.#options
    const { trace } = store.state
    if (trace?.lookedAt === undefined || !this.#looked) return
    const lookedAt = restated(this.#looked, momentOf(clock))
    if (lookedAt !== trace.lookedAt) store.update({ trace: { ...trace, lookedAt } })
  }

  /** Resolves when the look under way has ended, which is given up. */
  async close(): Promise<void> {
    this.#following.abort()
    await this.#underWay
  }

  async #look(tracer: Tracer, asked: TraceQuery, signal: AbortSignal): Promise<void> {
    const { clock, store } = this.#options
    let query = asked
    while (!signal.aborted) {
      try {
        const trace = await tracer.trace(query, signal)
        if (signal.aborted) return
        const problem = trace ? undefined : 'The hub holds no such event.'
        this.#looked = momentOf(clock)
        this.#show({ query: asked, trace, problem, lookedAt: this.#looked.time })
        if (trace && isComplete(trace)) return
        // The newest would be another one by now.
        if (trace) query = { kind: 'position', ...trace.position }
      } catch (error) {
        if (signal.aborted) return
        const { trace } = store.state
        if (trace) this.#show({ ...trace, problem: errorText(error) })
      }
      await pause(clock, this.#everyMs, signal)
    }
  }

  #show(trace: TraceSlice | undefined): void {
    this.#options.store.update({ trace })
    this.#options.store.flush()
  }
}

/** A number as a number, anything else as its text: what the pipeline does with it is the lesson. */
const asTyped = (text: string): number | string => {
  const trimmed = text.trim()
  return trimmed !== '' && Number.isFinite(Number(trimmed)) ? Number(trimmed) : text
}
