/** Which readings of phones the hub has acknowledged: what a phone sends again after a crash is then not sent twice. */

/** Where the ids are kept. */
export interface JournalStorage {
  /** Oldest ids first. Undefined: nothing was ever kept. */
  load(): { acknowledged: number; ids: readonly string[] } | undefined
  /** They survive the end of the process. */
  append(ids: readonly string[]): void
  /** Begins anew with these. @param acknowledged events so far, these included. */
  replace(acknowledged: number, ids: readonly string[]): void
}

/** Ids that are known again after a restart, and lines of the storage before it is made smaller. */
const MOST_IDS = 10_000
const MOST_LINES = 20_000

/** Remembers a bounded number of ids, the newest. What cannot be saved is told, and kept in memory. */
export class AudienceJournal {
  /** Events over the data folder's life; copies count. */
  acknowledged = 0
  readonly #storage: JournalStorage
  readonly #onTrouble: (error: unknown) => void
  /** In the order of coming. */
  readonly #ids = new Set<string>()
  #lines = 0
  #hasFailed = false

  /** @param onTrouble told once, when the storage fails first. */
  constructor(storage: JournalStorage, onTrouble: (error: unknown) => void) {
    this.#storage = storage
    this.#onTrouble = onTrouble
    this.#try(() => {
      const saved = storage.load()
      this.acknowledged = saved?.acknowledged ?? 0
      this.#lines = saved?.ids.length ?? 0
      for (const id of saved?.ids ?? []) this.#remember(id)
    })
  }

  has(eventId: string): boolean {
    return this.#ids.has(eventId)
  }

  /** Those that the hub has just acknowledged. */
  add(ids: readonly string[]): void {
    this.acknowledged += ids.length
    this.#lines += ids.length
    for (const id of ids) this.#remember(id)
    const isLong = this.#lines > MOST_LINES
    if (isLong) this.#lines = this.#ids.size
    this.#try(() =>
      isLong ? this.#storage.replace(this.acknowledged, [...this.#ids]) : this.#storage.append(ids),
    )
  }

  /** The hub is a new one: what an older one had taken counts no more. */
  restart(): void {
    if (this.acknowledged === 0) return
    this.acknowledged = 0
    this.#ids.clear()
    this.#lines = 0
    this.#try(() => this.#storage.replace(0, []))
  }

  #remember(id: string): void {
    this.#ids.add(id)
    if (this.#ids.size > MOST_IDS) this.#ids.delete(this.#ids.values().next().value as string)
  }

  /** A full disk sends nobody away: what is missing afterwards may be sent twice, and silver drops it. */
  #try(work: () => void): void {
    try {
      work()
      this.#hasFailed = false
    } catch (error) {
      if (!this.#hasFailed) this.#onTrouble(error)
      this.#hasFailed = true
    }
  }
}

/** For sessions that keep nothing. */
export const forgetful: JournalStorage = { load: () => undefined, append: () => {}, replace: () => {} }
