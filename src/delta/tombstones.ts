/** The removed files of a table: thousands of them for as long as the retention, and hardly ever looked at. */
import type { RemoveFile } from './actions.ts'

/** A removed file, until the retention is over and it is deleted. */
export interface Tombstone extends RemoveFile {
  /** Version whose commit removed the file; after a reload from a checkpoint, that checkpoint's version at the earliest. */
  removedAt: number
}

/** So many become one text. */
const PACKED_AT_ONCE = 128

/** As JSON: a third of what the objects take. */
interface Packed {
  text: string
  /** Of the paths in it, so that it is parsed only for one that it may have. */
  hashes: Uint32Array
}

/** By path, in the order of their removal. */
export class Tombstones {
  /** From the front of the packed ones: they go first. */
  #oldest = new Map<string, Tombstone>()
  readonly #packed: Packed[] = []
  #newest = new Map<string, Tombstone>()

  get size(): number {
    const packed = this.#packed.reduce((sum, { hashes }) => sum + hashes.length, 0)
    return this.#oldest.size + packed + this.#newest.size
  }

  /** One that is there already counts as removed now. */
  add(remove: RemoveFile, removedAt: number): void {
    this.delete(remove.path)
    this.#newest.set(remove.path, { ...remove, removedAt })
    if (this.#newest.size < PACKED_AT_ONCE) return
    this.#packed.push(packed([...this.#newest.values()]))
    this.#newest = new Map()
  }

  delete(path: string): void {
    if (this.#oldest.delete(path) || this.#newest.delete(path)) return
    const hash = hashOf(path)
    for (const [index, one] of this.#packed.entries()) {
      if (!one.hashes.includes(hash)) continue
      if (index === 0 && this.#oldest.size === 0) {
        // The others of it go next.
        this.#oldest = new Map(unpacked(one).map((each) => [each.path, each]))
        this.#packed.shift()
        this.delete(path)
        return
      }
      const others = unpacked(one).filter((each) => each.path !== path)
      if (others.length === one.hashes.length) continue
      this.#packed[index] = packed(others)
      return
    }
  }

  *[Symbol.iterator](): Generator<Tombstone> {
    yield* this.#oldest.values()
    for (const one of this.#packed) yield* unpacked(one)
    yield* this.#newest.values()
  }
}

function packed(tombstones: readonly Tombstone[]): Packed {
  return {
    text: JSON.stringify(tombstones.map((one) => shortOf(one) ?? one)),
    hashes: Uint32Array.from(tombstones, ({ path }) => hashOf(path)),
  }
}

/** Of what our own writer removes, and most others. */
type Short = readonly [
  path: string,
  deletionTimestamp: number,
  dataChange: boolean,
  size: number,
  removedAt: number,
]

const unpacked = ({ text }: Packed): Tombstone[] => (JSON.parse(text) as (Short | Tombstone)[]).map(longOf)

/** Undefined for one that has more to say. */
function shortOf(one: Tombstone): Short | undefined {
  const {
    path,
    deletionTimestamp,
    dataChange,
    extendedFileMetadata,
    partitionValues,
    size,
    removedAt,
    ...more
  } = one
  const isPlain =
    [deletionTimestamp, size].every(Number.isFinite) &&
    typeof dataChange === 'boolean' &&
    extendedFileMetadata === true &&
    partitionValues &&
    Object.keys(partitionValues).length === 0 &&
    Object.keys(more).length === 0
  return isPlain ? [path, deletionTimestamp, dataChange, size as number, removedAt] : undefined
}

function longOf(one: Short | Tombstone): Tombstone {
  if (!Array.isArray(one)) return one as Tombstone
  const [path, deletionTimestamp, dataChange, size, removedAt] = one as Short
  const extendedFileMetadata = true
  return { path, deletionTimestamp, dataChange, extendedFileMetadata, partitionValues: {}, size, removedAt }
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}
