/** Readings to text and back, as far as the pipeline itself needs to read them. */
import type { Reading } from './contract/reading.ts'
import { stationOf } from './stations.ts'

/** `yyyy-MM-dd HH:mm:ss` UTC. */
export const formatTimestamp = (time: number): string =>
  new Date(time).toISOString().slice(0, 19).replace('T', ' ')

/** By hand: no field needs escaping but the city, and this runs ten thousand times a second. */
export function encodeReading(reading: Reading): string {
  return `{"eventId":"${reading.eventId}","deviceId":"${reading.deviceId}","deviceSequenceNumber":${reading.deviceSequenceNumber},"city":${JSON.stringify(reading.city)},"temperature":${reading.temperature},"humidity":${reading.humidity},"timestamp":"${reading.timestamp}","createdAt":"${reading.createdAt}"}`
}

const JSON_FORM = /"deviceId":"([^"]*)","deviceSequenceNumber":(\d+)/
const PLAIN_FORM = /^(station-\d+);(\d+);/

/** Which reading an event is, from its text; undefined for events that the generator did not make. */
export function originOf(body: Uint8Array): { station: number; sequenceNumber: number } | undefined {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  const match = JSON_FORM.exec(text) ?? PLAIN_FORM.exec(text)
  const station = stationOf(match?.[1] ?? '')
  return station === undefined ? undefined : { station, sequenceNumber: Number(match?.[2]) }
}
