import { describe, expect, it } from 'vitest'
import { HUMIDITY_RANGE, type Reading, TEMPERATURE_RANGE } from '../../../src/contract/reading.ts'
import { CLIMATES, weatherAt } from '../../../src/pipeline/generator/climate.ts'
import { encodeReading, originOf } from '../../../src/pipeline/generator/encode.ts'
import {
  Generator,
  type GeneratorOptions,
  type MadeEvent,
} from '../../../src/pipeline/generator/generator.ts'
import { drawStations } from '../../../src/pipeline/generator/stations.ts'
import { CORRUPTION_KINDS } from '../../../src/pipeline/state/state.ts'

const START = Date.UTC(2026, 10, 24, 12, 0, 0, 250)
const sites = await drawStations('seed')

function make(options: Partial<GeneratorOptions> = {}) {
  const settings = { seed: 'seed', run: 'run', stations: 10, intervalMs: 1000, dirty: 0, ...options }
  return new Generator(settings, sites)
}

/** Ticks of 100 ms. */
function stream(generator: Generator, ticks: number, start = START): MadeEvent[] {
  return Array.from(
    { length: ticks },
    (_, tick) => generator.make(100, start + tick * 100, 1e6).events,
  ).flat()
}

const text = (event: MadeEvent) => Buffer.from(event.body).toString('utf8')
const reading = (event: MadeEvent) => JSON.parse(text(event)) as Reading

describe('the generator', () => {
  it('makes readings as the contract says', () => {
    const [event] = stream(make(), 2) as [MadeEvent]
    const made = reading(event)
    expect(Object.keys(made)).toEqual([
      'eventId',
      'deviceId',
      'deviceSequenceNumber',
      'city',
      'temperature',
      'humidity',
      'timestamp',
      'createdAt',
    ])
    expect(event.partitionKey).toBe(made.deviceId)
    expect(made.deviceId).toMatch(/^station-0000\d$/)
    expect(made.deviceSequenceNumber).toBe(0)
    expect(made.createdAt).toMatch(/^2026-11-24T12:00:00\.\d50Z$/)
    expect(made.timestamp).toBe('2026-11-24 12:00:00')
    expect(Number.isInteger(made.temperature) && Number.isInteger(made.humidity)).toBe(true)
  })

  it('writes the text that an encoded reading has, without the reading in between', () => {
    for (const event of stream(make({ stations: 300 }), 10))
      expect(text(event)).toBe(encodeReading(reading(event)))
  })

  it('tells the screen what each event says, whatever was made of it', () => {
    const events = stream(make({ stations: 100, dirty: 0.5 }), 100)
    expect(events.some(({ shown }) => shown === undefined)).toBe(true)
    for (const event of events) {
      if (!event.shown) {
        expect(() => reading(event)).toThrow(SyntaxError)
        continue
      }
      const { city, temperature, humidity, createdAt, deviceId } = reading(event)
      expect(event.partitionKey).toBe(deviceId)
      expect(event.shown).toEqual({ city, temperature, humidity, at: Date.parse(createdAt) })
    }
  })

  it('makes the same stream, byte for byte, from the same seed and clock', () => {
    const one = stream(make({ dirty: 0.3 }), 200).map(text)
    expect(one.length).toBeGreaterThan(190)
    expect(stream(make({ dirty: 0.3 }), 200).map(text)).toEqual(one)
    expect(stream(make({ dirty: 0.3, seed: 'other' }), 200).map(text)).not.toEqual(one)
  })

  it('numbers each station without gaps from 0, at the planned rate', () => {
    const events = stream(make({ stations: 30, intervalMs: 2000 }), 400)
    expect(events.length).toBe(30 * 20)
    for (let station = 0; station < 30; station++) {
      const own = events.filter((event) => event.station === station).map((event) => event.sequenceNumber)
      expect(own).toEqual(own.map((_, index) => index))
    }
  })

  it('goes on with the numbers that it is given', () => {
    const events = stream(make({ stations: 3, numbers: Float64Array.of(5, 9) }), 10)
    expect(events.map((event) => [event.station, event.sequenceNumber]).toSorted()).toEqual([
      [0, 5],
      [1, 9],
      [2, 0],
    ])
  })

  it('keeps the numbers of stations that leave and come back', () => {
    const generator = make({ stations: 10 })
    const events = stream(generator, 20)
    generator.stations = 2
    events.push(...stream(generator, 20))
    generator.stations = 10
    events.push(...stream(generator, 20))
    for (let station = 0; station < 10; station++) {
      const own = events.filter((event) => event.station === station).map((event) => event.sequenceNumber)
      expect(own).toEqual(own.map((_, index) => index))
    }
  })

  it('reports more often in a burst', () => {
    const generator = make()
    generator.speed = 10
    expect(stream(generator, 10)).toHaveLength(100)
  })

  it('makes no more than there is room for, and the rest later', () => {
    const generator = make({ stations: 100 })
    const first = generator.make(1000, START, 30)
    expect(first.events).toHaveLength(30)
    expect(first.held).toBe(true)
    expect(generator.make(1000, START, 0).events).toEqual([])
    const second = generator.make(700, START, 1000)
    expect(second.held).toBe(false)
    const stations = [...first.events, ...second.events].map((event) => event.station)
    expect(new Set(stations).size).toBe(stations.length)
  })
})

