/**
 * The bearer token of a session. It has the form of the tokens of Microsoft Entra, since some clients read in theirs who they are:
 * the user and the tenant that a signature is made for. The servers compare it as a whole.
 */

/** Whose the session's token is: the local account has one user, in a tenant of its own. */
export const LOCAL_USER = {
  oid: '00000000-0000-0000-0000-000000000001',
  tid: '00000000-0000-0000-0000-000000000000',
} as const

/** No end: the token lasts as long as the session. Seconds since 1970, 2100-01-01. */
const NEVER = 4_102_444_800

/** @param secret base64url; it stands where Entra's signature does, and is what keeps the token secret. */
export function sessionToken(secret: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return [part({ alg: 'HS256', typ: 'JWT' }), part({ ...LOCAL_USER, exp: NEVER }), secret].join('.')
}
