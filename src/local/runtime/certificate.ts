/**
 * The session's own certificate (RFC 5280). One form with four values that differ: libraries that make any certificate take longer
 * to load than all else that the services start with (docs/performance.md).
 */
import { generateKeyPair, randomBytes, randomUUID, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { Clock } from './clock.ts'
import { systemClock } from './clock.ts'
import { bits, der, integer, objectId, octets, printable, sequence, set, TRUE, time } from './der.ts'

/** PEM of a key and of its certificate. */
export interface Certificate {
  key: string
  cert: string
}

const DAY_MS = 24 * 3_600_000
const VERSION_3 = der(0xa0, integer(Buffer.from([2])))
const ECDSA_WITH_SHA256 = sequence(objectId('1.2.840.10045.4.3.2'))
const COMMON_NAME = objectId('2.5.4.3')
/** Of a name among the alternative ones. */
const DNS = 0x82
const IP = 0x87

/**
 * No authority for other names: a client that trusts it trusts these three alone, and the strict verifiers (OpenSSL's X509_STRICT,
 * rustls) take it as server certificate and as trust anchor both.
 */
const EXTENSIONS = der(
  0xa3,
  sequence(
    // Basic constraints: empty means not a certificate authority. Critical, like the next.
    sequence(objectId('2.5.29.19'), TRUE, octets(sequence())),
    // Key usage: digital signature, the highest bit.
    sequence(objectId('2.5.29.15'), TRUE, octets(bits(Buffer.from([0x80]), 7))),
    // Extended key usage: TLS server.
    sequence(objectId('2.5.29.37'), octets(sequence(objectId('1.3.6.1.5.5.7.3.1')))),
    sequence(
      objectId('2.5.29.17'),
      octets(
        sequence(
          der(DNS, Buffer.from('localhost')),
          der(IP, Buffer.from([127, 0, 0, 1])),
          der(IP, Buffer.from([...Array<number>(15).fill(0), 1])),
        ),
      ),
    ),
  ),
)

/** Makes a certificate for `localhost`, 127.0.0.1 and ::1 (EC P-256, self-signed, valid for a year). */
export async function createCertificate(clock: Clock = systemClock): Promise<Certificate> {
  const now = clock.now()
  const { publicKey, privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
  // A name of its own: OpenSSL finds certificates by name, and of two sessions with one name it would see one only.
  const name = sequence(set(sequence(COMMON_NAME, printable(`rtstream-tui ${randomUUID()}`))))
  const serial = randomBytes(16)
  // Positive, and never of a leading zero.
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40
  const content = sequence(
    VERSION_3,
    integer(serial),
    ECDSA_WITH_SHA256,
    name,
    // Some days of slack: the client's clock may be behind (containers, virtual machines that slept), or be set back later.
    sequence(time(now - 3 * DAY_MS), time(now + 365 * DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    EXTENSIONS,
  )
  const certificate = sequence(content, ECDSA_WITH_SHA256, bits(sign('sha256', content, privateKey)))
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: pem(certificate),
  }
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----'].join('\n')
}
