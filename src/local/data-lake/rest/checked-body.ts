import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { readBody } from '../../http/body.ts'
import { HttpError } from '../../http/errors.ts'

/**
 * Reads the whole body, and compares it with the client's `Content-MD5` when there is one.
 * @throws HttpError 413 above the limit, 400 for another body than the client has sent.
 */
export async function readChecked(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const data = await readBody(request, limitBytes)
  const expected = request.headers['content-md5']
  if (expected === undefined || createHash('md5').update(data).digest('base64') === expected) return data
  throw new HttpError(
    400,
    'Md5Mismatch',
    'The MD5 value specified in the request did not match the MD5 value calculated by the server.',
  )
}
