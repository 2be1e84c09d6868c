/** What the system says of a write names no file once the file is open: a full disk least of all. */

const REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ENOSPC: ['its disk is full', 'Free space on it, or name another place.'],
  EDQUOT: ['the quota of its disk is used up', 'Free space on it, or name another place.'],
  EROFS: ['its disk is read-only', 'Name another place.'],
  EACCES: ['nobody gave you the right to', 'Ask for it, or name another place.'],
  EPERM: ['nobody gave you the right to', 'Ask for it, or name another place.'],
  ENOENT: ['its folder does not exist', 'Make the folder first, or name another place.'],
  ENOTDIR: ['a file stands where its folder should be', 'Name another place.'],
  // From making a folder.
  EEXIST: ['a file stands where its folder should be', 'Move it away, or choose another place: --data-dir.'],
  EISDIR: ['a folder stands there', 'Name another place.'],
}

/** The system's error with the file's name, in words for a person. */
export class UnwritableFileError extends Error {
  override readonly name = 'UnwritableFileError'
  /** What a person can do; undefined for causes without a known remedy. */
  readonly hint: string | undefined
  /** The system's own. */
  readonly code: string | undefined

  constructor(file: string, cause: unknown) {
    const { code, message } = cause as NodeJS.ErrnoException
    const [reason, hint] = REASONS[code ?? ''] ?? [message, undefined]
    super(`${file} cannot be written: ${reason}.`, { cause })
    this.hint = hint
    this.code = code
  }
}

/** @throws UnwritableFileError in place of what the system says. */
export function namingFile<T>(file: string, write: () => T): T {
  try {
    return write()
  } catch (error) {
    throw new UnwritableFileError(file, error)
  }
}
