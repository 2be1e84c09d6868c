/**
 * Imported only when a certificate is made: the library takes longer to load than to work, and a kept certificate does without
 * it (docs/performance.md).
 */
import { randomUUID } from 'node:crypto'
import { generate } from 'selfsigned'
import type { Clock } from './clock.ts'
import { systemClock } from './clock.ts'

/** PEM of a key and of its certificate. */
export interface Certificate {
  key: string
  cert: string
}

const DAY_MS = 24 * 3_600_000

/**
 * Makes the session's own certificate for `localhost`, 127.0.0.1 and ::1 (EC P-256, valid for a year).
 * It is self-signed and not an authority for other names: a client that trusts it trusts these three alone, and the strict
 * verifiers (OpenSSL's X509_STRICT, rustls) take it as server certificate and as trust anchor both.
 */
export async function createCertificate(clock: Clock = systemClock): Promise<Certificate> {
  const now = clock.now()
  // A name of its own: OpenSSL finds certificates by name, and of two sessions with one name it would see one only.
  const name = [{ name: 'commonName', value: `rtstream-tui ${randomUUID()}` }]
  const { private: key, cert } = await generate(name, {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // Some days of slack: the client's clock may be behind (containers, virtual machines that slept), or be set back meanwhile.
    notBeforeDate: new Date(now - 3 * DAY_MS),
    notAfterDate: new Date(now + 365 * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  })
  return { key, cert }
}
