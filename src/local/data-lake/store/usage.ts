import { lstatSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate as yieldToOthers } from 'node:timers/promises'

/**
 * How much the lake holds: kept up to date with every change, and counted afresh in the background on demand.
 * While a count runs, a change counts at once only in folders that the count has passed; in the others the count itself
 * will see it. So changes on disk and their {@link note} must happen in the same turn of the event loop.
 */
export class Usage {
  #bytes = 0
  #files = 0
  #counting: { passed: Set<string>; bytes: number; files: number; done: Promise<void> } | undefined
  readonly #root: string
  readonly #hidden: string

  /** @param hidden the one folder beside the containers that belongs to the lake. */
  constructor(root: string, hidden: string) {
    this.#root = root
    this.#hidden = hidden
  }

  /** At least 0, also while the first count is under way and something was removed. */
  get bytes(): number {
    return Math.max(0, this.#bytes)
  }

  /** In the same way. */
  get files(): number {
    return Math.max(0, this.#files)
  }

  /** @param file absolute path of what was written, removed or changed in size. */
  note(file: string, bytes: number, files: number): void {
    this.#bytes += bytes
    this.#files += files
    if (this.#counting?.passed.has(dirname(file))) {
      this.#counting.bytes += bytes
      this.#counting.files += files
    }
  }

  /** Counts every file below the root, a folder at a turn. A second call joins the count under way. */
  recount(): Promise<void> {
    if (!this.#counting) {
      const counting = { passed: new Set<string>(), bytes: 0, files: 0, done: Promise.resolve() }
      this.#counting = counting
      counting.done = this.#walk(counting).finally(() => {
        this.#counting = undefined
      })
    }
    return this.#counting.done
  }

  async #walk(counting: { passed: Set<string>; bytes: number; files: number }): Promise<void> {
    const folders = [this.#root]
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      await yieldToOthers()
      counting.passed.add(folder)
      for (const entry of entriesOf(folder)) {
        // Unfinished uploads do not belong to the lake yet.
        if (folder === this.#root && entry.name.startsWith('.') && entry.name !== this.#hidden) continue
        const place = join(folder, entry.name)
        if (entry.isDirectory()) folders.push(place)
        else if (entry.isFile()) {
          const found = lstatSync(place, { throwIfNoEntry: false })
          if (!found) continue
          counting.bytes += found.size
          counting.files++
        }
      }
    }
    this.#bytes = counting.bytes
    this.#files = counting.files
  }
}

/** A folder that vanished meanwhile, or that cannot be read, adds nothing: the code that needs its files will report what is wrong. */
function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}
