/** One file or folder of the lake, as the REST answers describe it. */
import type { Stats } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { HttpError } from '../http/errors.ts'

/** Changes whenever the file does. */
export const etagOf = (stats: Stats): string =>
  `"0x${Math.round(stats.mtimeMs * 1000)
    .toString(16)
    .toUpperCase()}${stats.size.toString(16).toUpperCase()}"`

export const entryHeaders = (stats: Stats): Record<string, string> => ({
  etag: etagOf(stats),
  'last-modified': stats.mtime.toUTCString(),
  'x-ms-resource-type': stats.isDirectory() ? 'directory' : 'file',
  'x-ms-creation-time': stats.birthtime.toUTCString(),
  'x-ms-lease-state': 'available',
  'x-ms-lease-status': 'unlocked',
  'x-ms-server-encrypted': 'false',
  'x-ms-blob-type': 'BlockBlob',
  ...(stats.isDirectory() ? { 'x-ms-meta-hdi_isfolder': 'true' } : {}),
})

/**
 * `If-Match`, `If-None-Match` and the two dates, for reads and writes.
 * @param stats undefined: nothing stands there.
 * @throws HttpError 412, 409 for a create that must be new, 304 for a read of what the client has.
 */
export function checkConditions(request: IncomingMessage, stats: Stats | undefined, isRead: boolean): void {
  const { headers } = request
  const tag = stats && etagOf(stats)
  const matches = (list: string) =>
    stats !== undefined && (list.trim() === '*' || list.split(',').some((one) => one.trim() === tag))
  const failed = () =>
    new HttpError(
      412,
      'ConditionNotMet',
      'The condition specified using HTTP conditional header(s) is not met.',
    )
  if (headers['if-match'] !== undefined && !matches(headers['if-match'])) throw failed()
  if (headers['if-none-match'] !== undefined && matches(headers['if-none-match'])) {
    if (isRead) throw new HttpError(304, 'ConditionNotMet', 'Not modified.')
    if (headers['if-none-match'].trim() === '*')
      throw new HttpError(409, 'PathAlreadyExists', 'The specified path already exists.')
    throw failed()
  }
  const modified = stats ? Math.floor(stats.mtimeMs / 1000) * 1000 : undefined
  const since = Date.parse(headers['if-modified-since'] ?? '')
  if (!Number.isNaN(since) && modified !== undefined && modified <= since)
    throw new HttpError(isRead ? 304 : 412, 'ConditionNotMet', 'Not modified.')
  const unmodified = Date.parse(headers['if-unmodified-since'] ?? '')
  if (!Number.isNaN(unmodified) && modified !== undefined && modified > unmodified) throw failed()
}

export const notFound = (): HttpError =>
  new HttpError(404, 'PathNotFound', 'The specified path does not exist.')
