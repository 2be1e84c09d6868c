/** Where clients look for a sign-in: Microsoft Entra's paths and Databricks' own. There is none here, only the session's token. */
import type { IncomingMessage } from 'node:http'
import { type ErrorForm, HttpError } from '../http/errors.ts'

const PATHS =
  /^\/(?:databricks\/)?(?:oidc|(?:[\da-f]{8}-[\da-f-]{27}|common|organizations|consumers)\/(?:oauth2|v2\.0|discovery|\.well-known))(?:[/?]|$)/i

/** Asked without a token, as it is asked for one. */
export const isSignIn = ({ url = '' }: Pick<IncomingMessage, 'url'>): boolean => PATHS.test(url)

/** @throws HttpError 400, always. */
export function refuseSignIn(): never {
  throw new HttpError(
    400,
    'unauthorized_client',
    'Nobody signs in here, with a secret or without: send the token of this session, which `rtstream-tui endpoints` prints, as the bearer token.',
  )
}

/** OAuth's form, from which clients take what they show. */
export const signInError: ErrorForm = ({ code, message }) => ({
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify({ error: code, error_description: message }),
})
