/** CRC-64/NVME, the checksum of Storage's `x-ms-content-crc64` and of structured bodies. */
import { type Crc64Code, crc64Code, PAGE_BYTES, PAGES, ROW_BYTES, STEP } from './crc64-code.ts'

/** The polynomial, reflected. */
const POLYNOMIAL = 0x9a6c9329ac4bc9b5n
const ALL_ONES = (1n << 64n) - 1n

/** Behind the tables, up to the memory's end. */
const WINDOW = STEP * ROW_BYTES
const WINDOW_BYTES = PAGES * PAGE_BYTES - WINDOW

/** Made when the first checksum is: a start needs none. */
let engine: { run: Crc64Code['run']; window: Uint8Array } | undefined

function madeEngine() {
  const { memory, run } = crc64Code()
  const table = new BigUint64Array(memory.buffer, 0, STEP * 256)
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte)
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ POLYNOMIAL : value >> 1n
    table[byte] = value
  }
  for (let index = 256; index < table.length; index++) {
    const before = table[index - 256] as bigint
    table[index] = (before >> 8n) ^ (table[Number(before & 255n)] as bigint)
  }
  return { run, window: new Uint8Array(memory.buffer, WINDOW) }
}

/** Of content that comes in pieces. */
export class Crc64 {
  #value = ALL_ONES

  update(data: Uint8Array): this {
    engine ??= madeEngine()
    const { run, window } = engine
    for (let at = 0; at < data.length; at += WINDOW_BYTES) {
      const piece = data.subarray(at, at + WINDOW_BYTES)
      window.set(piece)
      this.#value = run(WINDOW, WINDOW + piece.length, this.#value)
    }
    return this
  }

  /** Eight bytes, little-endian: their base64 is what headers carry. */
  digest(): Buffer {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(BigInt.asUintN(64, ~this.#value))
    return bytes
  }
}

/** Of content that is there whole; eight bytes, as {@link Crc64.digest} gives them. */
export const crc64 = (data: Uint8Array): Buffer => new Crc64().update(data).digest()

/** @returns the checksum of two pieces in a row. @param secondLength bytes of the second. */
export function joinCrc64(first: Buffer, second: Buffer, secondLength: number): Buffer {
  const bytes = Buffer.alloc(8)
  const shifted = multiply(powerOfX(BigInt(secondLength) * 8n), first.readBigUInt64LE())
  bytes.writeBigUInt64LE(shifted ^ second.readBigUInt64LE())
  return bytes
}

/** Product of two polynomials modulo the checksum's; the highest bit is x⁰. */
function multiply(a: bigint, b: bigint): bigint {
  let [product, factor] = [0n, b]
  for (let bit = 1n << 63n; bit !== 0n; bit >>= 1n) {
    if (a & bit) product ^= factor
    factor = factor & 1n ? (factor >> 1n) ^ POLYNOMIAL : factor >> 1n
  }
  return product
}

function powerOfX(exponent: bigint): bigint {
  let [result, square] = [1n << 63n, 1n << 62n]
  for (let left = exponent; left !== 0n; left >>= 1n) {
    if (left & 1n) result = multiply(result, square)
    square = multiply(square, square)
  }
  return result
}
