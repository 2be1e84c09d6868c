/**
 * Structured bodies, `x-ms-structured-body: XSM/1.0; properties=crc64`: a body in segments, each and the whole with a CRC-64.
 *
 * Header: version 1 (1 byte), length of the message (8), flags (2; bit 0: with CRC-64), number of segments (2). Each segment: its
 * number from 1 (2), its length (8), its bytes, its CRC-64 (8). At the end the CRC-64 of all content (8). Little-endian.
 */
import { HttpError } from '../../http/errors.ts'
import { Crc64, crc64, joinCrc64 } from './crc64.ts'

const HEADER = 13
const SEGMENT_HEADER = 10
const CHECKSUM = 8
/** Of what is sent; clients take any. */
export const SEGMENT_BYTES = 4 * 1024 * 1024
/** What a segment number can count to. */
const MAX_SEGMENTS = 65_535

export const STRUCTURED_FORM = 'XSM/1.0; properties=crc64'

/** Is the header's value the one supported form? Blanks and case are ignored. */
export const isStructuredForm = (value: string): boolean =>
  /^xsm\/1\.0; *properties=crc64$/i.test(value.trim())

export interface Unwrapped {
  content: Buffer
  /** CRC-64 of the content. */
  checksum: Buffer
}

/**
 * @param contentLength what the client says that the content has.
 * @throws HttpError 400 for a malformed message, or one changed in transit.
 */
export function unwrapStructured(message: Buffer, contentLength: number): Unwrapped {
  if (message.length < HEADER || message[0] !== 1 || message.readBigUInt64LE(1) !== BigInt(message.length))
    throw invalid('its header does not fit its length')
  if (message.readUInt16LE(9) !== 1) throw invalid('its segments must have a CRC-64')
  const count = message.readUInt16LE(11)
  const pieces: Buffer[] = []
  let at = HEADER
  let whole = crc64(Buffer.alloc(0))
  for (let number = 1; number <= count; number++) {
    if (message.length < at + SEGMENT_HEADER) throw invalid(`segment ${number} is missing`)
    if (message.readUInt16LE(at) !== number) throw invalid(`segment ${number} has another number`)
    const length = Number(message.readBigUInt64LE(at + 2))
    const end = at + SEGMENT_HEADER + length
    if (!(end + CHECKSUM <= message.length)) throw invalid(`segment ${number} is cut off`)
    const piece = message.subarray(at + SEGMENT_HEADER, end)
    const checksum = crc64(piece)
    if (!checksum.equals(message.subarray(end, end + CHECKSUM))) throw crc64Mismatch()
    whole = number === 1 ? checksum : joinCrc64(whole, checksum, length)
    pieces.push(piece)
    at = end + CHECKSUM
  }
  if (message.length !== at + CHECKSUM)
    throw invalid('something stands behind its segments, or its CRC-64 is missing')
  if (!whole.equals(message.subarray(at))) throw crc64Mismatch()
  const content = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
  if (content.length !== contentLength)
    throw invalid(
      `x-ms-structured-content-length says ${contentLength}, the segments have ${content.length} bytes`,
    )
  return { content, checksum: whole }
}

/** Bytes of the message that carries so much content. */
export function structuredLength(contentLength: number): number {
  const segments = segmentsOf(contentLength)
  return HEADER + contentLength + segments.count * (SEGMENT_HEADER + CHECKSUM) + CHECKSUM
}

/**
 * Nothing is kept: pieces go on as they come. @param content in pieces of any size, `contentLength` bytes in all.
 * @returns the message, piece by piece; content that ends too early ends the message too early.
 */
export async function* wrapStructured(
  content: AsyncIterable<Buffer> | Iterable<Buffer>,
  contentLength: number,
): AsyncGenerator<Buffer> {
  const { count, bytes } = segmentsOf(contentLength)
  const header = Buffer.alloc(HEADER)
  header[0] = 1
  header.writeBigUInt64LE(BigInt(structuredLength(contentLength)), 1)
  header.writeUInt16LE(1, 9)
  header.writeUInt16LE(count, 11)
  const lengthOf = (number: number) => Math.min(bytes, contentLength - (number - 1) * bytes)
  yield header
  yield segmentHeader(1, lengthOf(1))
  let [number, left, segment] = [1, lengthOf(1), new Crc64()]
  let whole: Buffer | undefined
  for await (const chunk of content)
    for (let at = 0; at < chunk.length; ) {
      if (left === 0) {
        whole = joined(whole, segment.digest(), lengthOf(number))
        yield segment.digest()
        number++
        ;[left, segment] = [lengthOf(number), new Crc64()]
        yield segmentHeader(number, left)
      }
      const piece = chunk.subarray(at, at + left)
      segment.update(piece)
      yield piece
      at += piece.length
      left -= piece.length
    }
  if (left > 0) return
  yield segment.digest()
  yield joined(whole, segment.digest(), lengthOf(number))
}

function segmentHeader(number: number, length: number): Buffer {
  const head = Buffer.alloc(SEGMENT_HEADER)
  head.writeUInt16LE(number, 0)
  head.writeBigUInt64LE(BigInt(length), 2)
  return head
}

/** @param before of the segments so far; undefined: there are none. */
const joined = (before: Buffer | undefined, segment: Buffer, length: number): Buffer =>
  before === undefined ? segment : joinCrc64(before, segment, length)

function segmentsOf(contentLength: number): { count: number; bytes: number } {
  const bytes = Math.max(SEGMENT_BYTES, Math.ceil(contentLength / MAX_SEGMENTS))
  // Empty content is one empty segment: some clients reject a message without segments.
  return { count: Math.max(1, Math.ceil(contentLength / bytes)), bytes }
}

export const crc64Mismatch = () =>
  new HttpError(
    400,
    'Crc64Mismatch',
    'The CRC64 value specified in the request did not match the CRC64 value calculated by the server.',
  )

const invalid = (why: string) =>
  new HttpError(400, 'InvalidStructuredMessage', `The structured body is not a complete message: ${why}.`)
