/** Blob Batch, https://learn.microsoft.com/rest/api/storageservices/blob-batch: many deletes in one request, as vacuuming readers send them. */
import { STATUS_CODES } from 'node:http'
import { HttpError } from '../../../http/errors.ts'
import { type LakeCall, pathOf, queryOf } from '../lake-call.ts'
import { errorXml } from '../refusals.ts'

/** Of the whole request; the service's own bound. */
export const MAX_BATCH_BYTES = 4 * 1024 * 1024
/** The service's own. */
const MAX_PARTS = 256

/** One part of a batch. */
export interface BatchDelete {
  container: string
  path: string
  /** Of this part's address, names in lower case. */
  query: URLSearchParams
  /** Of this part, in lower case. */
  headers: Record<string, string>
}

/**
 * @param remove deletes one blob or throws an HttpError, which is told for that blob alone.
 * @returns the answer's content type and body. The batch's own signature stands for those of its parts.
 * @throws HttpError 400 unless it is a batch of deletes in this container.
 */
export function answerBatch(
  { account, container, request }: LakeCall,
  text: string,
  remove: (one: BatchDelete) => void,
): { type: string; body: string } {
  const boundary = /^multipart\/mixed;.*\bboundary="?([^";]+)/i.exec(
    request.headers['content-type'] ?? '',
  )?.[1]
  if (boundary === undefined)
    throw new HttpError(400, 'InvalidHeaderValue', 'A batch is multipart/mixed, with a boundary.')
  const parts = text.split(`--${boundary}`).slice(1, -1)
  if (parts.length === 0 || parts.length > MAX_PARTS)
    throw new HttpError(400, 'InvalidInput', `A batch has 1 to ${MAX_PARTS} parts.`)
  // All parts are parsed before the first is executed.
  const deletes = parts.map((part) => ({
    id: /^Content-ID: *(\d{1,9})/im.exec(part)?.[1] ?? '0',
    one: deleteOf(part, account, container),
  }))
  const answer = `batchresponse_${crypto.randomUUID()}`
  const bodies = deletes.map(({ id, one }) => {
    const refusal = refusalOf(() => remove(one))
    const status = refusal?.status ?? 202
    const request = crypto.randomUUID()
    const headers = refusal
      ? `x-ms-error-code: ${refusal.code}\r\nx-ms-request-id: ${request}\r\nContent-Type: application/xml\r\n\r\n${errorXml(refusal, request)}\r\n`
      : 'x-ms-delete-type-permanent: true\r\n\r\n'
    return `--${answer}\r\nContent-Type: application/http\r\nContent-ID: ${id}\r\n\r\nHTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers}`
  })
  return { type: `multipart/mixed; boundary=${answer}`, body: `${bodies.join('')}--${answer}--\r\n` }
}

function deleteOf(part: string, account: string, container: string): BatchDelete {
  // .NET's leaves out the first slash where the account stands in the address.
  const [, target, query = ''] = /^DELETE (\/?[^ ?\r\n]+)(?:\?([^ \r\n]*))? HTTP\/1\.1\r?$/m.exec(part) ?? []
  if (target === undefined)
    throw new HttpError(
      400,
      'InvalidInput',
      'The local lake takes batches of deletes only: with a hierarchical namespace tiers are set one by one.',
    )
  let decoded: string
  try {
    decoded = decodeURIComponent(target.startsWith('/') ? target : `/${target}`)
  } catch (cause) {
    throw new HttpError(400, 'InvalidUri', 'A path of the batch is not a valid percent encoding.', { cause })
  }
  const below = decoded.startsWith(`/${account}/`) ? decoded.slice(account.length + 1) : decoded
  const [, named = '', ...parts] = below.split('/')
  const path = pathOf(parts)
  if (path === '') throw new HttpError(400, 'InvalidInput', 'A part of the batch names no blob.')
  if (container !== '' && named !== container)
    throw new HttpError(400, 'InvalidInput', `A batch to ${container} deletes in this container only.`)
  return { container: named, path, query: queryOf(query), headers: headersOf(part) }
}

function headersOf(part: string): Record<string, string> {
  return Object.fromEntries(
    [...part.matchAll(/^([A-Za-z0-9-]+): *(.*?)\r?$/gm)].map(([, name = '', value = '']) => [
      name.toLowerCase(),
      value,
    ]),
  )
}

function refusalOf(act: () => void): HttpError | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    if (error instanceof HttpError) return error
    throw error
  }
}
