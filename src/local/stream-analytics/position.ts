/**
 * How far bronze has come. Bronze itself is the record: a file's name says which sequence numbers it covers, so a file that
 * exists is work done and one that does not is not. A small note of where to look keeps the search short.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BRONZE, bronzeFolder, parseBronzeFileName } from '../../pipeline/contract/bronze.ts'

/** Everything of a partition below `nextSequenceNumber`, summed up; kept when its files are deleted. */
export interface PartitionTotals {
  nextSequenceNumber: number
  rows: number
  rejected: number
  skipped: number
  files: number
  bytes: number
}

export const TOTALS_FILE = '_totals.json'

/** What retention has summed up and deleted, by partition; empty when it has deleted nothing yet. */
export function readTotals(bronzeRoot: string): Map<number, PartitionTotals> {
  let text: string
  try {
    text = readFileSync(join(bronzeRoot, BRONZE.path, TOTALS_FILE), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw error
  }
  const { partitions } = JSON.parse(text) as { partitions: Record<string, PartitionTotals> }
  return new Map(Object.entries(partitions).map(([partition, totals]) => [Number(partition), totals]))
}

/** Minute folders below `weather/`, oldest first, from the given one on (`weather/2026/11/24/02/07`). */
export function minuteFolders(bronzeRoot: string, from?: string): string[] {
  let level = [BRONZE.path as string]
  for (let depth = 0; depth < 5; depth++) {
    level = level.flatMap((folder) => subfolders(bronzeRoot, folder))
    // A prefix of `from` is never greater than it, so only whole branches that lie before it fall away.
    if (from !== undefined) level = level.filter((folder) => folder >= from.slice(0, folder.length))
  }
  return level
}

function subfolders(root: string, folder: string): string[] {
  try {
    return readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && /^\d+$/.test(entry.name))
      .map((entry) => `${folder}/${entry.name}`)
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Per partition: the next sequence number that bronze does not hold, and a minute before which none of its files to come lies. */
export interface Checkpoint {
  partitions: Record<string, { next: number; minute: string }>
}

/**
 * Next sequence number per partition, from the files themselves.
 * @param checkpoint a note of an earlier time: nothing older than its minutes is looked at. Undefined: everything is.
 */
export function landedPositions(bronzeRoot: string, checkpoint: Checkpoint | undefined): Map<number, number> {
  const positions = new Map<number, number>()
  const advance = (partition: number, next: number) =>
    positions.set(partition, Math.max(positions.get(partition) ?? 0, next))
  for (const [partition, totals] of readTotals(bronzeRoot)) advance(partition, totals.nextSequenceNumber)
  const notes = Object.entries(checkpoint?.partitions ?? {})
  for (const [partition, { next }] of notes) advance(Number(partition), next)
  const oldest = notes.map(([, { minute }]) => minute).sort()[0]
  for (const folder of minuteFolders(bronzeRoot, oldest))
    for (const name of readdirSync(join(bronzeRoot, folder))) {
      const file = parseBronzeFileName(name)
      if (file) advance(file.partition, file.lastSequenceNumber + 1)
    }
  return positions
}

export const minuteOf = (time: number) => bronzeFolder(new Date(time))

/** Start of the newest minute that bronze has a folder for (epoch ms); undefined for an empty bronze. */
export function newestMinute(bronzeRoot: string): number | undefined {
  const folder = minuteFolders(bronzeRoot).at(-1)
  if (folder === undefined) return undefined
  const [year, month, day, hour, minute] = folder.split('/').slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ]
  return Date.UTC(year, month - 1, day, hour, minute)
}
