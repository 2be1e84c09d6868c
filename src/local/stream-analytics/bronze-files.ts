/** Bronze as it lies on the disk: minute folders, and the totals of what retention has deleted. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BRONZE, type BronzeFile, bronzeFolder, parseBronzeFileName } from '../../contract/bronze-layout.ts'
import { writeJsonAtomically } from '../storage/state-file.ts'

/** Everything of a partition below `nextSequenceNumber`, summed up; kept when its files are deleted. */
export interface PartitionTotals {
  nextSequenceNumber: number
  rows: number
  rejected: number
  /** Sequence numbers that no file covered. */
  skipped: number
  files: number
  bytes: number
}

/** `bronze/weather/_totals.json`; engines pass over names that begin with an underscore. */
export const TOTALS_FILE = '_totals.json'

const totalsPath = (bronzeRoot: string) => join(bronzeRoot, BRONZE.path, TOTALS_FILE)

/** By partition; empty when nothing has been summed up yet. */
export function readTotals(bronzeRoot: string): Map<number, PartitionTotals> {
  let text: string
  try {
    text = readFileSync(totalsPath(bronzeRoot), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw error
  }
  const { partitions } = JSON.parse(text) as { partitions: Record<string, PartitionTotals> }
  return new Map(Object.entries(partitions).map(([partition, totals]) => [Number(partition), totals]))
}

export function writeTotals(bronzeRoot: string, totals: ReadonlyMap<number, PartitionTotals>): void {
  writeJsonAtomically(totalsPath(bronzeRoot), { partitions: Object.fromEntries(totals) })
}

/** Adds a file, unless it was added before: of one partition, files must come in the order of their ranges. */
export function addToTotals(totals: Map<number, PartitionTotals>, file: BronzeFile, bytes: number): void {
  const before = totals.get(file.partition) ?? {
    nextSequenceNumber: 0,
    rows: 0,
    rejected: 0,
    skipped: 0,
    files: 0,
    bytes: 0,
  }
  if (file.firstSequenceNumber < before.nextSequenceNumber) return
  totals.set(file.partition, {
    nextSequenceNumber: file.lastSequenceNumber + 1,
    rows: before.rows + file.rows,
    rejected: before.rejected + rejectedIn(file),
    skipped: before.skipped + (file.firstSequenceNumber - before.nextSequenceNumber),
    files: before.files + 1,
    bytes: before.bytes + bytes,
  })
}

/** Events of the batch that are no rows. */
export const rejectedIn = (file: BronzeFile) =>
  file.lastSequenceNumber - file.firstSequenceNumber + 1 - file.rows

/** Minute folders, oldest first, relative to the container (`weather/2026/11/24/02/07`); looked up as they are asked for. */
export function minuteFolders(bronzeRoot: string): Generator<string> {
  return foldersBelow(bronzeRoot, BRONZE.path, 5)
}

function* foldersBelow(root: string, folder: string, levels: number): Generator<string> {
  if (levels === 0) yield folder
  else for (const inner of subfolders(root, folder)) yield* foldersBelow(root, inner, levels - 1)
}

export const minuteFolderOf = (time: number) => bronzeFolder(new Date(time))

/** Start of the folder's minute (epoch ms). */
export function minuteOfFolder(folder: string): number {
  const [, year, month, day, hour, minute] = folder.split('/')
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:00Z`)
}

/** The local job's files in a folder; what others have put there is passed over. A folder that is not there is empty. */
export function filesIn(bronzeRoot: string, folder: string): { name: string; file: BronzeFile }[] {
  return entriesOf(join(bronzeRoot, folder)).flatMap(({ name }) => {
    const file = parseBronzeFileName(name)
    return file ? [{ name, file }] : []
  })
}

function subfolders(root: string, folder: string): string[] {
  return entriesOf(join(root, folder))
    .filter((entry) => entry.isDirectory() && /^\d+$/.test(entry.name))
    .map((entry) => `${folder}/${entry.name}`)
    .sort()
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}
