/** Access tiers as requests name them and answers tell them, and what an archived blob still answers. */
import { HttpError } from '../../http/errors.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { OperationId } from '../operations/table.ts'
import type { Properties } from '../store/properties.ts'
import { type Priority, type Tier, type TierName, tierAt, tierNamed } from '../store/tiers.ts'
import { given, type LakeCall } from './lake-call.ts'
import { asHeaders } from './property-headers.ts'

/**
 * What is done to an archived blob too: the overview of access tiers names the operations of the Blob interface. Access lists and a new
 * name belong to the folder's tree; what would be overwritten is refused by the checks of its own place.
 */
const ON_ARCHIVED = new Set<string>([
  ...(['getProperties', 'getMetadata', 'setTier', 'deleteBlob'] as const),
  ...(['getStatus', 'getAccessControl', 'checkAccess', 'setAccessControl', 'deletePath'] as const),
] satisfies OperationId[])

/** @throws HttpError 409 when the operation needs the content of an archived blob, or would change it. */
export function requireOnline(id: string | undefined, tier: Tier | undefined, now: number): void {
  if (tierAt(tier, now)?.name === 'Archive' && !ON_ARCHIVED.has(id ?? '')) throw archived()
}

/** In the service's words. */
export const archived = (): HttpError =>
  new HttpError(409, 'BlobArchived', 'This operation is not permitted on an archived blob.')

/** @returns the tier that the request names; undefined: it names none. Values that are no tier were refused by the operation's table. */
export const tierIn = (call: LakeCall): TierName | undefined =>
  tierNamed(given(call, 'x-ms-access-tier') ?? '')

/**
 * Of what a request makes: the tier that it names, or that of the block blob which it overwrites, as Put Blob has it.
 * @param standing of the block blob that stands there; an archived one was refused. @returns nothing where none was ever set.
 */
export function tierOf(
  { clock }: { clock: Clock },
  call: LakeCall,
  standing: Properties,
): Pick<Properties, 'tier'> {
  const [name, now] = [tierIn(call), clock.now()]
  const tier = name ? { name, changedAt: now } : tierAt(standing.tier, now)
  return tier ? { tier } : {}
}

/** With which an archived blob is to come back. */
export const priorityIn = (call: LakeCall): Priority =>
  given(call, 'x-ms-rehydrate-priority')?.toLowerCase() === 'high' ? 'High' : 'Standard'

/** By their names in a listing; a tier that was not set is the account's. @param now epoch ms */
export function tierTold(tier: Tier | undefined, now: number): Record<string, string | true> {
  const { name, changedAt, rehydration } = tierAt(tier, now) ?? {}
  if (name === undefined || changedAt === undefined) return { AccessTier: 'Hot', AccessTierInferred: true }
  return {
    AccessTier: name,
    AccessTierChangeTime: new Date(changedAt).toUTCString(),
    ...(rehydration && {
      ArchiveStatus: `rehydrate-pending-to-${rehydration.to.toLowerCase()}`,
      RehydratePriority: rehydration.priority,
    }),
  }
}

const NOT_SET = asHeaders(tierTold(undefined, 0))

/** The same as headers. */
export const tierHeaders = (tier: Tier | undefined, now: number): Record<string, string> =>
  tier ? asHeaders(tierTold(tier, now)) : NOT_SET
