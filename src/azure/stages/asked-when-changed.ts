/** A stage whose service tells when there is something new to hear. */
import type { LakeChanges } from '../../contract/lake-changes.ts'
import type { StageService, StageStatus } from '../../pipeline/ports/stages.ts'

/** Nobody knows what else may change an answer: at least this often (ms) the service is asked. */
const ASK_EVERY_MS = 10_000

/**
 * While a stage runs, its answer stays the same until the local services count a change; anything else is asked for each time.
 * @param changes undefined: the service does not tell, and is asked each time.
 */
export function askedWhenChanged(
  service: StageService,
  changes: Pick<LakeChanges, 'countOf'> | undefined,
  clock: { monotonic(): number },
): StageService {
  if (!changes) return service
  let known: { status: StageStatus; count: number; at: number } | undefined
  return {
    async status(signal) {
      // Noted before asking: what changes in between is asked for again.
      const count = changes.countOf('services')
      const at = clock.monotonic()
      if (known?.status.state === 'running' && known.count === count && at - known.at < ASK_EVERY_MS)
        return known.status
      known = undefined
      const status = await service.status(signal)
      known = { status, count, at }
      return status
    },
    start: (signal) => {
      known = undefined
      return service.start(signal)
    },
    stop: (signal) => {
      known = undefined
      return service.stop(signal)
    },
  }
}
