/**
 * Access lists, https://learn.microsoft.com/azure/storage/blobs/data-lake-storage-access-control: kept, given back and handed down.
 * Whoever holds the account key or the session's token is above them, as on the service; who is not: `rest/agent-rights.ts`.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { HttpError } from '../../http/errors.ts'

/** Who owns a path, and who may do what with it. */
export interface Access {
  owner: string
  group: string
  /** `rw-r-----`; the last is `t` or `T` with the sticky bit, and a `+` follows when the list names more than the three. */
  permissions: string
  /** `user::rw-,group::r--,other::---`, as the service writes it; a folder's default entries begin with `default:`. */
  acl: string
}

const SUPERUSER = '$superuser'
const DEFAULT_UMASK = '0027'
const DEFAULT = 'default:'
const ENTRY = /^(default:)?(user|group|mask|other):([^:,\s]*):([r-][w-][x-])$/

/** In a folder that has it, only its owner and that of a path may move or delete the path. */
const STICKY = 0o1000

/** In a sticky folder only a file's owner, or the folder's, may delete or rename it. */
export const isSticky = ({ permissions }: Pick<Access, 'permissions'>): boolean => /t\+?$/i.test(permissions)

type Kept = Pick<Access, 'owner' | 'group' | 'permissions'>

/** Of a path for which none was set. */
export function defaultAccess(isDirectory: boolean): Access {
  return withPermissions({ owner: SUPERUSER, group: SUPERUSER }, isDirectory ? 0o750 : 0o640)
}

/** @returns the access after a request that sets it. @throws HttpError 400, for default entries of a file too */
export function changedAccess(
  before: Access,
  { headers }: Pick<IncomingMessage, 'headers'>,
  isDirectory: boolean,
): Access {
  const given = (name: string) => headers[`x-ms-${name}`] as string | undefined
  const owned = { ...before, owner: given('owner') ?? before.owner, group: given('group') ?? before.group }
  const [permissions, acl] = [given('permissions'), given('acl')]
  if (permissions !== undefined && acl !== undefined)
    throw invalid('x-ms-permissions and x-ms-acl exclude each other')
  if (!isDirectory && acl?.split(',').some((entry) => entry.trim().startsWith(DEFAULT)))
    // Programs go on by this code (seen in public code that sets lists of folders and files alike).
    throw refused('DefaultAclOnFileNotAllowed', 'A file has no default entries.')
  if (acl !== undefined) return withList(owned, filled(acl, before))
  if (permissions !== undefined) return withMode(owned, modeOf(permissions))
  return owned
}

/** The bits of the group are those of the mask where there is one; named entries and those by default stay. */
function withMode(before: Access, mode: number): Access {
  const group = entriesOf(before).some((entry) => entry.startsWith('mask:')) ? 'mask:' : 'group:'
  const bits: Record<string, number> = { 'user:': mode >> 6, [group]: mode >> 3, 'other:': mode }
  const entries = entriesOf(before).map((entry) => {
    const set = bits[nameOf(entry)]
    return set === undefined ? entry : `${nameOf(entry)}:${symbols(set & 7)}`
  })
  const permissions = shown('', '', '---', (mode & STICKY) !== 0)
  return withList({ ...before, permissions }, entries.join(','))
}

const BASE = ['user:', 'group:', 'other:']

/** The three entries that a list must have are those that were there, where it leaves them out; its default ones are as these. */
function filled(acl: string, before: Access): string {
  const given = acl.split(',').map((entry) => entry.trim())
  const missing = (list: readonly string[], scope: string) =>
    BASE.filter((name) => !list.some((entry) => nameOf(entry) === `${scope}${name}`))
  const own = [...given]
  for (const name of missing(given, '')) own.push(...entriesOf(before).filter((one) => nameOf(one) === name))
  if (!given.some((entry) => entry.startsWith(DEFAULT))) return own.join(',')
  const byDefault = missing(given, DEFAULT).flatMap((name) => own.filter((one) => nameOf(one) === name))
  return [...own, ...byDefault.map((entry) => `${DEFAULT}${entry}`)].join(',')
}

/**
 * @param of.user for whom access lists decide: what they make is theirs.
 * @param of.parent of the folder, whose group and default entries are handed down.
 * @returns undefined when nothing gives an access to what the request makes. @throws HttpError 400
 */
