/** Copy Blob and Put Blob From URL, within the lake: https://learn.microsoft.com/rest/api/storageservices/copy-blob */
import { constants, lstatSync, rmSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { HttpError } from '../../http/errors.ts'
import { isLoopback } from '../../http/origin.ts'
import { checkConditions } from '../store/entry.ts'
import type { LakeFolder } from '../store/folder.ts'
import { entryAt } from '../store/names.ts'
import type { PathProperties, Properties } from '../store/properties.ts'
import { diskError } from '../store/storage-errors.ts'
import type { LakeCall } from './lake-call.ts'

/**
 * Copies a file; what becomes visible is whole.
 * @param checkTarget called in the turn in which the copy becomes visible; throws when it must not.
 * @returns what the source had beside its content.
 */
export async function copyBlob(
  call: LakeCall,
  folder: LakeFolder,
  properties: PathProperties,
  checkTarget: () => void,
): Promise<Properties> {
  const from = sourceOf(call)
  call.checkSource(from, 'r')
  const source = folder.resolve(from.container, from.path)
  const found = entryAt(source)
  // No folders: clients that copy a tree make those that they need, and go on where one is no blob.
  if (!found?.isFile())
    throw new HttpError(
      404,
      'CannotVerifyCopySource',
      'The source of the copy does not exist, or is no file.',
    )
  checkConditions(call.request, found, { isRead: false, prefix: 'x-ms-source-' })
  checkTarget()
  const kept = properties.of(from.container, from.path, found)
  const release = folder.reserve(found.size)
  const copy = folder.unfinishedFile()
  try {
    await copyFile(source, copy, constants.COPYFILE_FICLONE)
    if (lstatSync(copy).size !== found.size)
      throw new HttpError(409, 'CopySourceChanged', 'The source of the copy has changed meanwhile.')
    checkTarget()
    folder.adopt(copy, call.container, call.path, { overwrite: true })
  } catch (error) {
    throw diskError(error)
  } finally {
    // Gone already when the copy has been placed.
    rmSync(copy, { force: true })
    release()
  }
  return kept
}

function sourceOf({ request, account }: LakeCall) {
  const url = URL.parse(String(request.headers['x-ms-copy-source']))
  const elsewhere = new HttpError(
    400,
    'InvalidHeaderValue',
    `The local lake copies only what it holds: x-ms-copy-source must be a URL of the account ${account} on this machine.`,
  )
  if (!url || !isLoopback(url.hostname)) throw elsewhere
  let parts: string[]
  try {
    parts = url.pathname.split('/').slice(1).map(decodeURIComponent)
  } catch (cause) {
    throw new HttpError(400, 'InvalidHeaderValue', 'x-ms-copy-source is no valid percent encoding.', {
      cause,
    })
  }
  const [name, container = '', ...path] = parts
  if (name !== account || path.length === 0) throw elsewhere
  for (const kept of ['snapshot', 'versionid'])
    if (url.searchParams.has(kept))
      throw new HttpError(400, 'InvalidHeaderValue', 'The local lake keeps no snapshots or versions to copy.')
  return { container, path: path.join('/'), query: new URLSearchParams(url.search.replaceAll('+', '%2B')) }
}
