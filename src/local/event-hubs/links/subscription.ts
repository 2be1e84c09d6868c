import type { Sender } from 'rhea'
import type { Clock } from '../../runtime/clock.ts'
import { partsOf } from '../amqp/library.ts'
import { sendOnce } from '../amqp/settlement.ts'
import type { HubLog, StoredEvent } from '../log/log.ts'
import { forDelivery } from './delivery.ts'

/** Events sent in one go before others get their turn, and read from the log at once. */
const BURST = 200

export interface SubscriptionOptions {
  partition: number
  /** Sequence number of the first event to send. */
  next: number
  /** The owner level; undefined: none, shares the partition with others. */
  epoch: number | undefined
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
  readonly epoch: number | undefined
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

  end(): void {
    this.#isEnded = true
    this.#ahead = []
  }

  #run(): void {
    if (this.#isEnded) return
    try {
      if (this.#send()) this.wake()
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
    for (const event of this.#ahead.splice(0, room)) {
      sendOnce(this.sender, forDelivery(event.message, event, metrics))
      this.#next = event.sequenceNumber + 1
    }
    return this.#next <= this.#log.properties(this.partition).lastEnqueuedSequenceNumber && this.#room() > 0
  }

  /** Credit that is not spoken for by events on their way, as far as the session has room for more of them. */
  #room(): number {
    if (!this.sender.is_open() || !this.sender.sendable()) return 0
    const { outgoing } = this.#link.session
    const onTheirWay = outgoing.next_delivery_id - outgoing.next_pending_delivery
    return Math.max(0, Math.min(BURST, outgoing.available(), this.#link.credit - onTheirWay))
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
    const link = this.#link
    if (this.#room() > 0) {
      // The library counts credit down one by one; a peer may have granted four billion.
      link.delivery_count += link.credit - 1
      link.credit = 1
    }
    this.sender.set_drained(true)
  }
}