export function accessOfNew(
  headers: IncomingHttpHeaders,
  { isDirectory, user, parent }: { isDirectory: boolean; user: string | undefined; parent: Access },
): Access | undefined {
  const given = (name: string) => headers[`x-ms-${name}`] as string | undefined
  const fresh = { ...defaultAccess(isDirectory), group: parent.group }
  const handed = handedDown(parent, isDirectory)
  const isSaid = ['owner', 'group', 'permissions', 'acl', 'umask'].some((name) => given(name) !== undefined)
  if (!isSaid && user === undefined && handed === undefined && parent.group === SUPERUSER) return undefined
  const access = changedAccess({ ...fresh, owner: user ?? fresh.owner }, { headers }, isDirectory)
  const permissions = given('permissions')
  if (given('acl') !== undefined) return access
  // Default entries take the place of the mask for new paths, and permissions narrow them.
  if (handed !== undefined)
    return withList(access, permissions === undefined ? handed : narrowed(handed, modeOf(permissions)))
  const mode = permissions === undefined ? (isDirectory ? 0o777 : 0o666) : modeOf(permissions)
  return withPermissions(access, mode & ~modeOf(given('umask') ?? DEFAULT_UMASK))
}

/** @returns the list that a folder's default entries give to what is new in it; undefined: it has none. */
function handedDown(parent: Access, isDirectory: boolean): string | undefined {
  const defaults = entriesOf(parent).filter((entry) => entry.startsWith(DEFAULT))
  if (defaults.length === 0) return undefined
  const own = defaults.map((entry) => entry.slice(DEFAULT.length))
  // Those of a folder may leave out the three that every list has.
  const missing = entriesOf(defaultAccess(isDirectory)).filter(
    (entry) => !own.some((one) => nameOf(one) === nameOf(entry)),
  )
  return [...own, ...missing, ...(isDirectory ? defaults : [])].join(',')
}

/** The group's bits narrow the mask where there is one, as in POSIX. */
function narrowed(acl: string, mode: number): string {
  const entries = acl.split(',')
  const group = entries.some((entry) => entry.startsWith('mask:')) ? 'mask:' : 'group:'
  const bits: Record<string, number> = { 'user:': mode >> 6, [group]: mode >> 3, 'other:': mode }
  return entries
    .map((entry) => {
      const allowed = bits[nameOf(entry)]
      if (allowed === undefined) return entry
      const rights = [...entry.slice(-3)].map((right, index) => (allowed & (4 >> index) ? right : '-'))
      return `${entry.slice(0, -3)}${rights.join('')}`
    })
    .join(',')
}

/** `set` replaces the list; the others change or remove single entries. */
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
  if (change === 'remove') {
    const gone = new Set(given.map(removedName))
    return withList(
      before,
      entriesOf(before)
        .filter((entry) => !gone.has(nameOf(entry)))
        .join(','),
    )
  }
  if (change === 'set' && BASE.some((name) => !given.some((one) => nameOf(one) === name)))
    throw refused('SetAclMissingAces', 'Invalid ACL: the user, group and other entries are required.')
  const list = new Map(
    [...(change === 'modify' ? entriesOf(before) : []), ...given].map((entry) => [nameOf(entry), entry]),
  )
  return withList(before, filled([...list.values()].join(','), before))
}

const entriesOf = ({ acl }: Access) => acl.split(',')

/** Of an entry, without its rights: `user:` is the owner's, `default:group:staff` a named one. */
const nameOf = (entry: string) => entry.replace(/:[^:]*$/, '')

function removedName(text: string): string {
  const [, scope = '', kind, id = ''] =
    /^(default:)?(user|group|mask|other)(?::([^:\s]*))?:?$/.exec(text) ?? []
  if (kind === undefined) throw invalid('what is removed is named as user:ann, default:group or mask')
  if (scope === '' && id === '' && kind !== 'mask')
    throw refused(
      'RemoveAclNotAllowed',
      'Removal of a single u/g/o/m entry is not allowed: the owner’s, the group’s and the others’ entries stay.',
    )
  return `${scope}${kind}:${id}`
}

