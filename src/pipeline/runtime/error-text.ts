/** Errors as one line for a person. */
import { ServiceError } from '../ports/errors.ts'

/** What happened, and what to do now where that is known: `No permission to send. — az role assignment create …` */
export function errorText(error: unknown): string {
  if (error instanceof ServiceError) return error.hint ? `${error.message} — ${error.hint}` : error.message
  return error instanceof Error ? error.message : String(error)
}
