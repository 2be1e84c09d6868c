/** One file or folder of the lake, as the REST answers describe it. */
import type { Stats } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { HttpError } from '../../http/errors.ts'

/** 1970, in tenths of a microsecond since the year 1. */
const EPOCH_TICKS = 621_355_968_000_000_000n

/**
 * Changes whenever the file does: what replaces a file is made younger than it, see {@link LakeFolder.adopt}. A time of at least fifteen
 * digits, as the service's are: some clients look for that many (Azurite was told so, in its issue 334).
 */
export const etagOf = (stats: Stats): string => {
  const ticks = BigInt(Math.round(stats.mtimeMs * 1000)) * 10n + EPOCH_TICKS
  return `"0x${ticks.toString(16).toUpperCase()}${stats.size.toString(16).toUpperCase()}"`
}

/** What each answer about an entry has, in both interfaces. */
export const entryHeaders = (stats: Stats): Record<string, string> => ({
  etag: etagOf(stats),
  'last-modified': stats.mtime.toUTCString(),
  'x-ms-resource-type': stats.isDirectory() ? 'directory' : 'file',
  'x-ms-creation-time': stats.birthtime.toUTCString(),
  // As every account of the service says; the lake's folder is as safe as its disk.
  'x-ms-server-encrypted': 'true',
  ...(stats.isDirectory() ? { 'x-ms-meta-hdi_isfolder': 'true' } : {}),
})

/** A container is not a folder of the lake: it has no type and no folder mark. */
export const containerHeaders = (stats: Stats): Record<string, string> => ({
  etag: etagOf(stats),
  'last-modified': stats.mtime.toUTCString(),
  'x-ms-has-immutability-policy': 'false',
  'x-ms-has-legal-hold': 'false',
  'x-ms-immutable-storage-with-versioning-enabled': 'false',
  'x-ms-default-encryption-scope': '$account-encryption-key',
  'x-ms-namespace-enabled': 'true',
})

/** How the conditions of a request (`If-Match` and the like) are meant. */
export interface ConditionOptions {
  /** Reads of what the client has are answered with 304. */
  isRead: boolean
  /** Of what must be new: the refusal of `If-None-Match: *` where something stands. Else that is a condition that fails. */
  exists?: () => HttpError
  /** `x-ms-source-` for the conditions on the source of a rename. */
  prefix?: 'x-ms-source-' | ''
}

/**
 * `If-Match`, `If-None-Match` and the two dates; where a tag and a date say the same, as the service weighs them: a read is done when
 * `If-None-Match` or `If-Modified-Since` lets it, and a write goes by the tag alone. They hold only within the turn of the event loop in which they are checked,
 * so a write checks them in the turn in which it becomes visible.
 * @param stats undefined: nothing stands there.
 * @throws HttpError 412, 409 for a create that must be new, 304 for a read of what the client has, 400 for one of what is not there.
 */
export function checkConditions(
  { headers }: Pick<IncomingMessage, 'headers'>,
  stats: Stats | undefined,
  { isRead, exists, prefix = '' }: ConditionOptions,
): void {
  const condition = (name: string) => {
    const value = headers[`${prefix}${name}`]
    // Some clients send empty ones for conditions that they do not set.
    return value === undefined || value === '' ? undefined : String(value)
  }
  const tag = stats && bare(etagOf(stats))
  const matches = (list: string) =>
    stats !== undefined && (list.trim() === '*' || list.split(',').some((one) => bare(one) === tag))
  const failed = () =>
    new HttpError(
      412,
      prefix === '' ? 'ConditionNotMet' : 'SourceConditionNotMet',
      `The ${prefix === '' ? '' : 'source '}condition specified using HTTP conditional header(s) is not met.`,
    )
  const unchanged = () => new HttpError(304, 'ConditionNotMet', 'Not modified.')
  const ifMatch = condition('if-match')
  if (ifMatch !== undefined && !matches(ifMatch)) throw failed()
  const modified = stats ? Math.floor(stats.mtimeMs / 1000) * 1000 : undefined
  const since = Date.parse(condition('if-modified-since') ?? '')
  const isOld = !Number.isNaN(since) && modified !== undefined && modified <= since
  const ifNoneMatch = condition('if-none-match')
  const isLetByDate = isRead && !Number.isNaN(since) && !isOld
  if (ifNoneMatch !== undefined && matches(ifNoneMatch) && !isLetByDate) {
    if (isRead && ifNoneMatch.trim() === '*')
      throw new HttpError(
        400,
        'UnsatisfiableCondition',
        'The request includes an unsatisfiable condition for this operation.',
      )
    if (isRead) throw unchanged()
    throw ifNoneMatch.trim() === '*' && exists ? exists() : failed()
  }
  if (isOld && ifNoneMatch === undefined) throw isRead ? unchanged() : failed()
  const unmodified = Date.parse(condition('if-unmodified-since') ?? '')
  const isByTag = !isRead && ifMatch !== undefined
  if (!isByTag && !Number.isNaN(unmodified) && modified !== undefined && modified > unmodified) throw failed()
}

/** In a refusal to make what is there: Hadoop's driver takes a folder that another has made meanwhile for its own. */
export const existing = (stats: Stats | undefined): Record<string, string> =>
  stats ? { 'x-ms-existing-resource-type': stats.isDirectory() ? 'directory' : 'file' } : {}

/**
 * In the words of the DFS interface.
 * @param told whether it is said what stands there: not of a file to who makes one (azure-sdk-for-js, recorded as
 * upload_by_specifying_a_modifiedaccessconditions_check_to_avoid_overwrite), but of a folder to who makes one.
 */
export const alreadyThere = (stats: Stats | undefined, told: boolean): HttpError =>
  new HttpError(409, 'PathAlreadyExists', 'The specified path already exists.', {
    headers: told ? existing(stats) : {},
  })

/** Listings tell tags without quotes, and clients send them back so. */
const bare = (tag: string): string => tag.trim().replace(/^"(.*)"$/, '$1')

/** In the words of the DFS interface. */
export const notFound = (): HttpError =>
  new HttpError(404, 'PathNotFound', 'The specified path does not exist.')
