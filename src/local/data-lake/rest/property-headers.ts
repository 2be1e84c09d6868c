/** Metadata and content headers as requests carry them and answers give them back, in the DFS and in the Blob form. */
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { HttpError } from '../../http/errors.ts'
import { invalidHeader } from '../store/invalid-header.ts'
import type { Copy, Properties } from '../store/properties.ts'

/** In answers; requests have them with `x-ms-` (DFS) or `x-ms-blob-` (Blob) before them. */
const CONTENT = [
  'content-type',
  'content-encoding',
  'content-language',
  'content-disposition',
  'content-md5',
  'cache-control',
] as const

/** The service's own bound of the names and values together. */
const MAX_METADATA_BYTES = 8 * 1024

const DEFAULT_TYPE = 'application/octet-stream'

/** The names are C#'s identifiers, says the service. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** @returns what the request says of a path or a container that it makes or changes. @throws HttpError 400 */
export function propertiesIn(request: IncomingMessage): Required<Pick<Properties, 'metadata' | 'content'>> {
  return { metadata: { ...metadataHeaders(request), ...metadataList(request) }, content: contentIn(request) }
}

/** @param plain also `Content-Type` and its like without a prefix, which Put Blob takes for those of the blob. */
export function contentIn(
  { headers }: Pick<IncomingMessage, 'headers'>,
  { plain = false } = {},
): Record<string, string> {
  const content: Record<string, string> = {}
  for (const name of CONTENT) {
    const value =
      headers[`x-ms-blob-${name}`] ?? headers[`x-ms-${name}`] ?? (plain ? headers[name] : undefined)
    if (name === 'content-disposition' && /[^\t\x20-\x7e]/.test(String(value ?? ''))) throw notAscii()
    if (value !== undefined && value !== '' && !(name === 'content-type' && value === DEFAULT_TYPE))
      content[name] = fromHeader(String(value))
  }
  return content
}

/**
 * Bytes that are UTF-8 are read so, others as they are; what comes back in a header is the letter's single byte (borink-org/object-tests,
 * azure-hns/put-content-type-non-ascii).
 */
function fromHeader(value: string): string {
  const bytes = Buffer.from(value, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : value
}

/** What no single byte stands for goes back in the bytes that it came in: what the service makes of it is not known. */
const toHeader = (value: string): string =>
  /[^\x00-\xff]/.test(value) ? Buffer.from(value, 'utf8').toString('latin1') : value

/** Also of a disposition, in answers recorded of a live account (borink-org/object-tests, azure-hns/put-content-disposition-non-ascii). */
const notAscii = () =>
  new HttpError(
    400,
    'InvalidMetadata',
    'The metadata specified is invalid. It has characters that are not permitted: only those of ASCII are, others have to be encoded.',
  )

/** From the raw headers, as the client's own case of a name is kept. @throws HttpError 400 */
export function metadataHeaders({ rawHeaders }: IncomingMessage): Record<string, string> {
  const metadata: Record<string, string> = {}
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [, name] = /^x-ms-meta-(.*)$/i.exec(rawHeaders[index] as string) ?? []
    if (name === undefined) continue
    refuseTwice(metadata, name)
    const value = rawHeaders[index + 1] as string
    // Whoever gets so far has signed it, or shows a token: the service takes no others (azure-sdk-for-net, issue 50747).
    if (!/^[\t\x20-\x7e]*$/.test(value)) throw notAscii()
    metadata[name] = value
  }
  return checked(metadata)
}

/** Names are told in their case, and are the same in any. @throws HttpError 400 */
function refuseTwice(metadata: Record<string, string>, name: string): void {
  if (Object.keys(metadata).some((one) => one.toLowerCase() === name.toLowerCase()))
    throw new HttpError(400, 'InvalidMetadata', `The metadata name ${name.slice(0, 50)} is given twice.`)
}

/** `x-ms-properties: name=base64,…`, as DFS has it. */
function metadataList({ headers }: IncomingMessage): Record<string, string> {
  const text = String(headers['x-ms-properties'] ?? '').trim()
  if (text === '') return {}
  const pairs = text.split(',').map((pair) => {
    const [, name, value] = /^\s*([^=\s]+)=([A-Za-z0-9+/=]*)\s*$/.exec(pair) ?? []
    if (name === undefined || value === undefined)
      throw invalidHeader('x-ms-properties', pair, 'is a list of name=value, the values in base64')
    return [name, Buffer.from(value, 'base64').toString('utf8')] as const
  })
  const metadata: Record<string, string> = {}
  for (const [name, value] of pairs) {
    refuseTwice(metadata, name)
    metadata[name] = value
  }
  return checked(metadata)
}

