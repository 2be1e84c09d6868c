/** The type system of AMQP 1.0 (OASIS, part 1), as far as bytes must be walked without being decoded. */

/** The bytes are not what AMQP's types allow. */
export class MalformedAmqpError extends Error {
  override readonly name = 'MalformedAmqpError'
}

/** Deeper nesting than any client sends. */
const MAX_DEPTH = 12
/** Values of no width (null, true, …) cost no byte each, so an array of them could claim any number. */
const MAX_EMPTY_ITEMS = 64

const CUT_OFF = 'it ends in the middle of a value'

/** All constructors there are (part 1, 1.6). Lists and maps: 0xc0, 0xc1, 0xd0, 0xd1, and 0x45, the empty list. */
const TYPES = new Set([
  0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x60, 0x61, 0x70, 0x71, 0x72,
  0x73, 0x74, 0x80, 0x81, 0x82, 0x83, 0x84, 0x94, 0x98, 0xa0, 0xa1, 0xa3, 0xb0, 0xb1, 0xb3, 0xc0, 0xc1, 0xd0,
  0xd1, 0xe0, 0xf0,
])

/** By the constructor's code (part 1, 1.6.22). */
export const isList = (code: number | undefined) => code === 0x45 || code === 0xc0 || code === 0xd0
/** By the constructor's code (part 1, 1.6.23). */
export const isMap = (code: number | undefined) => code === 0xc1 || code === 0xd1
/** By the constructor's code (part 1, 1.6.19). */
export const isBinary = (code: number | undefined) => code === 0xa0 || code === 0xb0

/** Length of a value behind its constructor, by the constructor's upper half; undefined: told by a size of that width. */
const FIXED_WIDTH: Readonly<Record<number, number>> = { 4: 0, 5: 1, 6: 2, 7: 4, 8: 8, 9: 16 }

function sizeAt(bytes: Buffer, offset: number, width: 1 | 4): number {
  if (offset + width > bytes.length) throw new MalformedAmqpError(CUT_OFF)
  return width === 1 ? (bytes[offset] as number) : bytes.readUInt32BE(offset)
}

/** Constructors 0xa…, 0xc…, 0xe… have sizes and counts of one byte, 0xb…, 0xd…, 0xf… of four. */
const sizeWidth = (kind: number): 1 | 4 => (kind % 2 === 0 ? 1 : 4)

/**
 * End of the value that starts at `offset`. What is inside of a list, map or array is not looked at.
 * @throws MalformedAmqpError
 */
export function endOfValue(bytes: Buffer, offset: number): number {
  const code = bytes[offset]
  if (code === undefined) throw new MalformedAmqpError(CUT_OFF)
  if (code === 0x00) return endOfValue(bytes, endOfValue(bytes, offset + 1))
  return endBehind(bytes, offset + 1, code)
}

function endBehind(bytes: Buffer, offset: number, code: number): number {
  if (!TYPES.has(code)) throw new MalformedAmqpError(`0x${code.toString(16)} is not a type`)
  const kind = code >> 4
  const fixed = FIXED_WIDTH[kind]
  const width = sizeWidth(kind)
  const end = fixed === undefined ? offset + width + sizeAt(bytes, offset, width) : offset + fixed
  if (end > bytes.length) throw new MalformedAmqpError(CUT_OFF)
  return end
}

/**
 * End of the value that starts at `offset`, all of it checked: sizes, counts, nesting. A value that passes can be decoded
 * in time and memory that follow its length.
 * @throws MalformedAmqpError
 */
export function checkValue(bytes: Buffer, offset: number, depth = 0): number {
  if (depth > MAX_DEPTH) throw new MalformedAmqpError('values are nested too deeply')
  const code = bytes[offset]
  if (code === 0x00) return checkValue(bytes, checkValue(bytes, offset + 1, depth + 1), depth + 1)
  const end = endOfValue(bytes, offset)
  const kind = (code as number) >> 4
  if (kind < 0xc) return end
  const width = sizeWidth(kind)
  const count = sizeAt(bytes, offset + 1 + width, width)
  if (isMap(code) && count % 2 !== 0) throw new MalformedAmqpError('a map has a key without a value')
  const first = offset + 1 + 2 * width
  const last =
    kind < 0xe ? checkItems(bytes, first, count, end, depth) : checkArray(bytes, first, count, end, depth)
  if (last !== end) throw new MalformedAmqpError('the items of a value do not fill its size')
  return end
}

