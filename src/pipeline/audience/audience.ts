/**
 * Readings of the room's phones on their way: they go to the hub through the same producer as the generator's, and what the
 * services tell of them is told to the phones. Bounded: what is followed, and what waits for the hub.
 */
import { type AudienceStep, LAST_STEPS } from '../../contract/audience-step.ts'
import { partitionOf } from '../../contract/partition-hash.ts'
import type { Reading } from '../../contract/reading.ts'
import { corrupt } from '../generator/corruption.ts'
import { encodeReading, formatTimestamp } from '../generator/encode.ts'
import type { MadeEvent } from '../generator/generator.ts'
import { BufferedProducer } from '../generator/producer.ts'
import { storedOf } from '../generator/stored-events.ts'
import type { HubProducer, HubReader, PartitionProperties } from '../ports/hub.ts'
import type { ArrivedRow, LakeSnapshot } from '../ports/lake.ts'
import type { Clock } from '../runtime/clock.ts'
import { errorText } from '../runtime/error-text.ts'
import type { CorruptionKind } from '../state/state.ts'
import type { AudienceJournal } from './journal.ts'

/** Readings that may wait for the hub; then the room says that it is full. */
const BUFFER_LIMIT = 2000
/** Readings that are followed at a time, and whose last step is remembered; the oldest go. */
const MOST_FOLLOWED = 5000
/** Closing waits so long for the hub to take what waits (ms). */
const CLOSE_PATIENCE_MS = 2000

/** What a phone wants to send, already checked. */
export interface AudienceReading {
  eventId: string
  deviceId: string
  deviceSequenceNumber: number
  city: string
  temperature: number
  humidity: number
  /** How it is corrupted on purpose; undefined: not at all. */
  rubbish: Exclude<CorruptionKind, 'duplicate' | 'late'> | undefined
  /** 2: a duplicate on purpose. */
  copies: 1 | 2
}

/** For the phone that sent it. */
export interface AudienceProgress {
  deviceId: string
  eventId: string
  step: AudienceStep
  /** The step, for a person. */
  text: string
  /** Epoch milliseconds. */
  at: number
}

interface Followed {
  reading: AudienceReading
  partition: number
  step: AudienceStep
  /** What the phone is told of it. */
  text: string
  /** Its row may have arrived without being shown: counts tell how far it is. */
  isByCounts: boolean
  /** The counts say that silver has read it; its row, or the reason why it has none, may be seen in the next look. */
  isDue: boolean
  /** Rows of the layer that it is in, when it was seen there. */
  rows: number | undefined
  /** Its sequence number is at most this; undefined until the hub was looked at. */
  atMost: number | undefined
  /** Rows of gold that the aggregate must have read. */
  goldRows: number | undefined
}

interface PhoneEvent extends MadeEvent {
  eventId: string
}

/** `onFull` and `onTrouble` tell the room why nothing is taken at present. */
export interface AudienceOptions {
  journal: AudienceJournal
  producer: HubProducer
  hub: HubReader
  clock: Clock
  random: () => number
  onProgress(progress: readonly AudienceProgress[]): void
  onFull(isFull: boolean): void
  onTrouble(text: string): void
}

const keyOf = (deviceId: unknown, number: unknown) => `${deviceId}/${number}`

/** Of one opening of the room. What it does not follow any more still reaches the hub. */
export class Audience {
  /** Readings in quarantine, by device. */
  readonly quarantinedBy = new Map<string, number>()
  /** Copies that phones asked for, in this session. */
  plannedDuplicates = 0
  readonly #options: AudienceOptions
  readonly #buffered: BufferedProducer
  /** By eventId. */
  readonly #followed = new Map<string, Followed>()
  /** eventIds by device and number: for bodies that have lost their id. */
  readonly #ids = new Map<string, string>()
  /** The last step of those that are not followed any more, by eventId. */
  readonly #ended = new Map<string, Followed>()
  #partitionCount = 0
  #isFull = false

