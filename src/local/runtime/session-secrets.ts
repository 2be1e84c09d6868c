/** The secrets of one session, which live in memory only, and what makes ids. */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { sessionToken } from './session-token.ts'

/** Never written to the log. */
export interface SessionSecrets {
  /** Bearer token of every server; see {@link sessionToken}. */
  token: string
  /** Shared access key of the event hub, base64. */
  hubKey: string
  /** Key of the storage account, base64. */
  accountKey: string
  /** UUIDs. */
  newId: () => string
}

/** @param seed for tests: everything follows from it. Undefined: random. */
export function sessionSecrets(seed: string | undefined): SessionSecrets {
  const bytes = seed === undefined ? (size: number) => randomBytes(size) : bytesFrom(seed)
  return {
    token: sessionToken(bytes(32).toString('base64url')),
    hubKey: bytes(32).toString('base64'),
    accountKey: bytes(64).toString('base64'),
    newId: seed === undefined ? randomUUID : () => uuid(bytes(16)),
  }
}

/** The same on every machine, so that they can stand in a test's settings; they protect nothing. */
export function fixedSecrets(): Omit<SessionSecrets, 'newId'> {
  const { token, hubKey, accountKey } = sessionSecrets('rtstream-tui: fixed keys, known to everybody')
  return { token, hubKey, accountKey }
}

function bytesFrom(seed: string): (size: number) => Buffer {
  let count = 0
  return (size) => createHash('sha512').update(`${seed}:${count++}`).digest().subarray(0, size)
}

function uuid(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
