/**
 * The C library's memory. Its arenas keep what was freed for later, tens of megabytes behind a burst, and neither Node nor V8 can ask for
 * it: `malloc_trim` does (man 3 malloc_trim), on Linux with glibc. Elsewhere there is nothing to ask, and nothing is done.
 */

/** What is freed is given back so often while much comes, and while little does (ms). */
const EVERY_MS = { lively: 5000, quiet: 60_000 }

/** mallopt(3): blocks from here on are mapped each by itself, and so are the system's again once they are freed. */
const M_MMAP_THRESHOLD = { option: -3, bytes: 128 * 1024 }
/** What the end of an arena may keep. */
const M_TRIM_THRESHOLD = { option: -1, bytes: 256 * 1024 }

/** As far as it is asked. */
export interface CLibrary {
  /** @returns whether anything was given back. */
  trim(): Promise<boolean>
}

/**
 * Loads it. The two thresholds are set to what glibc begins with: unless they are set they follow the largest block that was ever
 * freed, times two, and after one of 10 MB each thread's arena may keep 20.
 * @returns undefined where the C library is another one, or the package that calls it is not installed.
 */
export async function loadCLibrary(): Promise<CLibrary | undefined> {
  if (process.platform !== 'linux') return undefined
  try {
    const { DataType, load, open } = await import('ffi-rs')
    open({ library: 'c', path: 'libc.so.6' })
    const call = (name: string, values: number[]) => ({
      library: 'c',
      funcName: name,
      retType: DataType.I32,
      paramsType: values.map(() => DataType.I32),
      paramsValue: values,
    })
    for (const { option, bytes } of [M_MMAP_THRESHOLD, M_TRIM_THRESHOLD])
      load(call('mallopt', [option, bytes]))
    // It takes some milliseconds: not in the thread that draws.
    return { trim: async () => (await load({ ...call('malloc_trim', [0]), runInNewThread: true })) === 1 }
  } catch {
    return undefined
  }
}

/** Has the C library give back what is free, again and again. It is loaded when that is asked for first; keeps no process alive. */
export class FreeMemory {
  readonly #load: () => Promise<CLibrary | undefined>
  #library: Promise<CLibrary | undefined> | undefined
  #timer: NodeJS.Timeout | undefined
  #isAtWork = false

  constructor(load = loadCLibrary) {
    this.#load = load
  }

  /** How often, from now on. */
  giveBack(pace: keyof typeof EVERY_MS): void {
    clearInterval(this.#timer)
    this.#timer = setInterval(() => void this.#once(), EVERY_MS[pace]).unref()
  }

  async #once(): Promise<void> {
    if (this.#isAtWork) return
    this.#isAtWork = true
    try {
      this.#library ??= this.#load()
      const library = await this.#library
      if (library) await library.trim()
      else clearInterval(this.#timer)
    } finally {
      this.#isAtWork = false
    }
  }
}
