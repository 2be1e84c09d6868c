/** One receiver’s place in a partition: what it is sent, and when, as its credit allows. */
import type { Sender } from 'rhea'
import type { Clock } from '../../runtime/clock.ts'
import { partsOf } from '../amqp/library.ts'
import { isHalfWay, onTheirWay, sessionRoom, transfersOf } from '../amqp/session-window.ts'
import { sendOnce } from '../amqp/settlement.ts'
import type { HubLog, StoredEvent } from '../log/log.ts'
import { forDelivery } from './delivery.ts'

/** Events sent in one go before others get their turn, and read from the log at once. */
const BURST = 200

/** One receiver, as its link asked for it. */
export interface SubscriptionOptions {
  partition: number
  /** Sequence number of the first event to send. */
  next: number
  /** The owner level, of 64 bits: some take the time in nanoseconds. Undefined: none, shares the partition with others. */
  epoch: bigint | undefined
  /** What the receiver calls itself, for those whom it drives out. */
  name: string
  wantsMetrics: boolean
  isAuthorized(): boolean
  /** Sending has ended for this reason. */
  onFailure(error: Error): void
}

/** One receiver of one partition: sends what the log has, as far as the receiver's credit and its reading reach. */
export class Subscription {
  readonly sender: Sender
  readonly partition: number
  readonly epoch: bigint | undefined
  readonly name: string
  readonly #link: ReturnType<typeof partsOf>
  readonly #log: HubLog
  readonly #clock: Clock
  readonly #options: SubscriptionOptions
  /** Read and not yet sent. */
  #ahead: StoredEvent[] = []
  #next: number
  #isScheduled = false
  #isEnded = false
  /** Asked to drain, while the session had no room for what there was. */
  #isDraining = false

  constructor(sender: Sender, log: HubLog, clock: Clock, options: SubscriptionOptions) {
    this.sender = sender
    this.partition = options.partition
    this.epoch = options.epoch
    this.name = options.name
    this.#link = partsOf(sender)
    this.#log = log
    this.#clock = clock
    this.#options = options
    this.#next = options.next
    sender.on('sendable', () => this.wake())
    sender.on('sender_draining', () => this.#drain())
  }

  /** Sequence number of the first event that was not sent yet. */
  get next(): number {
    return this.#next
  }

  /** Sends soon, if there are events and the receiver has credit. */
  wake(): void {
    if (this.#isScheduled || this.#isEnded) return
    this.#isScheduled = true
    const { socket } = this.#link.connection
    const run = () => {
      this.#isScheduled = false
      this.#run()
    }
    if (socket.isClogged) socket.once('drain', run)
    else setImmediate(run)
  }

  /** Nothing more is sent; the link stays as it is. */
  end(): void {
    this.#isEnded = true
    this.#ahead = []
  }

  #run(): void {
    if (this.#isEnded) return
    try {
      if (this.#isDraining) this.#drain()
      else if (this.#send()) this.wake()
    } catch (error) {
      this.end()
      this.#options.onFailure(error as Error)
    }
  }

  /** @returns whether more could be sent right away. */
  #send(): boolean {
    const room = this.#room()
    if (room === 0) return false
    if (!this.#options.isAuthorized()) {
      this.end()
      this.sender.close({ condition: 'amqp:unauthorized-access', description: 'The token has expired.' })
      return false
    }
    if (this.#ahead.length === 0) this.#ahead = this.#log.read(this.partition, this.#next, BURST)
    const metrics = this.#options.wantsMetrics ? this.#metrics() : undefined
    let { transfers, isIdle } = sessionRoom(this.sender)
    let sent = 0
    for (const event of this.#ahead) {
      if (sent === room) break
      const delivery = forDelivery(event.message, event, metrics)
      transfers -= transfersOf(this.sender, delivery.length)
      // A window that is smaller than an event lets that one through by parts.
      if (transfers < 0 && !isIdle) break
      sendOnce(this.sender, delivery)
      isIdle = false
      this.#next = event.sequenceNumber + 1
      sent++
    }
    this.#ahead.splice(0, sent)
    return (
      sent > 0 &&
      this.#next <= this.#log.properties(this.partition).lastEnqueuedSequenceNumber &&
      this.#room() > 0
    )
  }

  /** Credit that is not spoken for by events on their way, as far as the session has room for more of them. */
  #room(): number {
    if (!this.sender.is_open() || !this.sender.sendable()) return 0
    const { deliveries, transfers } = sessionRoom(this.sender)
    const credit = this.#link.credit - onTheirWay(this.sender)
    return Math.max(0, Math.min(BURST, deliveries, transfers, credit))
  }

  /** There is something for the credit, and the session has no room for it, or for the rest of it, now. */
  #isHeldBack(): boolean {
    if (!this.sender.is_open()) return false
    return (
      isHalfWay(this.sender) ||
      (this.#link.credit > onTheirWay(this.sender) &&
        sessionRoom(this.sender).transfers <= 0 &&
        this.#next <= this.#log.properties(this.partition).lastEnqueuedSequenceNumber)
    )
  }

  #metrics() {
    const { lastEnqueuedSequenceNumber, lastEnqueuedAt } = this.#log.properties(this.partition)
    return {
      sequenceNumber: lastEnqueuedSequenceNumber,
      enqueuedAt: lastEnqueuedAt ?? 0,
      retrievedAt: this.#clock.now(),
    }
  }

  /** The receiver wants what there is for its credit, and the rest of the credit back. */
  #drain(): void {
    while (this.#room() > 0) if (!this.#send()) break
    this.#isDraining = this.#isHeldBack()
    if (this.#isDraining) return
    this.sender.set_drained(true)
  }
}
