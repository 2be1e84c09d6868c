/** Says what stopped a query in words that a person can act on. */

import { RECOVERY } from './recovery.ts'

/** Parts of error texts of DuckDB and Node, and what they mean. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [
    /No space left on device|ENOSPC|EDQUOT|Disk quota exceeded/,
    'The disk that holds the lake is full. Free space on it, then start the stage again: it goes on where it stopped.',
  ],
  [
    /Out of Memory Error|failed to (?:pin|allocate)|max_temp_directory_size/,
    'DuckDB needed more memory than it may have, and could not spill to disk. Start the stage again; if it fails again, ' +
      'one bronze file may hold extremely long lines.',
  ],
  [
    /Read-only file system|EROFS|EACCES|EPERM|Permission denied/,
    'The lake cannot be written or read. Check the rights of the data folder.',
  ],
  [
    /No magic bytes found|too small to be a Parquet file|Failed to read file|Could not read enough bytes|No files found that match/,
    `A file of a table is damaged or gone. ${RECOVERY}`,
  ],
]

/** One line; the system's own words follow in brackets. */
export function readableError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  // The lake's own refusal says all there is to say, and what to do.
  const hint = (error as { hint?: unknown } | undefined)?.hint
  if (typeof hint === 'string') return `${message} ${hint}`
  const meaning = MEANINGS.find(([pattern]) => pattern.test(message))?.[1]
  return meaning ? `${meaning} (${oneLine(message)})` : oneLine(message)
}

const LONGEST = 600

function oneLine(text: string): string {
  // DuckDB shows the place in its statement, which is ours and tells a reader nothing.
  const line = text
    .replace(/\s+LINE \d+: .*$/s, '')
    .replace(/\s+/g, ' ')
    .trim()
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line
}
