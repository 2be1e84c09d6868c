/**
 * The loop of CRC-64 in WebAssembly, assembled here: it has whole 64-bit words, which JavaScript has not. Sixteen bytes at a step, with a
 * table for each (W3C WebAssembly Core, 5: Binary Format).
 */

/** Bytes at a step, and tables: row `n` holds what a byte adds that is followed by `n` others. */
export const STEP = 16
/** 256 numbers of eight bytes. */
export const ROW_BYTES = 2048
/** Of the memory: the tables, and behind them the window through which data passes. */
export const PAGES = 2
/** Of a page of WebAssembly's memory. */
export const PAGE_BYTES = 65_536

/** The assembled module's exports. */
export interface Crc64Code {
  memory: { buffer: ArrayBuffer }
  /** @param from @param end in the memory. @returns the value behind these bytes. */
  run(from: number, end: number, value: bigint): bigint
}

/** What is used of it: Node's types leave it to a browser's. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { exports: unknown }
}

const [I32, I64] = [0x7f, 0x7e]
const BLOCK = [0x02, 0x40]
const LOOP = [0x03, 0x40]
const END = [0x0b]
/** Out of the block around the loop. */
const LEAVE_IF = [0x0d, 1]
const AGAIN = [0x0c, 0]
const [GREATER, NOT_LESS, ADD32, XOR32, AND32] = [[0x4b], [0x4f], [0x6a], [0x73], [0x71]]
const [SHIFT_LEFT32, SHIFT_LEFT, SHIFT_RIGHT, XOR, LOW_HALF] = [[0x74], [0x86], [0x88], [0x85], [0xa7]]

/** Parameters and variables. */
const [AT, LAST, VALUE, FIRST_WORD, SECOND_WORD] = [0, 1, 2, 3, 4]
const get = (variable: number) => [0x20, variable]
const set = (variable: number) => [0x21, variable]
const word32 = (value: number) => [0x41, ...signed(value)]
const word64 = (value: number) => [0x42, ...signed(value)]
const loadWord = (offset: number) => [0x29, 3, ...unsigned(offset)]
const LOAD_BYTE = [0x2d, 0, 0]
const advance = (bytes: number) => [...get(AT), ...word32(bytes), ...ADD32, ...set(AT)]

/** What byte `index` of a word adds. */
const looked = (word: number, index: number, row: number) => [
  ...get(word),
  // The byte, times eight: where its number is in the row.
  ...(index === 0 ? [...word64(3), ...SHIFT_LEFT] : [...word64(index * 8 - 3), ...SHIFT_RIGHT]),
  ...[...LOW_HALF, ...word32(0xff << 3), ...AND32, ...loadWord(row * ROW_BYTES)],
]

function loops(): number[] {
  const lookups = [FIRST_WORD, SECOND_WORD].flatMap((word) =>
    Array.from({ length: 8 }, (_, index) => looked(word, index, STEP - 1 - (word - FIRST_WORD) * 8 - index)),
  )
  const steps = [
    ...[...get(AT), ...word32(STEP), ...ADD32, ...get(LAST), ...GREATER, ...LEAVE_IF],
    ...[...get(AT), ...loadWord(0), ...get(VALUE), ...XOR, ...set(FIRST_WORD)],
    ...[...get(AT), ...loadWord(8), ...set(SECOND_WORD)],
    ...lookups.flatMap((one, index) => (index === 0 ? one : [...one, ...XOR])),
    ...[...set(VALUE), ...advance(STEP), ...AGAIN],
  ]
  const bytes = [
    ...[...get(AT), ...get(LAST), ...NOT_LESS, ...LEAVE_IF],
    ...[...get(VALUE), ...word64(8), ...SHIFT_RIGHT],
    ...[...get(VALUE), ...LOW_HALF, ...get(AT), ...LOAD_BYTE, ...XOR32, ...word32(0xff), ...AND32],
    ...[...word32(3), ...SHIFT_LEFT32, ...loadWord(0), ...XOR, ...set(VALUE)],
    ...[...advance(1), ...AGAIN],
  ]
  const loop = (body: number[]) => [...BLOCK, ...LOOP, ...body, ...END, ...END]
  return [...loop(steps), ...loop(bytes), ...get(VALUE)]
}

/** A memory of {@link PAGES}, empty, and the function that reads it. */
export function crc64Code(): Crc64Code {
  const code = [...vector([[2, I64]]), ...loops(), ...END]
  const name = (text: string) => [text.length, ...Buffer.from(text)]
  const sections = [
    section(1, [[0x60, ...vector([[I32], [I32], [I64]]), ...vector([[I64]])]]),
    section(3, [[0]]),
    section(5, [[0, PAGES]]),
    section(7, [
      [...name('memory'), 2, 0],
      [...name('run'), 0, 0],
    ]),
    section(10, [[...unsigned(code.length), ...code]]),
  ]
  const module = new WebAssembly.Module(
    new Uint8Array([0, ...Buffer.from('asm'), 1, 0, 0, 0, ...sections.flat()]),
  )
  return new WebAssembly.Instance(module).exports as Crc64Code
}

const vector = (items: number[][]) => [...unsigned(items.length), ...items.flat()]

function section(id: number, items: number[][]): number[] {
  const body = vector(items)
  return [id, ...unsigned(body.length), ...body]
}

/** LEB128: seven bits at a time, the lowest first; the eighth says that more follow. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]
}

/** Of numbers that are not negative: the last byte's seventh bit is the sign. */
function signed(value: number): number[] {
  return value < 64 ? [value] : [(value & 127) | 128, ...signed(value >>> 7)]
}
