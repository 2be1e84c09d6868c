/** Answers of `$cbs` and `$management` to one peer: each link takes as many as it has given credit for, the rest waits for it alone. */
import type { Sender } from 'rhea'
import { goesOut, isHalfWay } from './session-window.ts'
import { sendOnce } from './settlement.ts'

/** Of all links of a peer. */
const MAX_WAITING = 2048
/** What one that waits takes beside its bytes. */
const OVERHEAD_BYTES = 128

interface Link {
  waiting: Buffer[]
  /** Asked to give back its credit while answers wait for the session's window. */
  isDraining: boolean
}

/** Links are found by who sends the answers. */
export class Answers {
  readonly #links = new Map<Sender, Link>()
  readonly #hold: (bytes: number) => boolean
  readonly #refuse: (reason: string) => void

  /**
   * @param hold told how many bytes wait at present; false: too many.
   * @param refuse ends the connection.
   */
  constructor(hold: (bytes: number) => boolean, refuse: (reason: string) => void) {
    this.#hold = hold
    this.#refuse = refuse
  }

  /** Where a peer waits for answers. */
  links(): Iterable<Sender> {
    return this.#links.keys()
  }

  /** Answers may go out on it until it is closed. */
  open(sender: Sender): void {
    this.#links.set(sender, { waiting: [], isDraining: false })
    sender.on('sendable', () => this.#send(sender))
    sender.on('sender_draining', () => {
      const link = this.#links.get(sender)
      if (link) link.isDraining = true
      this.#send(sender)
    })
    sender.once('sender_close', () => this.forget((link) => link === sender))
  }

  /** Goes out when the peer takes it. @param sender one of the links that are open. */
  add(sender: Sender, answer: Buffer): void {
    this.#links.get(sender)?.waiting.push(answer)
    this.#send(sender)
  }

  /** A session takes more again. */
  wake(session: object): void {
    for (const [sender, { waiting, isDraining }] of this.#links)
      if ((waiting.length > 0 || isDraining) && sender.session === session) this.#send(sender)
  }

  /** Drops links that are gone, and what waits for them. */
  forget(isGone: (sender: Sender) => boolean): void {
    for (const sender of this.#links.keys()) if (isGone(sender)) this.#links.delete(sender)
    this.#count()
  }

  #send(sender: Sender): void {
    const link = this.#links.get(sender)
    if (!link) return
    const { waiting } = link
    for (let [next] = waiting; next && goesOut(sender, next.length); [next] = waiting) {
      sendOnce(sender, next)
      waiting.shift()
    }
    this.#count()
    if (!link.isDraining || isHalfWay(sender) || (waiting.length > 0 && sender.sendable())) return
    link.isDraining = false
    sender.set_drained(true)
  }

  #count(): void {
    let [count, bytes] = [0, 0]
    for (const { waiting } of this.#links.values())
      for (const { length } of waiting) {
        count++
        bytes += length + OVERHEAD_BYTES
      }
    if (this.#hold(bytes) && count <= MAX_WAITING) return
    this.forget(() => true)
    this.#refuse('it takes no answers to what it asks')
  }
}
