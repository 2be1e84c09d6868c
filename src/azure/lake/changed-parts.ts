/** Which parts of the lake are worth asking for: by the counts of its server where it tells, all of them where it does not. */
import type { LakeChanges, LakePart } from '../../contract/lake-changes.ts'

/** Other processes may write into the lake's folder without its server: at least this often (ms) all is asked for. */
const WHOLE_EVERY_MS = 10_000

interface Asked {
  count: number
  /** When it was last asked for without a limit (epoch ms). */
  wholeAt: number
}

/** One for all parts: it remembers what each was last told. */
export class ChangedParts {
  readonly #changes: Pick<LakeChanges, 'countOf'> | undefined
  readonly #clock: { now(): number }
  readonly #asked = new Map<LakePart, Asked>()

  constructor(changes: Pick<LakeChanges, 'countOf'> | undefined, clock: { now(): number }) {
    this.#changes = changes
    this.#clock = clock
  }

  /**
   * @param look reads the part; its argument says how many files came since the last time, undefined when that is not known.
   * @param unchanged the answer when nothing came.
   * @param isAnswered asked behind the look: otherwise the next one is without a limit, though nothing comes.
   */
  async ask<T>(
    part: LakePart,
    look: (files: number | undefined) => Promise<T>,
    unchanged: T,
    isAnswered: () => boolean = () => true,
  ): Promise<T> {
    if (!this.#changes) return look(undefined)
    // Noted before reading: what arrives in between is seen again.
    const count = this.#changes.countOf(part)
    const before = this.#asked.get(part)
    const now = this.#clock.now()
    // The clock may have been set back.
    const isWhole = !before || Math.abs(now - before.wholeAt) >= WHOLE_EVERY_MS
    const files = before && (count - before.count) | 0
    if (!isWhole && files === 0) return unchanged
    const found = await look(isWhole ? undefined : files)
    // Only now: a part that could not be read is asked for again.
    if (!isAnswered()) this.#asked.delete(part)
    else this.#asked.set(part, { count, wholeAt: isWhole ? now : before.wholeAt })
    return found
  }
}
