/** Small whole numbers as Parquet packs them (RLE and bit-packing, apache/parquet-format, Encodings.md): levels, and places in a dictionary. */
import { putVarint } from './thrift.ts'

/** @returns the bits that numbers up to this one take. */
export const bitsFor = (greatest: number): number => (greatest === 0 ? 0 : 32 - Math.clz32(greatest))

/** A run of one value. @param bits of a value, 1 to 32. */
export function run(value: number, count: number, bits: number): Buffer {
  const out: number[] = []
  putVarint(out, count * 2)
  for (let at = 0; at < bits; at += 8) out.push((value >>> at) & 0xff)
  return Buffer.from(out)
}

/** Values side by side, without gaps, eight at a time. @param bits of a value, 1 to 24. */
export function packed(values: ArrayLike<number>, bits: number): Buffer {
  const groups = Math.ceil(values.length / 8)
  const header: number[] = []
  putVarint(header, groups * 2 + 1)
  const bytes = Buffer.alloc(header.length + groups * bits)
  bytes.set(header)
  let at = header.length
  let held = 0
  let heldBits = 0
  for (let index = 0; index < values.length; index++) {
    held |= (values[index] as number) << heldBits
    heldBits += bits
    while (heldBits >= 8) {
      bytes[at++] = held & 0xff
      held >>>= 8
      heldBits -= 8
    }
  }
  if (heldBits > 0) bytes[at] = held & 0xff
  return bytes
}

/** In whichever form is right: a single run, or packed. */
export function hybrid(values: ArrayLike<number>, bits: number): Buffer {
  const first = values[0] ?? 0
  for (let index = 1; index < values.length; index++) if (values[index] !== first) return packed(values, bits)
  return run(first, values.length, bits)
}
