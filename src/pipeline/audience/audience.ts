/**
 * Readings of the room's phones on their way: they go to the hub through the same producer as the generator's, and what the
 * services tell of them is told to the phones. Bounded: what is followed, and what waits for the hub.
 */
import { partitionOf } from '../../contract/partition-hash.ts'
import type { Reading } from '../../contract/reading.ts'
import { corrupt } from '../generator/corruption.ts'
import { encodeReading, formatTimestamp } from '../generator/encode.ts'
import type { MadeEvent } from '../generator/generator.ts'
import { BufferedProducer } from '../generator/producer.ts'
import type { HubProducer, PartitionProperties } from '../ports/hub.ts'
import type { ArrivedRow, LakeSnapshot } from '../ports/lake.ts'
import type { Clock } from '../runtime/clock.ts'
import { errorText } from '../runtime/error-text.ts'
import type { CorruptionKind } from '../state/state.ts'

/** Readings that may wait for the hub; then the room says that it is full. */
const BUFFER_LIMIT = 2000
/** Readings that are followed at a time; the oldest go. */
const MOST_FOLLOWED = 5000

export interface AudienceReading {
  eventId: string
  deviceId: string
  deviceSequenceNumber: number
  city: string
  temperature: number
  humidity: number
  rubbish: Exclude<CorruptionKind, 'duplicate' | 'late'> | undefined
  copies: 1 | 2
}

export type AudienceStep =
  | 'waiting'
  | 'hub'
  | 'bronze'
  | 'rejected'
  | 'silver'
  | 'quarantine'
  | 'duplicate'
  | 'gold'
  | 'aggregate'

export interface AudienceProgress {
  deviceId: string
  eventId: string
  step: AudienceStep
  text: string
  /** Epoch milliseconds. */
  at: number
}

interface Followed {
  reading: AudienceReading
  partition: number
  step: AudienceStep
  /** Its sequence number is at most this; undefined until the hub was looked at. */
  atMost: number | undefined
  /** Rows of gold that the aggregate must have read. */
  goldRows: number | undefined
}

interface PhoneEvent extends MadeEvent {
  key: string
}

export interface AudienceOptions {
  producer: HubProducer
  clock: Clock
  random: () => number
  onProgress(progress: readonly AudienceProgress[]): void
  onFull(isFull: boolean): void
  onTrouble(text: string): void
}

const keyOf = (deviceId: string, number: number) => `${deviceId}/${number}`

export class Audience {
  /** Acknowledged by the hub, in this session; copies count. */
  readonly quarantinedBy = new Map<string, number>()
  readonly #options: AudienceOptions
  readonly #buffered: BufferedProducer
  readonly #followed = new Map<string, Followed>()
  #partitionCount = 0
  #isFull = false

