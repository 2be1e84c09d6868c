/**
 * Deletion vectors: which rows of a data file are deleted. https://github.com/delta-io/delta/blob/master/PROTOCOL.md#deletion-vectors
 * The bytes are a 64-bit roaring bitmap; its 32-bit parts have the format of https://github.com/RoaringBitmap/RoaringFormatSpec
 */
import type { DeletionVector } from './actions.ts'

/** Where the bytes of a vector are. */
export type VectorPlace =
  | { kind: 'inline'; bytes: Uint8Array }
  /** `path` is relative to the table's folder, or absolute. */
  | { kind: 'file'; path: string; isAbsolute: boolean; offset: number; bytes: number }

/** @throws Error for a storage type that is not in the protocol. */
export function placeOf(vector: DeletionVector): VectorPlace {
  const { storageType, pathOrInlineDv: text } = vector
  if (storageType === 'i') return { kind: 'inline', bytes: fromBase85(text).subarray(0, vector.sizeInBytes) }
  const at = { kind: 'file' as const, offset: Number(vector.offset ?? 0), bytes: Number(vector.sizeInBytes) }
  if (storageType === 'p') return { ...at, path: text, isAbsolute: true }
  if (storageType !== 'u') throw new Error(`the deletion vector's storage type ${storageType} is not known`)
  // A folder's random prefix, then the file's UUID in 20 characters.
  const prefix = text.slice(0, -20)
  const hex = [...fromBase85(text.slice(-20))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return {
    ...at,
    path: `${prefix === '' ? '' : `${prefix}/`}deletion_vector_${uuid}.bin`,
    isAbsolute: false,
  }
}

/** A vector in a file: a length, the bytes, a checksum. */
export const inFile = (part: Uint8Array, sizeInBytes: number): Uint8Array => part.subarray(4, 4 + sizeInBytes)
/** Number of bytes around a vector in its file. */
export const FRAME_BYTES = 8

const MAGIC = 1_681_511_377

/**
 * @returns the deleted rows' positions in the file, from 0, ascending.
 * @throws RangeError or Error for bytes that are not a vector.
 */
export function deletedRows(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0, true) !== MAGIC) throw new Error('the deletion vector is damaged')
  const rows: number[] = []
  const bitmaps = Number(view.getBigUint64(4, true))
  let at = 12
  for (let index = 0; index < bitmaps; index++) {
    const high = view.getUint32(at, true) * 2 ** 32
    at = readBitmap(view, at + 4, (low) => rows.push(high + low))
  }
  return rows
}

const WITH_RUNS = 12_347
const WITHOUT_RUNS = 12_346
/** With runs, bitmaps with fewer containers have no offset table. */
const NO_OFFSETS_BELOW = 4
const MOST_IN_ARRAY = 4096

/** @returns where it ends. */
function readBitmap(view: DataView, start: number, emit: (value: number) => void): number {
  const cookie = view.getUint32(start, true)
  const hasRuns = (cookie & 0xffff) === WITH_RUNS
  if (!hasRuns && cookie !== WITHOUT_RUNS) throw new Error('the deletion vector is damaged')
  let at = start + 4
  const containers = hasRuns ? (cookie >>> 16) + 1 : view.getUint32(at, true)
  if (!hasRuns) at += 4
  const runFlags = at
  if (hasRuns) at += (containers + 7) >> 3
  const headers = at
  at += containers * 4
  if (!hasRuns || containers >= NO_OFFSETS_BELOW) at += containers * 4
  for (let index = 0; index < containers; index++) {
    const high = view.getUint16(headers + index * 4, true) * 65_536
    const cardinality = view.getUint16(headers + index * 4 + 2, true) + 1
    const isRuns = hasRuns && ((view.getUint8(runFlags + (index >> 3)) >> (index & 7)) & 1) === 1
    if (isRuns) at = readRuns(view, at, (low) => emit(high + low))
    else if (cardinality <= MOST_IN_ARRAY) {
      for (let one = 0; one < cardinality; one++, at += 2) emit(high + view.getUint16(at, true))
    } else {
      for (let byte = 0; byte < 8192; byte++)
        for (let bits = view.getUint8(at + byte), bit = 0; bits !== 0; bits >>= 1, bit++)
          if (bits & 1) emit(high + byte * 8 + bit)
      at += 8192
    }
  }
  return at
}

function readRuns(view: DataView, start: number, emit: (low: number) => void): number {
  const runs = view.getUint16(start, true)
  let at = start + 2
  for (let run = 0; run < runs; run++, at += 4) {
    const first = view.getUint16(at, true)
    const length = view.getUint16(at + 2, true)
    for (let one = 0; one <= length; one++) emit(first + one)
  }
  return at
}

/** ZeroMQ's Base85: https://rfc.zeromq.org/spec/32/ */
const BASE85 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'

function fromBase85(text: string): Uint8Array {
  const bytes = new Uint8Array((text.length / 5) * 4)
  const view = new DataView(bytes.buffer)
  for (let at = 0; at + 5 <= text.length; at += 5) {
    let value = 0
    for (const character of text.slice(at, at + 5)) {
      const digit = BASE85.indexOf(character)
      if (digit < 0) throw new Error('the deletion vector is damaged')
      value = value * 85 + digit
    }
    view.setUint32((at / 5) * 4, value >>> 0)
  }
  return bytes
}
