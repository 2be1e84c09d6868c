/** What clients write into the ids of blocks: which block of the upload it is, or at which byte it begins. */

/** Digits of an index or an offset: 12 are a terabyte. In front of them may stand a UUID, which ends with digits too. */
const LAST_DIGITS = /(\d{1,12})$/
/** Bytes of a UUID, and of the number behind it. */
const UUID = 16
const NUMBER = 4

/**
 * The number that a client has counted up: in digits at the end (JavaScript, C++, Rust; Python in base64 once more), or in bytes at the
 * beginning (.NET) or behind a UUID (Go). A guess: nothing may depend on it but speed.
 * @param id base64, as of the service. @returns undefined when there is none, as with Java's, which are random.
 */
export function numberIn(id: string): number | undefined {
  const bytes = Buffer.from(id, 'base64')
  if (bytes.includes(0)) return binaryNumber(bytes)
  const text = bytes.toString('latin1')
  return digits(text) ?? digits(Buffer.from(text.replaceAll('%3D', ''), 'base64').toString('latin1'))
}

function digits(text: string): number | undefined {
  const [, found] = LAST_DIGITS.exec(text) ?? []
  return found === undefined ? undefined : Number(found)
}

function binaryNumber(bytes: Buffer): number | undefined {
  if (bytes.length < UUID + NUMBER) return undefined
  if (isZero(bytes.subarray(8))) {
    const number = bytes.readBigUInt64LE()
    return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : undefined
  }
  return isZero(bytes.subarray(UUID + NUMBER)) ? bytes.readUInt32BE(UUID) : undefined
}

const isZero = (bytes: Buffer) => bytes.every((byte) => byte === 0)
