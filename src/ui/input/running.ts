/** Which stages run, or may: what a key asks before it stops or quits. */
import { STAGE_IDS, type StageId } from '../../pipeline/ports/stages.ts'
import type { AppState } from '../../pipeline/state/state.ts'

/** Also a stage that stops: it may still cost or write. */
export const isUp = (state: AppState, id: StageId) =>
  ['starting', 'running', 'degraded', 'stopping'].includes(state.stages[id].state)

/** One that ran when it was last seen is not stopped because it cannot be seen any more. */
export const runsOrMay = (state: AppState, id: StageId) =>
  isUp(state, id) || (state.stages[id].state === 'unknown' && state.cost.billed.includes(id))

/** Something would end with the session, or would go on and cost. */
export function endsOrCosts(state: AppState): boolean {
  const { target, readOnly } = state.session
  if (readOnly) return false
  return STAGE_IDS.some((id) => (target === 'azure' ? runsOrMay(state, id) : isUp(state, id)))
}
