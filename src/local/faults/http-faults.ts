/** What a broken network and an expired token look like to clients of the REST services. */
import { HttpError } from '../http/errors.ts'
import type { FaultSwitch } from './fault-switch.ts'

/** Each answer of a slow lake comes so much later (ms), and each third request is sent away. */
const DELAY_MS = 300
const REFUSED_EACH = 3
const RETRY_AFTER_SECONDS = 1

/** Before a request to the lake is looked at. @throws HttpError 503 or 401 */
export function lakeFaults(faults: FaultSwitch): () => Promise<void> {
  let requests = 0
  return async () => {
    checkExpiry(faults)
    if (!faults.isActive('slow-lake')) return
    await new Promise((resolve) => setTimeout(resolve, DELAY_MS))
    if (++requests % REFUSED_EACH === 0)
      throw new HttpError(503, 'ServerBusy', 'The server is currently unable to receive requests.', {
        headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
      })
  }
}

/** @throws HttpError 401, as Azure answers a token that has expired. */
export function checkExpiry(faults: FaultSwitch): void {
  if (faults.isActive('token-expired'))
    throw new HttpError(401, 'ExpiredAuthenticationToken', 'The access token has expired.', {
      headers: {
        'www-authenticate': 'Bearer error="invalid_token", error_description="The access token has expired"',
      },
    })
}
