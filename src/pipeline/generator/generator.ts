/** Makes readings: which station is due, what it measures, and now and then something dirty. Knows no hub and no timer. */

import type { Reading } from '../../contract/reading.ts'
import type { OutgoingEvent } from '../ports/hub.ts'
import { hashText, mix, type Random, seededRandom } from '../runtime/random.ts'
import { noneCorrupted } from '../state/initial-state.ts'
import type { CorruptionKind } from '../state/state.ts'
import { weatherAt } from './climate.ts'
import { chooseCorruption, corrupt } from './corruption.ts'
import { formatTimestamp, quotedCity } from './encode.ts'
import { type EventIds, eventIds } from './event-id.ts'
import { StationSchedule } from './schedule.ts'
import { Slab } from './slab.ts'
import { deviceIdOf, type Stations } from './stations.ts'

/** A reading on its way, and which one it is. */
export interface MadeEvent extends OutgoingEvent {
  station: number
  /** −1 for a copy of an earlier reading, which has no number of its own. */
  sequenceNumber: number
  /** What it says, for the screen; undefined when it is not a reading. */
  shown?: ShownReading | undefined
}

/** The fields of a reading that the screen shows; its station is the event's key. */
export interface ShownReading {
  city: string
  temperature: number
  humidity: number
  /** When it was made (epoch ms). */
  at: number
}

/** The same ones give the same readings. */
export interface GeneratorOptions {
  seed: string
  /** Id of the data folder: ids and numbers go on within it. */
  run: string
  stations: number
  intervalMs: number
  /** Share of readings corrupted on purpose, 0..1. */
  dirty: number
  /** Next number per station, as an earlier session left it; stations beyond its end begin at 0. */
  numbers?: Float64Array
}

/** Earlier readings that a duplicate is taken from: recent enough for the window in which silver drops duplicates. */
const REMEMBERED = 64

/** Names of stations that are kept, not made anew for each reading. */
const MOST_DEVICE_IDS = 100_000

/** When readings are made, and that time as it ends the text of each. */
interface Moment {
  now: number
  timestamp: string
  createdAt: string
  times: string
}

/** The same seed, run and calls give the same events, byte for byte. */
export class Generator {
  /** How many of each kind, since it was made. */
  readonly corrupted: Record<CorruptionKind, number> = noneCorrupted()
  readonly idOf: EventIds
  /** May change while it runs, as all that follows. */
  intervalMs: number
  /** Share, 0..1. */
  dirty: number
  /** How many times as often as usual the stations report: above 1 in a burst. */
  speed = 1
  readonly #sites: Stations
  readonly #corruptionSeed: number
  readonly #schedule: StationSchedule
  readonly #remembered: MadeEvent[] = []
  readonly #slab = new Slab()
  readonly #deviceIds: string[] = []
  #numbers: Float64Array

  constructor(options: GeneratorOptions, sites: Stations) {
    this.#sites = sites
    this.idOf = eventIds(options.seed, options.run)
    this.#corruptionSeed = hashText(`spoil/${options.seed}/${options.run}`)
    this.#schedule = new StationSchedule(0, hashText(options.seed) / 0x1_0000_0000)
    this.#numbers = options.numbers?.slice() ?? new Float64Array(0)
    this.intervalMs = options.intervalMs
    this.dirty = options.dirty
    this.stations = options.stations
  }

  get stations(): number {
    return this.#schedule.count
  }

