/** Get Blob, https://learn.microsoft.com/rest/api/storageservices/get-blob, whole or in part, with checksums where they are asked for. */
import { constants, type Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { HttpError } from '../../../http/errors.ts'
import { readSmallFile } from '../../../storage/sync-io.ts'
import { crc64 } from '../../checksums/crc64.ts'
import {
  isStructuredForm,
  STRUCTURED_FORM,
  structuredLength,
  wrapStructured,
} from '../../checksums/structured-body.ts'
import { entryAt } from '../../store/names.ts'
import { diskError } from '../../store/storage-errors.ts'
import { md5Of } from '../checked-body.ts'
import { guardRead, keptOf, type Lake, pathHeaders, snapshotOf } from '../lake.ts'
import { given, type LakeCall } from '../lake-call.ts'
import { overrides } from '../property-headers.ts'
import { snapshotIn } from '../snapshot-time.ts'

const NO_FOLLOW = constants.O_NOFOLLOW ?? 0

/** The service's own bound of a range whose checksum is asked for. */
const MAX_CHECKED_RANGE = 4 * 1024 * 1024

/** Each piece of a structured body takes more turns than one of a plain body: so fewer of them. */
const STRUCTURED_PIECE = 256 * 1024

/** First and last byte, both included. */
interface Span {
  start: number
  end: number
}

/** Everything comes from the one file that was opened, even if it is replaced meanwhile. */
export async function readBlob(call: LakeCall, lake: Lake): Promise<void> {
  if (snapshotIn(call.query) !== undefined) return readSnapshot(call, lake)
  const place = lake.folder.resolve(call.container, call.path)
  try {
    const small = readSmallFile(place, NO_FOLLOW)
    if (small) {
      const part = ({ start, end }: Span) => small.bytes.subarray(start, end + 1)
      await send(call, lake, small.stats, part, (span) => [part(span)])
      return
    }
    const file = await open(place, constants.O_RDONLY | NO_FOLLOW)
    try {
      await send(
        call,
        lake,
        await file.stat(),
        (span) => readSpan(file, span),
        (span, isStructured) =>
          file.createReadStream({
            ...span,
            autoClose: false,
            ...(isStructured && { highWaterMark: STRUCTURED_PIECE }),
          }),
      )
    } finally {
      await file.close()
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Windows opens no folder.
    const folder = code === 'EISDIR' || code === 'EPERM' ? entryAt(place) : undefined
    if (folder?.isDirectory())
      return send(
        call,
        lake,
        folder,
        () => Buffer.alloc(0),
        () => [],
      )
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw diskError(error)
    throw new HttpError(404, 'BlobNotFound', 'The specified blob does not exist.', { cause: error })
  }
}

/** What is deleted while it is read is read to its end: an open file stays. */
async function readSnapshot(call: LakeCall, lake: Lake): Promise<void> {
  const snapshot = snapshotOf(lake, call)
  if (!snapshot) throw new HttpError(404, 'BlobNotFound', 'The specified blob does not exist.')
  const file = await open(snapshot.place, constants.O_RDONLY | NO_FOLLOW)
  try {
    const stream = (span: Span) => file.createReadStream({ ...span, autoClose: false })
    await send(call, lake, snapshot.stats, (span) => readSpan(file, span), stream)
  } finally {
    await file.close()
  }
}

async function readSpan(file: FileHandle, { start, end }: Span): Promise<Buffer> {
  const bytes = Buffer.alloc(end - start + 1)
  const { bytesRead } = await file.read(bytes, 0, bytes.length, start)
  return bytes.subarray(0, bytesRead)
}

/**
 * Validates the request against the file as it is, and answers.
 * @param read a range, for its checksum. @param stream the content, piece by piece.
 */
async function send(
  call: LakeCall,
  lake: Lake,
  stats: Stats,
  read: (span: Span) => Buffer | Promise<Buffer>,
  stream: (span: Span, isStructured: boolean) => Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<void> {
  guardRead(lake, call, stats)
  // A folder is read as the empty blob that lists show, marked by its metadata.
  const size = stats.isDirectory() ? 0 : stats.size
  const range = rangeOf(given(call, 'x-ms-range') ?? given(call, 'range') ?? '', size)
  const span = range ?? { start: 0, end: size - 1 }
  const length = span.end - span.start + 1
  const isStructured = structuredAsked(call)
  const checksums = await checksumsAsked(call, range !== undefined, length, () => read(span))
  // The file may be appended to meanwhile: what was told is sent.
  call.response.writeHead(range ? 206 : 200, {
    ...call.headers,
    ...pathHeaders(lake, call, stats, keptOf(lake, call, stats), {
      isPart: range !== undefined,
      isSnapshot: snapshotIn(call.query) !== undefined,
    }),
    ...overrides(call.query),
    ...checksums,
    'accept-ranges': 'bytes',
    'content-length': isStructured ? structuredLength(length) : length,
    ...(range ? { 'content-range': `bytes ${range.start}-${range.end}/${size}` } : {}),
    ...(isStructured && {
      'x-ms-structured-body': STRUCTURED_FORM,
      'x-ms-structured-content-length': String(length),
    }),
  })
  // Another file may stand there since the first look: one without content.
  const content = length === 0 ? [] : stream(span, isStructured)
  if (isStructured) await pipeline(Readable.from(wrapStructured(content, length)), call.response)
  else if (Array.isArray(content)) call.response.end(content[0])
  else await pipeline(content, call.response)
}

function structuredAsked(call: LakeCall): boolean {
  const form = given(call, 'x-ms-structured-body')
  if (form === undefined) return false
  if (isStructuredForm(form)) return true
  throw new HttpError(
    400,
    'UnsupportedHeader',
    `The local lake sends structured bodies as ${STRUCTURED_FORM} only, not as ${form.slice(0, 50)}.`,
  )
}

/** @throws HttpError 400 when a checksum is requested without a range, or for too long a range. */
async function checksumsAsked(
  call: LakeCall,
  isRange: boolean,
  length: number,
  read: () => Buffer | Promise<Buffer>,
): Promise<Record<string, string>> {
  const asks = (name: string) => given(call, `x-ms-range-get-content-${name}`)?.toLowerCase() === 'true'
  const [md5, crc] = [asks('md5'), asks('crc64')]
  if (!md5 && !crc) return {}
  // Code and words are recorded of live accounts (azure-sdk-for-js, the recordings of downloads with both).
  if (md5 && crc)
    throw new HttpError(
      400,
      'BothCrc64AndMd5RangeHeaderPresent',
      'Both x-ms-range-get-content-crc64 header and x-ms-range-get-content-md5 header are present.',
    )
  if (!isRange)
    throw new HttpError(
      400,
      'InvalidHeaderValue',
      'The value for one of the HTTP headers is wrong: a checksum is given of a range only.',
    )
  if (length > MAX_CHECKED_RANGE)
    throw new HttpError(
      400,
      'OutOfRangeInput',
      `One of the request inputs is out of range: a checksum is given of at most ${MAX_CHECKED_RANGE} bytes.`,
    )
  const bytes = await read()
  return md5 ? { 'content-md5': md5Of([bytes]) } : { 'x-ms-content-crc64': crc64(bytes).toString('base64') }
}

/**
 * The two forms of the service, `bytes=FIRST-` and `bytes=FIRST-LAST`; it has none for the last bytes.
 * @returns undefined for the whole file, also when the header has another form.
 * @throws HttpError 416 when the range begins behind the end.
 */
export function rangeOf(header: string, size: number): Span | undefined {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(header) ?? []
  if (first === undefined || last === undefined) return undefined
  if (last !== '' && Number(last) < Number(first)) return undefined
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(size - 1, Number(last))
  if (start >= size)
    throw new HttpError(
      416,
      'InvalidRange',
      'The range specified is invalid for the current size of the resource.',
      { headers: { 'content-range': `bytes */${size}` } },
    )
  return { start, end }
}
