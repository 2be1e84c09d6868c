/** All consumer groups of the hub: made when a client first names one, as the service does over Kafka. */
import type { GroupProgress } from '../../links/group-progress.ts'
import { CLUSTER_ID } from '../wire/protocol.ts'
import { ConsumerGroup } from './consumer-group.ts'
import type { GroupOffsets } from './group-offsets.ts'

const SWEEP_EVERY_MS = 100
/** Groups with members at a time; the committed offsets of more are kept. */
const MAX_GROUPS = 200
/** As long as in the service, and of whatever can be shown: Kafka itself takes any text. */
const NAME = /^\P{C}{1,256}$/u

/** The number of groups is bounded; those without members are dropped, as their offsets are kept. */
export class Coordinator {
  readonly offsets: GroupOffsets
  readonly #groups = new Map<string, ConsumerGroup>()
  readonly #options: { newId: () => string; now: () => number }
  /** Runs only while there are groups: an idle hub runs no timer. */
  #timer: NodeJS.Timeout | undefined

  /** @param options.now monotonic milliseconds. */
  constructor(offsets: GroupOffsets, options: { newId: () => string; now: () => number }) {
    this.offsets = offsets
    this.#options = options
  }

  /** @returns undefined for an invalid group name, or when there are too many groups. */
  group(name: string): ConsumerGroup | undefined {
    const known = this.#groups.get(name)
    if (known) return known
    if (!NAME.test(name) || this.#groups.size >= MAX_GROUPS) return undefined
    const { newId, now } = this.#options
    // As the service makes them (kminion, issue 267), the group in lower case.
    const newMemberId = (clientId: string) =>
      `${CLUSTER_ID}:c:${name.toLowerCase()}:I:${clientId}-${newId().replaceAll('-', '')}`
    const made = new ConsumerGroup({ newMemberId, now })
    this.#groups.set(name, made)
    this.#timer ??= setInterval(() => this.sweep(), SWEEP_EVERY_MS).unref()
    return made
  }

  /** Without making one. */
  find(name: string): ConsumerGroup | undefined {
    return this.#groups.get(name)
  }

  /** Of groups that have members, or have committed something. */
  names(): string[] {
    return [...new Set([...this.#groups.keys(), ...this.offsets.names()])]
  }

  /** For people: how far each group has come. */
  progress(): GroupProgress[] {
    return this.names().map((name) => ({
      name,
      protocol: 'Kafka',
      members: this.#groups.get(name)?.describe().members.length ?? 0,
      next: Object.fromEntries(
        [...this.offsets.of(name)].map(([partition, { offset }]) => [partition, offset]),
      ),
    }))
  }

  /** Drops members that have fallen silent. Called by the coordinator's own timer, which stops when no group is left. */
  sweep(): void {
    for (const [name, group] of this.#groups) {
      group.sweep()
      if (group.isEmpty) this.#groups.delete(name)
    }
    if (this.#groups.size === 0) this.close()
  }

  /** Stops the timer. */
  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
