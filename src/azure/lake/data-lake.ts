/** The data lake: listings and files, over its REST interface. */

import type { Readable } from 'node:stream'
import type { TokenCredential } from '@azure/identity'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import { sdkError } from '../errors/sdk-error.ts'
import { wholeBody } from '../http/whole-body.ts'
import { createLakeRequests, SERVICE } from './lake-requests.ts'

/** One file or folder of a listing; the path is relative to its container. */
export interface ListedPath {
  path: string
  isDirectory: boolean
  bytes: number
  modifiedAt: Date
}

export interface ByteRange {
  offset: number
  bytes: number
}

/** What is read of the lake. Tests and the trace put another one in its place. */
export interface LakeClient {
  /**
   * Files and folders below a folder, sorted by name, starting at a name. The cost depends on what is
   * returned.
   * @param options.startFrom inclusive, relative to the folder.
   * @returns nothing when the folder does not exist.
   */
  list(
    container: string,
    folder: string,
    options: { recursive: boolean; startFrom?: string | undefined; signal?: AbortSignal | undefined },
  ): AsyncIterable<ListedPath>
  /**
   * @param range a part of the file (bytes); default: all of it.
   * @returns undefined when there is no such file.
   */
  read(container: string, path: string, signal?: AbortSignal, range?: ByteRange): Promise<Buffer | undefined>
}

/** How much one call may bring, and how long it may take, before it fails. Sizes in bytes. */
export interface LakeLimits {
  /** Of a file that is read into memory. */
  fileBytes: number
  /** Of one listing; a page has up to 5,000 entries. */
  pages: number
  /** Of one page of a listing, or of an error. */
  pageBytes: number
  /** Of all pages of a listing: some two million entries. */
  listingBytes: number
  /** Without a single byte (ms). */
  silenceMs: number
  /** Of a whole file or listing (ms), and of one page. */
  wholeMs: number
  pageMs: number
}

const LIMITS: LakeLimits = {
  ...{ fileBytes: 1_000_000_000, pages: 2000, pageBytes: 32_000_000, listingBytes: 500_000_000 },
  ...{ silenceMs: 30_000, wholeMs: 15 * 60_000, pageMs: 120_000 },
}

/** Entries of a page, at most. */
const PAGE = '5000'

/** A path of the service's listing: numbers and truth come as texts. */
interface PathItem {
  name?: string
  isDirectory?: string | boolean
  contentLength?: string | number
  lastModified?: string
}

/** @param settings.endpoint `https://account.dfs.core.windows.net`, or the local one with the account as its path. */
export function createLakeClient({
  endpoint,
  credential,
  limits = LIMITS,
}: {
  endpoint: string
  credential: TokenCredential
  limits?: LakeLimits
}): LakeClient {
  const { pageBytes, silenceMs, pageMs } = limits
  const requests = createLakeRequests({
    endpoint,
    credential,
    limits: { bytes: pageBytes, silenceMs, wholeMs: pageMs },
  })
  return {
    async *list(container, folder, { recursive, startFrom, signal }) {
      const query = {
        resource: 'filesystem',
        directory: folder,
        recursive: String(recursive),
        beginFrom: startFrom,
        maxResults: PAGE,
      }
      let [pages, bytes, waitedMs] = [0, 0, 0]
      let continuation: string | undefined
      do {
        const askedAt = performance.now()
        const page = await requests.page(container, { query: { ...query, continuation }, signal })
        if (!page) return
        waitedMs += performance.now() - askedAt
        bytes += page.text.length
        const read = pastLimit({ pages: ++pages, bytes, waitedMs }, limits)
        if (read !== undefined) throw endless(`${container}/${folder}`, read)
        yield* entriesIn(page.text)
        continuation = page.continuation
      } while (continuation !== undefined)
    },
    async read(container, path, signal, range) {
      const last = range && range.offset + range.bytes - 1
      const body = await requests.file(`${container}/${path}`, {
        signal,
        range: range && `bytes=${range.offset}-${last}`,
      })
      try {
        return body && (await bytesOf(body, `${container}/${path}`, limits))
      } catch (error) {
        throw sdkError(SERVICE, error)
      }
    },
  }
}

/** @throws ServiceError */
function* entriesIn(text: string): Generator<ListedPath> {
  for (const { name, isDirectory, contentLength, lastModified } of pathsIn(text))
    if (name !== undefined)
      yield {
        path: name,
        isDirectory: String(isDirectory) === 'true',
        bytes: Number(contentLength ?? 0),
        modifiedAt: new Date(lastModified ?? 0),
      }
}

function pathsIn(text: string): readonly PathItem[] {
  try {
    const { paths = [] } = JSON.parse(text) as { paths?: PathItem[] }
    if (Array.isArray(paths)) return paths
  } catch {}
  throw new ServiceError('service', SERVICE, `${SERVICE} answered something that is not a listing.`, {
    hint: 'Check that the address is that of the service and not of a portal or a proxy.',
  })
}

/** @returns what a listing has reached of which it may not reach more. */
function pastLimit(
  { pages, bytes, waitedMs }: { pages: number; bytes: number; waitedMs: number },
  limits: LakeLimits,
): string | undefined {
  if (pages > limits.pages) return `${limits.pages} pages were read`
  if (bytes > limits.listingBytes)
    return `more than ${limits.listingBytes.toLocaleString('en-US')} bytes were read`
  if (waitedMs > limits.wholeMs) return `it took longer than ${limits.wholeMs / 1000} s`
  return undefined
}

const endless = (folder: string, read: string) =>
  new ServiceError('service', SERVICE, `The listing of ${folder} does not end: ${read}.`, {
    hint: 'Let retention delete what is old, or check that the address is that of the data lake.',
  })

/** @throws ServiceError for a file that is too long, or comes to a halt. */
function bytesOf(
  stream: Readable,
  file: string,
  { fileBytes, silenceMs, wholeMs }: LakeLimits,
): Promise<Buffer> {
  const away = (what: string) => new ServiceError('unreachable', SERVICE, `${file} ${what}`)
  return wholeBody(stream, {
    bytes: fileBytes,
    silenceMs,
    wholeMs,
    halted: () => away(`came to a halt: nothing for ${silenceMs / 1000} s.`),
    tooSlow: () => away(`took longer than ${wholeMs / 1000} s.`),
    tooLong: () =>
      new ServiceError(
        'service',
        SERVICE,
        `${file} has more than ${fileBytes.toLocaleString('en-US')} bytes and is not read.`,
        { hint: 'Let OPTIMIZE write smaller files (delta.targetFileSize).' },
      ),
  })
}
