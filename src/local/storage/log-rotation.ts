/** The log stays below a size while the program runs. One process rotates it; every writer of the file follows. */
import { fstatSync, renameSync, statSync } from 'node:fs'
import type pino from 'pino'

type Destination = ReturnType<typeof pino.destination>

/** Set aside once it would become larger than this (bytes); one older log is kept. */
const MAX_LOG_BYTES = 5_000_000

/** Of one writer. */
export class LogRotation {
  readonly #destination: Destination
  readonly #file: string
  readonly #maxBytes: number
  #isOwner = false
  #inode: bigint

  constructor(destination: Destination, file: string, maxBytes = MAX_LOG_BYTES) {
    this.#destination = destination
    this.#file = file
    this.#maxBytes = maxBytes
    this.#inode = this.#opened()
  }

  /** From now on the file is rotated here: its data folder is ours. */
  own(): void {
    this.#isOwner = true
    this.beforeWrite(0)
  }

  /** @param bytes that will be written. */
  beforeWrite(bytes: number): void {
    try {
      const found = statSync(this.#file, { bigint: true, throwIfNoEntry: false })
      // Deleted with its folder: that is not made again.
      if (!found) return
      const isOurs = found.ino === this.#inode
      const isFull = Number(found.size) + bytes > this.#maxBytes && found.size > 0n
      if (isOurs && !(this.#isOwner && isFull)) return
      if (isOurs) renameSync(this.#file, `${this.#file}.1`)
      this.#destination.reopen()
      this.#inode = this.#opened()
    } catch {
      // No room for another file, or no right to it: the open one goes on.
    }
  }

  #opened(): bigint {
    return fstatSync((this.#destination as unknown as { fd: number }).fd, { bigint: true }).ino
  }
}
