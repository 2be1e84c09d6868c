/** What the watchers of the local services ask for: bronze, each Delta table, and the services that run the stages. */
import { TABLES, type TableName } from './tables.ts'

/** What is counted, and asked for, by itself. */
export type LakePart = 'bronze' | TableName
/** All that is counted. */
export type WatchedPart = LakePart | 'services'

const PARTS: readonly WatchedPart[] = ['bronze', ...(Object.keys(TABLES) as TableName[]), 'services']

/**
 * How many files have come into each part of the local lake, in memory that two threads share: the one that serves the lake counts,
 * the one that watches it need not ask where nothing came. Files of bronze, commits of the tables, and whatever may change what a
 * service answers about a stage. The counts wrap around.
 */
export class LakeChanges {
  readonly memory: SharedArrayBuffer
  readonly #counts: Int32Array

  /** @param memory of the counts of the other thread; default: new ones. */
  constructor(memory = new SharedArrayBuffer(PARTS.length * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory
    this.#counts = new Int32Array(memory)
  }

  /** One more file came, or one more commit, or a service changed. */
  note(part: WatchedPart): void {
    Atomics.add(this.#counts, PARTS.indexOf(part), 1)
  }

  /** Only whether it differs from the last time means something, as it wraps around. */
  countOf(part: WatchedPart): number {
    return Atomics.load(this.#counts, PARTS.indexOf(part))
  }
}
