/** Keeps pages of other sites away from the services on loopback. */
import type { IncomingMessage } from 'node:http'
import { HttpError } from './errors.ts'

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/** @param hostname as URLs have it. */
export const isLoopback = (hostname: string): boolean => LOOPBACK.has(hostname)

/**
 * Browsers name the page that makes a request; a page from elsewhere is refused, whatever token it holds.
 * Clients other than browsers send no `Origin`.
 * @throws HttpError 403
 */
export function refuseForeignOrigin(request: IncomingMessage): void {
  const origin = request.headers.origin
  if (origin === undefined) return
  const url = URL.parse(origin)
  if (url && isLoopback(url.hostname)) return
  throw new HttpError(403, 'ForeignOrigin', `Requests from pages of ${origin.slice(0, 100)} are not served.`)
}
