/**
 * The file names in a Delta log: https://github.com/delta-io/delta/blob/master/PROTOCOL.md#delta-log-entries
 */

/** Below the table's folder. */
export const LOG_FOLDER = '_delta_log'
/** Points to the newest checkpoint; only a hint. */
export const LAST_CHECKPOINT = '_last_checkpoint'
/** Below the log's folder: files that version 2 checkpoints refer to. */
export const SIDECAR_FOLDER = '_sidecars'

const digits = (version: number) => String(version).padStart(20, '0')

/** The prefix of a version's names: a listing may start there. */
export const versionPrefix = digits

/** `00000000000000000042.json` */
export const commitName = (version: number): string => `${digits(version)}.json`

/** Name of a checkpoint in a single Parquet file. */
export const checkpointName = (version: number): string => `${digits(version)}.checkpoint.parquet`

/** Version from a commit's name or path; undefined for other files of the log. */
export function versionIn(path: string): number | undefined {
  const version = /(?:^|\/)(\d{20})\.json$/.exec(path)?.[1]
  return version === undefined ? undefined : Number(version)
}

/** Commits `from` to `to` in one file, without actions that cancel each other. */
export interface CompactedCommits {
  from: number
  to: number
  name: string
}

/** From a log compaction's name or path; undefined for other files of the log. */
export function compactionIn(path: string): CompactedCommits | undefined {
  const match = /(?:^|\/)((\d{20})\.(\d{20})\.compacted\.json)$/.exec(path)
  return match ? { from: Number(match[2]), to: Number(match[3]), name: match[1] as string } : undefined
}

/** One file of a checkpoint. */
export interface CheckpointFile {
  version: number
  /** `single` may be of version 2 too; `named` (by a UUID) always is. */
  kind: 'single' | 'part' | 'named'
  /** For a part: how many parts there are. */
  parts: number | undefined
  name: string
}

const CHECKPOINT =
  /(?:^|\/)((\d{20})\.checkpoint(?:\.\d{10}\.(\d{10})|(\.[0-9a-fA-F-]{36}))?\.(parquet|json))$/

/** From the name or path of a checkpoint or of a part; undefined for other files of the log. */
export function checkpointIn(path: string): CheckpointFile | undefined {
  const match = CHECKPOINT.exec(path)
  if (!match) return undefined
  const [, name, version, parts, uuid, form] = match
  if (form === 'json' && uuid === undefined) return undefined
  return {
    version: Number(version),
    kind: uuid !== undefined ? 'named' : parts !== undefined ? 'part' : 'single',
    parts: parts === undefined ? undefined : Number(parts),
    name: name as string,
  }
}
