/** Which permission each request needs, as the service's tables have it: https://learn.microsoft.com/rest/api/storageservices/create-account-sas */

import type { SasNeed } from '../auth/sas.ts'
import type { LakeFolder } from '../store/folder.ts'
import { entryAt } from '../store/names.ts'
import type { LakeCall } from './lake-call.ts'

export function sasNeed(call: LakeCall, folder: LakeFolder): SasNeed {
  const { container, path } = call
  if (container === '') return { level: 'service', anyOf: call.query.get('comp') === 'list' ? 'l' : 'r' }
  if (path !== '') return { level: 'object', anyOf: ofPath(call, folder) }
  return ofContainer(call)
}

function ofContainer({ request, query }: LakeCall): SasNeed {
  const comp = query.get('comp')
  const action = query.get('action')
  if (comp === 'batch') return { level: 'object', anyOf: 'd' }
  if (action !== null) return { level: 'object', anyOf: action === 'getAccessControl' ? 're' : 'po' }
  const isList = comp === 'list' || query.get('resource') === 'filesystem'
  switch (request.method) {
    case 'GET':
      return { level: 'container', anyOf: isList ? 'l' : 'r' }
    case 'HEAD':
      return { level: 'container', anyOf: 'r' }
    case 'PUT':
      return { level: 'container', anyOf: comp === null ? 'cw' : 'w' }
    case 'DELETE':
      return { level: 'container', anyOf: 'd' }
    default:
      return { level: 'container', anyOf: 'w' }
  }
}

function ofPath({ request, query, container, path }: LakeCall, folder: LakeFolder): string {
  const action = query.get('action')
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      return action === 'getAccessControl' ? 're' : 'r'
    case 'DELETE':
      return 'd'
    case 'PATCH':
      if (action === 'append' || action === 'flush') return 'aw'
      return action?.startsWith('setAccessControl') ? 'po' : 'w'
    default: {
      const comp = query.get('comp')
      if (request.headers['x-ms-rename-source'] !== undefined) return 'mw'
      if (comp === 'metadata' || comp === 'properties') return 'w'
      // With the permission to create alone nothing is overwritten.
      return comp === 'block' || !entryAt(folder.resolve(container, path)) ? 'cw' : 'w'
    }
  }
}
