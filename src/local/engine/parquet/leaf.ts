/** One column of a Parquet file, from values to the bytes of its pages. */
import { asciiOf } from '../../runtime/ascii.ts'
import { bitsFor, hybrid } from './levels.ts'
import { compressSnappy } from './snappy.ts'
import { encodeThrift, type ThriftStruct, type ThriftValue } from './thrift.ts'

/** Numbers of the format's own list (parquet.thrift, `Type`). */
export const PHYSICAL = { boolean: 0, int32: 1, int64: 2, double: 5, bytes: 6 } as const
export type Physical = keyof typeof PHYSICAL

/**
 * The values of a column that are there, in the order of the rows: texts for `bytes`, numbers or bigints for `int64`.
 */
export type LeafValues = ArrayLike<string | number | bigint | boolean>

/** A column without its rows' levels has a value in each. */
export interface Leaf {
  path: readonly string[]
  physical: Physical
  /** How many of the levels above a value may be absent, or repeated. */
  maxDefinition: number
  maxRepetition: number
  values: LeafValues
  definitions?: ArrayLike<number>
  repetitions?: ArrayLike<number>
}

/** Least and greatest value; undefined where there is none. */
export interface Bounds {
  least: string | number | bigint | undefined
  greatest: string | number | bigint | undefined
}

/** A column in the file. */
export interface WrittenLeaf extends Bounds {
  /** For the footer. */
  chunk: ThriftStruct
  bytes: number
  /** Without compression. */
  bare: number
  nulls: number
}

const ENCODINGS = { plain: 0, rle: 3, dictionary: 8 } as const
const PAGES = { data: 0, dictionary: 2 } as const
const CODECS = { none: 0, snappy: 1 } as const

/** Texts that are this long on average are compressed, if the first of them are worth it. */
const LONG_TEXT = 40
const SAMPLE_VALUES = 100
const WORTH_IT = 0.75

/** A dictionary must be this much smaller than the values, and no longer than so many. */
const DISTINCT_SHARE = 0.5
const MOST_DISTINCT = 20_000

/** Rows of a page: a large block of memory costs the process for good (commands/shared/memory.ts). */
const ROWS_OF_PAGE = 4096

/**
 * Puts a column's pages behind what is in the file.
 * @param at where in the file they begin.
 */
export function writeLeaf(leaf: Leaf, at: number, put: (bytes: Buffer) => void): WrittenLeaf {
  const { physical, values } = leaf
  const count = leaf.definitions?.length ?? values.length
  const dictionary = dictionaryOf(values)
  const pages = new Pages(put, !dictionary && isWorthIt(leaf))
  if (dictionary) pages.addDictionary(dictionary.distinct.length, plainOf(physical, dictionary.distinct))
  const dataAt = at + pages.bytes
  for (const { rows, from, to, levels } of partsOf(leaf, count)) {
    const content = dictionary
      ? placesOf(dictionary, from, to)
      : [plainOf(physical, from === 0 && to === values.length ? values : sliceOf(values, from, to))]
    pages.add(rows, Buffer.concat([...levels, ...content]))
  }
  const nulls = count - values.length
  const bounds = boundsOf(dictionary?.distinct ?? values)
  const encodings = dictionary
    ? [ENCODINGS.rle, ENCODINGS.dictionary, ENCODINGS.plain]
    : [ENCODINGS.rle, ENCODINGS.plain]
  const metadata: ThriftStruct = [
    [1, { i32: PHYSICAL[physical] }],
    [2, { list: encodings.map((i32) => ({ i32 })) }],
    [3, { list: leaf.path.map((text) => ({ text })) }],
    [4, { i32: pages.codec }],
    [5, { i64: count }],
    [6, { i64: pages.bare }],
    [7, { i64: pages.bytes }],
    [9, { i64: dataAt }],
    ...(dictionary ? ([[11, { i64: at }]] as const) : []),
    [12, { struct: statisticsOf(physical, bounds, nulls) }],
    [13, { list: pages.counts }],
  ]
  const chunk: ThriftStruct = [
    [2, { i64: at }],
    [3, { struct: metadata }],
  ]
  return { chunk, bytes: pages.bytes, bare: pages.bare, nulls, ...bounds }
}

