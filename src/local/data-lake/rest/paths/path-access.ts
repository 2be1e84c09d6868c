/** Access lists of paths: read, set, and set on a whole tree. */
import type { Stats } from 'node:fs'
import { join } from 'node:path'
import { HttpError } from '../../../http/errors.ts'
import {
  type Access,
  changedAccess,
  changedList,
  defaultAccess,
  type ListChange,
} from '../../store/access-control.ts'
import { listFolder } from '../../store/listing.ts'
import { entryAt } from '../../store/names.ts'
import { mayChangeList } from '../agent-rights.ts'
import {
  answer,
  answerProperties,
  found,
  guardRead,
  guardWrite,
  type Handlers,
  keep,
  keptOf,
  type Lake,
  writtenHeaders,
} from '../lake.ts'
import { given, JSON_TYPE, type LakeCall, word } from '../lake-call.ts'
import { readMarker, writeMarker } from '../paging.ts'

const MOST_RECORDS = 2000

type Operations = Pick<
  Handlers,
  'getAccessControl' | 'getStatus' | 'checkAccess' | 'setAccessControl' | 'setAccessControlRecursive'
>

export function accessOperations(lake: Lake): Operations {
  return {
    getAccessControl: (call) => {
      const stats = found(lake, call)
      guardRead(lake, call, stats)
      const { owner, group, permissions, acl } = accessOf(lake, call, stats)
      // Nothing else in what azure-sdk-for-js recorded (setaccesscontrol_with_all_parameters and others).
      answer(call, 200, {
        ...writtenHeaders(stats),
        'x-ms-owner': owner,
        'x-ms-group': group,
        'x-ms-permissions': permissions,
        'x-ms-acl': acl,
      })
    },
    getStatus: (call) => {
      const stats = found(lake, call)
      guardRead(lake, call, stats)
      answerProperties(lake, call, stats)
    },
    checkAccess: (call) => {
      const stats = found(lake, call)
      guardRead(lake, call, stats)
      if (!/^[r-][w-][x-]$/.test(word(call, 'fsaction') ?? ''))
        throw new HttpError(400, 'InvalidQueryParameterValue', 'fsAction is as rwx or r--.')
      // The key and the token override access lists, as in the service.
      answer(call, 200, writtenHeaders(stats))
    },
    setAccessControl: (call) => {
      const stats = found(lake, call)
      guardWrite(lake, call, stats)
      const kept = keptOf(lake, call, stats)
      const isDirectory = stats.isDirectory()
      const access = changedAccess(kept.access ?? defaultAccess(isDirectory), call.request, isDirectory)
      // The content's version is still the same.
      const headers = writtenHeaders(keep(lake, call, { ...kept, access }, stats))
      answer(call, 200, { ...headers, 'x-ms-namespace-enabled': 'true' })
    },
    setAccessControlRecursive: (call) => setRecursive(lake, call),
  }
}

const accessOf = (lake: Lake, call: LakeCall, stats: Stats): Access =>
  keptOf(lake, call, stats).access ?? defaultAccess(stats.isDirectory())

/** @returns undefined for one that was never given: the service answers that nothing was left to change. */
function continuationOf(query: URLSearchParams): string | undefined {
  try {
    return readMarker(query.get('continuation'))
  } catch {
    return undefined
  }
}

/** Page by page, in the order of the listing: the tree's own root first. */
function setRecursive(lake: Lake, call: LakeCall): void {
  const { container, path, query } = call
  const acl = given(call, 'x-ms-acl')
  const mode = word(call, 'mode')
  if (acl === undefined || mode === undefined)
    throw new HttpError(400, 'MissingRequiredHeader', 'A change of access lists needs mode= and x-ms-acl.')
  const most = Number(query.get('maxrecords') ?? MOST_RECORDS)
  if (!Number.isSafeInteger(most) || most < 1)
    throw new HttpError(400, 'InvalidQueryParameterValue', 'maxRecords must be a number above 0.')
  const from = continuationOf(query)
  const root = lake.folder.resolve(container, '')
  const counts = { directoriesSuccessful: 0, filesSuccessful: 0, failureCount: 0 }
  const failedEntries: { name: string; type: string; errorMessage: string }[] = []
  const goesOn = word(call, 'forceflag') === 'true'
  const change = (one: string, stats: Stats) => {
    if (!mayChangeList(lake, call.agent, { container, path: one })) {
      const type = stats.isDirectory() ? 'DIRECTORY' : 'FILE'
      // In the words that the help of Azure PowerShell shows (Set-AzDataLakeGen2AclRecursive).
      const errorMessage = 'This request is not authorized to perform this operation using this permission.'
      failedEntries.push({ name: one, type, errorMessage })
      counts.failureCount++
      return
    }
    const kept = lake.kept.of(container, one, stats)
    const isDirectory = stats.isDirectory()
    const before = kept.access ?? defaultAccess(isDirectory)
    const access = changedList(before, acl, mode as ListChange, isDirectory)
    lake.kept.set(container, one, stats, { ...kept, access })
    counts[isDirectory ? 'directoriesSuccessful' : 'filesSuccessful']++
  }
  const done = () => counts.directoriesSuccessful + counts.filesSuccessful + counts.failureCount
  // Without the flag the first failure ends it, and there is nothing to go on from.
  const isOver = () => counts.failureCount > 0 && !goesOn
  const top = found(lake, call)
  if (from === '') change(path, top)
  let next: string | undefined
  if (top.isDirectory() && from !== undefined)
    for (const { path: one } of listFolder({ root, folder: path, recursive: true, from })) {
      if (isOver()) break
      if (done() >= most) {
        next = path === '' ? one : one.slice(path.length + 1)
        break
      }
      const stats = entryAt(join(root, one))
      if (stats) change(one, stats)
    }
  answer(
    call,
    200,
    {
      'content-type': JSON_TYPE,
      'x-ms-namespace-enabled': 'true',
      ...(next === undefined ? {} : { 'x-ms-continuation': writeMarker(next) }),
    },
    JSON.stringify({ ...counts, failedEntries }),
  )
}
