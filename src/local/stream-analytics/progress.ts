/**
 * How far bronze has come. Bronze itself is the record: a file's name says which sequence numbers it covers, so a file that
 * exists is work done, and one that does not is not. A checkpoint only shortens the search; it is believed as far as the
 * files bear it out.
 */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { minuteOfFolder } from '../../contract/bronze-layout.ts'
import type { HubLog } from '../event-hubs/log/log.ts'
import { filesIn, minuteFolders, minuteFoldersOf, readTotals } from './bronze-files.ts'

/** Sequence numbers of the hub. */
export interface PartitionProgress {
  /** Where the job goes on: the first sequence number that the job has not seen. A start may have set it beyond `held`. */
  next: number
  /** The first sequence number behind all that bronze holds. Files come in order, so no start goes back behind it. */
  held: number
  /** The newest file, relative to the container; undefined while there is none. */
  file: string | undefined
}

/** Of the whole job; the pump changes it in place. */
export interface Progress {
  /** By partition. */
  partitions: Map<number, PartitionProgress>
  /** Of bronze's whole life. */
  rows: number
  rejected: number
  /** Enqueued time of the newest row (epoch ms), to the minute when only names tell; undefined: no row yet. */
  lastOutputEventTime: number | undefined
}

/** {@link Progress} as JSON. */
export interface Checkpoint extends Omit<Progress, 'partitions'> {
  partitions: Record<string, PartitionProgress>
}

/** In the form of JSON. */
export const toCheckpoint = (progress: Progress): Checkpoint => ({
  ...progress,
  partitions: Object.fromEntries(progress.partitions),
})

/**
 * The progress as of now. Costs follow the number of files since the checkpoint; without one, or when it does not agree with
 * the files, every name in bronze is read.
 */
export function findProgress(bronzeRoot: string, checkpoint: Checkpoint | undefined, log: HubLog): Progress {
  return (checkpoint && goOnFrom(checkpoint, bronzeRoot, log)) ?? survey(bronzeRoot)
}

/** Reads every name. */
function survey(bronzeRoot: string): Progress {
  const progress: Progress = { partitions: new Map(), rows: 0, rejected: 0, lastOutputEventTime: undefined }
  for (const [partition, totals] of readTotals(bronzeRoot)) {
    const { nextSequenceNumber: next } = totals
    progress.partitions.set(partition, { next, held: next, file: undefined })
    progress.rows += totals.rows
    progress.rejected += totals.rejected
  }
  const summedUp = new Map([...progress.partitions].map(([partition, { next }]) => [partition, next]))
  for (const folder of minuteFolders(bronzeRoot))
    for (const { name, file } of filesIn(bronzeRoot, folder)) {
      if (file.firstSequenceNumber < (summedUp.get(file.partition) ?? 0)) continue
      const { next = 0 } = progress.partitions.get(file.partition) ?? {}
      const end = file.lastSequenceNumber + 1
      if (end > next)
        progress.partitions.set(file.partition, { next: end, held: end, file: `${folder}/${name}` })
      progress.rows += file.rows
      progress.rejected += file.rejected
      if (file.rows > 0) progress.lastOutputEventTime = minuteOfFolder(folder)
    }
  return progress
}

/**
 * Follows the files behind the checkpoint: the next file of a partition begins with the next sequence number and lies in
 * the minute of that event, which the hub knows.
 * @returns undefined when checkpoint, files and hub do not agree.
 */
function goOnFrom(checkpoint: Checkpoint, bronzeRoot: string, log: HubLog): Progress | undefined {
  const totals = readTotals(bronzeRoot)
  const progress: Progress = { ...checkpoint, partitions: new Map() }
  const folders = new Map<string, ReturnType<typeof filesIn>>()
  const filesOf = (folder: string) => {
    const known = folders.get(folder) ?? filesIn(bronzeRoot, folder)
    folders.set(folder, known)
    return known
  }
  for (let partition = 0; partition < log.partitionCount; partition++) {
    const known = checkpoint.partitions[partition] ?? { next: 0, held: 0, file: undefined }
    let { next, file: newest } = known
    // Checkpoints of old have one number for both.
    let held = known.held ?? next
    const summedUp = totals.get(partition)?.nextSequenceNumber ?? 0
    if (summedUp > next) return undefined
    if (newest !== undefined && summedUp < held && !existsSync(join(bronzeRoot, newest))) return undefined
    for (;;) {
      const event = log.firstFrom(partition, next)
      if (!event) break
      if (event.firstSequenceNumber !== next) return undefined
      const found = minuteFoldersOf(event.enqueuedAt)
        .flatMap((folder) => filesOf(folder).map((one) => ({ ...one, folder })))
        .find(({ file }) => file.partition === partition && file.firstSequenceNumber === next)
      if (!found) break
      next = found.file.lastSequenceNumber + 1
      held = next
      newest = `${found.folder}/${found.name}`
      progress.rows += found.file.rows
      progress.rejected += found.file.rejected
      if (found.file.rows > 0)
        progress.lastOutputEventTime = Math.max(progress.lastOutputEventTime ?? 0, event.enqueuedAt)
    }
    progress.partitions.set(partition, { next, held, file: newest })
  }
  return progress
}
