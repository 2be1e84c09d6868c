/** Path - Create with a rename source, https://learn.microsoft.com/rest/api/storageservices/datalakestoragegen2/path/create */
import { lstatSync, type Stats } from 'node:fs'
import { basename, dirname } from 'node:path'
import { HttpError } from '../../../http/errors.ts'
import type { SasTarget } from '../../auth/sas.ts'
import { checkConditions } from '../../store/entry.ts'
import { entryAt } from '../../store/names.ts'
import { guardWrite, type Lake } from '../lake.ts'
import { decodeAddress, given, type LakeCall, queryOf, word } from '../lake-call.ts'
import { contentIn } from '../property-headers.ts'
import { transactionIn } from './transaction.ts'

/**
 * Moves a file or a folder; everything happens in one turn, so of several at once with `If-None-Match: *` one wins.
 * @returns what stands at the target then. @throws HttpError; the source stays where it was.
 */
export function renamePath(asked: LakeCall, lake: Lake): Stats {
  const { folder, uploads, kept: properties, leases, snapshots } = lake
  const from = sourceOf(asked)
  const into = asked.path === '' ? '' : `${asked.path}/`
  const call = isInto(asked, lake) ? { ...asked, path: `${into}${basename(from.path)}` } : asked
  const { container, path, request } = call
  call.checkSource(from, 'md')
  const transaction = transactionIn(call)
  const source = folder.resolve(from.container, from.path)
  const target = folder.resolve(container, path)
  const found = entryAt(source)
  if (!found)
    throw new HttpError(404, 'SourcePathNotFound', 'The source path for a rename operation does not exist.')
  checkConditions(request, found, { isRead: false, prefix: 'x-ms-source-' })
  leases.check(from, given(call, 'x-ms-source-lease-id'), { isWrite: true })
  guardWrite(lake, call, entryAt(target))
  if (!entryAt(dirname(target))?.isDirectory())
    throw new HttpError(
      404,
      'RenameDestinationParentPathNotFound',
      'The parent directory of the destination path does not exist.',
    )
  if (found.isDirectory() && `${target}/`.startsWith(`${source}/`))
    throw new HttpError(
      409,
      'InvalidRenameSourcePath',
      'The source directory cannot be the same as the destination directory, nor can the destination be a subdirectory of the source directory.',
    )
  const before = entryAt(target)
  if (before && before.isDirectory() !== found.isDirectory())
    throw new HttpError(
      409,
      'InvalidSourceOrDestinationResourceType',
      'The source and destination resource type must be identical.',
    )
  const kept = properties.of(from.container, from.path, found)
  folder.move(from, { container, path })
  snapshots.move(from, { container, path })
  uploads.forget(from.container, from.path)
  uploads.forgetBelow(from.container, from.path)
  uploads.forget(container, path)
  // Clients that take one for a rename count on its end: Arrow's writes at the new name go on without it.
  for (const path of [from, call]) {
    leases.forget(path)
    leases.forgetBelow(path)
  }
  const moved = lstatSync(target)
  const { transaction: _, ...others } = kept
  properties.move(from, { container, path }, moved, {
    ...others,
    ...transaction,
    content: { ...kept.content, ...contentIn(request) },
  })
  return moved
}

/**
 * Onto a folder that is there a source is moved into it, under its own name, as `mv` does; Hadoop's driver counts on it.
 * With `mode=legacy`, which the SDKs send, the source takes the folder's place.
 */
function isInto(call: LakeCall, { folder }: Lake): boolean {
  const isLegacy = word(call, 'mode') === 'legacy' && call.path !== ''
  return !isLegacy && entryAt(folder.resolve(call.container, call.path))?.isDirectory() === true
}

/** `/container/path`, on path-style addresses also with the account before it. */
function sourceOf({ request, account }: LakeCall): SasTarget {
  const [header = '', query = ''] = String(request.headers['x-ms-rename-source']).split('?')
  // Blanks and letters beyond ASCII are refused by the service too: clients that forgot to encode them found out there.
  if (/[^\x21-\x7e]/.test(header)) throw invalidSource()
  let parts: string[]
  try {
    // An empty segment further on is a name that the lake cannot have, and never the folder before it.
    parts = decodeAddress(header).replace(/^\/+/, '').split('/')
  } catch (cause) {
    throw invalidSource(cause)
  }
  if (parts[0] === account && parts.length > 2) parts.shift()
  const [container, ...path] = parts
  if (!container || path.join('/') === '') throw invalidSource()
  return { container, path: path.join('/'), query: queryOf(query) }
}

const invalidSource = (cause?: unknown) =>
  new HttpError(
    400,
    'InvalidSourceUri',
    'The source URI is invalid: it is /container/path, percent-encoded.',
    { cause },
  )