  constructor(options: AudienceOptions) {
    this.#options = options
    this.#buffered = new BufferedProducer({
      producer: options.producer,
      clock: options.clock,
      limit: BUFFER_LIMIT,
      stored: (events, signal) => storedOf(events, options.hub, undefined, signal),
      onAcknowledged: (events) => this.#acknowledged(events as readonly PhoneEvent[]),
      onCondition: (condition) => {
        if (condition.state === 'failed') options.onTrouble(errorText(condition.error))
      },
    })
  }

  /** By the hub, in this session; copies count. */
  get acknowledged(): number {
    return this.#buffered.acknowledged
  }

  /** Readings that the hub has not acknowledged. */
  get buffered(): number {
    return this.#buffered.buffered
  }

  /** A reading that was sent before is not sent again: its phone is told how far it is. */
  submit(readings: readonly AudienceReading[]): void {
    const events: PhoneEvent[] = []
    const again: Followed[] = []
    for (const reading of readings) {
      const { eventId, deviceId, copies } = reading
      const known = this.#followed.get(eventId) ?? this.#ended.get(eventId)
      if (known) again.push(known)
      else if (this.#options.journal.has(eventId))
        again.push(this.#follow(reading, { step: 'hub', isByCounts: true }))
      else {
        this.#follow(reading, { step: 'waiting', isByCounts: false })
        this.plannedDuplicates += copies - 1
        const body = this.#bodyOf(reading)
        for (let copy = 0; copy < copies; copy++)
          events.push({ eventId, body, partitionKey: deviceId, station: -1, sequenceNumber: -1 })
      }
    }
    const told = again.filter(({ step }) => step !== 'waiting')
    if (told.length > 0) this.#options.onProgress(told.map((one) => this.#progressOf(one)))
    this.#buffered.offer(events)
    this.#checkRoom()
  }

  /** A look at the hub bounds the sequence numbers of what it had acknowledged before. */
  sawHub(partitions: readonly PartitionProperties[]): void {
    this.#partitionCount = partitions.length
    for (const followed of this.#followed.values()) {
      if (followed.step !== 'hub' || followed.atMost !== undefined) continue
      followed.partition = partitionOf(followed.reading.deviceId, partitions.length)
      followed.atMost = partitions[followed.partition]?.lastEnqueuedSequenceNumber
    }
  }

  /** What the new rows mean for the readings that are followed. */
  sawLake(snapshot: LakeSnapshot): void {
    const progress: AudienceProgress[] = []
    const tell: Tell = (followed, step, text) => {
      followed.step = step
      followed.text = text
      progress.push(this.#progressOf(followed))
      if (LAST_STEPS.includes(step)) this.#end(followed)
    }
    this.#seenInBronze(snapshot, tell)
    for (const row of snapshot.silverArrived) {
      const followed = this.#find(row)
      if (!followed) continue
      tell(followed, 'silver', 'in silver')
      if (followed.reading.copies > 1)
        progress.push({
          ...this.#progressOf(followed),
          step: 'duplicate',
          text: 'the copy was dropped: it counts once',
        })
    }
    for (const { raw, reasons } of snapshot.quarantineArrived) {
      const followed = this.#findRaw(raw)
      if (!followed) continue
      const { deviceId } = followed.reading
      this.quarantinedBy.set(deviceId, (this.quarantinedBy.get(deviceId) ?? 0) + 1)
      tell(followed, 'quarantine', `in quarantine: ${reasons.join(', ')}`)
    }
    for (const row of snapshot.goldArrived) {
      const followed = this.#find(row)
      if (!followed) continue
      followed.goldRows = snapshot.gold.rows
      tell(followed, 'gold', 'in gold')
    }
    this.#leftOut(snapshot)
    this.#seenByCounts(snapshot, tell)
    const read = snapshot.aggregated.commitMetadata?.totals.input ?? 0
    for (const followed of this.#followed.values())
      if (followed.step === 'gold' && followed.goldRows !== undefined && read >= followed.goldRows)
        tell(followed, 'aggregate', `counted in the mean of ${followed.reading.city}`)
    if (progress.length > 0) this.#options.onProgress(progress)
  }

  /** What waits is still given to the hub, for a while. */
  async close(): Promise<void> {
    const patience = new AbortController()
    const cancel = this.#options.clock.after(CLOSE_PATIENCE_MS, () => patience.abort())
    await this.#buffered.flushed(patience.signal)
    cancel()
    await this.#buffered.close()
  }

  #seenInBronze({ bronze }: LakeSnapshot, tell: Tell): void {
    for (const followed of this.#followed.values()) {
      if (followed.step !== 'hub' || followed.atMost === undefined) continue
      if ((bronze.positions.get(String(followed.partition)) ?? -1) < followed.atMost) continue
      if (followed.reading.rubbish === 'not JSON')
        tell(followed, 'rejected', 'the job rejected it: no JSON object')
      else tell(followed, 'bronze', 'in bronze')
      followed.rows = bronze.rows
      // Of rows in quarantine only some are shown.
      if (isRefused(followed.reading)) followed.isByCounts = true
    }
  }

  /** A look shows no more than so many rows: those that were left out may be these. */
  #leftOut({ bronze, silver, silverSkipped, goldSkipped }: LakeSnapshot): void {
    if (silverSkipped + goldSkipped === 0) return
    for (const followed of this.#followed.values()) {
      if (followed.isByCounts) continue
      if (followed.step === 'bronze' && silverSkipped > 0) {
        followed.isByCounts = true
        followed.rows = bronze.rows
      } else if (followed.step === 'silver' && goldSkipped > 0) {
        followed.isByCounts = true
        followed.rows = silver.rows
      }
    }
  }

  /**
   * It is where everything is that stood in the layer with it and was read from there. So is one without a row: a program that was killed
   * had sent it, and what the phone sent again was dropped as its copy.
   */
  #seenByCounts({ silver, gold }: LakeSnapshot, tell: Tell): void {
    const [silverRead, goldRead] = [silver.commitMetadata?.totals.input, gold.commitMetadata?.totals.input]
    for (const followed of this.#followed.values()) {
      const { isByCounts, isDue, step, rows, reading } = followed
      if (rows === undefined) continue
      if (step === 'bronze' && (silverRead ?? 0) >= rows) {
        // What there is to see of it is seen in the next look.
        if (!isDue && (!isByCounts || isRefused(reading))) followed.isDue = true
        else if (isRefused(reading)) tell(followed, 'quarantine', 'in quarantine')
        else {
          tell(followed, 'silver', 'in silver')
          followed.isByCounts = true
          followed.rows = silver.rows
        }
      } else if (isByCounts && step === 'silver' && (goldRead ?? 0) >= rows) {
        followed.goldRows = gold.rows
        tell(followed, 'gold', 'in gold')
      }
    }
  }

  #follow(reading: AudienceReading, { step, isByCounts }: Pick<Followed, 'step' | 'isByCounts'>): Followed {
    const { eventId, deviceId, deviceSequenceNumber } = reading
    const partition = this.#partitionCount > 0 ? partitionOf(deviceId, this.#partitionCount) : 0
    const followed: Followed = {
      reading,
      partition,
      step,
      isByCounts,
      isDue: false,
      text: HUB_AGAIN,
      rows: undefined,
      atMost: undefined,
      goldRows: undefined,
    }
    this.#followed.set(eventId, followed)
    this.#ids.set(keyOf(deviceId, deviceSequenceNumber), eventId)
    const [oldest] = this.#followed.values()
    if (oldest && this.#followed.size > MOST_FOLLOWED) this.#forget(oldest)
    return followed
  }

  #forget({ reading: { eventId, deviceId, deviceSequenceNumber } }: Followed): void {
    this.#followed.delete(eventId)
    this.#ids.delete(keyOf(deviceId, deviceSequenceNumber))
  }

  #end(followed: Followed): void {
    this.#forget(followed)
    this.#ended.set(followed.reading.eventId, followed)
    if (this.#ended.size > MOST_FOLLOWED) this.#ended.delete(this.#ended.keys().next().value as string)
  }

  #bodyOf({ rubbish, copies: _, ...values }: AudienceReading): Uint8Array {
    const now = this.#options.clock.now()
    const reading: Reading = {
      ...values,
      timestamp: formatTimestamp(now),
      createdAt: new Date(now).toISOString(),
    }
    return Buffer.from(
      rubbish ? corrupt(reading, rubbish, this.#options.random, now).text : encodeReading(reading),
    )
  }

  #acknowledged(events: readonly PhoneEvent[]): void {
    this.#options.journal.add(events.map(({ eventId }) => eventId))
    const progress: AudienceProgress[] = []
    for (const { eventId } of events) {
      const followed = this.#followed.get(eventId)
      if (followed?.step !== 'waiting') continue
      followed.step = 'hub'
      const { deviceId, deviceSequenceNumber } = followed.reading
      if (this.#partitionCount > 0) followed.partition = partitionOf(deviceId, this.#partitionCount)
      followed.text = `the hub has it: partition ${followed.partition}, your number ${deviceSequenceNumber}`
      progress.push(this.#progressOf(followed))
    }
    if (progress.length > 0) this.#options.onProgress(progress)
    this.#checkRoom()
  }

  #progressOf({ reading: { deviceId, eventId }, step, text }: Followed): AudienceProgress {
    return { deviceId, eventId, step, text, at: this.#options.clock.now() }
  }

  #find({ eventId, deviceId, deviceSequenceNumber }: ArrivedRow): Followed | undefined {
    const known = eventId === null ? undefined : this.#followed.get(eventId)
    return known ?? this.#followed.get(this.#ids.get(keyOf(deviceId, deviceSequenceNumber)) ?? '')
  }

  #findRaw(raw: string): Followed | undefined {
    try {
      const { eventId = null, deviceId, deviceSequenceNumber } = JSON.parse(raw) as Partial<Reading>
      const known = eventId === null ? undefined : this.#followed.get(eventId)
      return known ?? this.#followed.get(this.#ids.get(keyOf(deviceId, deviceSequenceNumber)) ?? '')
    } catch {
      return undefined
    }
  }

  #checkRoom(): void {
    const isFull = this.#buffered.room < 100
    if (isFull !== this.#isFull) this.#options.onFull(isFull)
    this.#isFull = isFull
  }
}

/** Silver refuses it: what has lost its id alone is given one. */
const isRefused = ({ rubbish }: AudienceReading) => rubbish !== undefined && rubbish !== 'missing eventId'

type Tell = (followed: Followed, step: AudienceStep, text: string) => void

const HUB_AGAIN = 'the hub has it'
