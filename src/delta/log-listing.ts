/**
 * A Delta log's files in order: which checkpoints are whole, and which files lead from there to the newest
 * version.
 */
import { type CompactedCommits, checkpointIn, compactionIn, versionIn } from './log-names.ts'

/** A complete checkpoint (apart from sidecars, which it names itself). */
export interface Checkpoint {
  version: number
  /** The names of its files in the log's folder: one, or its parts. */
  names: readonly string[]
}

/** What is needed to read a table, and no more. */
export interface LogListing {
  /** Versions, ascending. */
  commits: readonly number[]
  /** Whole checkpoints, oldest first; of several for one version, the one that says most comes last. */
  checkpoints: readonly Checkpoint[]
  compactions: readonly CompactedCommits[]
}

/** @param names of a log's files, or their paths, in any order; other files are ignored. */
export function listingOf(names: Iterable<string>): LogListing {
  const commits: number[] = []
  const compactions: CompactedCommits[] = []
  const found = new Map<string, { version: number; rank: number; parts: number; names: string[] }>()
  for (const path of names) {
    const version = versionIn(path)
    const compaction = compactionIn(path)
    const file = checkpointIn(path)
    if (version !== undefined) commits.push(version)
    else if (compaction) compactions.push(compaction)
    if (!file) continue
    const key = file.kind === 'part' ? `${file.version} of ${file.parts}` : file.name
    const one = found.get(key)
    if (one) one.names.push(file.name)
    else
      found.set(key, {
        version: file.version,
        rank: RANK.indexOf(file.kind),
        parts: file.parts ?? 1,
        names: [file.name],
      })
  }
  const whole = [...found.values()].filter(({ parts, names }) => names.length >= parts)
  whole.sort((a, b) => a.version - b.version || a.rank - b.rank)
  return {
    commits: commits.sort((a, b) => a - b),
    checkpoints: whole.map(({ version, names }) => ({ version, names: names.sort() })),
    compactions,
  }
}

const RANK = ['part', 'single', 'named']

/**
 * The longest compaction that starts after a version and ends at or before another; undefined means: read the
 * next commit.
 */
export function nextCompaction(
  { compactions }: LogListing,
  version: number,
  upTo: number,
): CompactedCommits | undefined {
  return compactions
    .filter(({ from, to }) => from === version + 1 && to > from && to <= upTo)
    .sort((a, b) => b.to - a.to)[0]
}

interface Pointer {
  version: number
}

/** Version from `_last_checkpoint`; undefined when it is cut off or in an unknown form: it is only a hint. */
export function pointerIn(text: string): Pointer | undefined {
  try {
    const pointer = JSON.parse(text) as Partial<Pointer> | null
    return Number.isSafeInteger(pointer?.version) ? (pointer as Pointer) : undefined
  } catch {
    return undefined
  }
}
