/** Proofs of identity that the hub accepts: a shared-access signature, or the session's bearer token. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { isOfHub } from './address.ts'

export interface HubAuth {
  /** Bearer token of the session. */
  token: string
  keyName: string
  key: string
  /** Every proof counts as expired: a fault on purpose. */
  isExpired?: () => boolean
}

const sameText = (left: string, right: string): boolean => {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** True for the key itself, as SASL PLAIN brings it. */
export const isKey = (auth: HubAuth, keyName: string, key: string): boolean =>
  keyName === auth.keyName && sameText(key, auth.key)

/** Why a proof is not taken; `refused` is for a person. */
export interface Unauthorized {
  refused: string
  status: 401
  /** Epoch ms, of a signature that was right until then. */
  expiredAt?: number
  isWrongSignature?: true
}

/** Until when a proof holds or held (epoch ms; for ever, for the session token), or why it is refused and with which status. */
export type CheckedToken =
  | { expiresAt: number }
  | Unauthorized
  /** Valid, but for a hub that does not exist. */
  | { refused: string; status: 404; resource: string }

const unauthorized = (refused: string) => ({ refused, status: 401 as const })

/** As a client names it that puts the token to `$cbs`; questions to `$management` bring theirs without saying. */
export const typeOfToken = (token: string): string =>
  token.startsWith('SharedAccessSignature ') ? 'servicebus.windows.net:sastoken' : 'jwt'

/**
 * Checks what a client put to `$cbs`.
 * @param type `jwt` or `servicebus.windows.net:sastoken`, as the client names it.
 * @param now epoch milliseconds.
 */
export function checkToken(
  auth: HubAuth,
  hubName: string,
  { type, token }: { type: string; token: string },
  now: number,
): CheckedToken {
  if (auth.isExpired?.()) return unauthorized('it has expired')
  if (type === 'jwt') {
    return sameText(token, auth.token)
      ? { expiresAt: Number.POSITIVE_INFINITY }
      : unauthorized('the bearer token is not that of this session')
  }
  if (type !== 'servicebus.windows.net:sastoken')
    return unauthorized(`tokens of type ${type} are not accepted`)
  const fields = signatureFields(token)
  if (!fields) return unauthorized('this is not a shared-access signature')
  if (fields.keyName !== auth.keyName) return unauthorized(`there is no key named ${fields.keyName}`)
  const expected = createHmac('sha256', auth.key)
    .update(`${fields.resource}\n${fields.expiry}`)
    .digest('base64')
  if (!sameText(fields.signature, expected))
    return { ...unauthorized('the signature is wrong'), isWrongSignature: true }
  const expiresAt = Number(fields.expiry) * 1000
  if (!(expiresAt > now)) return { ...unauthorized('the signature has expired'), expiredAt: expiresAt }
  const resource = decodeURIComponent(fields.resource)
  // A right signature for something that is not there, as the service answers it.
  if (!isOfHub(resource, hubName)) return { refused: `there is no ${resource}`, status: 404, resource }
  return { expiresAt }
}

/** `SharedAccessSignature sr=…&sig=…&se=…&skn=…`, in any order; undefined when it is not of that form. */
function signatureFields(token: string) {
  const query = /^SharedAccessSignature\s+(\S+)$/.exec(token)?.[1]
  if (query === undefined) return undefined
  const pairs = query.split('&').map((pair): [string, string] => {
    const at = pair.indexOf('=')
    return [pair.slice(0, at), pair.slice(at + 1)]
  })
  const fields = new Map(pairs)
  const [resource, signature, expiry, keyName] = ['sr', 'sig', 'se', 'skn'].map((name) => fields.get(name))
  if (!resource || !signature || !expiry || !keyName) return undefined
  try {
    decodeURIComponent(resource)
    // The signature covers the resource as it was sent, still encoded.
    return {
      resource,
      expiry,
      signature: decodeURIComponent(signature),
      keyName: decodeURIComponent(keyName),
    }
  } catch {
    // A stray percent sign.
    return undefined
  }
}
