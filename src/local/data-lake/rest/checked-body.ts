/** Request bodies, unpacked from structured messages and checked against every checksum that the client sent. */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { readBody } from '../../http/body.ts'
import { HttpError } from '../../http/errors.ts'
import { crc64 } from '../checksums/crc64.ts'
import { crc64Mismatch, isStructuredForm, unwrapStructured } from '../checksums/structured-body.ts'

export interface CheckedBody {
  data: Buffer
  /** CRC-64 of the data. */
  checksum: Buffer
  /** What an answer says of the body that came. */
  headers: Record<string, string>
}

/**
 * Reads the whole body.
 * @throws HttpError 413 above the limit, 400 when the body is not what the client sent.
 */
export async function readChecked(request: IncomingMessage, limitBytes: number): Promise<CheckedBody> {
  const { headers } = request
  const form = header(headers, 'x-ms-structured-body')
  const bytes = await readBody(request, limitBytes)
  checkMd5(bytes, header(headers, 'content-md5'))
  if (form === undefined) return checked(bytes, crc64(bytes), headers)
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
  const { content, checksum } = unwrapStructured(bytes, Number(length))
  const body = checked(content, checksum, headers)
  return { ...body, headers: { ...body.headers, 'x-ms-structured-body': form } }
}

function checked(data: Buffer, checksum: Buffer, headers: IncomingMessage['headers']): CheckedBody {
  const expected = header(headers, 'x-ms-content-crc64')
  if (expected !== undefined && expected !== checksum.toString('base64')) throw crc64Mismatch()
  const md5 = header(headers, 'content-md5')
  return {
    data,
    checksum,
    headers: { 'x-ms-content-crc64': checksum.toString('base64'), ...(md5 && { 'content-md5': md5 }) },
  }
}

/** @param expected base64; undefined: the client has sent none. @throws HttpError 400 */
export function checkMd5(data: Buffer, expected: string | undefined): void {
  if (expected === undefined) return
  if (Buffer.from(expected, 'base64').length !== 16)
    throw new HttpError(400, 'InvalidMd5', 'The MD5 value specified in the request is invalid.')
  if (md5Of(data) !== expected)
    throw new HttpError(
      400,
      'Md5Mismatch',
      'The MD5 value specified in the request did not match the MD5 value calculated by the server.',
    )
}

/** @param expected base64; undefined: the client has sent none. @throws HttpError 400 */
export function checkCrc64(data: Buffer, expected: string | undefined): void {
  if (expected !== undefined && crc64(data).toString('base64') !== expected) throw crc64Mismatch()
}

export const md5Of = (data: Buffer): string => createHash('md5').update(data).digest('base64')

function header(headers: IncomingMessage['headers'], name: string): string | undefined {
  const value = headers[name]
  return value === undefined || value === '' ? undefined : String(value)
}
