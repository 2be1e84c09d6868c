/** Bronze as it lies on the disk: minute folders, and the totals of what retention has deleted. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  BRONZE,
  type BronzeFile,
  bronzeFolder,
  formerBronzeFolder,
  minuteIn,
  parseBronzeFileName,
} from '../../contract/bronze-layout.ts'
import {
  BRONZE_TOTALS,
  type PartitionTotals,
  parseTotals,
  totalsDocument,
} from '../../contract/bronze-totals.ts'
import { textIfThere } from '../storage/if-there.ts'
import { writeJsonAtomically } from '../storage/state-file.ts'

const totalsPath = (bronzeRoot: string) => join(bronzeRoot, BRONZE_TOTALS)

/** By partition; empty when nothing has been summed up yet. */
export function readTotals(bronzeRoot: string): Map<number, PartitionTotals> {
  const text = textIfThere(totalsPath(bronzeRoot))
  return text === undefined ? new Map() : parseTotals(text)
}

/** The file is there whole or as it was before. */
export function writeTotals(bronzeRoot: string, totals: ReadonlyMap<number, PartitionTotals>): void {
  writeJsonAtomically(totalsPath(bronzeRoot), totalsDocument(totals))
}

/**
 * Minute folders of both forms, oldest first, relative to the container (`weather/2026/11/24/02-07`); looked up as they are
 * asked for.
 */
export function* minuteFolders(bronzeRoot: string): Generator<string> {
  for (const day of foldersBelow(bronzeRoot, BRONZE.path, 3)) {
    const within = subfolders(bronzeRoot, day)
    const former = within.flatMap((hour) => subfolders(bronzeRoot, hour))
    const minutes = [...within, ...former].flatMap((folder) => {
      const { minute } = minuteIn(folder) ?? {}
      return minute === undefined ? [] : [{ folder, minute }]
    })
    // Of one minute the former folder comes first: it was written by an earlier version.
    minutes.sort((one, other) => compare(one.minute, other.minute) || compare(other.folder, one.folder))
    for (const { folder } of minutes) yield folder
  }
}

function* foldersBelow(root: string, folder: string, levels: number): Generator<string> {
  if (levels === 0) yield folder
  else for (const inner of subfolders(root, folder)) yield* foldersBelow(root, inner, levels - 1)
}

const compare = (one: string, other: string) => (one < other ? -1 : Number(one > other))

/** Where a file of that time (epoch ms) may lie: as it is written now, and as it was. */
export const minuteFoldersOf = (time: number): string[] => [
  bronzeFolder(new Date(time)),
  formerBronzeFolder(new Date(time)),
]

/** The local job's files in a folder; files of others are ignored. A missing folder counts as empty. */
export function filesIn(bronzeRoot: string, folder: string): { name: string; file: BronzeFile }[] {
  return entriesOf(join(bronzeRoot, folder)).flatMap(({ name }) => {
    const file = parseBronzeFileName(name)
    return file ? [{ name, file }] : []
  })
}

function subfolders(root: string, folder: string): string[] {
  return entriesOf(join(root, folder))
    .filter((entry) => entry.isDirectory() && /^\d+(?:-\d+)?$/.test(entry.name))
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
