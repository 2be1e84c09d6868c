/** Thrift's compact protocol, as far as the metadata of a Parquet file needs it (apache/thrift, thrift-compact-protocol.md). */

/** A value of a struct's field. */
export type ThriftValue =
  | { i32: number }
  | { i64: number }
  | { i8: number }
  | { bool: boolean }
  | { text: string | Uint8Array }
  | { struct: ThriftStruct }
  | { list: readonly ThriftValue[] }

/** By field number, ascending. */
export type ThriftStruct = readonly (readonly [field: number, value: ThriftValue])[]

const TYPES = { true: 1, false: 2, i8: 3, i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const

/** From this length on a list says it in a number of its own. */
const LONG_LIST = 15
/** Field numbers that are no further apart share a byte with the type. */
const NEAR = 15

/** @returns the bytes of a struct. */
export function encodeThrift(struct: ThriftStruct): Buffer {
  const out: number[] = []
  putStruct(out, struct)
  return Buffer.from(out)
}

function putStruct(out: number[], struct: ThriftStruct): void {
  let last = 0
  for (const [field, value] of struct) {
    const type = 'bool' in value ? (value.bool ? TYPES.true : TYPES.false) : typeOf(value)
    const step = field - last
    if (step <= NEAR) out.push((step << 4) | type)
    else {
      out.push(type)
      putZigzag(out, field)
    }
    if (!('bool' in value)) putValue(out, value)
    last = field
  }
  out.push(0)
}

function putValue(out: number[], value: ThriftValue): void {
  if ('i32' in value) putZigzag(out, value.i32)
  else if ('i64' in value) putZigzag(out, value.i64)
  else if ('i8' in value) out.push(value.i8 & 0xff)
  else if ('bool' in value) out.push(value.bool ? TYPES.true : TYPES.false)
  else if ('struct' in value) putStruct(out, value.struct)
  else if ('text' in value) {
    const bytes = typeof value.text === 'string' ? Buffer.from(value.text) : value.text
    putVarint(out, bytes.length)
    for (const byte of bytes) out.push(byte)
  } else putList(out, value.list)
}

function putList(out: number[], list: readonly ThriftValue[]): void {
  const [first] = list
  const type = first ? typeOf(first) : TYPES.struct
  if (list.length < LONG_LIST) out.push((list.length << 4) | type)
  else {
    out.push(0xf0 | type)
    putVarint(out, list.length)
  }
  for (const one of list) putValue(out, one)
}

function typeOf(value: ThriftValue): number {
  if ('i32' in value) return TYPES.i32
  if ('i64' in value) return TYPES.i64
  if ('i8' in value) return TYPES.i8
  if ('bool' in value) return TYPES.true
  if ('text' in value) return TYPES.binary
  return 'struct' in value ? TYPES.struct : TYPES.list
}

/** Whole numbers up to 2^52 in absolute value. */
const putZigzag = (out: number[], value: number) => putVarint(out, value < 0 ? -2 * value - 1 : 2 * value)

/** Seven bits a byte, the lowest first. */
export function putVarint(out: number[], value: number): void {
  let left = value
  while (left >= 0x80) {
    out.push((left % 0x80) | 0x80)
    left = Math.floor(left / 0x80)
  }
  out.push(left)
}
