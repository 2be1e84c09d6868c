/** What the watcher of the lake asks for: bronze, and each Delta table. */
import { TABLES, type TableName } from './tables.ts'

/** What is counted, and asked for, by itself. */
export type LakePart = 'bronze' | TableName

const PARTS: readonly LakePart[] = ['bronze', ...(Object.keys(TABLES) as TableName[])]

/**
 * How many files have come into each part of the local lake, in memory that two threads share: the one that serves the lake counts,
 * the one that watches it need not ask where nothing came. Files of bronze, and commits of the tables. The counts wrap around.
 */
export class LakeChanges {
  readonly memory: SharedArrayBuffer
  readonly #counts: Int32Array

  /** @param memory of the counts of the other thread; default: new ones. */
  constructor(memory = new SharedArrayBuffer(PARTS.length * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory
    this.#counts = new Int32Array(memory)
  }

  /** One more file came, or one more commit. */
  note(part: LakePart): void {
    Atomics.add(this.#counts, PARTS.indexOf(part), 1)
  }

  /** Only whether it differs from the last time means something, as it wraps around. */
  countOf(part: LakePart): number {
    return Atomics.load(this.#counts, PARTS.indexOf(part))
  }
}
