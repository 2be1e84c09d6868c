/** The id that silver gives to a row sent without an eventId (docs/data-contract.md, "Derived ids"). */
import { createHash } from 'node:crypto'

/** Ids that silver derives are UUIDs of version 3 (MD5 of a name); the generator's are version 8. */
export const isDerivedId = (eventId: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-3[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(eventId)

/** From the device's own numbering of the reading; undefined when it has none. */
export function idByDevice(event: Record<string, unknown> | undefined): string | undefined {
  const { deviceId, deviceSequenceNumber: number } = event ?? {}
  if (typeof deviceId !== 'string' || deviceId.trim() === '') return undefined
  const digits =
    typeof number === 'string' ? number.trim() : Number.isSafeInteger(number) ? String(number) : ''
  return /^[0-9]{1,18}$/.test(digits) ? uuidOf(`${deviceId}:${BigInt(digits)}`) : undefined
}

/** From the event's place in the hub and its line in bronze. */
export const idByPlace = (partition: string, sequenceNumber: number, line: string): string =>
  uuidOf(`${partition}:${sequenceNumber}:${line.replace(/"EventProcessedUtcTime":"[^"]*"/g, '')}`)

/** The text's MD5 as a UUID of version 3 (RFC 9562). */
function uuidOf(text: string): string {
  const hex = createHash('md5').update(text).digest('hex')
  const variant = ((Number.parseInt(hex[16] as string, 16) & 3) | 8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-3${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
}
