/** Values in DER, as certificates are written (X.690). Only the kinds that a certificate of ours has. */

const LONG_FORM = 0x80

/** One value: its tag, its length, what it holds. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content])
}

function lengthOf(length: number): number[] {
  if (length < LONG_FORM) return [length]
  const bytes: number[] = []
  for (let left = length; left > 0; left >>>= 8) bytes.unshift(left & 255)
  return [LONG_FORM | bytes.length, ...bytes]
}

/** Tag and length before its parts. */
export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts)
/** Of parts that are already in the order that DER wants. */
export const set = (...parts: readonly Uint8Array[]): Buffer => der(0x31, ...parts)
/** OCTET STRING. */
export const octets = (content: Uint8Array): Buffer => der(0x04, content)
/** PrintableString; the caller keeps to its letters. */
export const printable = (text: string): Buffer => der(0x13, Buffer.from(text, 'ascii'))
/** BOOLEAN. */
export const TRUE = der(0x01, Buffer.from([255]))
/** @param unused bits at the end that do not count. */
export const bits = (content: Uint8Array, unused = 0): Buffer => der(0x03, Buffer.from([unused]), content)
/** @param bytes of a positive number, the highest first. */
export const integer = (bytes: Uint8Array): Buffer =>
  (bytes[0] ?? 0) < 128 ? der(0x02, bytes) : der(0x02, Buffer.from([0]), bytes)

/** @param id `1.2.840.10045.2.1` */
export function objectId(id: string): Buffer {
  const [first = 0, second = 0, ...rest] = id.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc & 127]
    for (let left = arc >>> 7; left > 0; left >>>= 7) digits.unshift(128 | (left & 127))
    return digits
  })
  return der(0x06, Buffer.from(bytes))
}

/** In whole seconds; two digits for the year until 2049, four from then on (RFC 5280, 4.1.2.5). */
export function time(epochMs: number): Buffer {
  const text = `${new Date(epochMs).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`
  const isShort = text < '2050'
  return der(isShort ? 0x17 : 0x18, Buffer.from(isShort ? text.slice(2) : text, 'ascii'))
}
