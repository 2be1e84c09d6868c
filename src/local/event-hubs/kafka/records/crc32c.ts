/** CRC-32C (Castagnoli, RFC 3720 appendix B.4), which record batches carry. Node's own is the other CRC-32. */

const POLYNOMIAL = 0x82f63b78
const SLICES = 16

/** Tables for sixteen bytes at a time, 256 entries each: every next one looks one byte further back. */
const table = new Int32Array(SLICES * 256)
for (let byte = 0; byte < 256; byte++) {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1
  table[byte] = value
}
for (let at = 256; at < table.length; at++) {
  const before = table[at - 256] as number
  table[at] = (before >>> 8) ^ (table[before & 0xff] as number)
}

/** Of four bytes whose last one is followed by so many of the sixteen. */
const word = (value: number, behind: number) =>
  (table[((behind + 3) << 8) | (value & 0xff)] as number) ^
  (table[((behind + 2) << 8) | ((value >>> 8) & 0xff)] as number) ^
  (table[((behind + 1) << 8) | ((value >>> 16) & 0xff)] as number) ^
  (table[(behind << 8) | (value >>> 24)] as number)

/** Of the bytes from `start` to `end`. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  // A view reads four bytes in one instruction.
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let crc = -1
  let at = start
  for (const last = end - SLICES; at <= last; at += SLICES)
    crc =
      word(crc ^ view.getInt32(at, true), 12) ^
      word(view.getInt32(at + 4, true), 8) ^
      word(view.getInt32(at + 8, true), 4) ^
      word(view.getInt32(at + 12, true), 0)
  for (; at < end; at++) crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] as number)) & 0xff] as number)
  return (crc ^ -1) >>> 0
}

/** The sum of a change: what differs, as bytes that are XORed onto those before. Sums of bytes of one length are linear in them. */
export function crc32cOfChange(difference: Uint8Array, bytesBehind: number): number {
  let crc = 0
  for (const byte of difference) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] as number)
  return behindZeros(crc, bytesBehind)
}

/** x to the power of 8 × 2ⁿ modulo the polynomial, the highest bit for x⁰: so far do 2ⁿ bytes of nought take a sum. */
const powers: number[] = []
for (let power = 1 << 23, n = 0; n < 31; n++, power = multiply(power, power)) powers.push(power)

/** The sum once so many bytes of nought came behind it. */
function behindZeros(crc: number, zeros: number): number {
  let sum = crc
  for (let rest = zeros, n = 0; rest > 0; rest >>>= 1, n++)
    if (rest & 1) sum = multiply(sum, powers[n] as number)
  return sum >>> 0
}

/** Of two polynomials, modulo the polynomial of the sum. */
function multiply(one: number, other: number): number {
  let product = 0
  let factor = other
  for (let bit = 31; bit >= 0; bit--) {
    if ((one >>> bit) & 1) product ^= factor
    factor = factor & 1 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1
  }
  return product
}
