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

/** One or two lines for a person, from anything that was thrown. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { hint, path } = error as { hint?: unknown; path?: unknown }
  if (typeof hint === 'string' && hint !== '') return `${error.message}\n${hint}`
  return typeof path === 'string' ? `${error.message}\n${CHECK_FOLDER}` : error.message
}
