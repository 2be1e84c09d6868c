/** A failure that its message explains: printed in one or two lines, without a stack. */
export class UserError extends Error {
  override readonly name = 'UserError'
  /** What to do now. */
  readonly hint: string | undefined
  /** 2 = wrong usage, 1 = everything else. */
  readonly exitCode: number

  constructor(message: string, hint?: string, options: { exitCode?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.hint = hint
    this.exitCode = options.exitCode ?? 1
  }
}

/** What the system says names the file, and nothing to do about it. */
const CHECK_FOLDER = 'Move away what is there, or choose another data folder with --data-dir.'

const CHECK_TEMPORARY = 'Set TMPDIR (on Windows TEMP) to a folder that can be written to.'

/** Whoever meets the limit first, the system, a library or DuckDB, says it in its own words; 24 is the system's number for it. */
const TOO_MANY_FILES = /\bE[MN]FILE\b|too many open files|system error 24\b/i
const RAISE_LIMIT =
  'This process may have too few files open at once. Raise that limit (ulimit -n 4096), then start again.'

/** One or two lines for a person, from anything that was thrown. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (TOO_MANY_FILES.test(error.message)) return `${error.message}\n${RAISE_LIMIT}`
  const { hint, path, syscall } = error as { hint?: unknown; path?: unknown; syscall?: unknown }
  if (typeof hint === 'string' && hint !== '') return `${error.message}\n${hint}`
  // Only temporary folders are made so, and none of them is in the data folder.
  if (syscall === 'mkdtemp') return `${error.message}\n${CHECK_TEMPORARY}`
  return typeof path === 'string' ? `${error.message}\n${CHECK_FOLDER}` : error.message
}

/**
 * Lessons and notebooks come with the package: where they are missing, no data folder is at fault.
 * @param what as a sentence begins: `The lessons`.
 * @param folder of the package.
 * @returns what takes the error of reading there. It throws a UserError, and any error that has another cause as it is.
 */
export const incomplete =
  (what: string, folder: string) =>
  (error: unknown): never => {
    const { path, message } = error as NodeJS.ErrnoException
    if (!(error instanceof Error) || !path?.startsWith(folder.replace(/[/\\]$/, ''))) throw error
    throw new UserError(
      `${what} that come with rtstream-tui cannot be read: ${message}.`,
      'The installation is not complete: install it again, or bring back the folder in a checkout.',
      { cause: error },
    )
  }

/** The same for what is read at once. */
export function readPackage<T>(what: string, folder: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    return incomplete(what, folder)(error)
  }
}
