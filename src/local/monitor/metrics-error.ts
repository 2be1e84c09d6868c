/** How Azure Monitor words what it refuses: flat below a resource, as users report it; in Resource Manager's form for a batch. */
import { type ErrorForm, HttpError } from '../http/errors.ts'

/** A refusal of Azure Monitor itself; Resource Manager in front of it has its own. */
export class MetricsError extends HttpError {}

/** The batch API is a service of its own: its errors are as Resource Manager's. */
export const isFlat = (error: HttpError, url: string): boolean =>
  error instanceof MetricsError && !/\/metrics(?::|%3a)getBatch/i.test(url)

/** `{"code","message"}`. */
export const metricsError: ErrorForm = ({ code, message }) => ({
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify({ code, message }),
})

/** Azure Monitor's one code for what a query may not have. */
export const badRequest = (message: string) => new MetricsError(400, 'BadRequest', message)
