/** The names of what stands in a Delta log: https://github.com/delta-io/delta/blob/master/PROTOCOL.md#delta-log-entries */

/** Below the table's folder. */
export const LOG_FOLDER = '_delta_log'
/** Points at the newest checkpoint; a hint only. */
export const LAST_CHECKPOINT = '_last_checkpoint'

const digits = (version: number) => String(version).padStart(20, '0')
const partDigits = (part: number) => String(part).padStart(10, '0')

/** `00000000000000000042.json` */
export const commitName = (version: number): string => `${digits(version)}.json`

/** Of a checkpoint in a single Parquet file. */
export const checkpointName = (version: number): string => `${digits(version)}.checkpoint.parquet`

/** @param parts undefined: it is in one file. */
export const checkpointNames = (version: number, parts: number | undefined): string[] =>
  parts === undefined
    ? [checkpointName(version)]
    : Array.from(
        { length: parts },
        (_, index) => `${digits(version)}.checkpoint.${partDigits(index + 1)}.${partDigits(parts)}.parquet`,
      )

/** Of a commit's name or path; undefined for other files of the log. */
export function versionIn(path: string): number | undefined {
  const version = /(?:^|\/)(\d{20})\.json$/.exec(path)?.[1]
  return version === undefined ? undefined : Number(version)
}

/** Of a checkpoint's name or path, or of a part's; undefined for other files of the log. */
export function checkpointIn(path: string): { version: number; parts: number | undefined } | undefined {
  const match = /(?:^|\/)(\d{20})\.checkpoint(?:\.\d{10}\.(\d{10}))?\.parquet$/.exec(path)
  if (!match) return undefined
  return { version: Number(match[1]), parts: match[2] === undefined ? undefined : Number(match[2]) }
}
