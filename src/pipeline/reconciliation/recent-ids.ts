/** Which ids came lately, in a bounded and small memory. */
import { hashText, mix } from '../runtime/random.ts'

/** Ids in each of two generations. */
const IDS_PER_GENERATION = 100_000
/** Places of a generation's table: a power of two, of which at most three quarters are taken. Half the memory of twice as many. */
const PLACES = 2 ** 17

/**
 * The newest 100,000 to 200,000 ids, as 53-bit hashes: two of a million are the same by chance once in ten thousand runs. Tables
 * of plain numbers, as a `Set` takes five times the memory and leaves a number on the heap for every id.
 */
export class RecentIds {
  #young = new HashTable()
  #old = new HashTable()

  /** @returns whether it came before; from now on it did. */
  hasOrAdd(id: string): boolean {
    const low = hashText(id)
    // Never 0, which means a free place.
    const hash = (mix(low ^ hashText(id.slice(9))) & 0xfffff) * 0x1_0000_0000 + low + 1
    if (this.#old.has(hash) || !this.#young.add(hash)) return true
    if (this.#young.size >= IDS_PER_GENERATION) {
      const emptied = this.#old
      emptied.clear()
      this.#old = this.#young
      this.#young = emptied
    }
    return false
  }
}

/** Open addressing: a hash stands at the place that its low bits name, or at the next free one behind it. */
class HashTable {
  readonly #places = new Float64Array(PLACES)
  size = 0

  has(hash: number): boolean {
    return this.#places[this.#placeOf(hash)] === hash
  }

  /** @returns false when it was there. */
  add(hash: number): boolean {
    const place = this.#placeOf(hash)
    if (this.#places[place] === hash) return false
    this.#places[place] = hash
    this.size++
    return true
  }

  clear(): void {
    this.#places.fill(0)
    this.size = 0
  }

  /** Where it stands, or would. */
  #placeOf(hash: number): number {
    let place = hash % PLACES
    while (this.#places[place] !== 0 && this.#places[place] !== hash) place = (place + 1) % PLACES
    return place
  }
}
