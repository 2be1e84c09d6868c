/** The data lake through @azure/storage-file-datalake. */

import type { Readable } from 'node:stream'
import type { TokenCredential } from '@azure/identity'
import { DataLakeServiceClient, StorageRetryPolicyType } from '@azure/storage-file-datalake'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import { sdkError } from '../errors/sdk-error.ts'

const SERVICE = 'the data lake'

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

export interface LakeLimits {
  /** Of a file that is read into memory. */
  fileBytes: number
  /** Of one listing; a page has up to 5,000 entries. */
  pages: number
  /** Without a single byte while a file is read (ms). */
  silenceMs: number
}

const LIMITS: LakeLimits = { fileBytes: 1_000_000_000, pages: 2000, silenceMs: 30_000 }

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
  const service = new DataLakeServiceClient(endpoint, credential, { retryOptions: RETRY })
  return {
    async *list(container, folder, { recursive, startFrom, signal }) {
      try {
        const paths = service.getFileSystemClient(container).listPaths({
          path: folder,
          recursive,
          ...(startFrom === undefined ? {} : { startFrom }),
          ...(signal ? { abortSignal: signal } : {}),
        })
        let pages = 0
        for await (const { pathItems = [] } of paths.byPage()) {
          if (++pages > limits.pages) throw endless(`${container}/${folder}`, limits.pages)
          for (const { name, isDirectory, contentLength, lastModified } of pathItems)
            if (name !== undefined)
              yield {
                path: name,
                isDirectory: isDirectory === true,
                bytes: Number(contentLength ?? 0),
                modifiedAt: new Date(lastModified ?? 0),
              }
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

const endless = (folder: string, pages: number) =>
  new ServiceError('service', SERVICE, `The listing of ${folder} does not end: ${pages} pages were read.`, {
    hint: 'Let retention delete what is old, or check that the address is that of the data lake.',
  })

/** @throws ServiceError for a file that is too long, or comes to a halt. */
async function bytesOf(
  stream: Readable | undefined,
  file: string,
  { fileBytes, silenceMs }: LakeLimits,
): Promise<Buffer> {
  if (!stream) return Buffer.alloc(0)
  const chunks: Buffer[] = []
  let bytes = 0
  const silent = () =>
    stream.destroy(
      new ServiceError('unreachable', SERVICE, `${file} came to a halt: nothing for ${silenceMs / 1000} s.`),
    )
  let timer = setTimeout(silent, silenceMs)
  try {
    for await (const chunk of stream) {
      clearTimeout(timer)
      timer = setTimeout(silent, silenceMs)
      bytes += (chunk as Buffer).length
      if (bytes > fileBytes)
        throw new ServiceError(
          'service',
          SERVICE,
          `${file} has more than ${fileBytes.toLocaleString('en-US')} bytes and is not read.`,
          { hint: 'Let OPTIMIZE write smaller files (delta.targetFileSize).' },
        )
      chunks.push(chunk as Buffer)
    }
  } finally {
    clearTimeout(timer)
  }
  return Buffer.concat(chunks)
}
