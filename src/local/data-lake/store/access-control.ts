/**
 * Access lists, https://learn.microsoft.com/azure/storage/blobs/data-lake-storage-access-control: kept and given back, and they
 * bar nobody: whoever holds the account key or the session's token is above them, on the service too.
 */
import type { IncomingMessage } from 'node:http'
import { HttpError } from '../../http/errors.ts'

export interface Access {
  owner: string
  group: string
  /** `rw-r-----`, with a `+` when the list names more than the three. */
  permissions: string
  acl: string
}

const SUPERUSER = '$superuser'
const DEFAULT_UMASK = '0027'
const ENTRY = /^(default:)?(user|group|mask|other):([^:,\s]*):([r-][w-][x-])$/

export function defaultAccess(isDirectory: boolean): Access {
  return withPermissions({ owner: SUPERUSER, group: SUPERUSER }, isDirectory ? 0o750 : 0o640)
}

/** @returns the access after a request that sets it. @throws HttpError 400 */
export function changedAccess(before: Access, { headers }: IncomingMessage): Access {
  const given = (name: string) => headers[`x-ms-${name}`] as string | undefined
  const owned = { owner: given('owner') ?? before.owner, group: given('group') ?? before.group }
  const [permissions, acl] = [given('permissions'), given('acl')]
  if (permissions !== undefined && acl !== undefined)
    throw invalid('x-ms-permissions and x-ms-acl exclude each other')
  if (acl !== undefined) return withList(owned, acl)
  if (permissions !== undefined) return withPermissions(owned, modeOf(permissions))
  return { ...before, ...owned }
}

/**
 * @param user for whom access lists decide: what they make is theirs.
 * @returns undefined when the request says nothing of the access to what it makes. @throws HttpError 400
 */
export function accessOfNew(
  request: IncomingMessage,
  isDirectory: boolean,
  user: string | undefined,
): Access | undefined {
  const { headers } = request
  if (
    user === undefined &&
    !['owner', 'group', 'permissions', 'acl', 'umask'].some((name) => headers[`x-ms-${name}`] !== undefined)
  )
    return undefined
  const asked = headers['x-ms-permissions'] as string | undefined
  const fresh = defaultAccess(isDirectory)
  const access = changedAccess({ ...fresh, owner: user ?? fresh.owner }, request)
  if (headers['x-ms-acl'] !== undefined) return access
  const mode = asked === undefined ? (isDirectory ? 0o777 : 0o666) : modeOf(asked)
  return withPermissions(access, mode & ~modeOf(String(headers['x-ms-umask'] ?? DEFAULT_UMASK)))
}

export type ListChange = 'set' | 'modify' | 'remove'

/**
 * @param acl entries to set or to merge; to remove: their names, as `user:ann` and `default:group`.
 * @returns the access with its list changed. A file has no default entries. @throws HttpError 400
 */
export function changedList(before: Access, acl: string, change: ListChange, isDirectory: boolean): Access {
  const given = acl
    .split(',')
    .map((one) => one.trim())
    .filter((one) => isDirectory || !one.startsWith('default:'))
  const nameOf = (entry: string) => entry.replace(/:[^:]*$/, '')
  if (change === 'remove') {
    const gone = new Set(given.map(removedName))
    return withList(
      before,
      entriesOf(before)
        .filter((entry) => !gone.has(nameOf(entry)))
        .join(','),
    )
  }
  const list = new Map(
    [...(change === 'modify' ? entriesOf(before) : []), ...given].map((entry) => [nameOf(entry), entry]),
  )
  return withList(before, [...list.values()].join(','))
}

const entriesOf = ({ acl }: Access) => acl.split(',')

function removedName(text: string): string {
  const [, scope = '', kind, id = ''] =
    /^(default:)?(user|group|mask|other)(?::([^:\s]*))?:?$/.exec(text) ?? []
  if (kind === undefined) throw invalid('what is removed is named as user:ann, default:group or mask')
  if (scope === '' && id === '' && kind !== 'mask')
    throw invalid('the owner’s, the group’s and the others’ entries stay')
  return `${scope}${kind}:${id}`
}

function withPermissions({ owner, group }: Pick<Access, 'owner' | 'group'>, mode: number): Access {
  const [user, others, rest] = [6, 3, 0].map((shift) => symbols((mode >> shift) & 7))
  return {
    owner,
    group,
    permissions: `${user}${others}${rest}`,
    acl: `user::${user},group::${others},other::${rest}`,
  }
}

function withList({ owner, group }: Pick<Access, 'owner' | 'group'>, acl: string): Access {
  const entries = acl.split(',').map((entry) => ENTRY.exec(entry))
  const of = (kind: string) =>
    entries.find((entry) => entry && entry[1] === undefined && entry[2] === kind && entry[3] === '')?.[4]
  const [user, others, rest] = [of('user'), of('mask') ?? of('group'), of('other')]
  if (entries.includes(null) || user === undefined || of('group') === undefined || rest === undefined)
    throw invalid('x-ms-acl is a list as user::rwx,group::r-x,other::---')
  return { owner, group, permissions: `${user}${others}${rest}${entries.length > 3 ? '+' : ''}`, acl }
}

/** `0750` or `rwxr-x---` */
function modeOf(text: string): number {
  if (/^[0-7]{3,4}$/.test(text)) return Number.parseInt(text, 8) & 0o777
  if (!/^([r-][w-][x-]){3}$/.test(text)) throw invalid('permissions are as 0750 or rwxr-x---')
  return Number.parseInt([...text].map((one) => (one === '-' ? '0' : '1')).join(''), 2)
}

const symbols = (bits: number) => `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${bits & 1 ? 'x' : '-'}`

const invalid = (why: string) => new HttpError(400, 'InvalidHeaderValue', `The access is not set: ${why}.`)
