/** What the lake refuses; each message is for a person. */

/** Somebody placed a file of this name first; what stands there was not touched. */
export class AlreadyExistsError extends Error {
  override readonly name = 'AlreadyExistsError'
  constructor(container: string, path: string) {
    super(`${container}/${path} exists already.`)
  }
}

/** Whoever writes may not make the container, and it is not there. Nothing was written. */
export class NoContainerError extends Error {
  override readonly name = 'NoContainerError'
  constructor(container: string) {
    super(`The container ${container} does not exist: create it again, and what waits is written.`)
  }
}

/** A file stands where the path needs a folder, or the other way round. For whoever asks by name it is the error before. */
export class OtherKindError extends AlreadyExistsError {
  override readonly message =
    'The specified path, or an element of the path, exists and its resource type is invalid for this operation.'
}

/** A file stands where the path needs a folder above it. */
export class BelowFileError extends OtherKindError {}

/** The lake's limit is reached, or the disk is full. Nothing was written. */
export class LakeFullError extends Error {
  override readonly name = 'LakeFullError'
  /** What a person can do. */
  readonly hint: string
  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options)
    this.hint = hint
  }
}

/** A name that would leave the lake's folder, or that the service would reject. */
export class InvalidNameError extends Error {
  override readonly name = 'InvalidNameError'
  /** The service's own word. */
  readonly code: 'InvalidResourceName' | 'OutOfRangeInput' | 'PathIsTooDeep'
  constructor(message: string, code: InvalidNameError['code'] = 'InvalidResourceName') {
    super(message)
    this.code = code
  }
}

/**
 * @param file what was being written; a failed write on an open file does not name it.
 * @returns the error itself, or what it means for the lake when the disk is full.
 */
export function diskError(error: unknown, file = (error as NodeJS.ErrnoException).path): unknown {
  const code = (error as NodeJS.ErrnoException).code
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return new LakeFullError(
    file === undefined
      ? 'The disk that holds the lake is full.'
      : `The disk that holds the lake is full: ${file} cannot be written.`,
    'Free space on it, or choose another data folder; then start the stage again: it goes on where it stopped.',
    { cause: error },
  )
}
