/** Makes this process a client of the local services. */
import tls from 'node:tls'

/** Every TLS client of this process trusts the session's certificate from now on, those of AMQP too. */
export function trust(certificate: string): void {
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), certificate])
}