/** What goes into one page. */
interface PagePart {
  /** Levels, which are rows where nothing is repeated. */
  rows: number
  /** The values, end excluded. */
  from: number
  to: number
  levels: Buffer[]
}

/** A column with lists is one page, since a page begins with a row. */
function* partsOf({ definitions, repetitions, maxDefinition, maxRepetition, values }: Leaf, count: number) {
  const most = maxRepetition > 0 ? Math.max(1, count) : ROWS_OF_PAGE
  let from = 0
  for (let row = 0; row === 0 || row < count; row += most) {
    const rows = Math.min(most, count - row)
    const defined = definitions && sliceOf(definitions, row, row + rows)
    const to = defined ? from + countOf(defined, maxDefinition) : Math.min(values.length, from + rows)
    const repeated = repetitions && sliceOf(repetitions, row, row + rows)
    const levels = [...levelsOf(repeated, rows, maxRepetition), ...levelsOf(defined, rows, maxDefinition)]
    yield { rows, from, to, levels } satisfies PagePart
    from = to
  }
}

const sliceOf = <T>(values: ArrayLike<T>, from: number, to: number): ArrayLike<T> =>
  Array.isArray(values)
    ? values.slice(from, to)
    : ((values as unknown as Uint8Array).subarray(from, to) as never)

function countOf(values: ArrayLike<number>, wanted: number): number {
  let count = 0
  for (let index = 0; index < values.length; index++) if (values[index] === wanted) count++
  return count
}

const pageCount = (type: number, encoding: number, count: number): ThriftValue => ({
  struct: [
    [1, { i32: type }],
    [2, { i32: encoding }],
    [3, { i32: count }],
  ],
})

/** Pages of a column, each behind its header. */
class Pages {
  readonly #put: (bytes: Buffer) => void
  readonly #isCompressed: boolean
  /** As they stand in the file, and without compression; headers too. */
  bytes = 0
  bare = 0
  #dataPages = 0
  #hasDictionary = false

  constructor(put: (bytes: Buffer) => void, isCompressed: boolean) {
    this.#put = put
    this.#isCompressed = isCompressed
  }

