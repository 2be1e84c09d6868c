/** A refusal by the service's own provider, which words it flat; Resource Manager in front of it has `{error: {…}}`. */
import { type ErrorForm, HttpError } from '../http/errors.ts'

/** The status alone is the same in both forms. */
export class ProviderError extends HttpError {}

/** `{"code","message","details"}`, as recorded. */
export const providerError: ErrorForm = ({ code, message }) => ({
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify({ code, message, details: null }),
})
