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

/** One or two lines for a person, from anything that was thrown. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const hint = (error as { hint?: unknown }).hint
  return typeof hint === 'string' && hint !== '' ? `${error.message}\n${hint}` : error.message
}
