/**
 * Which partition a key belongs to: Bob Jenkins' lookup3 over the key's UTF-8 bytes, folded to 16 bits, as the Event Hubs
 * clients compute it in their buffered producers. Hub and producer share it, so a key lands on one partition either way.
 */
export function partitionOf(partitionKey: string, partitionCount: number): number {
  const { b, c } = lookup3(Buffer.from(partitionKey, 'utf8'))
  const folded = ((c ^ b) << 16) >> 16
  return Math.abs(folded % partitionCount)
}

const rotate = (value: number, bits: number) => (value << bits) | (value >>> (32 - bits))

/** Reads up to four bytes, little-endian; bytes beyond the end count as 0. */
function word(data: Buffer, offset: number): number {
  let value = 0
  for (let index = Math.min(offset + 3, data.length - 1); index >= offset; index--)
    value = (value << 8) | (data[index] as number)
  return value
}

function lookup3(data: Buffer): { b: number; c: number } {
  let a = (0xdeadbeef + data.length) | 0
  let b = a
  let c = a
  let offset = 0
  while (data.length - offset > 12) {
    a = (a + word(data, offset)) | 0
    b = (b + word(data, offset + 4)) | 0
    c = (c + word(data, offset + 8)) | 0
    a = (a - c) ^ rotate(c, 4)
    c = (c + b) | 0
    b = (b - a) ^ rotate(a, 6)
    a = (a + c) | 0
    c = (c - b) ^ rotate(b, 8)
    b = (b + a) | 0
    a = (a - c) ^ rotate(c, 16)
    c = (c + b) | 0
    b = (b - a) ^ rotate(a, 19)
    a = (a + c) | 0
    c = (c - b) ^ rotate(b, 4)
    b = (b + a) | 0
    offset += 12
  }
  if (offset === data.length) return { b, c }
  a = (a + word(data, offset)) | 0
  b = (b + word(data, offset + 4)) | 0
  c = (c + word(data, offset + 8)) | 0
  c = (c ^ b) - rotate(b, 14)
  a = (a ^ c) - rotate(c, 11)
  b = (b ^ a) - rotate(a, 25)
  c = (c ^ b) - rotate(b, 16)
  a = (a ^ c) - rotate(c, 4)
  b = (b ^ a) - rotate(a, 14)
  c = (c ^ b) - rotate(b, 24)
  return { b, c }
}
