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

export function crc32c(bytes: Uint8Array): number {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let crc = 0xffffffff
  let offset = 0
  for (; offset + 8 <= view.length; offset += 8) {
    const low = crc ^ view.readUInt32LE(offset)
    const high = view.readUInt32LE(offset + 4)
    crc =
      ((t7[low & 0xff] as number) ^
        (t6[(low >>> 8) & 0xff] as number) ^
        (t5[(low >>> 16) & 0xff] as number) ^
        (t4[low >>> 24] as number) ^
        (t3[high & 0xff] as number) ^
        (t2[(high >>> 8) & 0xff] as number) ^
        (t1[(high >>> 16) & 0xff] as number) ^
        (t0[high >>> 24] as number)) >>>
      0
  }
  for (; offset < view.length; offset++)
    crc = ((crc >>> 8) ^ (t0[(crc ^ (view[offset] as number)) & 0xff] as number)) >>> 0
  return (crc ^ 0xffffffff) >>> 0
}