function checkItems(bytes: Buffer, first: number, count: number, end: number, depth: number): number {
  let offset = first
  // Each item has at least one byte, so the end of the value bounds the loop whatever the count claims.
  for (let item = 0; item < count; item++) {
    if (offset >= end) throw new MalformedAmqpError('a value has fewer items than it says')
    offset = checkValue(bytes, offset, depth + 1)
  }
  return offset
}

function checkArray(bytes: Buffer, first: number, count: number, end: number, depth: number): number {
  let offset = first
  while (bytes[offset] === 0x00) offset = checkValue(bytes, offset + 1, depth + 1)
  const code = bytes[offset]
  if (code === undefined || offset >= end) throw new MalformedAmqpError(CUT_OFF)
  const kind = code >> 4
  if (kind === 0x4 && count > MAX_EMPTY_ITEMS) throw new MalformedAmqpError('an array of nothing is too long')
  if (kind > 0xb) throw new MalformedAmqpError('arrays of lists, maps or arrays are not supported')
  offset++
  for (let item = 0; item < count; item++) {
    if (offset > end) throw new MalformedAmqpError('a value has fewer items than it says')
    offset = endBehind(bytes, offset, code)
  }
  return offset
}

/**
 * Where the value begins that a number describes: 0x00, a small (0x53) or wide (0x80) ulong, the value. So do the sections of
 * messages and the performatives of frames.
 * @throws MalformedAmqpError
 */
export function describedValue(bytes: Buffer, start: number): number {
  if (bytes[start] === 0x00 && bytes[start + 1] === 0x53 && start + 3 < bytes.length) return start + 3
  // No kind has a number beyond one byte; a higher one must not pass for the one that its last byte says.
  if (bytes[start] === 0x00 && bytes[start + 1] === 0x80 && start + 10 < bytes.length)
    if (bytes.readUIntBE(start + 2, 6) === 0 && bytes[start + 8] === 0) return start + 10
  throw new MalformedAmqpError('nothing tells what a value is')
}

/** Content of a string, symbol or binary value; undefined for any other type. */
export function contentOf(bytes: Buffer, offset: number): Buffer | undefined {
  const kind = (bytes[offset] ?? 0) >> 4
  if (kind !== 0xa && kind !== 0xb) return undefined
  return bytes.subarray(offset + 1 + sizeWidth(kind), endOfValue(bytes, offset))
}

/** One entry, by places in the bytes. */
export interface MapEntry {
  name: string
  /** Offsets of the key, of the value, and behind the value. */
  key: number
  value: number
  end: number
}

/** Entries of a map whose keys are strings or symbols; nothing for any other value. */
export function* mapEntries(bytes: Buffer, map: number): Generator<MapEntry> {
  const code = bytes[map]
  if (!isMap(code)) return
  const last = endOfValue(bytes, map)
  let key = map + (code === 0xc1 ? 3 : 9)
  while (key < last) {
    const value = endOfValue(bytes, key)
    const end = endOfValue(bytes, value)
    yield { name: contentOf(bytes, key)?.toString('utf8') ?? '', key, value, end }
    key = end
  }
}

/** An integer of 32 bits or fewer, or one of 64 that is safe; undefined for any other value. */
export function intOf(bytes: Buffer, offset: number): number | undefined {
  const at = offset + 1
  switch (bytes[offset]) {
    case 0x43:
    case 0x44:
      return 0
    case 0x50:
    case 0x52:
    case 0x53:
      return bytes.readUInt8(at)
    case 0x51:
    case 0x54:
    case 0x55:
      return bytes.readInt8(at)
    case 0x60:
      return bytes.readUInt16BE(at)
    case 0x61:
      return bytes.readInt16BE(at)
    case 0x70:
      return bytes.readUInt32BE(at)
    case 0x71:
      return bytes.readInt32BE(at)
    case 0x80:
    case 0x81:
      return Number(bytes.readBigInt64BE(at))
    default:
      return undefined
  }
}
