/** What consumer groups have committed, kept over restarts: by group, the next offset of each partition. */
import { join } from 'node:path'
import { StateMap, StateMapFullError } from '../../../storage/state-map.ts'

/** Next to read; −1: nothing was committed. */
export interface CommittedOffset {
  offset: number
  metadata: string | undefined
}

interface Saved {
  offsets: Record<string, CommittedOffset>
}

/** As many groups as a hub of the Standard tier takes over Kafka. https://learn.microsoft.com/azure/event-hubs/event-hubs-quotas */
const MAX_GROUPS = 1000
const MAX_BYTES = 8_000_000
/** As Kafka's brokers have it (`offset.metadata.max.bytes`). */
export const MAX_METADATA_LENGTH = 4096

/** A bounded number of groups. */
export class GroupOffsets {
  readonly #groups: StateMap<Saved>

  /** @param stateFolder of the data folder. @throws StateFileError */
  constructor(stateFolder: string) {
    this.#groups = new StateMap<Saved>({
      file: join(stateFolder, 'kafka-groups.json'),
      initial: () => [],
      keys: ['offsets'],
      maxEntries: MAX_GROUPS,
      maxBytes: MAX_BYTES,
    })
  }

  /** Of all groups that have committed something. */
  names(): string[] {
    return this.#groups.entries().map(([name]) => name)
  }

  /** By partition; empty for a group that is not known. */
  of(group: string): ReadonlyMap<number, CommittedOffset> {
    const { offsets = {} } = this.#groups.get(group) ?? {}
    return new Map(Object.entries(offsets).map(([partition, committed]) => [Number(partition), committed]))
  }

  /** @returns false when nothing was kept of it. */
  forget(group: string): boolean {
    const isKept = this.#groups.get(group) !== undefined
    if (isKept) this.#groups.delete(group)
    return isKept
  }

  /** On disk when it returns. @returns false when there is no room for another group. */
  commit(group: string, offsets: ReadonlyMap<number, CommittedOffset>): boolean {
    const changed = { ...this.#groups.get(group)?.offsets, ...Object.fromEntries(offsets) }
    try {
      this.#groups.set(group, { offsets: changed })
      return true
    } catch (error) {
      if (error instanceof StateMapFullError) return false
      throw error
    }
  }
}
