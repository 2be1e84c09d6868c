/** Snappy's format (google/snappy, format_description.txt), for long texts that repeat themselves, as names of files do. */

const HASH_BITS = 14
const BLOCK = 65_536
const LEAST_MATCH = 4
const MOST_COPIED = 64

/** @returns the input, compressed; of what does not repeat itself a few bytes more than it was. */
export function compressSnappy(input: Buffer): Buffer {
  const output = Buffer.allocUnsafe(32 + input.length + Math.ceil(input.length / 6))
  let at = putLength(output, input.length)
  for (let from = 0; from < input.length; from += BLOCK)
    at = compressBlock(input, from, Math.min(input.length, from + BLOCK), output, at)
  return output.subarray(0, at)
}

function putLength(output: Buffer, length: number): number {
  let at = 0
  let left = length
  for (; left >= 0x80; left >>>= 7) output[at++] = (left & 0x7f) | 0x80
  output[at++] = left
  return at
}

/** Copies reach back within the block only, so that two bytes tell how far. */
function compressBlock(input: Buffer, from: number, to: number, output: Buffer, start: number): number {
  const places = new Uint16Array(1 << HASH_BITS)
  let at = start
  let literal = from
  for (let place = from; place + LEAST_MATCH <= to; ) {
    const word = input.readUInt32LE(place)
    const hash = Math.imul(word, 0x1e35a7bd) >>> (32 - HASH_BITS)
    const candidate = from + (places[hash] as number)
    places[hash] = place - from
    if (candidate >= place || input.readUInt32LE(candidate) !== word) {
      place += 1 + ((place - literal) >> 5)
      continue
    }
    let length = LEAST_MATCH
    while (place + length < to && input[place + length] === input[candidate + length]) length++
    at = putLiteral(input, literal, place, output, at)
    at = putCopies(place - candidate, length, output, at)
    place += length
    literal = place
  }
  return putLiteral(input, literal, to, output, at)
}

function putLiteral(input: Buffer, from: number, to: number, output: Buffer, start: number): number {
  const length = to - from
  if (length === 0) return start
  let at = start
  const tag = length - 1
  if (tag < 60) output[at++] = tag << 2
  else if (tag < 0x100) {
    output[at++] = 60 << 2
    output[at++] = tag
  } else {
    output[at++] = 61 << 2
    output[at++] = tag & 0xff
    output[at++] = tag >> 8
  }
  input.copy(output, at, from, to)
  return at + length
}

function putCopies(distance: number, length: number, output: Buffer, start: number): number {
  let at = start
  for (let left = length; left > 0; ) {
    const copied = Math.min(left, MOST_COPIED)
    output[at++] = ((copied - 1) << 2) | 2
    output[at++] = distance & 0xff
    output[at++] = distance >> 8
    left -= copied
  }
  return at
}
