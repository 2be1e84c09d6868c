/** Proofs of identity that the hub accepts: a shared-access signature, or the session's bearer token. */
import { createHmac, timingSafeEqual } from 'node:crypto'

export interface HubAuth {
  /** Bearer token of the session. */
  token: string
  keyName: string
  key: string
}

const sameText = (left: string, right: string): boolean => {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/**
 * Checks what a client put to `$cbs`.
 * @param type `jwt` or `servicebus.windows.net:sastoken`, as the client names it.
 * @param now epoch milliseconds.
 * @returns when the proof expires (epoch ms; never, for the session token), or why it is refused.
 */
export function checkToken(
  auth: HubAuth,
  type: string,
  token: string,
  now: number,
): { expiresAt: number } | { refused: string } {
  if (type === 'jwt') {
    return sameText(token, auth.token)
      ? { expiresAt: Number.POSITIVE_INFINITY }
      : { refused: 'the bearer token is not that of this session' }
  }
  const match = /^SharedAccessSignature\s+(.+)$/.exec(token)
  const fields = new Map(
    match?.[1]
      ?.split('&')
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  )
  const [resource, signature, expiry, name] = ['sr', 'sig', 'se', 'skn'].map((field) => fields.get(field))
  if (!resource || !signature || !expiry || !name) return { refused: 'this is no shared-access signature' }
  if (decodeURIComponent(name) !== auth.keyName)
    return { refused: `there is no key named ${decodeURIComponent(name)}` }
  const expected = createHmac('sha256', auth.key).update(`${resource}\n${expiry}`).digest('base64')
  if (!sameText(decodeURIComponent(signature), expected)) return { refused: 'the signature is wrong' }
  const expiresAt = Number(expiry) * 1000
  if (!(expiresAt > now)) return { refused: 'the signature has expired' }
  return { expiresAt }
}
