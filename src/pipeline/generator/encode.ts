/** Readings to text and back, as far as the pipeline itself needs to read them. */
import type { Reading } from '../../contract/reading.ts'
import { stationOf } from './stations.ts'

/** `yyyy-MM-dd HH:mm:ss` UTC. */
export const formatTimestamp = (time: number): string =>
  new Date(time).toISOString().slice(0, 19).replace('T', ' ')

const cities = new Map<string, string>()
const MOST_CITIES = 1000

/** A city as JSON; the same few come again and again. */
export function quotedCity(city: string): string {
  const known = cities.get(city)
  if (known !== undefined) return known
  const made = JSON.stringify(city)
  if (cities.size < MOST_CITIES) cities.set(city, made)
  return made
}

/** By hand: no field needs escaping but the city, and this runs ten thousand times a second. */
export function encodeReading(reading: Reading): string {
  return `{"eventId":"${reading.eventId}","deviceId":"${reading.deviceId}","deviceSequenceNumber":${reading.deviceSequenceNumber},"city":${JSON.stringify(reading.city)},"temperature":${reading.temperature},"humidity":${reading.humidity},"timestamp":"${reading.timestamp}","createdAt":"${reading.createdAt}"}`
}

/** Where a reading of ours comes from. */
export interface Origin {
  station: number
  sequenceNumber: number
  /** Undefined: the reading was corrupted so that it carries none. */
  eventId: string | undefined
}

const JSON_FORM = /^\{(?:"eventId":"([^"]*)",)?"deviceId":"([^"]*)","deviceSequenceNumber":(\d{1,15}),/
/** What is left of a reading whose body was corrupted into no JSON. */
const PLAIN_FORM = /^(station-\d+);(\d{1,15});/
/** Enough for everything that the forms look at. */
const HEAD_BYTES = 200

/** Which of our readings an event is, from its text; undefined for events that the generator did not make. */
export function originOf(body: Uint8Array): Origin | undefined {
  const head = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, HEAD_BYTES)).toString(
    'utf8',
  )
  const json = JSON_FORM.exec(head)
  const plain = json ? undefined : PLAIN_FORM.exec(head)
  const station = stationOf(json?.[2] ?? plain?.[1] ?? '')
  if (station === undefined) return undefined
  return { station, sequenceNumber: Number(json?.[3] ?? plain?.[2]), eventId: json?.[1] }
}
