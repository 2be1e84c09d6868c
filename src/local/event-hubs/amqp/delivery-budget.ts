/** How much of deliveries that have begun and not ended is kept, over all connections of the hub. */

const KB = 1024
const MB = 1024 * KB

/** Bytes that one connection, and all of them together, may have the hub keep. */
export interface DeliveryLimits {
  connection: number
  all: number
}

/** Before its proof a peer sends a token or a question: one frame each, of which nothing waits. */
const UNPROVED: DeliveryLimits = { connection: 256 * KB, all: 8 * MB }
const PROVED: DeliveryLimits = { connection: 64 * MB, all: 128 * MB }

export class DeliveryBudget {
  readonly #limits: { unproved: DeliveryLimits; proved: DeliveryLimits }
  readonly #held = new Map<object, { bytes: number; isProved: boolean }>()
  /** Of peers without a proof, and of all. */
  #unproved = 0
  #all = 0

  constructor(limits = { unproved: UNPROVED, proved: PROVED }) {
    this.#limits = limits
  }

  /** What is kept at present (bytes), over all connections. */
  get bytes(): number {
    return this.#all
  }

  /**
   * A connection keeps that many bytes from now on.
   * @returns false when that is too much: the connection is to be ended.
   */
  hold(connection: object, bytes: number, isProved: boolean): boolean {
    this.release(connection)
    if (bytes === 0) return true
    this.#held.set(connection, { bytes, isProved })
    this.#all += bytes
    if (!isProved) this.#unproved += bytes
    const { unproved, proved } = this.#limits
    const limits = isProved ? proved : unproved
    return bytes <= limits.connection && (isProved ? this.#all : this.#unproved) <= limits.all
  }

  /** Nothing of that connection is kept any more. Safe to call twice. */
  release(connection: object): void {
    const { bytes = 0, isProved = true } = this.#held.get(connection) ?? {}
    this.#held.delete(connection)
    this.#all -= bytes
    if (!isProved) this.#unproved -= bytes
  }
}
