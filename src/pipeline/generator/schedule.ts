/** Who reports when: every station once per interval, evenly spread, without a timer for each. */

/** The golden section. Its multiples, taken modulo 1, spread evenly for every number of stations. */
const GOLDEN = 0.6180339887498949

/** Just before the first place of the circle. */
const START = -Number.EPSILON

/**
 * Each station has a fixed place on a circle that is gone round once per interval. The places of the first n stations
 * spread evenly whatever n is, so stations may come and go without moving the others. Kept sorted in typed arrays: what is
 * due next is a cursor moving on, at a cost of a few nanoseconds a station.
 */
export class StationSchedule {
  readonly #offset: number
  #stations = new Uint32Array(0)
  #places = new Float64Array(0)
  #cursor = 0
  /** How far round the circle time has come, up to 1; every place up to it has reported. */
  #position = START

  /** @param offset 0..1, shifts all places: two runs need not begin with the same station. */
  constructor(count: number, offset = 0) {
    this.#offset = offset
    this.resize(count)
  }

  get count(): number {
    return this.#stations.length
  }

  /** Stations 0 … count − 1 take part from now on. */
  resize(count: number): void {
    this.#stations = new Uint32Array(count)
    this.#places = new Float64Array(count)
    const place = (station: number) => (this.#offset + station * GOLDEN) % 1
    // Even places make a bucket for each station nearly a sorted order already; insertion puts the rest right.
    const ends = new Uint32Array(count + 1)
    const bucket = (station: number) => Math.floor(place(station) * count)
    for (let station = 0; station < count; station++) (ends[bucket(station) + 1] as number)++
    for (let index = 0; index < count; index++) (ends[index + 1] as number) += ends[index] as number
    for (let station = 0; station < count; station++) {
      const index = (ends[bucket(station)] as number)++
      this.#stations[index] = station
      this.#places[index] = place(station)
    }
    this.#insertionSort()
    this.#cursor = this.#places.findIndex((at) => at > this.#position)
    if (this.#cursor < 0) this.#cursor = count
  }

  #insertionSort(): void {
    const places = this.#places
    const stations = this.#stations
    for (let index = 1; index < places.length; index++) {
      const place = places[index] as number
      const station = stations[index] as number
      let hole = index
      for (; hole > 0 && (places[hole - 1] as number) > place; hole--) {
        places[hole] = places[hole - 1] as number
        stations[hole] = stations[hole - 1] as number
      }
      places[hole] = place
      stations[hole] = station
    }
  }

  /**
   * Moves time on by a number of rounds (1 = one interval) and names the stations passed, in order.
   * @param report returns false when it has no room: time then stops, and that station comes first the next time.
   * @returns false if it was stopped.
   */
  advance(rounds: number, report: (station: number) => boolean): boolean {
    if (this.count === 0) return true
    let target = this.#position + rounds
    while (true) {
      const place = this.#places[this.#cursor]
      if (place === undefined) {
        if (target < 1) break
        target -= 1
        this.#cursor = 0
        this.#position = START
        continue
      }
      if (place > target) break
      if (!report(this.#stations[this.#cursor] as number)) return false
      this.#position = place
      this.#cursor++
    }
    this.#position = target
    return true
  }
}
