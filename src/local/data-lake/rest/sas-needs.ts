/** Which permission each request needs, as the service's tables have it: https://learn.microsoft.com/rest/api/storageservices/create-account-sas */

import type { SasNeed } from '../auth/sas.ts'
import type { LakeFolder } from '../store/folder.ts'
import { entryAt } from '../store/names.ts'
import { type LakeCall, word } from './lake-call.ts'

/** @param folder tells whether a path is there already: to make one takes another permission than to change one. */
export function sasNeed(call: LakeCall, folder: LakeFolder): SasNeed {
  const { container, path } = call
  // At a container and at a blob, what opens those opens it too.
  if (word(call, 'restype') === 'account') return { level: 'any', anyOf: 'r' }
  if (container === '') return { level: 'service', anyOf: ofAccount(call) }
  // Of the root folder, which is a blob too.
  if (call.operation?.id === 'getProperties') return { level: 'object', anyOf: 'r' }
  if (path !== '' && makes(call) && entryAt(folder.resolve(container, path)))
    return { level: 'object', anyOf: 'w', butFor: 'c' }
  if (renames(call) && entryAt(folder.resolve(container, path))?.isFile())
    return { level: 'object', anyOf: 'w', butFor: 'm' }
  if (path !== '') return { level: 'object', anyOf: ofPath(call) }
  return ofContainer(call)
}

/** Empty: no signature ever has this permission. */
const NONE = ''

function ofAccount(call: LakeCall): string {
  const comp = word(call, 'comp')
  if (comp === 'userdelegationkey') return NONE
  if (comp === 'batch') return 'd'
  if (comp === 'list' || word(call, 'resource') === 'account') return 'l'
  return call.method === 'PUT' ? 'w' : 'r'
}

function ofContainer(call: LakeCall): SasNeed {
  const comp = word(call, 'comp')
  const action = word(call, 'action')
  if (comp === 'batch') return { level: 'object', anyOf: 'd' }
  if (action !== undefined) return { level: 'object', anyOf: isAccessRead(action) ? 're' : 'po' }
  if (comp === 'acl') return { level: 'container', anyOf: NONE }
  const isList = comp === 'list' || word(call, 'resource') === 'filesystem'
  switch (call.method) {
    case 'GET':
      return { level: 'container', anyOf: isList ? 'l' : 'r' }
    case 'HEAD':
      return { level: 'container', anyOf: 'r' }
    case 'PUT':
      return { level: 'container', anyOf: comp === undefined ? 'cw' : 'w' }
    case 'DELETE':
      return { level: 'container', anyOf: 'd' }
    default:
      return { level: 'container', anyOf: 'w' }
  }
}

const isAccessRead = (action: string) => action === 'getaccesscontrol' || action === 'checkaccess'

/**
 * Onto a file that stands there the permission to move alone does not do: Hadoop's driver, whose signatures for renames have only that one,
 * was told so by the service (HADOOP-19393).
 */
const renames = ({ method, request }: LakeCall): boolean =>
  method === 'PUT' && request.headers['x-ms-rename-source'] !== undefined

/** Where something stands, the create permission alone does not do: for a block neither, as azblob's live tests have it. */
const makes = (call: LakeCall): boolean =>
  call.method === 'PUT' && !renames(call) && [undefined, 'block', 'blocklist'].includes(word(call, 'comp'))

function ofPath(call: LakeCall): string {
  const { request } = call
  const action = word(call, 'action')
  switch (call.method) {
    case 'GET':
    case 'HEAD':
      return isAccessRead(action ?? '') ? 're' : 'r'
    case 'DELETE':
      return 'd'
    case 'POST':
      return 'w'
    case 'PATCH':
      if (action === 'append' || action === 'flush') return 'aw'
      return action?.startsWith('setaccesscontrol') ? 'po' : 'w'
    default: {
      const comp = word(call, 'comp')
      if (renames(call)) return 'mw'
      if (comp === 'appendblock') return 'aw'
      if (comp === 'lease') return request.headers['x-ms-lease-action'] === 'break' ? 'wd' : 'w'
      if (comp === 'snapshot') return 'cw'
      if (comp === 'metadata' || comp === 'properties' || comp === 'seal') return 'w'
      return makes(call) ? 'cw' : 'w'
    }
  }
}
