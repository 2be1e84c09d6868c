/** What a status or a network code means for the caller; the same for every adapter. */
import type { ServiceErrorKind } from '../../pipeline/ports/errors.ts'

/** Node's codes for a peer that cannot be reached. https://nodejs.org/api/errors.html#common-system-errors */
const NETWORK_CODES: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])

/** Whether no answer came, so that the same call may work later; `code` is that of Node's error. */
export const isNetworkCode = (code: string | undefined): boolean => NETWORK_CODES.has(code ?? '')

/** By an answer's status; undefined when the status decides nothing. */
export function kindOfStatus(status: number | undefined): ServiceErrorKind | undefined {
  switch (status) {
    case 401:
    case 403:
      return 'authorization'
    case 404:
      return 'not-found'
    case 409:
    case 412:
      return 'conflict'
    case 429:
    case 503:
      return 'throttled'
    default:
      return undefined
  }
}
