import { describe, expect, it } from 'vitest'
import { Crc64, crc64, joinCrc64 } from '../../../../src/local/data-lake/checksums/crc64.ts'
import {
  SEGMENT_BYTES,
  StructuredReader,
  structuredLength,
  unwrapStructured,
  wrapStructured,
} from '../../../../src/local/data-lake/checksums/structured-body.ts'

function noiseOf(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let index = 0; index < length; index++) bytes[index] = (index * 31 + (index >> 8)) & 255
  return bytes
}

/** One bit at a time, as the standard has it. */
function slowCrc64(data: Uint8Array): bigint {
  let value = 0xffffffffffffffffn
  for (const byte of data) {
    value ^= BigInt(byte)
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ 0x9a6c9329ac4bc9b5n : value >> 1n
  }
  return value ^ 0xffffffffffffffffn
}

describe('CRC-64/NVME', () => {
  it('has the check value of the standard', () => {
    expect(crc64(Buffer.from('123456789')).readBigUInt64LE()).toBe(0xae8b14860a799888n)
    expect(crc64(Buffer.alloc(0)).readBigUInt64LE()).toBe(0n)
  })

  it('is the same wherever the bytes lie, and however they are cut', () => {
    const data = noiseOf(200_010)
    for (const [from, to] of [
      [0, 5000],
      [1, 4999],
      [2, 17],
      [3, 40],
      [7, 7],
      // More than is looked at in one go.
      [1, 200_003],
    ] as const) {
      const piece = data.subarray(from, to)
      expect(crc64(piece).readBigUInt64LE()).toBe(slowCrc64(piece))
      const cut = from + Math.floor((to - from) / 3)
      const [a, b] = [data.subarray(from, cut), data.subarray(cut, to)]
      expect(new Crc64().update(a).update(b).digest()).toEqual(crc64(piece))
      expect(joinCrc64(crc64(a), crc64(b), b.length)).toEqual(crc64(piece))
    }
  })
})

describe('a structured body', () => {
  const wrap = async (content: Buffer) => {
    const pieces: Buffer[] = []
    const chunks = Array.from({ length: Math.ceil(content.length / 70_000) }, (_, index) =>
      content.subarray(index * 70_000, (index + 1) * 70_000),
    )
    for await (const piece of wrapStructured(chunks, content.length)) pieces.push(piece)
    return Buffer.concat(pieces)
  }

  it.each([0, 1, 1000, SEGMENT_BYTES, SEGMENT_BYTES + 1])(
    'of %i bytes comes out as it went in',
    async (size) => {
      const content = noiseOf(size)
      const message = await wrap(content)
      expect(message.length).toBe(structuredLength(size))
      const found = unwrapStructured(message, size)
      // Not by the matcher, which would compare millions of numbers one by one.
      expect(found.content.equals(content)).toBe(true)
      expect(found.checksum).toEqual(crc64(content))
    },
  )

  it('ends too early when its content does, and is refused', async () => {
    const pieces: Buffer[] = []
    for await (const piece of wrapStructured([noiseOf(60)], 100)) pieces.push(piece)
    expect(Buffer.concat(pieces).length).toBeLessThan(structuredLength(100))
    expect(() => unwrapStructured(Buffer.concat(pieces), 100)).toThrow(/not a complete message/)
  })

  it.each([1, 7, 64])('is taken apart as it comes, %i bytes at a time', async (step) => {
    const content = noiseOf(1000)
    const message = await wrap(content)
    const reader = new StructuredReader()
    for (let at = 0; at < message.length; at += step) reader.update(message.subarray(at, at + step))
    const { pieces, bytes, checksum } = reader.end(1000)
    expect(Buffer.concat(pieces)).toEqual(content)
    expect([bytes, checksum]).toEqual([1000, crc64(content)])
    expect(() => reader.update(Buffer.from('x'))).toThrow(/stands behind/)
  })

  it('goes on piece by piece, and keeps none of them', async () => {
    const chunks = [noiseOf(1000), noiseOf(2000)]
    const pieces: Buffer[] = []
    for await (const piece of wrapStructured(chunks, 3000)) pieces.push(piece)
    for (const chunk of chunks)
      expect(pieces.some((piece) => piece.buffer === chunk.buffer && piece.length === chunk.length)).toBe(
        true,
      )
  })

  it('that was changed, cut off, or says another length is refused', async () => {
    const message = await wrap(noiseOf(100))
    const changed = (at: number) => {
      const other = Buffer.from(message)
      other[at] = (other[at] as number) ^ 1
      return other
    }
    expect(() => unwrapStructured(changed(50), 100)).toThrow(/did not match/)
    expect(() => unwrapStructured(changed(message.length - 1), 100)).toThrow(/did not match/)
    for (const at of [0, 1, 9, 11, 13, 15])
      expect(() => unwrapStructured(changed(at), 100)).toThrow(/not a complete message|did not match/)
    expect(() => unwrapStructured(message.subarray(0, -1), 100)).toThrow(/not a complete message/)
    expect(() => unwrapStructured(message, 99)).toThrow(/says 99/)
  })
})
