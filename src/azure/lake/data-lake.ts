/** The data lake through @azure/storage-file-datalake. */

import type { Readable } from 'node:stream'
import type { TokenCredential } from '@azure/identity'
import { DataLakeServiceClient, StorageRetryPolicyType } from '@azure/storage-file-datalake'
import { grouped } from '../../contract/grouped.ts'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import { sdkError } from '../errors/sdk-error.ts'
import { boundedHttpClient } from '../http/bounded-http-client.ts'
import { storageHttpClient } from '../http/storage-http-client.ts'
import { wholeBody } from '../http/whole-body.ts'

const SERVICE = 'the data lake'

/** One file or folder of a listing; the path is relative to its container. */
export interface ListedPath {
  path: string
  isDirectory: boolean
  bytes: number
  modifiedAt: Date
}

/** A part of a file. */
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

/** The SDK's default waits up to two minutes between tries. */
const RETRY = {
  maxTries: 2,
  retryDelayInMs: 300,
  maxRetryDelayInMs: 1000,
  tryTimeoutInMs: 30_000,
  retryPolicyType: StorageRetryPolicyType.EXPONENTIAL,
}

const isMissing = (error: unknown) => (error as { statusCode?: number }).statusCode === 404

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
  const { pageBytes: bytes, silenceMs, pageMs } = limits
  const service = new DataLakeServiceClient(endpoint, credential, {
    retryOptions: RETRY,
    httpClient: storageHttpClient(boundedHttpClient(SERVICE, { bytes, silenceMs, wholeMs: pageMs })),
  })
  return {
    async *list(container, folder, { recursive, startFrom, signal }) {
      try {
        const paths = service.getFileSystemClient(container).listPaths({
          path: folder,
          recursive,
          ...(startFrom === undefined ? {} : { startFrom }),
          ...(signal ? { abortSignal: signal } : {}),
        })
        let [pages, bytes, waitedMs] = [0, 0, 0]
        let askedAt = performance.now()
        for await (const { pathItems = [], _response } of paths.byPage()) {
          waitedMs += performance.now() - askedAt
          bytes += _response.bodyAsText.length
          const read = pastLimit({ pages: ++pages, bytes, waitedMs }, limits)
          if (read !== undefined) throw endless(`${container}/${folder}`, read)
          for (const { name, isDirectory, contentLength, lastModified } of pathItems)
            if (name !== undefined)
              yield {
                path: name,
                isDirectory: isDirectory === true,
                bytes: Number(contentLength ?? 0),
                modifiedAt: new Date(lastModified ?? 0),
              }
          askedAt = performance.now()
        }
      } catch (error) {
        if (!isMissing(error)) throw sdkError(SERVICE, error)
      }
    },
    async read(container, path, signal, range) {
      try {
        const file = service.getFileSystemClient(container).getFileClient(path)
        const answer = await file.read(
          range?.offset ?? 0,
          range?.bytes,
          signal ? { abortSignal: signal } : {},
        )
        return await bytesOf(
          answer.readableStreamBody as Readable | undefined,
          `${container}/${path}`,
          limits,
        )
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error instanceof ServiceError ? error : sdkError(SERVICE, error)
      }
    },
  }
}

/** @returns what a listing has reached of which it may not reach more. */
function pastLimit(
  { pages, bytes, waitedMs }: { pages: number; bytes: number; waitedMs: number },
  limits: LakeLimits,
): string | undefined {
  if (pages > limits.pages) return `${limits.pages} pages were read`
  if (bytes > limits.listingBytes) return `more than ${grouped(limits.listingBytes)} bytes were read`
  if (waitedMs > limits.wholeMs) return `it took longer than ${limits.wholeMs / 1000} s`
  return undefined
}

const endless = (folder: string, read: string) =>
  new ServiceError('service', SERVICE, `The listing of ${folder} does not end: ${read}.`, {
    hint: 'Let retention delete what is old, or check that the address is that of the data lake.',
  })

/** @throws ServiceError for a file that is too long, or comes to a halt. */
function bytesOf(
  stream: Readable | undefined,
  file: string,
  { fileBytes, silenceMs, wholeMs }: LakeLimits,
): Promise<Buffer> {
  if (!stream) return Promise.resolve(Buffer.alloc(0))
  const away = (what: string) => new ServiceError('unreachable', SERVICE, `${file} ${what}`)
  return wholeBody(stream, {
    bytes: fileBytes,
    time: {
      silenceMs,
      wholeMs,
      halted: () => away(`came to a halt: nothing for ${silenceMs / 1000} s.`),
      tooSlow: () => away(`took longer than ${wholeMs / 1000} s.`),
    },
    tooLong: () =>
      new ServiceError(
        'service',
        SERVICE,
        `${file} has more than ${grouped(fileBytes)} bytes and is not read.`,
        { hint: 'Let OPTIMIZE write smaller files (delta.targetFileSize).' },
      ),
  })
}