  get #encoding(): number {
    return this.#hasDictionary ? ENCODINGS.dictionary : ENCODINGS.plain
  }

  get codec(): number {
    return this.#isCompressed ? CODECS.snappy : CODECS.none
  }

  /**
   * How many pages there are of a kind and encoding: by this alone a reader knows that all of a column is in its dictionary, and takes that as
   * it is (Power BI's Direct Lake: duckdb/duckdb#24956; rewriters in Java: #12892).
   */
  get counts(): ThriftValue[] {
    return [
      ...(this.#hasDictionary ? [pageCount(PAGES.dictionary, ENCODINGS.plain, 1)] : []),
      pageCount(PAGES.data, this.#encoding, this.#dataPages),
    ]
  }

  addDictionary(count: number, content: Buffer): void {
    this.#hasDictionary = true
    const about: ThriftStruct = [
      [1, { i32: count }],
      [2, { i32: ENCODINGS.plain }],
    ]
    this.#add(PAGES.dictionary, 7, about, content)
  }

  add(rows: number, content: Buffer): void {
    this.#dataPages++
    const about: ThriftStruct = [
      [1, { i32: rows }],
      [2, { i32: this.#encoding }],
      [3, { i32: ENCODINGS.rle }],
      [4, { i32: ENCODINGS.rle }],
    ]
    this.#add(PAGES.data, 5, about, content)
  }

  #add(type: number, field: number, about: ThriftStruct, content: Buffer): void {
    const stored = this.#isCompressed ? compressSnappy(content) : content
    const head = encodeThrift([
      [1, { i32: type }],
      [2, { i32: content.length }],
      [3, { i32: stored.length }],
      [field, { struct: about }],
    ])
    this.#put(head)
    this.#put(stored)
    this.bytes += head.length + stored.length
    this.bare += head.length + content.length
  }
}

function isWorthIt({ physical, values }: Leaf): boolean {
  if (physical !== 'bytes' || values.length === 0) return false
  const first = sliceOf(values, 0, SAMPLE_VALUES)
  const sample = plainOf(physical, first)
  return sample.length >= LONG_TEXT * first.length && compressSnappy(sample).length < sample.length * WORTH_IT
}

interface Dictionary {
  distinct: (string | number | bigint)[]
  places: Uint32Array
}

/** @returns undefined when there are too many different values, or none. */
function dictionaryOf(values: LeafValues): Dictionary | undefined {
  if (values.length < 2 || typeof values[0] === 'boolean') return undefined
  const most = Math.min(MOST_DISTINCT, values.length * DISTINCT_SHARE)
  const found = new Map<unknown, number>()
  const places = new Uint32Array(values.length)
  let last: unknown
  let lastPlace = 0
  for (let index = 0; index < values.length; index++) {
    const value = values[index]
    // A map has one place for 0 and -0.
    if (Object.is(value, -0)) return undefined
    // Neighbours are often the same.
    if (index > 0 && value === last) {
      places[index] = lastPlace
      continue
    }
    let place = found.get(value)
    if (place === undefined) {
      place = found.size
      if (place >= most || isHopeless(place, index)) return undefined
      found.set(value, place)
    }
    places[index] = place
    last = value
    lastPlace = place
  }
  return { distinct: [...found.keys()] as Dictionary['distinct'], places }
}

/** Nearly all values so far were new ones. */
const isHopeless = (distinct: number, seen: number) => seen > 200 && distinct > seen * 0.9

/** As they stand in a data page: the bits of a place, then the places. */
function placesOf({ distinct, places }: Dictionary, from: number, to: number): Buffer[] {
  const bits = Math.max(1, bitsFor(distinct.length - 1))
  return [Buffer.of(bits), hybrid(places.subarray(from, to), bits)]
}

function levelsOf(levels: ArrayLike<number> | undefined, count: number, greatest: number): Buffer[] {
  if (greatest === 0) return []
  const bits = bitsFor(greatest)
  const bytes = hybrid(levels ?? new Uint8Array(count).fill(greatest), bits)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  return [length, bytes]
}

const TWO_32 = 2 ** 32

/** @returns the values one behind the other, little-endian; texts behind their lengths. */
function plainOf(physical: Physical, values: LeafValues): Buffer {
  if (physical === 'bytes') return plainTexts(values as ArrayLike<string>)
  if (physical === 'int32') return bytesOf(Int32Array.from(values as ArrayLike<number>))
  if (physical === 'double') return bytesOf(Float64Array.from(values as ArrayLike<number>))
  if (physical === 'boolean') return plainBooleans(values as ArrayLike<boolean>)
  if (values instanceof BigInt64Array) return bytesOf(values)
  const halves = new Int32Array(values.length * 2)
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number | bigint
    if (typeof value === 'bigint') return bytesOf(BigInt64Array.from(values as ArrayLike<bigint>, BigInt))
    halves[index * 2] = (value % TWO_32) | 0
    halves[index * 2 + 1] = Math.floor(value / TWO_32)
  }
  return bytesOf(halves)
}

const bytesOf = ({ buffer, byteOffset, byteLength }: NodeJS.TypedArray) =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)

function plainBooleans(values: ArrayLike<boolean>): Buffer {
  const bytes = Buffer.alloc(Math.ceil(values.length / 8))
  for (let index = 0; index < values.length; index++)
    if (values[index]) bytes[index >> 3] = (bytes[index >> 3] as number) | (1 << (index & 7))
  return bytes
}

function plainTexts(values: ArrayLike<string>): Buffer {
  const ofOneLength = plainTextsOfOneLength(values)
  if (ofOneLength) return ofOneLength
  let most = 0
  for (let index = 0; index < values.length; index++) most += 4 + 3 * (values[index] as string).length
  const bytes = Buffer.allocUnsafe(most)
  let at = 0
  for (let index = 0; index < values.length; index++) {
    const text = values[index] as string
    const written = putAscii(bytes, text, at + 4) ?? bytes.write(text, at + 4)
    bytes.writeUInt32LE(written, at)
    at += 4 + written
  }
  return bytes.subarray(0, at)
}

