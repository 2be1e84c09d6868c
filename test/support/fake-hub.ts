/** An event hub in memory behind the pipeline's ports, which can be away, refuse, take half, and end a process's life. */
// Loaded beforehand: a generator loads it when it starts, and a fake clock doesn't wait for the disk.
import '../../src/pipeline/generator/site-pool.ts'
import { partitionOf } from '../../src/contract/partition-hash.ts'
import type { GeneratorState, GeneratorStorage } from '../../src/pipeline/generator/generator-state.ts'
import { ServiceError } from '../../src/pipeline/ports/errors.ts'
import {
  type HubProducer,
  type HubReader,
  type OutgoingEvent,
  type PartitionProperties,
  type ReceivedEvent,
  SendError,
} from '../../src/pipeline/ports/hub.ts'

export const away = () =>
  new ServiceError('unreachable', 'Event Hubs', 'Event Hubs does not answer (ECONNREFUSED).')

/** A process that may be killed at any of its dealings with the outside: from then on nothing of it has an effect. */
export class Life {
  #left: number
  isOver = false
  passed = 0

  /** @param points the crash comes at this one; infinite: never. */
  constructor(points = Number.POSITIVE_INFINITY) {
    this.#left = points
  }

  /** Call before and after each effect. Never comes back from the fatal one. */
  async point(): Promise<void> {
    this.passed++
    if (--this.#left < 0) this.isOver = true
    if (this.isOver) await new Promise<never>(() => {})
    await Promise.resolve()
  }
}

type StoredEvent = ReceivedEvent & { body: Uint8Array }

export class FakeHub {
  readonly log: StoredEvent[][]
  /** Events of each partition that have expired. */
  readonly expired: number[]
  /** Thrown instead of sending. */
  failure: ServiceError | undefined
  /** Thrown after this many events of a send were taken; the rest was not. */
  takesOnly: { events: number; error: ServiceError } | undefined
  /** Waited for between taking events and acknowledging them. */
  acknowledging: () => Promise<void> = async () => {}
  sends = 0
  readonly #now: () => number

  constructor(partitions = 4, now: () => number = () => 0) {
    this.log = Array.from({ length: partitions }, () => [])
    this.expired = Array.from({ length: partitions }, () => 0)
    this.#now = now
  }

  get size(): number {
    return this.log.reduce((sum, partition) => sum + partition.length, 0)
  }

  get bodies(): string[] {
    return this.log.flat().map(({ body }) => Buffer.from(body).toString('utf8'))
  }

  append(event: OutgoingEvent): void {
    const index = partitionOf(event.partitionKey, this.log.length)
    const partition = this.log[index] as StoredEvent[]
    partition.push({
      partitionId: String(index),
      sequenceNumber: partition.length,
      // Time never goes back within a partition.
      enqueuedAt: new Date(Math.max(this.#now(), partition.at(-1)?.enqueuedAt.getTime() ?? 0)),
      body: event.body,
    })
  }

  producer(life = new Life()): HubProducer {
    return {
      send: async (events) => {
        await life.point()
        this.sends++
        if (this.failure) throw new SendError(events, this.failure)
        const part = this.takesOnly
        const taken = part ? events.slice(0, part.events) : events
        for (const event of taken) this.append(event)
        await this.acknowledging()
        await life.point()
        if (part) throw new SendError(events.slice(part.events), part.error)
      },
      close: async () => {},
    }
  }

  reader(life = new Life()): HubReader {
    const partitions = async (): Promise<PartitionProperties[]> => {
      await life.point()
      if (this.failure) throw this.failure
      const all = this.log.map((partition, index) => ({
        id: String(index),
        beginningSequenceNumber: this.expired[index] as number,
        lastEnqueuedSequenceNumber: partition.length - 1,
        lastEnqueuedAt: partition.at(-1)?.enqueuedAt,
        isEmpty: partition.length === (this.expired[index] as number),
      }))
      await life.point()
      return all
    }
    const { log, expired } = this
    return {
      partitions,
      async *readAfter(positions) {
        for (const partition of await partitions()) {
          const index = Number(partition.id)
          const from = Math.max((positions.get(partition.id) ?? -1) + 1, expired[index] as number)
          const events = (log[index] as ReceivedEvent[]).slice(from, partition.lastEnqueuedSequenceNumber + 1)
          for (let start = 0; start < events.length; start += 7) {
            await life.point()
            yield events.slice(start, start + 7)
          }
        }
      },
      close: async () => {},
    }
  }
}

/** Keeps the state as a file would: as a whole, and a copy. */
export class FakeStorage {
  state: GeneratorState | undefined
  saves = 0
  failure: Error | undefined

  open(life = new Life()): GeneratorStorage {
    return {
      load: async () => {
        await life.point()
        return this.state && { ...this.state, numbers: this.state.numbers.slice() }
      },
      save: async (state) => {
        await life.point()
        if (this.failure) throw this.failure
        this.state = { ...state, numbers: state.numbers.slice() }
        this.saves++
        await life.point()
      },
    }
  }
}