function checked(metadata: Record<string, string>): Record<string, string> {
  let bytes = 0
  for (const [name, value] of Object.entries(metadata)) {
    bytes += name.length + value.length
    if (name === '') throw new HttpError(400, 'EmptyMetadataKey', 'A name of metadata is empty.')
    if (!NAME.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw new HttpError(
        400,
        'InvalidMetadata',
        'Names of metadata have letters, digits and underscores; values what a header can carry.',
      )
  }
  if (bytes > MAX_METADATA_BYTES)
    throw new HttpError(400, 'MetadataTooLarge', `Metadata has at most ${MAX_METADATA_BYTES} bytes.`)
  return metadata
}

/**
 * Answer headers of a path.
 * @param options.isPart the checksum is then that of another content than the body's. @param options.now epoch ms
 */
export function propertyHeaders(
  properties: Properties,
  { isPart = false, isDirectory = false, now }: { isPart?: boolean; isDirectory?: boolean; now: number },
): Record<string, string> {
  const { metadata = {}, content = {}, copy, append, expiresAt, encryptionContext, transaction } = properties
  const headers = Object.fromEntries(Object.entries(content).map(([name, value]) => [name, toHeader(value)]))
  const { 'content-md5': md5, 'content-type': type = DEFAULT_TYPE, ...rest } = headers
  const all = isDirectory ? { ...metadata, hdi_isfolder: 'true' } : metadata
  return {
    ...(type !== '' && { 'content-type': type }),
    ...rest,
    ...(md5 === undefined ? {} : { [isPart ? 'x-ms-blob-content-md5' : 'content-md5']: md5 }),
    ...metadataOut(all),
    ...(Object.keys(all).length > 0 && { 'x-ms-properties': propertiesOut(all) }),
    'x-ms-blob-type': append ? 'AppendBlob' : 'BlockBlob',
    ...(append && { 'x-ms-blob-committed-block-count': String(append.blocks) }),
    ...(append?.isSealed && { 'x-ms-blob-sealed': 'true' }),
    ...(expiresAt !== undefined && { 'x-ms-expiry-time': new Date(expiresAt).toUTCString() }),
    ...(encryptionContext !== undefined && { 'x-ms-encryption-context': encryptionContext }),
    ...(transaction !== undefined && { 'x-ms-client-transaction-id': transaction }),
    ...(copy && copyHeaders(copy, now)),
  }
}

/** By their names in a listing. @param now epoch ms */
export function copyTold(copy: Copy, now: number): Record<string, string> {
  const { pendingUntil = 0, bytes } = copy
  const isPending = now < pendingUntil
  const isDone = !isPending && !copy.isAborted
  return {
    CopyId: copy.id,
    CopySource: copy.source,
    CopyStatus: copy.isAborted ? 'aborted' : isPending ? 'pending' : 'success',
    CopyProgress: `${isDone ? bytes : 0}/${bytes}`,
    ...(!isPending && {
      CopyCompletionTime: pendingUntil > 0 ? new Date(pendingUntil).toUTCString() : copy.completedAt,
    }),
  }
}

const copyHeaders = (copy: Copy, now: number): Record<string, string> => asHeaders(copyTold(copy, now))

/** `CopyId` of a listing is `x-ms-copy-id` as a header. */
export const asHeaders = (told: Readonly<Record<string, string | boolean>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(told).map(([name, value]) => [
      `x-ms${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      String(value),
    ]),
  )

/** As DFS has them: `name=base64,…`. */
export const propertiesOut = (metadata: Record<string, string> = {}): string =>
  Object.entries(metadata)
    .map(([name, value]) => `${name}=${Buffer.from(value).toString('base64')}`)
    .join(',')

/** Metadata as headers of an answer. */
export const metadataOut = (metadata: Record<string, string> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-ms-meta-${name}`, value]))

/** What a SAS puts in place of the content headers. */
export function overrides(query: URLSearchParams): Record<string, string> {
  if (!query.has('sig')) return {}
  const names = {
    rscc: 'cache-control',
    rscd: 'content-disposition',
    rsce: 'content-encoding',
    rscl: 'content-language',
    rsct: 'content-type',
  }
  return Object.fromEntries(
    Object.entries(names).flatMap(([parameter, name]) => {
      const value = query.get(parameter)
      return value === null || !/^[\t\x20-\x7e]*$/.test(value) ? [] : [[name, value]]
    }),
  )
}