  /** Stations that leave keep their numbers, and go on with them when they come back. */
  set stations(count: number) {
    if (this.#numbers.length < count) {
      const grown = new Float64Array(count)
      grown.set(this.#numbers)
      this.#numbers = grown
    }
    this.#schedule.resize(count)
  }

  /** Readings per second that are planned at present. */
  get rate(): number {
    return (this.stations * this.speed * 1000) / this.intervalMs
  }

  /** The number that a station's next reading gets. */
  nextNumber(station: number): number {
    return this.#numbers[station] ?? 0
  }

  /**
   * Makes what is due after `elapsedMs` more milliseconds.
   * @param now epoch milliseconds: the moment at which the readings are made.
   * @param room most events to make. When more are due, time stands still: the others come next, none is left out.
   */
  make(elapsedMs: number, now: number, room: number): { events: MadeEvent[]; held: boolean } {
    const events: MadeEvent[] = []
    const createdAt = new Date(now).toISOString()
    const timestamp = formatTimestamp(now)
    // The same for all readings of this moment.
    const times = `,"timestamp":"${timestamp}","createdAt":"${createdAt}"}`
    const complete = this.#schedule.advance((elapsedMs * this.speed) / this.intervalMs, (station) => {
      // A reading may bring a copy of an earlier one with it.
      if (events.length + (this.dirty > 0 ? 2 : 1) > room) return false
      const sequenceNumber = this.#numbers[station] as number
      this.#numbers[station] = sequenceNumber + 1
      if (this.dirty > 0)
        this.#addMaybeCorrupt(events, station, sequenceNumber, { now, timestamp, createdAt, times })
      else this.#remember(this.#addClean(events, station, sequenceNumber, now, times))
      return true
    })
    return { events, held: !complete }
  }

  /** A clean reading. Its text is that of `encodeReading`, made without the reading in between. */
  #addClean(
    events: MadeEvent[],
    station: number,
    sequenceNumber: number,
    now: number,
    times: string,
  ): MadeEvent {
    const site = this.#sites.siteOf(station)
    const { temperature, humidity } = weatherAt(site, now)
    const { city } = site.climate
    const text = `{"eventId":"${this.idOf(station, sequenceNumber)}","deviceId":"${this.#deviceIdOf(station)}","deviceSequenceNumber":${sequenceNumber},"city":${quotedCity(city)},"temperature":${temperature},"humidity":${humidity}${times}`
    return this.#add(events, station, sequenceNumber, text, { city, temperature, humidity, at: now })
  }

  #measure(station: number, sequenceNumber: number, { now, timestamp, createdAt }: Moment): Reading {
    const site = this.#sites.siteOf(station)
    const { temperature, humidity } = weatherAt(site, now)
    return {
      eventId: this.idOf(station, sequenceNumber),
      deviceId: this.#deviceIdOf(station),
      deviceSequenceNumber: sequenceNumber,
      city: site.climate.city,
      temperature,
      humidity,
      timestamp,
      createdAt,
    }
  }

  #addMaybeCorrupt(events: MadeEvent[], station: number, sequenceNumber: number, moment: Moment): void {
    // Drawn from the reading's own name, not from one stream for all: independent of the order of stations.
    const random = seededRandom(this.#corruptionSeed ^ mix(mix(station + 1) ^ sequenceNumber))
    const kind = random() < this.dirty ? chooseCorruption(random) : undefined
    const event =
      kind === undefined || kind === 'duplicate'
        ? this.#addClean(events, station, sequenceNumber, moment.now, moment.times)
        : this.#addCorrupt(
            events,
            station,
            this.#measure(station, sequenceNumber, moment),
            kind,
            random,
            moment.now,
          )
    if (kind === undefined) this.#remember(event)
    else this.corrupted[kind]++
    if (kind === 'duplicate') {
      const earlier = this.#remembered[Math.floor(random() * this.#remembered.length)] ?? event
      events.push({ ...earlier, sequenceNumber: -1 })
    }
  }

  #addCorrupt(
    events: MadeEvent[],
    station: number,
    clean: Reading,
    kind: Exclude<CorruptionKind, 'duplicate'>,
    random: Random,
    now: number,
  ): MadeEvent {
    const { text, reading } = corrupt(clean, kind, random, now)
    const shown = reading && {
      city: reading.city,
      temperature: reading.temperature,
      humidity: reading.humidity,
      at: now,
    }
    return this.#add(events, station, clean.deviceSequenceNumber, text, shown)
  }

  #add(
    events: MadeEvent[],
    station: number,
    sequenceNumber: number,
    text: string,
    shown: ShownReading | undefined,
  ): MadeEvent {
    const event = {
      body: this.#slab.write(text),
      partitionKey: this.#deviceIdOf(station),
      station,
      sequenceNumber,
      shown,
    }
    events.push(event)
    return event
  }

  #deviceIdOf(station: number): string {
    const known = this.#deviceIds[station]
    if (known !== undefined) return known
    const made = deviceIdOf(station)
    if (station < MOST_DEVICE_IDS) this.#deviceIds[station] = made
    return made
  }

  #remember(event: MadeEvent): void {
    if (this.#remembered.length < REMEMBERED) this.#remembered.push(event)
    else this.#remembered[mix(event.station ^ event.sequenceNumber) % REMEMBERED] = event
  }
}
