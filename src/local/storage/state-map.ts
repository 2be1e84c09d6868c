/** A small map that outlives the process: saved whole at every change. */
import { hasKeys, readStateFile, writeJsonAtomically } from './state-file.ts'

/** The map has reached its bound; nothing was changed. */
export class StateMapFullError extends Error {
  override readonly name = 'StateMapFullError'
}

/** Which file, and how much may be in it. */
export interface StateMapOptions<T> {
  file: string
  /** What stands in it at the very first start. */
  initial: () => Iterable<readonly [string, T]>
  /** What every value has. */
  keys: readonly (keyof T & string)[]
  maxEntries: number
  /** Of all values as JSON. */
  maxBytes: number
}

/** A change that cannot be saved is not made. */
export class StateMap<T> {
  readonly #options: StateMapOptions<T>
  readonly #entries: Map<string, T>

  /** @throws StateFileError, or what the disk says. */
  constructor(options: StateMapOptions<T>) {
    this.#options = options
    const { file, keys } = options
    const isWhole = (found: unknown) =>
      hasKeys(found, []) && Object.values(found as object).every((value) => hasKeys(value, keys))
    const found = readStateFile<Record<string, T>>(file, isWhole)
    this.#entries = new Map(found ? Object.entries(found) : options.initial())
    if (!found) this.#save(this.#entries)
  }

  /** The value itself, not a copy. */
  get(key: string): T | undefined {
    return this.#entries.get(key)
  }

  /** In the order in which they were made. */
  entries(): [string, T][] {
    return [...this.#entries]
  }

  /** @throws StateMapFullError */
  set(key: string, value: T): void {
    const { maxEntries, maxBytes } = this.#options
    const changed = new Map(this.#entries).set(key, value)
    if (changed.size > maxEntries) throw new StateMapFullError(`There are ${maxEntries} of them already.`)
    const bytes = Buffer.byteLength(JSON.stringify([...changed.values()]))
    if (bytes > maxBytes) throw new StateMapFullError(`Together they are larger than ${maxBytes} bytes.`)
    this.#save(changed)
    this.#entries.set(key, value)
  }

  /** Keys that are not there are ignored. */
  delete(...keys: string[]): void {
    const changed = new Map(this.#entries)
    for (const key of keys) changed.delete(key)
    this.#save(changed)
    for (const key of keys) this.#entries.delete(key)
  }

  #save(entries: ReadonlyMap<string, T>): void {
    writeJsonAtomically(this.#options.file, Object.fromEntries(entries))
  }
}
