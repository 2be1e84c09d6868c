/** Blob Batch, https://learn.microsoft.com/rest/api/storageservices/blob-batch: many deletes in one request, as vacuuming readers send them. */
import { HttpError } from '../../../http/errors.ts'
import { invalidHeader } from '../../store/invalid-header.ts'
import { decodeAddress, type LakeCall, pathOf, queryOf } from '../lake-call.ts'
import { errorXml, inBlobWords, reasonOf } from '../refusals.ts'

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
 * One that cannot be read as a whole is accepted, too, and its one part says why, without a Content-ID: Azurite's pull request 2421 has
 * such an answer of the service, and azure-sdk-for-net's issue 20196 one to too many parts. Clients count on it.
 * @param remove deletes one blob or throws an HttpError, which is told for that blob alone.
 * @returns the answer's content type and body. The batch's own signature stands for those of its parts.
 * @throws HttpError 400 for a batch of tiers.
 */
export function answerBatch(
  call: LakeCall,
  text: string,
  remove: (one: BatchDelete) => void,
): { type: string; body: string } {
  refuseTiers(text)
  const boundary = `batchresponse_${crypto.randomUUID()}`
  const version = call.headers['x-ms-version'] as string
  const partOf = (head: string, refusal: HttpError | undefined) =>
    `--${boundary}\r\nContent-Type: application/http\r\n${head}\r\n${partAnswer(refusal, version)}`
  let deletes: NumberedDelete[] = []
  // All parts are parsed before the first is executed.
  const unread = refusalOf(() => {
    deletes = deletesIn(call, text)
  })
  const parts = unread
    ? [partOf('', unread)]
    : deletes.map(({ id, one }) =>
        partOf(
          `Content-ID: ${id}\r\n`,
          refusalOf(() => remove(one)),
        ),
      )
  return { type: `multipart/mixed; boundary=${boundary}`, body: `${parts.join('')}--${boundary}--\r\n` }
}

/** What the local lake does not serve is refused as such, not taken for a batch that could not be read. */
function refuseTiers(text: string): void {
  if (/^PUT [^ \r\n]*[?&]comp=tier\b/im.test(text))
    throw new HttpError(
      400,
      'InvalidInput',
      'The local lake takes batches of deletes only: with a hierarchical namespace tiers are set one by one.',
    )
}

/** As an answer by itself, in the form that the reference shows. */
function partAnswer(refusal: HttpError | undefined, version: string): string {
  const id = crypto.randomUUID()
  const common = `x-ms-request-id: ${id}\r\nx-ms-version: ${version}\r\n`
  if (!refusal) return `HTTP/1.1 202 Accepted\r\nx-ms-delete-type-permanent: true\r\n${common}\r\n`
  const body = errorXml(inBlobWords(refusal, ''), id)
  return (
    `HTTP/1.1 ${refusal.status} ${reasonOf(inBlobWords(refusal, ''))}\r\nx-ms-error-code: ${refusal.code}\r\n${common}` +
    `Content-Length: ${Buffer.byteLength(body)}\r\nContent-Type: application/xml\r\n\r\n${body}\r\n`
  )
}

interface NumberedDelete {
  /** By which the client knows the answer. */
  id: string
  one: BatchDelete
}

/** @throws HttpError 400 unless it is a batch of deletes in this container. */
function deletesIn({ account, container, request, query }: LakeCall, text: string): NumberedDelete[] {
  // That of a signature does not count (pgbackrest's pull request 2848).
  if (!request.headers['x-ms-version'] && !query.has('api-version'))
    throw new HttpError(400, 'InvalidInput', 'A batch names the version that it asks for: x-ms-version.')
  const boundary = /^multipart\/mixed;.*\bboundary="?([^";]+)/i.exec(
    request.headers['content-type'] ?? '',
  )?.[1]
  if (boundary === undefined)
    throw invalidHeader(
      'Content-Type',
      request.headers['content-type'] ?? '',
      'of a batch is multipart/mixed, with a boundary',
    )
  const parts = text.split(`--${boundary}`).slice(1, -1)
  if (parts.length === 0) throw new HttpError(400, 'InvalidInput', 'The batch has no parts.')
  if (parts.length > MAX_PARTS)
    // Its code is told by azure-sdk-for-python's issue 22821.
    throw new HttpError(400, 'ExceedsMaxBatchRequestCount', `A batch has at most ${MAX_PARTS} parts.`)
  return parts.map((part) => ({
    id: /^Content-ID: *(\d{1,9})/im.exec(part)?.[1] ?? '0',
    one: deleteOf(part, account, container),
  }))
}

function deleteOf(part: string, account: string, container: string): BatchDelete {
  // .NET's leaves out the first slash where the account stands in the address.
  const [, target, query = ''] = /^DELETE (\/?[^ ?\r\n]+)(?:\?([^ \r\n]*))? HTTP\/1\.1\r?$/m.exec(part) ?? []
  if (target === undefined)
    throw new HttpError(400, 'InvalidInput', 'A part of the batch is no delete of a blob.')
  let decoded: string
  try {
    decoded = decodeAddress(target.startsWith('/') ? target : `/${target}`)
  } catch (cause) {
    const message = `A path of the batch names no blob: ${(cause as Error).message}.`
    throw new HttpError(400, 'InvalidUri', message, { cause })
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
