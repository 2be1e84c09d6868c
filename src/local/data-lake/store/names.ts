/** Names of containers and paths: valid in ADLS Gen2, and unable to leave the lake's folder. */
import { lstatSync, type Stats } from 'node:fs'
import { join, sep } from 'node:path'
import { InvalidNameError } from './storage-errors.ts'

const CONTAINER = /^[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9]$/

/** Azure's own limits. */
const MAX_PATH_CHARACTERS = 1024
/** Of 63 segments with the account's and the container's before them; the service refuses the 61st. */
const MAX_DEPTH = 60
/** Of one path segment in every file system that people use. */
const MAX_SEGMENT_BYTES = 255

/** Windows gives these a meaning of their own: devices, streams, wildcards, trailing dots and blanks. */
const WINDOWS_RESERVED = /[<>:"|?*\x01-\x1f]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i

/** Containers of the service's own, whose names it makes an exception for: of static websites, and of its logs. */
export const WEB = '$web'
/** Made when logging is turned on; nothing is written to it. */
export const LOGS = '$logs'

/** Whether the service would take the name, or makes a container of that name itself. */
export const isContainer = (name: string): boolean => name === WEB || name === LOGS || CONTAINER.test(name)

/** @throws InvalidNameError */
export function checkContainer(name: string): void {
  if (isContainer(name)) return
  if (name.length < 3 || name.length > 63)
    throw wrongLength(`${quote(name)} is not a container name, which has 3 to 63 characters`)
  throw new InvalidNameError(
    `${quote(name)} is not a container name: 3 to 63 lower-case letters, digits and single hyphens.`,
  )
}

/**
 * @param path relative to its container, separated by `/`; a trailing slash is ignored; `''` is the container's root.
 * @returns its segments.
 * @throws InvalidNameError for `..`, `.`, empty segments, absolute paths, backslashes, NUL, and what is too long.
 */
export function pathSegments(path: string): string[] {
  if (path === '') return []
  const fail = (why: string) => new InvalidNameError(`${quote(path)} is not a path of the lake: ${why}.`)
  if (path.length > MAX_PATH_CHARACTERS)
    throw wrongLength(`${quote(path)} is longer than ${MAX_PATH_CHARACTERS} characters`)
  if (path.includes('\0')) throw fail('it contains a NUL')
  if (path.includes('\\')) throw fail('it contains a backslash')
  const segments = (path.endsWith('/') ? path.slice(0, -1) : path).split('/')
  if (segments.length > MAX_DEPTH)
    throw new InvalidNameError(
      `${quote(path)} is not a path of the lake: it is deeper than ${MAX_DEPTH} folders.`,
      'PathIsTooDeep',
    )
  for (const segment of segments) {
    if (segment === '') throw fail('it begins with a slash or has an empty segment')
    if (segment === '.' || segment === '..') throw fail(`it has the segment ${segment}`)
    if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES)
      throw wrongLength(`a segment of ${quote(path)} is longer than ${MAX_SEGMENT_BYTES} bytes`)
    if (process.platform === 'win32' && WINDOWS_RESERVED.test(segment)) {
      throw fail(`${quote(segment)} is reserved on this system`)
    }
  }
  return segments
}

/** Can anything of the lake be named so? */
export function isPath(path: string): boolean {
  try {
    pathSegments(path)
    return true
  } catch (error) {
    if (error instanceof InvalidNameError) return false
    throw error
  }
}

/**
 * The place of a path in the file system, reached through real folders only.
 * @throws InvalidNameError also when a segment is a symbolic link, which could lead anywhere.
 */
export function resolveInside(root: string, container: string, path: string): string {
  checkContainer(container)
  let place = join(root, container)
  let exists = true
  const seen = foldersSeen()
  const segments = ['', ...pathSegments(path)]
  for (const [index, segment] of segments.entries()) {
    // A segment has nothing that `join` would clean, which is most of its work.
    if (segment !== '') place = `${place}${sep}${segment}`
    if (!exists || (index < segments.length - 1 && seen.has(place))) continue
    const found = entryAt(place)
    if (found?.isDirectory()) seen.add(place)
    exists = found !== undefined
    if (found?.isSymbolicLink()) {
      throw new InvalidNameError(
        `${quote(path)} leads through a symbolic link, which the lake does not follow.`,
      )
    }
    // Opening a pipe blocks until its other end opens; a few of them would block everything.
    if (found && !found.isFile() && !found.isDirectory())
      throw new InvalidNameError(`${quote(path)} is neither a file nor a folder.`)
  }
  return place
}

/** What was found to be a real folder is not looked at again for so long (ms): a request asks for its place several times. */
const SEEN_MS = 10
const MOST_SEEN = 1000
const seenFolders = new Set<string>()
let seenUntil = 0

function foldersSeen(): Set<string> {
  const now = performance.now()
  if (now < seenUntil && seenFolders.size < MOST_SEEN) return seenFolders
  seenFolders.clear()
  seenUntil = now + SEEN_MS
  return seenFolders
}

/** What stands at a place of the file system itself, links not followed; undefined when nothing does, or nothing can. */
export function entryAt(place: string): Stats | undefined {
  try {
    return lstatSync(place, { throwIfNoEntry: false })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined
    throw error
  }
}

/** With the code and in the words that users report (azure-sdk-for-python, issue 29681; Azurite, issue 2017). */
const wrongLength = (why: string) =>
  new InvalidNameError(
    `The specified resource name length is not within the permissible limits: ${why}.`,
    'OutOfRangeInput',
  )

const quote = (name: string) => JSON.stringify(name.length > 100 ? `${name.slice(0, 99)}…` : name)
