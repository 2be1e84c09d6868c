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

/** The one value of `x-ms-structured-body` that the service knows. */
export const STRUCTURED_FORM = 'XSM/1.0; properties=crc64'

/** Is the header's value the one supported form? Blanks and case are ignored. */
export const isStructuredForm = (value: string): boolean =>
  /^xsm\/1\.0; *properties=crc64$/i.test(value.trim())

/** A structured body without its frame. */
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
  const { pieces, checksum } = new StructuredReader().update(message).end(contentLength)
  return { content: Buffer.concat(pieces), checksum }
}

/** What the next bytes of a message are, and how many; content is whatever a segment says. */
const FIELDS = {
  header: HEADER,
  segmentHeader: SEGMENT_HEADER,
  segmentChecksum: CHECKSUM,
  checksum: CHECKSUM,
}

/** Takes a message apart as it comes; the content's bytes stay where they are. */
export class StructuredReader {
  #next: keyof typeof FIELDS | 'content' | 'end' = 'header'
  /** Of a field that has not come whole. */
  #field: Buffer = Buffer.alloc(0)
  readonly #pieces: Buffer[] = []
  #bytes = 0
  #length = 0
  #announced = 0n
  #segments = 0
  #number = 0
  /** Of the segment's content. */
  #left = 0
  #segmentBytes = 0
  #segment = new Crc64()
  #whole: Buffer | undefined
  #isClosed = false

  /** @throws HttpError 400 as soon as it is clear. */
  update(piece: Buffer): this {
    this.#length += piece.length
    for (let at = 0; at < piece.length; ) at += this.#take(piece.subarray(at))
    return this
  }

  /** @throws HttpError 400 when it is not the whole message, or has not the content that the client says. */
  end(contentLength: number): { pieces: Buffer[]; bytes: number; checksum: Buffer } {
    if (!this.#isClosed) throw invalid('it is cut off')
    if (this.#announced !== BigInt(this.#length)) throw invalid('its header does not fit its length')
    if (this.#bytes !== contentLength)
      throw invalid(
        `x-ms-structured-content-length says ${contentLength}, the segments have ${this.#bytes} bytes`,
      )
    return { pieces: this.#pieces, bytes: this.#bytes, checksum: this.#whole ?? crc64(Buffer.alloc(0)) }
  }

  /** @returns how many bytes were taken. */
  #take(rest: Buffer): number {
    if (this.#next === 'end') throw invalid('something stands behind its last checksum')
    if (this.#next === 'content') return this.#takeContent(rest.subarray(0, this.#left))
    const part = rest.subarray(0, FIELDS[this.#next] - this.#field.length)
    this.#field = this.#field.length === 0 ? part : Buffer.concat([this.#field, part])
    if (this.#field.length === FIELDS[this.#next]) {
      const field = this.#field
      this.#field = Buffer.alloc(0)
      this.#next = this.#read(this.#next, field)
    }
    return part.length
  }

  #takeContent(piece: Buffer): number {
    this.#pieces.push(piece)
    this.#bytes += piece.length
    this.#segment.update(piece)
    this.#left -= piece.length
    if (this.#left === 0) this.#next = 'segmentChecksum'
    return piece.length
  }

  /** @returns what follows. */
  #read(name: keyof typeof FIELDS, field: Buffer): keyof typeof FIELDS | 'content' | 'end' {
    if (name === 'header') {
      if (field[0] !== 1) throw invalid('it is of an unknown version')
      if (field.readUInt16LE(9) !== 1) throw invalid('its segments must have a CRC-64')
      this.#announced = field.readBigUInt64LE(1)
      this.#segments = field.readUInt16LE(11)
      return this.#segments === 0 ? 'checksum' : 'segmentHeader'
    }
    if (name === 'segmentHeader') {
      if (field.readUInt16LE(0) !== ++this.#number)
        throw invalid(`segment ${this.#number} has another number`)
      this.#segmentBytes = this.#left = Number(field.readBigUInt64LE(2))
      this.#segment = new Crc64()
      return this.#left === 0 ? 'segmentChecksum' : 'content'
    }
    if (name === 'segmentChecksum') {
      const checksum = this.#segment.digest()
      requireSame(checksum, field)
      this.#whole = joined(this.#whole, checksum, this.#segmentBytes)
      return this.#number < this.#segments ? 'segmentHeader' : 'checksum'
    }
    requireSame(this.#whole ?? crc64(Buffer.alloc(0)), field)
    this.#isClosed = true
    return 'end'
  }
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

/** The service's answer to content that came damaged. */
export const crc64Mismatch = (given: string, found: string) =>
  new HttpError(
    400,
    'Crc64Mismatch',
    'The CRC64 value specified in the request did not match with the CRC64 value calculated by the server.',
    { details: { UserSpecifiedCrc: given, ServerCalculatedCrc: found } },
  )

const invalid = (why: string) =>
  new HttpError(400, 'InvalidStructuredMessage', `The structured body is not a complete message: ${why}.`)

function requireSame(found: Buffer, given: Buffer): void {
  if (!found.equals(given)) throw crc64Mismatch(given.toString('base64'), found.toString('base64'))
}
