/** Bearer tokens on the REST services. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { HttpError } from './errors.ts'

/** Compares secrets in a time that does not depend on where they differ, nor on their lengths. */
export function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}

/**
 * @param challenge for `WWW-Authenticate`.
 * @param codes of a request without a token, and with a wrong one; ARM's and storage's differ.
 * @param words of the service's own, before ours.
 * @returns a check that a request carries `Authorization: Bearer <token>`.
 * The check throws HttpError 401 (with a wrong token `wrongStatus`) with the service's code, and the challenge that SDKs look for.
 */
export function requireBearer(
  token: string,
  challenge = 'Bearer',
  { none = 'InvalidAuthenticationToken', wrong = 'InvalidAuthenticationToken', wrongStatus = 401 } = {},
  words: { none: string; wrong: string } = { none: '', wrong: '' },
): (request: IncomingMessage) => void {
  return (request) => {
    const given = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (given !== undefined && sameSecret(given, token)) return
    const headers = { 'www-authenticate': challenge }
    if (given === undefined)
      throw new HttpError(
        401,
        none,
        `${words.none}The request carries no bearer token: send the token of this session in the Authorization header.`,
        { headers },
      )
    throw new HttpError(
      wrongStatus,
      wrong,
      `${words.wrong}The bearer token is not the one of this session: ask \`rtstream-tui endpoints\` for the present one.`,
      { headers: wrongStatus === 401 ? headers : {} },
    )
  }
}
