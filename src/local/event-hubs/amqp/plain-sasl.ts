/** SASL PLAIN (RFC 4616): the name of the key and the key, before AMQP begins. */

/** Not yet checked. */
export interface PlainProof {
  keyName: string
  key: string
}

/** The parts of a PLAIN response: an identity to act for (not used here), the name, and the key. */
function readPlain(response: unknown): PlainProof | undefined {
  if (!Buffer.isBuffer(response)) return undefined
  const parts = response.toString('utf8').split('\0')
  const [, keyName, key] = parts
  return parts.length === 3 && keyName !== undefined && key !== undefined ? { keyName, key } : undefined
}

/** A mechanism as the protocol library wants it. */
interface Mechanism {
  /** Undefined until the peer has answered. */
  outcome: boolean | undefined
  username: string | undefined
  start(response: unknown): void
}

/** @param isRight also takes note of who it is. */
export function plainMechanism(isRight: (proof: PlainProof) => boolean): () => Mechanism {
  return () => ({
    outcome: undefined,
    username: undefined,
    start(response) {
      const proof = readPlain(response)
      this.outcome = proof !== undefined && isRight(proof)
      this.username = proof?.keyName
    },
  })
}
