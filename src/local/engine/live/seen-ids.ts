/**
 * The ids of recent rows, in memory, for batches that DuckDB does not see: about 9 bytes each, by generation as in jobs/deduplication.ts, whose
 * verdict is the same. Where time does not decide a repetition for sure nothing is said, and DuckDB looks into the tables.
 */
import { createHash } from 'node:crypto'
import { DEDUPLICATION_WINDOW_MS } from '../../../contract/reading.ts'
import { asciiOf } from '../../runtime/ascii.ts'

/** Microseconds. */
const WINDOW = DEDUPLICATION_WINDOW_MS * 1000

/** Words of 32 bits that stand for an id: mixed so well that two ids have the same ones once in 2^96 pairs. */
const WORDS = 3
/** Of the open set at most so much is in use. */
const OPEN_LOAD = 0.6
const FIRST_SIZE = 1024
const IDS_PER_BUCKET = 8
const ALL = 2 ** 32

/** Enqueued times (microseconds since 1970), both included. */
export interface Times {
  earliest: number
  latest: number
}

/** Ids to look into, by their words in a list of such words. */
interface IdSet {
  readonly count: number
  has(ids: Uint32Array, at: number): boolean
}

/** A set that grows. The first word of an id is never 0. */
class OpenIds implements IdSet {
  count = 0
  #size = FIRST_SIZE
  #words = new Uint32Array(FIRST_SIZE * WORDS)

  has(ids: Uint32Array, at: number): boolean {
    return this.#words[this.#find(ids, at)] !== 0
  }

  add(ids: Uint32Array, at: number): void {
    if (this.count >= this.#size * OPEN_LOAD) this.#grow()
    this.#put(ids, at)
  }

  /** The same ids, to which none will be added. */
  packed(): IdSet {
    return new PackedIds(this.#words, this.count)
  }

  #put(ids: Uint32Array, at: number): void {
    const place = this.#find(ids, at)
    if (this.#words[place] !== 0) return
    for (let word = 0; word < WORDS; word++) this.#words[place + word] = ids[at + word] as number
    this.count++
  }

  #grow(): void {
    const words = this.#words
    this.#size *= 2
    this.#words = new Uint32Array(this.#size * WORDS)
    this.count = 0
    for (let at = 0; at < words.length; at += WORDS) if (words[at] !== 0) this.#put(words, at)
  }

  /** Where it is, or where there is room for it. */
  #find(ids: Uint32Array, at: number): number {
    const words = this.#words
    const [a, b, c] = [ids[at], ids[at + 1], ids[at + 2]] as [number, number, number]
    let place = Math.floor((a / ALL) * this.#size) * WORDS
    for (;;) {
      const first = words[place]
      if (first === 0) return place
      if (first === a && words[place + 1] === b && words[place + 2] === c) return place
      place += WORDS
      if (place === words.length) place = 0
    }
  }
}

/**
 * A set that does not change: by buckets, which the first word tells, two words each. So an id that is not in it is taken for one of it once
 * in 2^61, however many there are.
 */
class PackedIds implements IdSet {
  readonly count: number
  readonly #buckets: number
  /** Where each bucket begins, and behind the last one its end. */
  readonly #starts: Uint32Array
  readonly #words: Uint32Array

