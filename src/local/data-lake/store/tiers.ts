/** Access tiers of block blobs, https://learn.microsoft.com/azure/storage/blobs/access-tiers-overview: kept and told; the file stays where it is. */
import { HttpError } from '../../http/errors.ts'

/** In which a blob can be read. */
export type OnlineTier = 'Hot' | 'Cool' | 'Cold'
export type TierName = OnlineTier | 'Archive'
/** Of a rehydration. */
export type Priority = 'Standard' | 'High'

/** Of a blob whose tier was set; any other has the account's, Hot. */
export interface Tier {
  name: TierName
  /** Epoch ms. */
  changedAt: number
  /** Under way: until it is done the blob is archived. */
  rehydration?: { to: OnlineTier; priority: Priority; doneAt: number }
}

/**
 * How long a rehydration takes here (ms). The service says up to 15 hours and, with high priority, mostly less than one: a client that
 * waits for it should see both states, and no one should wait for hours on one machine.
 */
export const REHYDRATION_MS: Readonly<Record<Priority, number>> = { Standard: 60_000, High: 15_000 }

const NAMES: readonly TierName[] = ['Hot', 'Cool', 'Cold', 'Archive']

/** @param text in any case. @returns undefined: there is no such tier. */
export const tierNamed = (text: string): TierName | undefined =>
  NAMES.find((name) => name.toLowerCase() === text.toLowerCase())

/** What became of a tier that was set. @param now epoch ms */
export function tierAt(tier: Tier | undefined, now: number): Tier | undefined {
  const { rehydration } = tier ?? {}
  if (!rehydration || now < rehydration.doneAt) return tier
  return { name: rehydration.to, changedAt: rehydration.doneAt }
}

/** Of an archived blob that is on its way to an online tier. */
export const rehydrating = (changedAt: number, to: OnlineTier, priority: Priority, now: number): Tier => ({
  name: 'Archive',
  changedAt,
  rehydration: { to, priority, doneAt: now + REHYDRATION_MS[priority] },
})

/**
 * Set Blob Tier, by the table of its answers in https://learn.microsoft.com/rest/api/storageservices/set-blob-tier.
 * @param before as of now. @param now epoch ms
 * @throws HttpError 409 for another tier than that to which a rehydration is under way.
 */
export function changedTier(before: Tier | undefined, to: TierName, priority: Priority, now: number): Tier {
  if (before?.rehydration) return hastened(before, before.rehydration, to, priority, now)
  if (before?.name === to) return before
  if (before?.name === 'Archive') return rehydrating(before.changedAt, to as OnlineTier, priority, now)
  return { name: to, changedAt: now }
}

/** A priority is raised, and never lowered. */
function hastened(
  before: Tier,
  under: Required<Tier>['rehydration'],
  to: TierName,
  priority: Priority,
  now: number,
): Tier {
  if (under.to !== to)
    throw new HttpError(
      409,
      'BlobBeingRehydrated',
      'This operation is not permitted because the blob is being rehydrated.',
    )
  if (priority !== 'High' || under.priority === 'High') return before
  const doneAt = Math.min(under.doneAt, now + REHYDRATION_MS.High)
  return { ...before, rehydration: { ...under, priority, doneAt } }
}
