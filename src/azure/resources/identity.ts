/** Who is signed in, as the access token itself says. */
import type { TokenCredential } from '@azure/identity'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import { signInError } from '../errors/sign-in-error.ts'
import type { Principal } from './roles.ts'

/** Claims of the token; nothing but `latencyMs` is measured. */
export interface SignedIn extends Principal {
  /** For a person: the user name, or the application. */
  name: string
  tenantId: string
  latencyMs: number
}

interface Claims {
  oid?: string
  tid?: string
  idtyp?: string
  upn?: string
  unique_name?: string
  preferred_username?: string
  app_displayname?: string
  appid?: string
}

/** @throws ServiceError (authorization) with the command that fixes it */
export async function signedIn(
  credential: TokenCredential,
  scope: string,
  signal?: AbortSignal,
): Promise<SignedIn> {
  const startedAt = performance.now()
  let token: string | undefined
  try {
    token = (await credential.getToken(scope, signal ? { abortSignal: signal } : {}))?.token
  } catch (error) {
    signal?.throwIfAborted()
    throw signInError(error, undefined)
  }
  if (!token) throw new ServiceError('authorization', 'sign-in', 'nobody is signed in', { hint: 'az login' })
  const claims = claimsOf(token)
  const isUser =
    claims.idtyp !== 'app' && (claims.upn ?? claims.unique_name ?? claims.preferred_username) !== undefined
  return {
    id: claims.oid ?? '',
    type: isUser ? 'User' : 'ServicePrincipal',
    name:
      claims.upn ??
      claims.unique_name ??
      claims.preferred_username ??
      claims.app_displayname ??
      claims.appid ??
      'unknown',
    tenantId: claims.tid ?? '',
    latencyMs: performance.now() - startedAt,
  }
}

/** The middle part of a JWT. It is read, never trusted: services check the signature. */
function claimsOf(token: string): Claims {
  try {
    return (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) ?? {}) as Claims
  } catch {
    // A token that is not a JWT still works; only its holder is unknown.
    return {}
  }
}