function withPermissions({ owner, group }: Pick<Access, 'owner' | 'group'>, mode: number): Access {
  const [user = '', others = '', rest = ''] = [6, 3, 0].map((shift) => symbols((mode >> shift) & 7))
  return {
    owner,
    group,
    permissions: shown(user, others, rest, (mode & STICKY) !== 0),
    acl: `user::${user},group::${others},other::${rest}`,
  }
}

const shown = (user: string, group: string, rest: string, sticky: boolean) =>
  `${user}${group}${sticky ? `${rest.slice(0, 2)}${rest.endsWith('x') ? 't' : 'T'}` : rest}`

/** A list says nothing of the sticky bit, which stays as it was. */
function withList(before: Kept, text: string): Access {
  const { owner, group } = before
  const acl = asKept(text)
  const entries = acl.split(',').map((entry) => ENTRY.exec(entry))
  const of = (kind: string) =>
    entries.find((entry) => entry && entry[1] === undefined && entry[2] === kind && entry[3] === '')?.[4]
  const [user, others, rest] = [of('user'), of('mask') ?? of('group'), of('other')]
  if (entries.includes(null) || user === undefined || of('group') === undefined || rest === undefined)
    // So spelled by the service: AzureStorageExplorer's issue 2650.
    throw refused(
      'InvaldAccessControlList',
      'The access control list value is invalid: x-ms-acl is a list as user::rwx,group::r-x,other::---.',
    )
  const permissions = `${shown(user, others ?? '', rest, isSticky(before))}${entries.length > 3 ? '+' : ''}`
  return { owner, group, permissions, acl }
}

/**
 * A list that names users or groups without a mask gets one, of all that these and the group may: Hadoop's driver counts on it.
 * @returns the list in the service's order: owner, users, group, groups, mask, others, and then those by default.
 */
function asKept(acl: string): string {
  const entries = acl.split(',').map((entry) => entry.trim())
  for (const scope of ['', DEFAULT]) {
    const own = entries.filter((entry) => entry.startsWith(DEFAULT) === (scope === DEFAULT)).map(partsOf)
    if (own.every(({ id }) => id === '') || own.some(({ kind }) => kind === 'mask')) continue
    const masked = own.filter(({ kind, id }) => id !== '' || kind === 'group')
    const rights = ['r', 'w', 'x'].map((one) =>
      masked.some(({ rights }) => rights.includes(one)) ? one : '-',
    )
    entries.push(`${scope}mask::${rights.join('')}`)
  }
  return entries.toSorted((a, b) => rankOf(a) - rankOf(b)).join(',')
}

const KINDS = ['user', 'group', 'mask', 'other']

function partsOf(entry: string): { kind: string; id: string; rights: string } {
  const [kind = '', id = '', rights = ''] = entry.replace(/^default:/, '').split(':')
  return { kind, id, rights }
}

function rankOf(entry: string): number {
  const { kind, id } = partsOf(entry)
  return (entry.startsWith(DEFAULT) ? 10 : 0) + 2 * KINDS.indexOf(kind) + (id === '' ? 0 : 1)
}

/** `0750` or `rwxr-x---`, with the sticky bit `1750` or `rwxr-x--T`. Refused as in recordings of the SDK for .NET (`SetPermissionsAsync_Error`). */
function modeOf(text: string): number {
  if (/^[01]?[0-7]{3}$/.test(text)) return Number.parseInt(text, 8)
  if (!/^([r-][w-][x-]){2}[r-][w-][xtT-]$/.test(text))
    throw refused(
      'InvalidPermission',
      'The permission value is invalid: permissions are as 0750 or rwxr-x---.',
    )
  const bits = [...text].map((one) => (one === '-' || one === 'T' ? '0' : '1')).join('')
  return Number.parseInt(bits, 2) | (/t$/i.test(text) ? STICKY : 0)
}

const symbols = (bits: number) => `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${bits & 1 ? 'x' : '-'}`

/** With the service's own code: azure-cli's issue 16792 and azure-docs' 62687 tell of those of whole trees. */
const refused = (code: string, message: string) => new HttpError(400, code, message)

const invalid = (why: string) => new HttpError(400, 'InvalidHeaderValue', `The access is not set: ${why}.`)
