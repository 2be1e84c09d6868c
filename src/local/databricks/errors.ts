import { type ErrorForm, HttpError } from '../http/errors.ts'

/** Databricks words its errors flat: `{"error_code","message"}`. */
export const databricksError: ErrorForm = (error) => ({
  headers: { 'content-type': 'application/json; charset=utf-8' },
  // A workspace has a host of its own, and its paths begin there: nobody asked for ours.
  body: JSON.stringify({
    error_code: wordOf(error),
    message: error.message.replace('/databricks/api/', '/api/'),
  }),
})

const WORDS: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  405: 'ENDPOINT_NOT_FOUND',
  413: 'MAX_REQUEST_SIZE_EXCEEDED',
}

/** The shared HTTP layer uses ARM's error codes; these are Databricks' own. */
function wordOf({ status, code }: HttpError): string {
  if (/^[A-Z_]+$/.test(code)) return code
  return (
    WORDS[status] ?? (status === 404 ? 'ENDPOINT_NOT_FOUND' : status < 500 ? 'BAD_REQUEST' : 'INTERNAL_ERROR')
  )
}

/** Of a request that can never be right. */
export const invalid = (message: string) => new HttpError(400, 'INVALID_PARAMETER_VALUE', message)

/** Of a job, run or path that is not there. */
export const missing = (message: string) => new HttpError(404, 'RESOURCE_DOES_NOT_EXIST', message)
