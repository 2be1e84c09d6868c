/** The version of the REST interface that a request asks for: https://learn.microsoft.com/rest/api/storageservices/versioning-for-the-azure-storage-services */
import type { IncomingMessage } from 'node:http'
import { HttpError } from '../../http/errors.ts'
import { invalidHeader } from '../store/invalid-header.ts'

const HEADER = 'x-ms-version'
/** The first that was given in a header. */
const FIRST = '2009-04-14'
/** The first that takes a token. */
const FIRST_WITH_TOKENS = '2017-11-09'

/**
 * A day on or after the first version. Which days between had a version is not looked at, and later ones are taken: clients ask for
 * new versions before this program knows of them.
 * @throws HttpError 400
 */
export function requireVersion({ headers }: IncomingMessage): void {
  const version = headers[HEADER]
  if (version === undefined || isVersion(version)) return
  throw invalidHeader(
    HEADER,
    String(version),
    `is a version as 2023-11-03, not ${JSON.stringify(String(version).slice(0, 50))}`,
  )
}

/** A client that forgets the version works with a key, and on the service fails with a token. @throws HttpError 403 */
export function requireVersionOfTokens({ headers }: IncomingMessage): void {
  const version = headers[HEADER]
  if (version !== undefined && String(version) >= FIRST_WITH_TOKENS) return
  throw new HttpError(
    403,
    'AuthenticationFailed',
    `Authentication scheme Bearer is not supported in this version: send ${HEADER} ${FIRST_WITH_TOKENS} or later.`,
  )
}

/** Does it have the form of one, and is it none of before the first? */
export const isVersion = (text: unknown): text is string =>
  typeof text === 'string' && isDay(text) && text >= FIRST

function isDay(text: string): boolean {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined
  return day !== undefined && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}
