/**
 * Paths of files in a log: URIs, mostly relative to the table's folder.
 * https://github.com/delta-io/delta/blob/master/PROTOCOL.md#add-file-and-remove-file
 */

/** Where a file of a table is; `path` is decoded. */
export interface FilePlace {
  /** Relative to the table's folder; false: relative to a container, or to nothing that is known here. */
  isInTable: boolean
  /** That of a URL of Azure's storage, as a shallow clone has them; undefined where none is named. */
  container: string | undefined
  path: string
}

/** `abfss://container@account.host/path`, and `wasbs:` likewise. */
const BY_ACCOUNT = /^(?:abfs|wasb)s?:\/\/([^/@]+)@[^/]+\/(.*)$/i
/** `az://container/path`, as the object stores of Rust write it. */
const BY_CONTAINER = /^(?:az|azure|adl):\/\/([^/@]+)\/(.*)$/i
/** `https://account.dfs.core.windows.net/container/path` */
const BY_HOST = /^https?:\/\/[^/.]+\.(?:dfs|blob)\.[^/]+\/([^/]+)\/(.*)$/i
const ABSOLUTE = /^(?:[a-z][a-z0-9+.-]*:|\/)/i

/** @param path as in an action. */
export function placeOfFile(path: string): FilePlace {
  const [, container, rest] = BY_ACCOUNT.exec(path) ?? BY_CONTAINER.exec(path) ?? BY_HOST.exec(path) ?? []
  if (container !== undefined && rest !== undefined)
    return { isInTable: false, container, path: decoded(rest) }
  const plain = decoded(path)
  const leadsOut = ABSOLUTE.test(path) || plain.split('/').includes('..')
  return { isInTable: !leadsOut, container: undefined, path: plain }
}

/** A writer that did not encode a percent sign means the name as it stands. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
