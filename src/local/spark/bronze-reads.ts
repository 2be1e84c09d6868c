/**
 * Which bronze files silver has certainly read, by the checkpoint of its Spark query: the newest finished batch (`commits/`),
 * how far it went (`offsets/`), and the file source's log up to there (`sources/0/`).
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { BRONZE } from '../../contract/bronze-layout.ts'
import { namesIfThere, textIfThere } from '../storage/if-there.ts'

const CHUNK_BYTES = 64 * 1024

interface LogEntry {
  /** URL of the file. */
  path: string
  /** Number of the entry in the log that brought it. */
  batchId: number
}

/** Reads what Spark writes, and never changes it. */
export class BronzeReads {
  readonly #bronzeRoot: string
  readonly #checkpoint: string
  /** Names of files that were read and may still be there, by folder (`weather/2026/11/24/02-07`). */
  readonly #read = new Map<string, Set<string>>()
  #query: string | undefined
  /** The log has been taken in up to this number. */
  #seen = -1

  constructor(lakeRoot: string) {
    this.#bronzeRoot = join(lakeRoot, BRONZE.container)
    this.#checkpoint = join(lakeRoot, 'checkpoints', 'silver')
  }

  /**
   * Takes in what the checkpoint has added since the last look.
   * @returns whether silver has durably read a file (path relative to the container).
   */
  look(): (path: string) => boolean {
    const query = this.#text('metadata')
    // A new checkpoint reads everything again.
    if (query !== this.#query) {
      this.#read.clear()
      this.#seen = -1
      this.#query = query
    }
    for (const folder of this.#read.keys()) if (!this.#isThere(folder)) this.#read.delete(folder)
    if (query !== undefined) this.#takeIn(this.#logOffset())
    return (path) => this.#read.get(dirname(path))?.has(path.slice(path.lastIndexOf('/') + 1)) ?? false
  }

  /** How far the newest finished batch went in the source's log. */
  #logOffset(): number {
    const newest = numbersIn(join(this.#checkpoint, 'commits')).at(-1)
    const [, , offset] =
      (newest === undefined ? undefined : this.#text(`offsets/${newest}`))?.split('\n') ?? []
    return offset === undefined ? -1 : (JSON.parse(offset) as { logOffset: number }).logOffset
  }

  #takeIn(upTo: number): void {
    if (upTo <= this.#seen) return
    const log = join(this.#checkpoint, 'sources', '0')
    const compacted = numbersIn(log, '.compact').findLast((number) => number <= upTo) ?? -1
    // A compacted file has all that came before it, the newest last.
    if (compacted > this.#seen)
      for (const line of linesFromTheEnd(join(log, `${compacted}.compact`))) if (!this.#note(line)) break
    for (const number of numbersIn(log))
      if (number > Math.max(compacted, this.#seen) && number <= upTo)
        for (const line of linesFromTheEnd(join(log, String(number)))) this.#note(line)
    this.#seen = upTo
  }

  /** @returns false when the line is older than what is known. */
  #note(line: string): boolean {
    if (!line.startsWith('{')) return true
    const { path: url, batchId } = JSON.parse(line) as LogEntry
    if (batchId <= this.#seen) return false
    const path = decodeURIComponent(url)
    const at = path.lastIndexOf(`/${BRONZE.container}/${BRONZE.path}/`)
    if (at < 0) return true
    const folder = dirname(path.slice(at + BRONZE.container.length + 2))
    let names = this.#read.get(folder)
    if (!names) {
      // Retention has taken it away long ago.
      if (!this.#isThere(folder)) return true
      names = new Set()
      this.#read.set(folder, names)
    }
    names.add(path.slice(path.lastIndexOf('/') + 1))
    return true
  }

  #isThere(folder: string): boolean {
    return existsSync(join(this.#bronzeRoot, folder))
  }

  #text(name: string): string | undefined {
    return textIfThere(join(this.#checkpoint, name))
  }
}

/** The numbers that the files are named after, ascending; empty when there is no such folder. */
function numbersIn(folder: string, suffix = ''): number[] {
  return namesIfThere(folder)
    .filter((name) => name.endsWith(suffix) && /^\d+$/.test(name.slice(0, name.length - suffix.length)))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b)
}

/** The last line first; reads no more of the file than is asked for. */
function* linesFromTheEnd(file: string): Generator<string> {
  const opened = openSync(file, 'r')
  try {
    let rest = Buffer.alloc(0)
    for (let end = fstatSync(opened).size; end > 0; ) {
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, end))
      end -= readSync(opened, chunk, 0, chunk.length, end - chunk.length)
      rest = Buffer.concat([chunk, rest])
      for (let at = rest.lastIndexOf(10); at >= 0; at = rest.lastIndexOf(10)) {
        yield rest.toString('utf8', at + 1)
        rest = rest.subarray(0, at)
      }
    }
    yield rest.toString('utf8')
  } finally {
    closeSync(opened)
  }
}
