/** The data lake through @azure/storage-file-datalake. */
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
}: {
  endpoint: string
  credential: TokenCredential
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
        for await (const { name, isDirectory, contentLength, lastModified } of paths)
          if (name !== undefined)
            yield {
              path: name,
              isDirectory: isDirectory === true,
              bytes: Number(contentLength ?? 0),
              modifiedAt: new Date(lastModified ?? 0),
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
        const chunks: Buffer[] = []
        for await (const chunk of answer.readableStreamBody ?? []) chunks.push(chunk as Buffer)
        return Buffer.concat(chunks)
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error instanceof ServiceError ? error : sdkError(SERVICE, error)
      }
    },
  }
}
