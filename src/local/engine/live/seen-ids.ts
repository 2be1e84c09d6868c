/**
 * The ids of recent rows, in memory, for batches that DuckDB does not see: 16 bytes each, by generation as in jobs/deduplication.ts, whose
 * verdict is the same. Where time does not decide a repetition for sure nothing is said, and DuckDB looks into the tables.
 */
import { createHash } from 'node:crypto'
import { DEDUPLICATION_WINDOW_MS } from '../../../contract/reading.ts'

/** Microseconds. */
const WINDOW = DEDUPLICATION_WINDOW_MS * 1000

/** Of an open table at most so much is in use, of a finished one that is packed. */
const OPEN_LOAD = 0.6
const PACKED_LOAD = 0.85
const WORDS = 4
const FIRST_SIZE = 1024

/** Enqueued times (microseconds since 1970), both included. */
export interface Times {
  earliest: number
  latest: number
}

/** A set of ids, each four words of 32 bits. */
class IdSet {
  count = 0
  #size: number
  #words: Uint32Array

  constructor(size = FIRST_SIZE) {
    this.#size = size
    this.#words = new Uint32Array(size * WORDS)
  }

  has(id: Uint32Array, at: number): boolean {
    return this.#words[this.#find(id, at)] !== 0
  }

  add(id: Uint32Array, at: number): void {
    if (this.count >= this.#size * OPEN_LOAD) this.#resize(this.#size * 2)
    this.#put(id, at)
  }

  /** Nothing more will be added. */
  pack(): void {
    this.#resize(Math.max(1, Math.ceil(this.count / PACKED_LOAD)))
  }

  #put(id: Uint32Array, at: number): void {
    const place = this.#find(id, at)
    if (this.#words[place] !== 0) return
    for (let word = 0; word < WORDS; word++) this.#words[place + word] = id[at + word] as number
    this.count++
  }

  #resize(size: number): void {
    const words = this.#words
    this.#size = size
    this.#words = new Uint32Array(size * WORDS)
    this.count = 0
    for (let at = 0; at < words.length; at += WORDS) if (words[at] !== 0) this.#put(words, at)
  }

  /** Where it is, or where there is room for it. The first word of an id is never 0. */
  #find(id: Uint32Array, at: number): number {
    const words = this.#words
    const [a, b, c, d] = [id[at], id[at + 1], id[at + 2], id[at + 3]] as [number, number, number, number]
    const hash = (Math.imul(a ^ (c >>> 15), 0x9e3779b1) ^ Math.imul(b ^ d, 0x85ebca6b)) >>> 0
    let place = Math.floor((hash / 2 ** 32) * this.#size) * WORDS
    for (;;) {
      const first = words[place]
      if (first === 0) return place
      if (first === a && words[place + 1] === b && words[place + 2] === c && words[place + 3] === d)
        return place
      place += WORDS
      if (place === words.length) place = 0
    }
  }
}

/** Rows of a batch, as four words each. */
export class BatchIds {
  words: Uint32Array
  count = 0

  constructor(expected: number) {
    this.words = new Uint32Array(Math.max(1, expected) * WORDS)
  }

  /** @param isValid the verdict is part of an id: a valid row never repeats a quarantined one. */
  add(eventId: string, isValid: boolean): void {
    if (this.count * WORDS === this.words.length) {
      const larger = new Uint32Array(this.words.length * 2)
      larger.set(this.words)
      this.words = larger
    }
    putId(this.words, this.count++ * WORDS, eventId, isValid)
  }
}

/** Where the dashes of a UUID stand. */
const DASHES = [8, 13, 18, 23]
const DASH = 45
const UUID_LENGTH = 36

/** A UUID in lower case is its own 128 bits, any other text its MD5. */
function putId(words: Uint32Array, at: number, eventId: string, isValid: boolean): void {
  if (!putUuid(words, at, eventId)) {
    const digest = createHash('md5').update(eventId).digest()
    for (let word = 0; word < WORDS; word++) words[at + word] = digest.readUInt32LE(word * 4)
  }
  if (!isValid) words[at + 3] = ~(words[at + 3] as number)
  if (words[at] === 0) words[at] = 1
}

function putUuid(words: Uint32Array, at: number, text: string): boolean {
  if (text.length !== UUID_LENGTH || DASHES.some((place) => text.charCodeAt(place) !== DASH)) return false
  let digits = 0
  let word = 0
  for (let place = 0; place < UUID_LENGTH; place++) {
    const code = text.charCodeAt(place)
    if (code === DASH && DASHES.includes(place)) continue
    const digit = code >= 48 && code <= 57 ? code - 48 : code >= 97 && code <= 102 ? code - 87 : -1
    if (digit < 0) return false
    word = (word << 4) | digit
    if (++digits % 8 === 0) words[at + digits / 8 - 1] = word
  }
  return true
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
    const own = new IdSet(Math.max(2, Math.ceil(batch.count / OPEN_LOAD) + 1))
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
    for (let row = 0; row < batch.count; row++) if (!left?.[row]) current.ids.add(batch.words, row * WORDS)
    current.earliest = Math.min(current.earliest, times.earliest)
    current.latest = Math.max(current.latest, times.latest)
    this.#forget(now)
  }

  #currentFor(latest: number): Generation {
    const { generation, most } = this.#keeping
    const current = this.#generations.at(-1)
    if (current && latest - current.startedAt < generation && current.ids.count <= most / 16) return current
    current?.ids.pack()
    const made = {
      ids: new IdSet(),
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
