import { requireBearer } from '../http/bearer.ts'
import { JsonBodyError } from '../http/body.ts'
import { type ErrorForm, HttpError } from '../http/errors.ts'

/** Databricks words its errors flat: `{"error_code","message"}`. */
export const databricksError: ErrorForm = (error) => ({
  headers: { 'content-type': 'application/json; charset=utf-8' },
  // A workspace has a host of its own, and its paths begin there: nobody asked for ours.
  body: JSON.stringify({
    error_code: wordOf(error),
    message: messageOf(error).replace('/databricks/api/', '/api/'),
  }),
})

const WORDS: Readonly<Record<number, string>> = {
  413: 'MAX_REQUEST_SIZE_EXCEEDED',
}

/** The shared HTTP layer uses ARM's error codes; these are Databricks' own. */
function wordOf(error: HttpError): string | number {
  const { status, code } = error
  if (error instanceof JsonBodyError) return 'MALFORMED_REQUEST'
  if (/^[A-Z_]+$/.test(code)) return code
  // Its front door has a number there.
  if (code === String(status)) return status
  return (
    WORDS[status] ?? (status === 404 ? 'ENDPOINT_NOT_FOUND' : status < 500 ? 'BAD_REQUEST' : 'INTERNAL_ERROR')
  )
}

/** In its own words, by users' reports. */
const messageOf = (error: HttpError): string =>
  error instanceof JsonBodyError
    ? `Invalid JSON given in the body of the request - ${error.isJson ? 'expected a map' : 'failed to parse given JSON'}`
    : error.message

/**
 * The check of its front door, as users report its answers (databricks-sdk-go, issues 873 and 1158): 401 without a token, 403 with one
 * that it does not know.
 */
export const requireDatabricksToken = (token: string) =>
  requireBearer(
    token,
    'Bearer realm="DatabricksRealm"',
    { none: '401', wrong: '403', wrongStatus: 403 },
    {
      none: 'Credential was not sent or was of an unsupported type for this API. ',
      wrong: 'Invalid access token. ',
    },
  )

/** Of a request that can never be right. */
export const invalid = (message: string) => new HttpError(400, 'INVALID_PARAMETER_VALUE', message)

/** Of a request whose fields are of other types than the API's: it is refused before anybody looks at their values. */
export const malformed = (message: string) =>
  new HttpError(400, 'MALFORMED_REQUEST', `Could not parse request object: ${message}`)

/** Of a field that is of another type: the service's words (dbx, issue 182). @param found its value. */
export const otherType = (wanted: 'object' | 'array', field: string, found: unknown) =>
  malformed(`Expected ${wanted} for field ${field}, found ${typeOf(found)}`)

const typeOf = (value: unknown): string =>
  (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value).toUpperCase()

/** Of a job, run or path that is not there. */
export const missing = (message: string) => new HttpError(404, 'RESOURCE_DOES_NOT_EXIST', message)
