/**
 * Containers that were deleted a moment ago. The service takes half a minute and more for that, and accepts their deletion again
 * meanwhile; clients that clean up twice count on it. Here the content is gone at once, and the name free.
 */
import { type Clock, monotonicOf } from '../../runtime/clock.ts'

/** The service's least time (ms), https://learn.microsoft.com/rest/api/storageservices/delete-container */
const DELETING_MS = 30_000
/** The oldest are forgotten first. */
const MOST = 1000

/** A bounded number of names; the oldest is dropped. */
export class RecentDeletions {
  readonly #clock: Clock
  /** Container → monotonic ms, in the order of their deletion. */
  readonly #at = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  note(container: string): void {
    this.#at.delete(container)
    this.#at.set(container, monotonicOf(this.#clock))
    const [oldest] = this.#at.keys()
    if (this.#at.size > MOST && oldest !== undefined) this.#at.delete(oldest)
  }

  /** Within the time that the service takes. */
  has(container: string): boolean {
    const at = this.#at.get(container)
    return at !== undefined && monotonicOf(this.#clock) - at < DELETING_MS
  }
}
