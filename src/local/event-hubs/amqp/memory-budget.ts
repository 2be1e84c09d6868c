/**
 * How much peers of the hub can make it keep: each of them, and all together. Before a peer has proved who it is, next to
 * nothing.
 */

const KB = 1024
const MB = 1024 * KB

/** Bytes that one connection, and all of them together, may have the hub keep. */
export interface MemoryLimits {
  connection: number
  all: number
}

/** By whether the peer has proved who it is. */
export interface BudgetLimits {
  unproved: MemoryLimits
  proved: MemoryLimits
}

/**
 * Of bytes that wait: deliveries and requests that have begun and not ended, and answers that are not read. Before its proof a
 * peer sends a token or a question: one frame each, of which nothing waits.
 */
const WAITING: BudgetLimits = {
  unproved: { connection: 256 * KB, all: 8 * MB },
  proved: { connection: 64 * MB, all: 256 * MB },
}

/**
 * Of the frames that open connections, sessions and links, whose values the protocol library keeps: decoded, up to thirty
 * times as large. Whoever has no proof yet opens a session or two and, for each try, the links of `$cbs` and `$management`.
 */
export const OPENINGS: BudgetLimits = {
  unproved: { connection: 48 * KB, all: 4 * MB },
  proved: { connection: Number.POSITIVE_INFINITY, all: Number.POSITIVE_INFINITY },
}

/** Counts what it is told; it keeps nothing itself. Shared by all connections. */
export class MemoryBudget {
  readonly #limits: BudgetLimits
  readonly #held = new Map<object, { bytes: number; isProved: boolean }>()
  /** Of peers without a proof, and of all. */
  #unproved = 0
  #all = 0

  constructor(limits = WAITING) {
    this.#limits = limits
  }

  /** What is kept at present (bytes), over all connections. */
  get bytes(): number {
    return this.#all
  }

  /**
   * So many bytes are kept from now on.
   * @param holder a connection, or a part of one.
   * @returns false when that is too much: the connection is to be ended.
   */
  hold(holder: object, bytes: number, isProved: boolean): boolean {
    this.release(holder)
    if (bytes === 0) return true
    this.#held.set(holder, { bytes, isProved })
    this.#all += bytes
    if (!isProved) this.#unproved += bytes
    const { unproved, proved } = this.#limits
    const limits = isProved ? proved : unproved
    return bytes <= limits.connection && (isProved ? this.#all : this.#unproved) <= limits.all
  }

  /** Nothing is kept of that holder any more. Safe to call twice. */
  release(holder: object): void {
    const held = this.#held.get(holder)
    if (!held) return
    this.#held.delete(holder)
    this.#all -= held.bytes
    if (!held.isProved) this.#unproved -= held.bytes
  }
}
