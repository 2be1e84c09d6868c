/** The keys of the local services: new at every start, kept in the data folder, or the same everywhere. */
import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { type Certificate, createCertificate } from '../runtime/certificate.ts'
import type { Clock } from '../runtime/clock.ts'
import type { KeyMode } from '../runtime/options.ts'
import { fixedSecrets, type SessionSecrets, sessionSecrets } from '../runtime/session-secrets.ts'
import { readStateFile, writeJsonAtomically } from '../storage/state-file.ts'

/** Everything by which a client proves itself, or the services do. */
export interface SessionKeys extends SessionSecrets {
  tls: Certificate
}

/** `<data>/local/keys.json`, for its owner only. The secrets are missing while the fixed ones are used. */
interface KeyFile {
  secrets?: Omit<SessionSecrets, 'newId'>
  certificate: Certificate
}

const OWNER_ONLY = 0o600
/** A certificate that is near its end is made anew. */
const RENEW_BEFORE_MS = 30 * 24 * 3_600_000

/**
 * @param options.seed for tests; see {@link sessionSecrets}.
 * @throws StateFileError when the kept keys cannot be read.
 */
export async function sessionKeys(options: {
  mode: KeyMode
  seed: string | undefined
  dataDir: string
  clock: Clock
}): Promise<SessionKeys> {
  const { mode, seed, dataDir, clock } = options
  const made = sessionSecrets(seed)
  if (mode === 'new') return { ...made, tls: await createCertificate(clock) }
  const file = join(dataDir, 'local', 'keys.json')
  const kept = readStateFile<KeyFile>(file, isKeyFile)
  const certificate =
    kept && isValid(kept.certificate, clock) ? kept.certificate : await createCertificate(clock)
  const { newId, ...fresh } = made
  const secrets = kept?.secrets ?? (mode === 'kept' ? fresh : undefined)
  // The certificate is kept with fixed keys too: its key is unique, and a client that trusts it need not do so again.
  writeJsonAtomically(file, { ...(secrets && { secrets }), certificate } satisfies KeyFile, OWNER_ONLY)
  return { ...(mode === 'fixed' ? fixedSecrets() : (secrets ?? fresh)), newId, tls: certificate }
}

const areTexts = (found: unknown, names: readonly string[]): boolean =>
  typeof found === 'object' &&
  found !== null &&
  names.every((name) => typeof (found as Record<string, unknown>)[name] === 'string')

function isKeyFile(found: unknown): boolean {
  const { secrets, certificate } = (found ?? {}) as Record<string, unknown>
  return (
    areTexts(certificate, ['key', 'cert']) &&
    (secrets === undefined || areTexts(secrets, ['token', 'hubKey', 'accountKey']))
  )
}

function isValid({ cert }: Certificate, clock: Clock): boolean {
  try {
    const { validFrom, validTo } = new X509Certificate(cert)
    return Date.parse(validFrom) <= clock.now() && Date.parse(validTo) > clock.now() + RENEW_BEFORE_MS
  } catch {
    return false
  }
}
