/** The certificate with which the room speaks TLS. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import type { Config } from '../../config/schema.ts'
import { UserError } from './user-error.ts'

type Paths = Pick<Config, 'audienceCert' | 'audienceKey' | 'audienceHost'>

/**
 * Reads certificate and key, and checks that phones will take them.
 * @returns PEM; undefined: none is named, and the room speaks plain HTTP.
 * @throws UserError when they cannot be read, do not belong together, have expired, or are for another address.
 */
export function certificateOf(
  { audienceCert, audienceKey, audienceHost }: Paths,
  now = Date.now(),
): { cert: string; key: string } | undefined {
  if (audienceCert === undefined && audienceKey === undefined) return undefined
  if (audienceCert === undefined || audienceKey === undefined)
    throw new UserError(
      'The room needs a certificate and its key; only one of them is named.',
      'Give both: --audience-cert FILE --audience-key FILE.',
      { exitCode: 2 },
    )
  const cert = read('certificate', audienceCert)
  const key = read('key', audienceKey)
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    throw new UserError(
      `${audienceCert} and ${audienceKey} are not a certificate and its key in PEM form: ${(error as Error).message}.`,
      'The certificate comes first in its file, those that signed it after it.',
      { exitCode: 2 },
    )
  }
  const certificate = new X509Certificate(cert)
  const { validTo, subjectAltName = 'no address' } = certificate
  if (Date.parse(validTo) < now)
    throw new UserError(`The certificate ${audienceCert} has expired: ${validTo}.`, 'Renew it.', {
      exitCode: 2,
    })
  if (audienceHost !== undefined && !covers(certificate, audienceHost))
    throw new UserError(
      `The certificate ${audienceCert} is not for ${audienceHost}, but for ${subjectAltName}.`,
      'Phones would refuse it. Name one of its addresses: --audience-host NAME.',
      { exitCode: 2 },
    )
  return { cert, key }
}

const covers = (certificate: X509Certificate, host: string) =>
  (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined

function read(what: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UserError(`The ${what} of the room cannot be read: ${(error as Error).message}.`, undefined, {
      exitCode: 2,
    })
  }
}