/** Longer lengths are no ASCII themselves. */
const LONGEST_OF_ONE_LENGTH = 0x7f

/** Of ASCII and one length, as ids are: joined by V8, each behind its length, they take a tenth of the time. @returns undefined for any others. */
function plainTextsOfOneLength(values: ArrayLike<string>): Buffer | undefined {
  const length = values[0]?.length ?? 0
  if (length === 0 || length > LONGEST_OF_ONE_LENGTH || !Array.isArray(values)) return undefined
  for (let index = 0; index < values.length; index++)
    if ((values[index] as string).length !== length) return undefined
  const prefix = String.fromCharCode(length, 0, 0, 0)
  return asciiOf(prefix + values.join(prefix))
}

/** Short texts of ASCII by hand: a call of the encoder costs more than they do. @returns undefined for any other. */
function putAscii(bytes: Buffer, text: string, at: number): number | undefined {
  if (text.length > 64) return undefined
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code > 0x7f) return undefined
    bytes[at + index] = code
  }
  return text.length
}

/** Texts by their bytes, as the format has it; NaN counts for nothing. Each kind has a loop of its own, which V8 compiles for that kind. */
function boundsOf(values: LeafValues): Bounds {
  const kind = typeof values[0]
  if (kind === 'string') return boundsOfTexts(values as ArrayLike<string>)
  if (kind === 'boolean' || kind === 'undefined') return { least: undefined, greatest: undefined }
  return boundsOfNumbers(values as ArrayLike<number>)
}

function boundsOfTexts(values: ArrayLike<string>): Bounds {
  let least = values[0] as string
  let greatest = least
  let [lowest, highest] = [beginning(least), beginning(least)]
  for (let index = 1; index < values.length; index++) {
    const text = values[index] as string
    // Nearly always decides: each look at a piece of a line is a call.
    const first = beginning(text)
    if (first > lowest && first < highest) continue
    if (compareTexts(text, least) < 0) [least, lowest] = [text, first]
    else if (compareTexts(text, greatest) > 0) [greatest, highest] = [text, first]
  }
  return { least, greatest }
}

/** Of the first character; an empty text is before all others. */
const beginning = (text: string) => (text === '' ? -1 : inUtf8(text.charCodeAt(0)))

/** @param values numbers, bigints, or both. */
function boundsOfNumbers(values: ArrayLike<number>): Bounds {
  let least: number | undefined
  let greatest: number | undefined
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number
    if (least === undefined || greatest === undefined) {
      if (!Number.isNaN(value)) least = greatest = value
    } else if (value < least) least = value
    else if (value > greatest) greatest = value
  }
  return { least, greatest }
}

/** By their bytes in UTF-8. */
export function compareTexts(one: string, other: string): number {
  const length = Math.min(one.length, other.length)
  for (let at = 0; at < length; at++) {
    const [a, b] = [one.charCodeAt(at), other.charCodeAt(at)]
    if (a !== b) return inUtf8(a) - inUtf8(b)
  }
  return one.length - other.length
}

/** Half of a pair stands for a character behind all of the others. */
const inUtf8 = (code: number) => (code >= 0xd800 && code < 0xe000 ? code + 0x10000 : code)

/** Longer texts are left out: nobody needs them to find a file. */
const LONGEST_BOUND = 64

function statisticsOf(physical: Physical, { least, greatest }: Bounds, nulls: number): ThriftStruct {
  const isShort = (text: unknown) => typeof text !== 'string' || text.length <= LONGEST_BOUND
  const known = least !== undefined && greatest !== undefined && isShort(least) && isShort(greatest)
  const bytes = (value: unknown) =>
    typeof value === 'string' ? Buffer.from(value) : plainOf(physical, [value] as ArrayLike<number>)
  // 0 and -0 are equal, and readers take a column for a constant whose bounds are the same: the format has -0 for a least 0, and 0 for a greatest one.
  const [low, high] = physical === 'double' ? [least || -0, greatest || 0] : [least, greatest]
  return [
    [3, { i64: nulls }],
    ...(known
      ? ([
          [5, { text: bytes(high) }],
          [6, { text: bytes(low) }],
        ] as const)
      : []),
  ]
}
