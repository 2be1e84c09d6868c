import { describe, expect, it } from 'vitest'
import {
  TAIL_LIMIT,
  tailOfMade,
  tailOfQuarantined,
  tailOfRow,
  tailWith,
  traceOf,
} from '../../../src/pipeline/observation/tail.ts'

const event = (at: number) => ({ at, deviceId: '', city: '', temperature: 1, humidity: 1, reasons: [] })

describe('the tail of events', () => {
  it('shows a reading as it was sent', () => {
    const body =
      '{"deviceId":"station-00001","city":"Tromsø","temperature":-6,"humidity":79,"createdAt":"2026-11-24T12:00:00.250Z"}'
    const at = Date.UTC(2026, 10, 24, 12, 0, 0, 250)
    const shown = { city: 'Tromsø', temperature: -6, humidity: 79, at }
    const made = { partitionKey: 'station-00001', station: 1, sequenceNumber: 4 }
    expect(tailOfMade({ ...made, body: Buffer.from(body), shown })).toEqual({
      at,
      deviceId: 'station-00001',
      city: 'Tromsø',
      temperature: -6,
      humidity: 79,
      reasons: [],
      body,
    })
    expect(tailOfMade({ ...made, body: Buffer.from('station-00001;4;21 C') })).toBeUndefined()
  })

  it('shows a row of another client, whatever it lacks', () => {
    const row = {
      eventId: null,
      deviceId: null,
      deviceSequenceNumber: null,
      city: 'Bern',
      temperature: 7,
      humidity: 60,
    }
    expect(
      tailOfRow({ ...row, timestamp: null, createdAt: null, enqueuedAt: 5, committedAt: 9 }),
    ).toMatchObject({
      at: 5,
      deviceId: '',
      city: 'Bern',
    })
  })

  it('shows why silver refused a row', () => {
    const raw = '{"deviceId":"station-00008","city":"   ","temperature":900}'
    expect(tailOfQuarantined({ raw, reasons: ['city is missing'], enqueuedAt: 5 }, 9)).toEqual({
      at: 5,
      deviceId: 'station-00008',
      city: '',
      temperature: 900,
      humidity: undefined,
      reasons: ['city is missing'],
      body: raw,
    })
    expect(
      tailOfQuarantined({ raw: '{"city":', reasons: ['not a JSON object'], enqueuedAt: null }, 9),
    ).toMatchObject({
      at: 9,
      reasons: ['not a JSON object'],
    })
  })

  it('names the event that it shows: by its place in bronze, else by its id', () => {
    const [eventId, place] = ['6f1c7a52-0000-4000-8000-000000000001', { PartitionId: 2, SequenceNumber: 41 }]
    const raw = (more: object) => JSON.stringify({ city: '', eventId, ...more })
    const refused = (text: string) => tailOfQuarantined({ raw: text, reasons: [], enqueuedAt: 5 }, 9).trace
    const own = { at: 1, deviceId: '', city: '', temperature: 1, humidity: 1, reasons: [], body: raw({}) }
    expect(traceOf(own)).toEqual({ kind: 'id', eventId })
    expect(traceOf({ ...own, body: undefined })).toBeUndefined()
    expect(refused(raw(place))).toEqual({ kind: 'position', partition: '2', sequenceNumber: 41 })
    // Raw text is cut for the screen; its place stands at its end.
    expect(refused(raw({ long: 'x'.repeat(5000), ...place }))).toMatchObject({ sequenceNumber: 41 })
    expect(refused(raw({ PartitionId: '2' }))).toEqual({ kind: 'id', eventId })
    expect(refused(raw({ eventId: 'x'.repeat(300) }))).toBeUndefined()
    expect(refused('{"city":')).toBeUndefined()
  })

  it('lets nothing through that would move the cursor, or never end', () => {
    const raw = JSON.stringify({
      deviceId: `\u001b[2J${'x'.repeat(5000)}`,
      city: 7,
      temperature: '9',
      humidity: null,
    })
    const shown = tailOfQuarantined({ raw, reasons: [], enqueuedAt: 1 }, 1)
    expect(shown.deviceId).toMatch(/^ \[2Jx+$/)
    expect(shown.deviceId.length).toBeLessThanOrEqual(80)
    expect(shown).toMatchObject({ city: '', temperature: undefined })
  })

  it('is in order of time within what came together, and bounded', () => {
    const before = [event(3)]
    expect(tailWith(before, [], [])).toBe(before)
    expect(tailWith(before, [event(9), event(5)], []).map(({ at }) => at)).toEqual([3, 5, 9])
    const many = Array.from({ length: TAIL_LIMIT + 50 }, (_, at) => event(at))
    expect(tailWith(before, many, [])).toHaveLength(TAIL_LIMIT)
  })

  it('has what silver refused among the newest readings, though it is older, and not too much of it', () => {
    const readings = Array.from({ length: 40 }, (_, index) => event(1000 + index))
    const refused = Array.from({ length: 40 }, (_, index) => ({
      ...event(index),
      reasons: ['city is missing'],
    }))
    const tail = tailWith([], readings, refused)
    expect(tail.filter(({ reasons }) => reasons.length > 0).map(({ at }) => at)).toEqual(
      Array.from({ length: 10 }, (_, index) => 30 + index),
    )
    expect(tail.slice(-5).map(({ at }) => at)).toEqual([1036, 1037, 1038, 1039, 39])
    expect(tail.filter(({ reasons }) => reasons.length === 0)).toEqual(readings)
    expect(tailWith([], [event(9)], refused.slice(0, 2)).map(({ at }) => at)).toEqual([9, 0, 1])
    expect(tailWith([], [], refused.slice(0, 2)).map(({ at }) => at)).toEqual([0, 1])
  })
})

it('lets no control character through, C0, DEL or C1, from anybody', () => {
  const codes = [...Array(0x20).keys(), ...Array.from({ length: 0x21 }, (_, index) => 0x7f + index)]
  for (const code of codes) {
    const city = `a${String.fromCharCode(code)}b`
    const row = {
      eventId: null,
      deviceId: city,
      deviceSequenceNumber: null,
      city,
      temperature: 1,
      humidity: 1,
    }
    const shown = tailOfRow({ ...row, timestamp: null, createdAt: null, enqueuedAt: 0, committedAt: 0 })
    expect([shown.city, shown.deviceId], code.toString(16)).toEqual(['a b', 'a b'])
    const quarantined = { raw: JSON.stringify({ city }), reasons: [], enqueuedAt: 0 }
    expect(tailOfQuarantined(quarantined, 0).city, code.toString(16)).toBe('a b')
  }
})

it('takes texts of others up to a length', () => {
  const raw = JSON.stringify({ city: 'x'.repeat(10_000) })
  expect(tailOfQuarantined({ raw, reasons: [], enqueuedAt: 0 }, 0).city).toHaveLength(80)
})
