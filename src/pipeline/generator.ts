/** Makes readings: which station is due, what it measures, and now and then something dirty. */
import { weatherAt } from './climate.ts'
import type { Reading } from './contract/reading.ts'
import { encodeReading, formatTimestamp } from './encode.ts'
import { eventIds } from './event-id.ts'
import { noneSpoiled } from './initial-state.ts'
import type { OutgoingEvent } from './ports.ts'
import { type Random, seededRandom } from './random.ts'
import { chooseSpoil, spoil } from './spoil.ts'
import type { SpoilKind, TailEvent } from './state.ts'
import { deviceIdOf, drawStations, type Stations } from './stations.ts'

/** A reading on its way, and which one it is. A copy of an earlier one has no number of its own. */
export interface MadeEvent extends OutgoingEvent {
  station: number
  /** −1 for a copy. */
  sequenceNumber: number
}

export interface GeneratorOptions {
  seed: string
  /** Id of the data folder: ids and numbers go on within it. */
  run: string
  stations: number
  intervalMs: number
  dirty: number
  /** Next number per station, from {@link Generator.numbers} of an earlier session. */
  numbers?: Int32Array
}

/** Earlier readings that a duplicate is taken from. */
const REMEMBERED = 64

/**
 * Stations take turns: each reports once in `stations` readings, so at a rate of stations per interval each reports once per
 * interval and the load is even. A stride near the golden ratio mixes the order, so that neighbours do not come together.
 */
export class Generator {
  readonly spoiled: Record<SpoilKind, number> = noneSpoiled()
  intervalMs: number
  dirty: number
  readonly #sites: Stations
  readonly #idOf: (station: number, sequenceNumber: number) => string
  readonly #random: Random
  readonly #remembered: MadeEvent[] = []
  #numbers: Int32Array
  #stations: number
  #stride = 1
  #turn = 0
  #newest: TailEvent[] = []

  static async create(options: GeneratorOptions): Promise<Generator> {
    return new Generator(options, await drawStations(options.seed))
  }

  constructor(options: GeneratorOptions, sites: Stations) {
    this.#sites = sites
    this.#idOf = eventIds(options.seed, options.run)
    this.#random = seededRandom(`${options.seed}/${options.run}`)
    this.#numbers = options.numbers ?? new Int32Array(0)
    this.#stations = 0
    this.intervalMs = options.intervalMs
    this.dirty = options.dirty
    this.stations = options.stations
  }

  get stations(): number {
    return this.#stations
  }

  /** Stations that leave keep their numbers, and go on with them when they come back. */
  set stations(count: number) {
    this.#stations = count
    this.#stride = coprimeStride(count)
    this.#turn = 0
    if (this.#numbers.length >= count) return
    const grown = new Int32Array(Math.max(count, this.#numbers.length * 2))
    grown.set(this.#numbers)
    this.#numbers = grown
  }

  /** Readings per second. */
  get rate(): number {
    return (this.#stations * 1000) / this.intervalMs
  }

  /** Next number per station. */
  get numbers(): Int32Array {
    return this.#numbers
  }

  /** Makes the next readings, at the given time (epoch ms). With dirty data a few more events than readings. */
  make(count: number, now: number): MadeEvent[] {
    const events: MadeEvent[] = []
    const timestamp = formatTimestamp(now)
    const createdAt = new Date(now).toISOString()
    for (let made = 0; made < count; made++) {
      const station = (this.#turn * this.#stride) % this.#stations
      this.#turn = (this.#turn + 1) % this.#stations
      const sequenceNumber = this.#numbers[station] as number
      this.#numbers[station] = sequenceNumber + 1
      const { climate, ...place } = this.#sites.siteOf(station)
      const reading: Reading = {
        eventId: this.#idOf(station, sequenceNumber),
        deviceId: deviceIdOf(station),
        deviceSequenceNumber: sequenceNumber,
        city: climate.city,
        ...weatherAt({ climate, ...place }, now),
        timestamp,
        createdAt,
      }
      this.#emit(events, reading, station, now)
    }
    return events
  }

  /** What was made since the last call, at most a handful, for the screen. */
  takeNewest(): TailEvent[] {
    const newest = this.#newest
    this.#newest = []
    return newest
  }

  #emit(events: MadeEvent[], reading: Reading, station: number, now: number): void {
    const kind = this.dirty > 0 && this.#random() < this.dirty ? chooseSpoil(this.#random) : undefined
    const text =
      kind === undefined || kind === 'duplicate'
        ? encodeReading(reading)
        : spoil(reading, kind, this.#random, now)
    const event: MadeEvent = {
      body: Buffer.from(text),
      partitionKey: reading.deviceId,
      station,
      sequenceNumber: reading.deviceSequenceNumber,
    }
    events.push(event)
    if (kind !== undefined) this.spoiled[kind]++
    if (kind === 'duplicate') {
      const earlier = this.#remembered[Math.floor(this.#random() * this.#remembered.length)] ?? event
      events.push({ ...earlier, sequenceNumber: -1 })
    }
    if (kind === undefined) this.#remember(event)
    this.#show(reading, now, kind)
  }

  #remember(event: MadeEvent): void {
    if (this.#remembered.length < REMEMBERED) this.#remembered.push(event)
    else this.#remembered[event.sequenceNumber % REMEMBERED] = event
  }

  #show(reading: Reading, now: number, kind: SpoilKind | undefined): void {
    if (this.#newest.length >= 40) this.#newest.shift()
    this.#newest.push({
      at: now,
      deviceId: reading.deviceId,
      city: reading.city,
      temperature: reading.temperature,
      humidity: reading.humidity,
      reasons: kind === undefined ? [] : [`sent with: ${kind}`],
    })
  }
}

/** Near the golden section of the count, and coprime to it: every station gets its turn. */
function coprimeStride(count: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b))
  let stride = Math.max(1, Math.round(count * 0.618))
  while (divisor(stride, count) !== 1) stride++
  return stride
}
