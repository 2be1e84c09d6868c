/**
 * Incremental fetches (KIP-227): a client names its partitions once, and from then on only what changes; the answer holds only the
 * partitions that have something to tell. https://cwiki.apache.org/confluence/display/KAFKA/KIP-227
 */
import { ERROR } from '../wire/protocol.ts'

/** Where a client reads on. */
export interface FetchPartition {
  topic: string
  partition: number
  /** Sequence number of the first event that is wanted. */
  offset: number
  maxBytes: number
}

/** What the client was last told of a partition. */
export interface Told {
  next: number
  begin: number
}

interface SessionPartition extends FetchPartition {
  told: Told | undefined
}

/** Epochs of a request: the first of a session, and none. */
const FIRST = 0
const NONE = -1
const MAX_EPOCH = 2 ** 31 - 1

/** Sessions at a time, and partitions in one; clients beyond that name all partitions each time, as with brokers. */
const MAX_SESSIONS = 200
const MAX_PARTITIONS = 1000
/** A session gives way to a new one when nobody has used it for so long (ms), as brokers have it. */
const EVICT_AFTER_MS = 120_000

class Session {
  readonly id: number
  /** The next request's. */
  epoch = 1
  usedAt: number
  /** By topic and partition. Whoever was given records goes to the end: the others come first next time. */
  readonly partitions = new Map<string, SessionPartition>()

  constructor(id: number, now: number) {
    this.id = id
    this.usedAt = now
  }
}

const keyOf = ({ topic, partition }: { topic: string; partition: number }) => `${partition} ${topic}`

/** What one request is about. */
export interface FetchView {
  error: number
  /** 0: the client must name all partitions next time. */
  sessionId: number
  partitions: readonly FetchPartition[]
  /** Undefined: everything is told, changed or not. */
  session: SessionView | undefined
}

/** What the session tells its client, and what it has told it. */
export interface SessionView {
  /** @returns whether the client must be told, because it has not been, or of something else. */
  isNews(partition: FetchPartition, told: Told): boolean
  /** The client is being told. @param hasRecords it got some, and lets others go first next time. */
  tell(partition: FetchPartition, told: Told, hasRecords: boolean): void
}

/** The part of a fetch request that sessions are about. */
export interface FetchDemand {
  sessionId: number
  epoch: number
  partitions: readonly FetchPartition[]
  forgotten: readonly { topic: string; partition: number }[]
}

/** A bounded number; a client whose session is gone is told so, and begins another one. */
export class FetchSessions {
  readonly #sessions = new Map<number, Session>()
  readonly #newNumber: () => number
  readonly #now: () => number

  /** @param options.newNumber of 31 bits, not to be guessed. @param options.now monotonic milliseconds. */
  constructor(options: { newNumber: () => number; now: () => number }) {
    this.#newNumber = options.newNumber
    this.#now = options.now
  }

  get size(): number {
    return this.#sessions.size
  }

  /**
   * @returns the partitions of this fetch, or a Kafka error: the session is unknown, or its epoch is not the next
   * one.
   */
  open(demand: FetchDemand): FetchView {
    const { sessionId, epoch, partitions } = demand
    if (epoch === FIRST || epoch === NONE) {
      this.#sessions.delete(sessionId)
      const made = epoch === FIRST ? this.#make(partitions) : undefined
      return { error: ERROR.none, sessionId: made?.id ?? 0, partitions, session: made && viewOf(made, true) }
    }
    const session = this.#sessions.get(sessionId)
    if (!session) return refused(ERROR.fetchSessionIdNotFound)
    if (session.epoch !== epoch) return refused(ERROR.invalidFetchSessionEpoch)
    session.usedAt = this.#now()
    session.epoch = epoch === MAX_EPOCH ? 1 : epoch + 1
    for (const one of demand.forgotten) session.partitions.delete(keyOf(one))
    for (const one of partitions) {
      const known = session.partitions.get(keyOf(one))
      session.partitions.set(keyOf(one), { ...one, told: known?.told })
    }
    if (session.partitions.size > 0 && session.partitions.size <= MAX_PARTITIONS)
      return {
        error: ERROR.none,
        sessionId,
        partitions: [...session.partitions.values()],
        session: viewOf(session, false),
      }
    this.#sessions.delete(sessionId)
    return {
      error: ERROR.none,
      sessionId: 0,
      partitions: [...session.partitions.values()],
      session: undefined,
    }
  }

  /** @returns undefined when there is no room: the client does without. */
  #make(partitions: readonly FetchPartition[]): Session | undefined {
    if (partitions.length === 0 || partitions.length > MAX_PARTITIONS || !this.#hasRoom()) return undefined
    let id = this.#newNumber()
    while (id <= 0 || this.#sessions.has(id)) id = this.#newNumber()
    const made = new Session(id, this.#now())
    for (const one of partitions) made.partitions.set(keyOf(one), { ...one, told: undefined })
    this.#sessions.set(id, made)
    return made
  }

  #hasRoom(): boolean {
    if (this.#sessions.size < MAX_SESSIONS) return true
    const [oldest] = [...this.#sessions.values()].sort((one, other) => one.usedAt - other.usedAt)
    if (!oldest || this.#now() - oldest.usedAt < EVICT_AFTER_MS) return false
    return this.#sessions.delete(oldest.id)
  }
}

const refused = (error: number): FetchView => ({ error, sessionId: 0, partitions: [], session: undefined })

/** @param isFirst the first answer of a session holds all of its partitions. */
function viewOf(session: Session, isFirst: boolean): SessionView {
  return {
    isNews: (partition, { next, begin }) => {
      const told = session.partitions.get(keyOf(partition))?.told
      return isFirst || told?.next !== next || told.begin !== begin
    },
    tell: (partition, told, hasRecords) => {
      const key = keyOf(partition)
      const known = session.partitions.get(key)
      if (!known) return
      known.told = told
      if (!hasRecords) return
      session.partitions.delete(key)
      session.partitions.set(key, known)
    },
  }
}
