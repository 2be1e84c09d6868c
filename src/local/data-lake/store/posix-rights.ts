/** What an access list lets one user do, https://learn.microsoft.com/azure/storage/blobs/data-lake-storage-access-control#how-permissions-are-evaluated */
import type { Access } from './access-control.ts'

/** Of `rwx`; all of them are wanted. */
export type Rights = string

/** Entries are looked at in this order, and the first that is the user's decides: owner, named user, groups, others. */
export function mayDo(access: Access, user: string, rights: Rights): boolean {
  const bits = bitsFor(access, user)
  return [...rights].every((right) => bits.includes(right))
}

/** Only the owner changes a list: https://learn.microsoft.com/azure/storage/blobs/data-lake-storage-access-control#the-owning-user */
export const isOwner = ({ owner }: Access, user: string): boolean => owner === user

function bitsFor({ owner, group, acl }: Access, user: string): string {
  const entries = acl.split(',').map((entry) => entry.split(':'))
  const of = (kind: string, id = '') =>
    entries.find(([first, second]) => first === kind && second === id)?.[2] ?? undefined
  if (owner === user) return of('user') ?? ''
  const mask = of('mask') ?? 'rwx'
  const masked = (bits: string) => [...bits].filter((bit) => mask.includes(bit)).join('')
  const own = of('user', user)
  if (own !== undefined) return masked(own)
  // Nobody here says which groups a user is in; an id may be that of a group itself.
  const groups = [group === user ? of('group') : undefined, of('group', user)].filter(
    (bits) => bits !== undefined,
  )
  return groups.length > 0 ? masked(groups.join('')) : (of('other') ?? '')
}