  /** @param words of an open set, with gaps. */
  constructor(words: Uint32Array, count: number) {
    this.count = count
    this.#buckets = Math.ceil(count / IDS_PER_BUCKET)
    this.#starts = new Uint32Array(this.#buckets + 1)
    this.#words = new Uint32Array(count * 2)
    const places = this.#starts
    for (let at = 0; at < words.length; at += WORDS)
      if (words[at] !== 0) (places[this.#bucketOf(words[at] as number)] as number)++
    for (let bucket = 0, sum = 0; bucket <= this.#buckets; bucket++)
      places[bucket] = sum += places[bucket] as number
    // From the end of each bucket to its beginning, which is what its place is then.
    for (let at = 0; at < words.length; at += WORDS) {
      if (words[at] === 0) continue
      const place = --(places[this.#bucketOf(words[at] as number)] as number) * 2
      this.#words[place] = words[at + 1] as number
      this.#words[place + 1] = words[at + 2] as number
    }
  }

  has(ids: Uint32Array, at: number): boolean {
    if (this.count === 0) return false
    const bucket = this.#bucketOf(ids[at] as number)
    const end = (this.#starts[bucket + 1] as number) * 2
    for (let place = (this.#starts[bucket] as number) * 2; place < end; place += 2)
      if (this.#words[place] === ids[at + 1] && this.#words[place + 1] === ids[at + 2]) return true
    return false
  }

  #bucketOf(word: number): number {
    return Math.floor((word / ALL) * this.#buckets)
  }
}

/** Rows of a batch, as {@link WORDS} each. */
export class BatchIds {
  readonly words: Uint32Array
  readonly count: number

  /** @param isValid of each row: the verdict is part of an id, as a valid row never repeats a quarantined one. */
  constructor(eventIds: readonly string[], isValid: (row: number) => boolean) {
    this.count = eventIds.length
    this.words = new Uint32Array(Math.max(1, this.count) * WORDS)
    // One text of all: V8 gives the bytes of that in a fraction of the time that asking it for each character takes.
    const isOneLength = eventIds.every(({ length }) => length === UUID_LENGTH)
    const all = isOneLength ? asciiOf(eventIds.join('')) : undefined
    for (let row = 0; row < this.count; row++) {
      const eventId = eventIds[row] as string
      if (!(all ? readUuid(all, row * UUID_LENGTH) : isUuid(eventId))) readText(eventId)
      if (!isValid(row)) bits[3] = ~(bits[3] as number)
      this.#put(row * WORDS)
    }
  }

  #put(at: number): void {
    mixBits()
    for (let word = 0; word < WORDS; word++) this.words[at + word] = bits[word] as number
    if (this.words[at] === 0) this.words[at] = 1
  }
}

/** Where the dashes of a UUID stand. */
const DASHES = [8, 13, 18, 23]
const DASH = 45
const UUID_LENGTH = 36
/** Where its digits do. */
const DIGITS = Array.from({ length: UUID_LENGTH }, (_, place) => place).filter(
  (place) => !DASHES.includes(place),
)

/** What a byte is as a digit of a UUID in lower case; −1: none. */
const VALUES = Int8Array.from({ length: 256 }, (_, byte) =>
  byte >= 48 && byte <= 57 ? byte - 48 : byte >= 97 && byte <= 102 ? byte - 87 : -1,
)

/** The 128 bits of an id on their way. */
const bits = new Uint32Array(4)

/** A UUID in lower case is its own 128 bits. */
function readUuid(bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < DASHES.length; index++)
    if (bytes[at + (DASHES[index] as number)] !== DASH) return false
  let word = 0
  for (let index = 0; index < DIGITS.length; index++) {
    const digit = VALUES[bytes[at + (DIGITS[index] as number)] as number] as number
    if (digit < 0) return false
    word = (word << 4) | digit
    if ((index & 7) === 7) bits[index >> 3] = word
  }
  return true
}

/** As {@link readUuid}, of one text. */
function isUuid(eventId: string): boolean {
  const bytes = eventId.length === UUID_LENGTH ? asciiOf(eventId) : undefined
  return bytes !== undefined && readUuid(bytes, 0)
}

/** Any other text is its MD5. */
function readText(eventId: string): void {
  const digest = createHash('md5').update(eventId).digest()
  for (let word = 0; word < 4; word++) bits[word] = digest.readUInt32LE(word * 4)
}

/** Ids may count up, in any of their parts. The last steps of MurmurHash3 (x86, 128 bits) make each word depend on all, and lose nothing. */
function mixBits(): void {
  addUp()
  for (let word = 0; word < 4; word++) {
    let one = bits[word] as number
    one = Math.imul(one ^ (one >>> 16), 0x85ebca6b)
    one = Math.imul(one ^ (one >>> 13), 0xc2b2ae35)
    bits[word] = one ^ (one >>> 16)
  }
  addUp()
}

function addUp(): void {
  const [a, b, c, d] = bits as unknown as [number, number, number, number]
  const sum = (a + b + c + d) | 0
  bits[0] = sum
  bits[1] = b + sum
  bits[2] = c + sum
  bits[3] = d + sum
}

interface Generation extends Times {
  ids: IdSet
  /** Where its span of enqueued time began. */
  startedAt: number
}

/** How ids are kept; times are microseconds. */
export interface KeepingOfIds {
  /** Ids stay at least that long. */
  kept: number
  /** A generation is as long as that. */
  generation: number
  /** In all. */
  most: number
}

/** Of all rows since {@link coveredFrom}. */
export class SeenIds {
  readonly #keeping: KeepingOfIds
  #generations: Generation[] = []
  /** Of the last generation. */
  #open = new OpenIds()
  /** Every kept row with this enqueued time or a later one is in memory. */
  #coveredFrom: number

  constructor(keeping: KeepingOfIds, coveredFrom = Number.NEGATIVE_INFINITY) {
    this.#keeping = keeping
    this.#coveredFrom = coveredFrom
  }

  /** Rows in memory. */
  get size(): number {
    return this.#generations.reduce((sum, { ids }) => sum + ids.count, 0)
  }

  /**
   * The rows of a batch that are duplicates.
   * @returns by row whether it is one; undefined when there are none; 'unsure' when the tables must be asked.
   */
  find(batch: BatchIds, times: Times): Uint8Array | undefined | 'unsure' {
    const { earliest, latest } = times
    if (latest - earliest > WINDOW || earliest - WINDOW < this.#coveredFrom) return 'unsure'
    const isWithin = (one: Times) => latest - one.earliest <= WINDOW && one.latest - earliest <= WINDOW
    const isNear = (one: Times) => latest >= one.earliest - WINDOW && earliest <= one.latest + WINDOW
    const within = this.#generations.filter(isWithin).reverse()
    const partly = this.#generations.filter((one) => !isWithin(one) && isNear(one))
    const own = new OpenIds()
    let found: Uint8Array | undefined
    for (let row = 0; row < batch.count; row++) {
      const at = row * WORDS
      if (partly.some(({ ids }) => ids.has(batch.words, at))) return 'unsure'
      if (own.has(batch.words, at) || within.some(({ ids }) => ids.has(batch.words, at))) {
        found ??= new Uint8Array(batch.count)
        found[row] = 1
      } else own.add(batch.words, at)
    }
    return found
  }

  /** Remembers the rows of a batch that were kept. @param left those that were not. @param now the clock's (microseconds). */
  remember(batch: BatchIds, left: Uint8Array | undefined, times: Times, now: number): void {
    if (batch.count === 0) return
    const current = this.#currentFor(times.latest)
    for (let row = 0; row < batch.count; row++) if (!left?.[row]) this.#open.add(batch.words, row * WORDS)
    current.earliest = Math.min(current.earliest, times.earliest)
    current.latest = Math.max(current.latest, times.latest)
    this.#forget(now)
  }

  #currentFor(latest: number): Generation {
    const { generation, most } = this.#keeping
    const current = this.#generations.at(-1)
    if (current && latest - current.startedAt < generation && current.ids.count <= most / 16) return current
    if (current) current.ids = this.#open.packed()
    this.#open = new OpenIds()
    const made = {
      ids: this.#open,
      startedAt: latest,
      earliest: Number.POSITIVE_INFINITY,
      latest: Number.NEGATIVE_INFINITY,
    }
    this.#generations.push(made)
    return made
  }

  /** Drops unneeded generations, and the oldest ones when room runs out. */
  #forget(now: number): void {
    const newest = Math.max(...this.#generations.map(({ latest }) => latest))
    const needed = Math.min(newest, now) - this.#keeping.kept
    let total = this.size
    for (const one of this.#generations.slice(0, -1)) {
      if (one.latest >= needed && total <= this.#keeping.most) continue
      this.#generations.splice(this.#generations.indexOf(one), 1)
      this.#coveredFrom = Math.max(this.#coveredFrom, one.latest + 1)
      total -= one.ids.count
    }
  }
}
