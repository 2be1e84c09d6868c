/** Caches the tokens of another credential, and says in plain words why there is none. */
import type { AccessToken, GetTokenOptions, TokenCredential } from '@azure/identity'
import { signInError } from '../errors/sign-in-error.ts'

/** One for all clients of a deployment. */
export interface TokenKeeper extends TokenCredential {
  /** A service has refused a token: ask for a new one next time, as somebody else may have signed in. */
  forget(): void
}

/** A token is replaced this long before it expires (ms) … */
const EARLY_MS = 5 * 60_000
/** … and without a new one, the old one is used until this long before it expires (ms). */
const LAST_MS = 30_000

/**
 * One question at a time for each scope; all who ask meanwhile share its answer. When it fails, a kept token that
 * is still valid is used. @throws ServiceError that says how to sign in.
 */
export function keepingTokens(
  inner: TokenCredential,
  { now, tenantId }: { now: () => number; tenantId: string | undefined },
): TokenKeeper {
  const kept = new Map<string, AccessToken>()
  const asked = new Map<string, Promise<AccessToken>>()

  const ask = async (key: string, scopes: string | string[], options: GetTokenOptions) => {
    const { abortSignal: _, ...rest } = options
    try {
      const token = await inner.getToken(scopes, rest)
      if (!token) throw new Error('no token')
      kept.set(key, token)
      return token
    } catch (error) {
      const old = kept.get(key)
      if (old && options.claims === undefined && old.expiresOnTimestamp - now() > LAST_MS) return old
      throw signInError(error, tenantId)
    } finally {
      asked.delete(key)
    }
  }

  return {
    getToken: (scopes, options = {}) => {
      const key = JSON.stringify([scopes, options.tenantId, options.claims])
      const old = kept.get(key)
      if (old && old.expiresOnTimestamp - now() > EARLY_MS) return Promise.resolve(old)
      // One caller may give up; the others still wait for it.
      const answer = asked.get(key) ?? ask(key, scopes, options)
      asked.set(key, answer)
      return untilAborted(answer, options.abortSignal as AbortSignal | undefined)
    },
    forget: () => kept.clear(),
  }
}

function untilAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return answer
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort)
    void answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
