/**
 * One file for the blocks of an upload, each where the finished blob will have it if the client counts as most do: then a list of
 * all of them, in order, has only to give it a name. Whatever fits in no other way is kept elsewhere, and copied.
 */
import { truncateSync, writeFileSync } from 'node:fs'
import { numberIn } from './block-ids.ts'
import { writeFilePieces } from './file-pieces.ts'

/** Blocks that a client sends before one in front of them; also bounds a gap that the disk cannot leave free. */
const MAX_GAP_BLOCKS = 16
/** Larger numbers in ids are offsets: no blob has so many blocks. */
const MAX_INDEX = 50_000

/** It knows where each block stands; who staged it keeps the blocks' order. */
export class StagingFile {
  readonly path: string
  /** Where a block is. */
  readonly #slots = new Set<number>()
  #end = 0
  /** Bytes of a slot; not known before the first block of all, or two of a size. */
  #slotBytes: number | undefined
  #lastBytes = 0

  /** @param path of a file that is not there yet. */
  constructor(path: string) {
    this.path = path
  }

  /** How many blocks it has. */
  get count(): number {
    return this.#slots.size
  }

  /** @returns where it is now, or undefined: not here. @throws what the disk says; the block is not here then. */
  take(id: string, pieces: readonly Buffer[], bytes: number): number | undefined {
    const number = numberIn(id)
    if (number === undefined || bytes === 0) return undefined
    if (number === 0 || bytes === this.#lastBytes) this.#slotBytes ??= bytes
    this.#lastBytes = bytes
    const at = this.#placeOf(number, bytes)
    if (at === undefined) return undefined
    if (this.#end === 0) writeFileSync(this.path, '')
    // Before the write, which may fail half-way.
    this.#end = Math.max(this.#end, at + bytes)
    writeFilePieces(this.path, pieces, { flags: 'r+', position: at })
    this.#slots.add(at)
    return at
  }

  /** Makes room for another block. */
  leave(at: number): void {
    this.#slots.delete(at)
  }

  /** @param bytes of the whole; whatever a block has left behind it goes. */
  finish(bytes: number): void {
    if (this.#end !== bytes) truncateSync(this.path, bytes)
    this.#end = bytes
  }

  #placeOf(number: number, bytes: number): number | undefined {
    const slot = this.#slotBytes
    if (slot === undefined || bytes > slot) return undefined
    const at = number < MAX_INDEX ? number * slot : number
    if (at % slot !== 0 || at > this.#end + MAX_GAP_BLOCKS * slot || this.#slots.has(at)) return undefined
    return at
  }
}
