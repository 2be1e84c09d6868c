/** CRC-32C (Castagnoli, RFC 3720 appendix B.4), which record batches carry. Node's own is the other CRC-32. */

const POLYNOMIAL = 0x82f63b78
const SLICES = 8

/** Tables for eight bytes at a time: each looks one byte further back. */
const tables: Uint32Array[] = Array.from({ length: SLICES }, () => new Uint32Array(256))
for (let byte = 0; byte < 256; byte++) {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1
  ;(tables[0] as Uint32Array)[byte] = value
}
for (let slice = 1; slice < SLICES; slice++)
  for (let byte = 0; byte < 256; byte++) {
    const before = tables[slice - 1]?.[byte] as number
    ;(tables[slice] as Uint32Array)[byte] = (before >>> 8) ^ (tables[0]?.[before & 0xff] as number)
  }
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
]

/** Of the bytes from `start` to `end`. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = 0xffffffff
  let at = start
  for (; at + 8 <= end; at += 8)
    crc =
      (t7[(crc ^ (bytes[at] as number)) & 0xff] as number) ^
      (t6[((crc >>> 8) ^ (bytes[at + 1] as number)) & 0xff] as number) ^
      (t5[((crc >>> 16) ^ (bytes[at + 2] as number)) & 0xff] as number) ^
      (t4[(crc >>> 24) ^ (bytes[at + 3] as number)] as number) ^
      (t3[bytes[at + 4] as number] as number) ^
      (t2[bytes[at + 5] as number] as number) ^
      (t1[bytes[at + 6] as number] as number) ^
      (t0[bytes[at + 7] as number] as number)
  for (; at < end; at++) crc = (crc >>> 8) ^ (t0[(crc ^ (bytes[at] as number)) & 0xff] as number)
  return (crc ^ 0xffffffff) >>> 0
}
