/** Request bodies, unpacked from structured messages and checked against every checksum that the client sent. */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { readPieces } from '../../http/body.ts'
import { HttpError } from '../../http/errors.ts'
import { Crc64, crc64 } from '../checksums/crc64.ts'
import { crc64Mismatch, isStructuredForm, StructuredReader } from '../checksums/structured-body.ts'
import { bytesOf } from '../store/file-pieces.ts'
import { invalidHeader } from '../store/invalid-header.ts'

/** What is left of a body when it was right. */
export interface CheckedBody {
  /** The content; put together only by who needs it so: see {@link textOf}. */
  pieces: Buffer[]
  bytes: number
  /** Of the content, base64; where it was made on the way. */
  md5?: string | undefined
  /** What an answer says of the body that came. */
  headers: Record<string, string>
}

/**
 * Reads the whole body. Checksums are made while it comes, so that they are done when it ends.
 * @param options.needsMd5 make the MD5 of the content too, unless that takes a second look.
 * @param options.isBlob the content is a blob: with an MD5 of its own, which the caller checks, that of the transport is not compared.
 * @throws HttpError 413 above the limit, 400 when the body is not what the client sent.
 */
export async function readChecked(
  request: IncomingMessage,
  limitBytes: number,
  { needsMd5 = false, isBlob = false } = {},
): Promise<CheckedBody> {
  const { headers } = request
  const expectedCrc = header(headers, 'x-ms-content-crc64')
  checkForms('x-ms-content-crc64', header(headers, 'content-md5'), expectedCrc)
  const form = header(headers, 'x-ms-structured-body')
  const envelope = form === undefined ? undefined : { form, length: structuredContent(headers, form) }
  const message = envelope && new StructuredReader()
  const isInstead = isBlob && header(headers, 'x-ms-blob-content-md5') !== undefined
  const expected = isInstead ? undefined : header(headers, 'content-md5')
  const md5 = expected !== undefined || (needsMd5 && !message) ? createHash('md5') : undefined
  const crc = new Crc64()
  const read = await readPieces(request, limitBytes, (piece) => {
    md5?.update(piece)
    if (message) message.update(piece)
    else crc.update(piece)
  })
  // Of what was sent: of a structured body that is the message.
  const sent = md5?.digest('base64')
  if (expected !== undefined) checkMd5(sent, expected)
  const { pieces, bytes, checksum } =
    message && envelope
      ? message.end(envelope.length)
      : { pieces: read, bytes: bytesOf(read), checksum: crc.digest() }
  const told = checksum.toString('base64')
  if (expectedCrc !== undefined && expectedCrc !== told) throw crc64Mismatch(expectedCrc, told)
  return {
    pieces,
    bytes,
    md5: message ? undefined : sent,
    headers: {
      'x-ms-content-crc64': told,
      ...(expected && { 'content-md5': expected }),
      ...(envelope && { 'x-ms-structured-body': envelope.form }),
    },
  }
}

/** A piece of a file, which the service refuses to take when it is empty. @throws HttpError as {@link readChecked}, 400 */
export async function readPiece(request: IncomingMessage, limitBytes: number): Promise<CheckedBody> {
  const body = await readChecked(request, limitBytes)
  if (body.bytes > 0) return body
  throw invalidHeader('Content-Length', '0', 'is 0, and a piece has at least one byte')
}

/** @returns bytes of the content. @throws HttpError 400 for another form, or one without this. */
function structuredContent(headers: IncomingMessage['headers'], form: string): number {
  if (!isStructuredForm(form))
    throw new HttpError(
      400,
      'UnsupportedHeader',
      `The local lake takes structured bodies as XSM/1.0; properties=crc64 only, not as ${form.slice(0, 50)}.`,
    )
  const length = header(headers, 'x-ms-structured-content-length')
  if (length === undefined || !/^\d{1,15}$/.test(length))
    throw new HttpError(
      400,
      'MissingRequiredHeader',
      'A structured body needs the header x-ms-structured-content-length.',
    )
  return Number(length)
}

/** As UTF-8; for the small bodies that are documents. */
export const textOf = ({ pieces }: CheckedBody): string => Buffer.concat(pieces).toString('utf8')

/** @param found of the data. @param expected base64; undefined: the client has sent none. @throws HttpError 400 */
export function checkMd5(found: string | undefined, expected: string | undefined): void {
  if (expected === undefined) return
  checkMd5Form(expected)
  if (found !== expected)
    throw new HttpError(
      400,
      'Md5Mismatch',
      'The MD5 value specified in the request did not match with the MD5 value calculated by the server.',
      { details: { UserSpecifiedMd5: expected, ServerCalculatedMd5: found ?? '' } },
    )
}

/**
 * Told before the body is looked at. The codes, and which comes first, are those of Azurite's tests of both checksums, which were run on a live
 * account (its pull request 2644); the words are in azure-sdk-for-java's 48999.
 * @param crcName the header of the CRC-64.
 * @param md5 base64, as `crc`; undefined: the client has sent none.
 * @throws HttpError 400
 */
export function checkForms(crcName: string, md5: string | undefined, crc: string | undefined): void {
  if (md5 !== undefined && crc !== undefined)
    throw new HttpError(
      400,
      'BothCrc64AndMd5HeaderPresent',
      `Both ${crcName} header and ${crcName.replace('crc64', 'md5').replace(/^x-ms-content-md5/, 'Content-MD5')} header are present.`,
    )
  if (md5 !== undefined) checkMd5Form(md5)
  if (crc !== undefined && Buffer.from(crc, 'base64').length < 8)
    throw invalidHeader(crcName, crc, 'is shorter than a CRC-64')
}

function checkMd5Form(expected: string): void {
  if (Buffer.from(expected, 'base64').length !== 16)
    throw new HttpError(400, 'InvalidMd5', 'The MD5 value specified in the request is invalid.')
}

/** @param expected base64; undefined: the client has sent none. @throws HttpError 400 */
export function checkCrc64(data: Buffer, expected: string | undefined): void {
  if (expected === undefined) return
  const found = crc64(data).toString('base64')
  if (found !== expected) throw crc64Mismatch(expected, found)
}

/** base64 */
export function md5Of(pieces: Iterable<Buffer>): string {
  const hash = createHash('md5')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('base64')
}

function header(headers: IncomingMessage['headers'], name: string): string | undefined {
  const value = headers[name]
  return value === undefined || value === '' ? undefined : String(value)
}
