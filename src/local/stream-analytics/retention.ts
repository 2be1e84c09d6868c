/** Lets go of bronze that silver has read: whole minute folders, after their rows have been added to the totals file. */
import { readdirSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { BRONZE, parseBronzeFileName } from '../../pipeline/contract/bronze.ts'
import type { Clock } from '../clock.ts'
import { writeJsonAtomically } from '../state-file.ts'
import { minuteFolders, minuteOf, type PartitionTotals, readTotals, TOTALS_FILE } from './position.ts'

export interface BronzeRetentionOptions {
  bronzeRoot: string
  /** Minutes younger than this stay (ms). */
  keepMs: number
  clock: Clock
  logger: Logger
  /** Next sequence number per partition that silver has not durably read. */
  silverPositions: () => ReadonlyMap<number, number>
  /** Tells the lake's bookkeeping about a file that is gone; the path is relative to the container. */
  onDeleted: (path: string, bytes: number) => void
  /** How often to look (ms). */
  everyMs?: number
}

const EVERY_MS = 60_000
/** Minute folders that one look removes at most, so that none takes long. */
const FOLDERS_PER_LOOK = 30

export class BronzeRetention {
  readonly #options: BronzeRetentionOptions
  readonly #timer: NodeJS.Timeout

  constructor(options: BronzeRetentionOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.sweep(), options.everyMs ?? EVERY_MS)
    this.#timer.unref()
  }

  /** Removes what may go; a folder that silver has not read whole stops the sweep, since the totals know no gaps. */
  sweep(): void {
    const { bronzeRoot, clock, keepMs, logger } = this.#options
    try {
      const limit = minuteOf(clock.now() - keepMs)
      const old = minuteFolders(bronzeRoot).filter((folder) => folder < limit)
      for (const folder of old.slice(0, FOLDERS_PER_LOOK)) if (!this.#remove(folder)) return
    } catch (error) {
      logger.warn({ reason: (error as Error).message }, 'bronze retention: the sweep was not finished')
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #remove(folder: string): boolean {
    const { bronzeRoot, silverPositions, onDeleted } = this.#options
    const names = readdirSync(join(bronzeRoot, folder))
    const positions = silverPositions()
    const totals = readTotals(bronzeRoot)
    const files = names.map((name) => ({
      name,
      file: parseBronzeFileName(name),
      bytes: statSync(join(bronzeRoot, folder, name)).size,
    }))
    // Files of other writers are theirs to remove, and their folder stays.
    const ours = files.flatMap(({ name, file, bytes }) => (file ? [{ name, file, bytes }] : []))
    if (ours.some(({ file }) => file.lastSequenceNumber >= (positions.get(file.partition) ?? 0))) return false
    ours.sort((a, b) => a.file.firstSequenceNumber - b.file.firstSequenceNumber)
    for (const { file, bytes } of ours) addTo(totals, file, bytes)
    writeJsonAtomically(join(bronzeRoot, BRONZE.path, TOTALS_FILE), {
      partitions: Object.fromEntries(totals),
    })
    for (const { name, bytes } of ours) {
      rmSync(join(bronzeRoot, folder, name))
      onDeleted(`${folder}/${name}`, bytes)
    }
    if (ours.length === names.length) removeEmpty(bronzeRoot, folder)
    return true
  }
}

function addTo(
  totals: Map<number, PartitionTotals>,
  file: { partition: number; firstSequenceNumber: number; lastSequenceNumber: number; rows: number },
  bytes: number,
): void {
  const before = totals.get(file.partition) ?? {
    nextSequenceNumber: 0,
    rows: 0,
    rejected: 0,
    skipped: 0,
    files: 0,
    bytes: 0,
  }
  // A file that was summed up before a crash, and not yet deleted, is not counted again.
  if (file.firstSequenceNumber < before.nextSequenceNumber) return
  totals.set(file.partition, {
    nextSequenceNumber: file.lastSequenceNumber + 1,
    rows: before.rows + file.rows,
    rejected: before.rejected + (file.lastSequenceNumber - file.firstSequenceNumber + 1 - file.rows),
    skipped: before.skipped + (file.firstSequenceNumber - before.nextSequenceNumber),
    files: before.files + 1,
    bytes: before.bytes + bytes,
  })
}

/** Removes the minute's folder, and its parents as far as they are empty. */
function removeEmpty(root: string, folder: string): void {
  for (let path = folder; path.includes('/'); path = path.slice(0, path.lastIndexOf('/'))) {
    try {
      rmdirSync(join(root, path))
    } catch (error) {
      if (['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return
      throw error
    }
  }
}