  constructor(options: AudienceOptions) {
    this.#options = options
    this.#buffered = new BufferedProducer({
      producer: options.producer,
      clock: options.clock,
      limit: BUFFER_LIMIT,
      onAcknowledged: (events) => this.#acknowledged(events as readonly PhoneEvent[]),
      onCondition: (condition) => {
        if (condition.state === 'failed') options.onTrouble(errorText(condition.error))
      },
    })
  }

  get acknowledged(): number {
    return this.#buffered.acknowledged
  }

  submit(readings: readonly AudienceReading[]): void {
    const events: PhoneEvent[] = []
    for (const reading of readings) {
      const { deviceId, deviceSequenceNumber, copies } = reading
      const key = keyOf(deviceId, deviceSequenceNumber)
      const body = this.#bodyOf(reading)
      if (!this.#followed.has(key)) this.#follow(key, reading)
      for (let copy = 0; copy < copies; copy++)
        events.push({ key, body, partitionKey: deviceId, station: -1, sequenceNumber: -1 })
    }
    this.#buffered.offer(events)
    this.#checkRoom()
  }

  /** A look at the hub bounds the sequence numbers of what it had acknowledged before. */
  sawHub(partitions: readonly PartitionProperties[]): void {
    this.#partitionCount = partitions.length
    for (const followed of this.#followed.values()) {
      if (followed.step !== 'hub' || followed.atMost !== undefined) continue
      followed.atMost = partitions[followed.partition]?.lastEnqueuedSequenceNumber
    }
  }

  sawLake({ bronze, silverArrived, goldArrived, quarantineArrived, gold, aggregated }: LakeSnapshot): void {
    const progress: AudienceProgress[] = []
    const tell = (followed: Followed, step: AudienceStep, text: string) => {
      followed.step = step
      progress.push(this.#progressOf(followed, step, text))
    }
    for (const followed of this.#followed.values()) {
      if (followed.step !== 'hub' || followed.atMost === undefined) continue
      if ((bronze.positions.get(String(followed.partition)) ?? -1) < followed.atMost) continue
      if (followed.reading.rubbish === 'not JSON')
        tell(followed, 'rejected', 'the job rejected it: no JSON object')
      else tell(followed, 'bronze', 'in bronze')
    }
    for (const row of silverArrived) {
      const followed = this.#find(row)
      if (!followed) continue
      tell(followed, 'silver', 'in silver')
      if (followed.reading.copies > 1)
        progress.push(this.#progressOf(followed, 'duplicate', 'the copy was dropped: it counts once'))
    }
    for (const { raw, reasons } of quarantineArrived) {
      const followed = this.#findRaw(raw)
      if (!followed) continue
      const { deviceId } = followed.reading
      this.quarantinedBy.set(deviceId, (this.quarantinedBy.get(deviceId) ?? 0) + 1)
      tell(followed, 'quarantine', `in quarantine: ${reasons.join(', ')}`)
    }
    for (const row of goldArrived) {
      const followed = this.#find(row)
      if (!followed) continue
      followed.goldRows = gold.rows
      tell(followed, 'gold', 'in gold')
    }
    const read = aggregated.commitMetadata?.totals.input ?? 0
    for (const [key, followed] of this.#followed) {
      if (followed.step !== 'gold' || followed.goldRows === undefined || read < followed.goldRows) continue
      tell(followed, 'aggregate', `counted in the mean of ${followed.reading.city}`)
      this.#followed.delete(key)
    }
    if (progress.length > 0) this.#options.onProgress(progress)
  }

  async close(): Promise<void> {
    await this.#buffered.close()
  }

  #follow(key: string, reading: AudienceReading): void {
    const partition = this.#partitionCount > 0 ? partitionOf(reading.deviceId, this.#partitionCount) : 0
    this.#followed.set(key, { reading, partition, step: 'waiting', atMost: undefined, goldRows: undefined })
    if (this.#followed.size > MOST_FOLLOWED)
      this.#followed.delete(this.#followed.keys().next().value as string)
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
    const progress: AudienceProgress[] = []
    for (const { key } of events) {
      const followed = this.#followed.get(key)
      if (followed?.step !== 'waiting') continue
      followed.step = 'hub'
      if (this.#partitionCount > 0)
        followed.partition = partitionOf(followed.reading.deviceId, this.#partitionCount)
      progress.push(this.#progressOf(followed, 'hub', `the hub has it, partition ${followed.partition}`))
    }
    if (progress.length > 0) this.#options.onProgress(progress)
    this.#checkRoom()
  }

  #progressOf({ reading }: Followed, step: AudienceStep, text: string): AudienceProgress {
    const { deviceId, eventId } = reading
    return { deviceId, eventId, step, text, at: this.#options.clock.now() }
  }

  #find({ deviceId, deviceSequenceNumber }: ArrivedRow): Followed | undefined {
    return deviceId === null || deviceSequenceNumber === null
      ? undefined
      : this.#followed.get(keyOf(deviceId, deviceSequenceNumber))
  }

  #findRaw(raw: string): Followed | undefined {
    try {
      const { deviceId, deviceSequenceNumber } = JSON.parse(raw) as Partial<Reading>
      return this.#followed.get(keyOf(String(deviceId), Number(deviceSequenceNumber)))
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