describe('dirty data', () => {
  const generator = make({ stations: 200, dirty: 0.2 })
  const events = stream(generator, 1000)
  const bodies = events.map(text)
  const json = events.flatMap((event) =>
    text(event).startsWith('{') ? [{ event, made: reading(event) }] : [],
  )

  it('corrupts the given share, each kind about as often, and counts each', () => {
    const readings = events.filter((event) => event.sequenceNumber >= 0).length
    const all = Object.values(generator.corrupted).reduce((sum, one) => sum + one)
    expect(all / readings).toBeCloseTo(0.2, 1)
    for (const kind of CORRUPTION_KINDS)
      expect(generator.corrupted[kind] / all).toBeCloseTo(1 / CORRUPTION_KINDS.length, 1)
  })

  it('counts exactly what stands in the stream', () => {
    const { corrupted } = generator
    const count = (passes: (made: Reading) => boolean) => json.filter(({ made }) => passes(made)).length
    const lateBy = (made: Reading) =>
      Date.parse(made.createdAt) - Date.parse(`${made.timestamp.replace(' ', 'T')}Z`)
    expect(count((made) => made.eventId === undefined)).toBe(corrupted['missing eventId'])
    expect(
      count((made) => made.temperature < TEMPERATURE_RANGE.min || made.temperature > TEMPERATURE_RANGE.max),
    ).toBe(corrupted['temperature out of range'])
    expect(count((made) => made.humidity < HUMIDITY_RANGE.min || made.humidity > HUMIDITY_RANGE.max)).toBe(
      corrupted['humidity out of range'],
    )
    expect(count((made) => made.city.trim() === '')).toBe(corrupted['blank city'])
    expect(count((made) => Number.isNaN(lateBy(made)))).toBe(corrupted['bad timestamp'])
    expect(count((made) => lateBy(made) >= 3_600_000)).toBe(corrupted.late)
    expect(count((made) => lateBy(made) > 86_400_000 + 1000)).toBe(0)
    expect(bodies.filter((body) => !body.startsWith('{')).length).toBe(corrupted['not JSON'])
    expect(() => JSON.parse(bodies.find((body) => !body.startsWith('{')) ?? '{}')).toThrow()
    expect(events.filter((event) => event.sequenceNumber < 0)).toHaveLength(corrupted.duplicate)
  })

  it('duplicates an earlier good reading, byte for byte', () => {
    const copies = events.flatMap((event, index) => (event.sequenceNumber < 0 ? [index] : []))
    for (const index of copies) expect(bodies.slice(0, index)).toContain(bodies[index])
  })

  it('leaves no gap in the numbers, and names station and number in every body', () => {
    for (let station = 0; station < 200; station++) {
      const own = events.filter((event) => event.station === station && event.sequenceNumber >= 0)
      expect(own.map((event) => event.sequenceNumber)).toEqual(own.map((_, index) => index))
      for (const event of own)
        expect(originOf(event.body)).toMatchObject({ station, sequenceNumber: event.sequenceNumber })
    }
  })

  it('sends late readings in their turn', () => {
    const late = json.filter(
      ({ made }) => Date.parse(`${made.timestamp.replace(' ', 'T')}Z`) < START - 3_500_000,
    )
    expect(late.length).toBeGreaterThan(100)
    for (const { event, made } of late) expect(made.deviceSequenceNumber).toBe(event.sequenceNumber)
  })

  it('can be switched off', () => {
    const clean = make({ dirty: 0.5 })
    stream(clean, 20)
    clean.dirty = 0
    const before = { ...clean.corrupted }
    stream(clean, 50)
    expect(clean.corrupted).toEqual(before)
  })
})

describe('the weather', () => {
  const at = (city: string, time: number) => {
    const climate = CLIMATES.find((one) => one.city === city)
    if (!climate) throw new Error(city)
    return weatherAt({ climate, temperatureOffset: 0, humidityOffset: 0, phase: 0.3 }, time)
  }
  const mean = (city: string, month: number, hour: number) => {
    const days = Array.from(
      { length: 28 },
      (_, day) => at(city, Date.UTC(2026, month, day + 1, hour)).temperature,
    )
    return days.reduce((sum, one) => sum + one) / days.length
  }

  it('is warmer in summer, on both halves of the earth', () => {
    expect(mean('Berlin', 6, 12)).toBeGreaterThan(mean('Berlin', 0, 12) + 12)
    expect(mean('Sydney', 0, 3)).toBeGreaterThan(mean('Sydney', 6, 3) + 5)
  })

  it('is warmer in the afternoon, by the sun and not by the clock of Greenwich', () => {
    expect(mean('London', 5, 15)).toBeGreaterThan(mean('London', 5, 4) + 3)
    expect(mean('Tokyo', 5, 6)).toBeGreaterThan(mean('Tokyo', 5, 19) + 3)
  })

  it('moves smoothly, and stays within what the contract calls valid', () => {
    for (const { city } of CLIMATES)
      for (let hour = 0; hour < 24 * 365; hour += 5) {
        const time = Date.UTC(2026, 0, 1, hour)
        const { temperature, humidity } = at(city, time)
        expect(temperature).toBeGreaterThan(-60)
        expect(temperature).toBeLessThan(55)
        expect(humidity).toBeGreaterThanOrEqual(0)
        expect(humidity).toBeLessThanOrEqual(100)
        expect(Math.abs(at(city, time + 60_000).temperature - temperature)).toBeLessThanOrEqual(1)
      }
  })

  it('comes from many cities', () => {
    const cities = new Set(Array.from({ length: 100 }, (_, station) => sites.siteOf(station).climate.city))
    expect(cities.size).toBeGreaterThan(15)
  })
})
