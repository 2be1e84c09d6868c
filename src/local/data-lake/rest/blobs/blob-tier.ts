/** Set Blob Tier, https://learn.microsoft.com/rest/api/storageservices/set-blob-tier, and conditions on when a tier was set. */
import { HttpError } from '../../../http/errors.ts'
import { checkConditions } from '../../store/entry.ts'
import { changedTier, tierAt, tierNamed } from '../../store/tiers.ts'
import { answer, found, type Handlers, keep, keptOf, type Lake, snapshotOf } from '../lake.ts'
import { given, type LakeCall } from '../lake-call.ts'
import { priorityIn } from '../tiers.ts'
import { requireType } from './blob-type.ts'

/** The handler of tiers. Neither the ETag nor the time of the last change becomes another by it. */
export function tierOperations(lake: Lake): Pick<Handlers, 'setTier'> {
  return {
    setTier: (call) => {
      const stats = found(lake, call)
      checkConditions(call.request, stats, { isRead: false })
      const snapshot = snapshotOf(lake, call)
      if (!snapshot) lake.leases.check(call, given(call, 'x-ms-lease-id'), { isWrite: true })
      if (stats.isDirectory())
        throw new HttpError(409, 'ResourceTypeMismatch', 'A directory has no access tier.')
      const properties = requireType(lake, call, stats, 'BlockBlob')
      const to = tierNamed(given(call, 'x-ms-access-tier') ?? '')
      if (to === undefined)
        throw new HttpError(
          400,
          'MissingRequiredHeader',
          'An HTTP header that’s mandatory for this request is not specified: x-ms-access-tier.',
        )
      const now = lake.clock.now()
      const tier = changedTier(tierAt(properties.tier, now), to, priorityIn(call), now)
      if (snapshot) lake.snapshots.set(call, snapshot.time, { ...properties, tier })
      else keep(lake, call, { ...properties, tier }, stats)
      answer(call, tier.rehydration ? 202 : 200)
    },
  }
}

/**
 * Of Delete Blob, by when the tier was set last; where it never was, by when the blob was made.
 * @param headers of the request, or of a batch's part. @throws HttpError 412
 */
export function checkTierConditions(
  lake: Lake,
  call: LakeCall,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): void {
  const time = (name: string) => Date.parse(String(headers[`x-ms-access-tier-if-${name}-since`] ?? ''))
  const [modified, unmodified] = [time('modified'), time('unmodified')]
  if (Number.isNaN(modified) && Number.isNaN(unmodified)) return
  const stats = found(lake, call)
  const { tier } = keptOf(lake, call, stats)
  const changedAt = tierAt(tier, lake.clock.now())?.changedAt ?? stats.birthtimeMs
  // A date in a header has seconds only.
  const second = Math.floor(changedAt / 1000) * 1000
  if (second <= modified || second > unmodified)
    throw new HttpError(
      412,
      'ConditionNotMet',
      'The condition specified using HTTP conditional header(s) is not met.',
    )
}
