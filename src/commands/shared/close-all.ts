/** Ends what a command has opened, so that one part which does not come back keeps none of the others open. */
import { UserError } from './user-error.ts'

/** The local services give up on themselves sooner. */
const LIMIT_MS = 30_000

type Close = () => Promise<void> | void | undefined

/**
 * One after the other, whatever becomes of each.
 * @throws UserError with every failure, once all were tried.
 */
export async function closeAll(closes: readonly Close[], limitMs = LIMIT_MS): Promise<void> {
  const problems: string[] = []
  for (const close of closes) {
    const late = Promise.withResolvers<string>()
    const timer = setTimeout(
      () => late.resolve(`Something did not stop within ${limitMs / 1000} s and was left behind.`),
      limitMs,
    )
    const closed = (async () => close())().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    const problem = await Promise.race([closed, late.promise])
    clearTimeout(timer)
    if (problem !== undefined) problems.push(problem)
  }
  if (problems.length > 0) throw new UserError(problems.join('\n'))
}
