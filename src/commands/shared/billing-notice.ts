/** What goes on, and costs, when the program has ended. */

import { STAGE_IDS } from '../../pipeline/ports/stages.ts'
import { STAGE_NAMES } from '../../pipeline/stages/stage-names.ts'
import { DEPLOYED, standingPrice } from '../../pipeline/state/cost.ts'
import type { AppState } from '../../pipeline/state/state.ts'

/** For a person, with a final line end; empty when nothing is left, and for the local services, which end with us. */
export function billingNotice({ session, stages, cost }: AppState): string {
  if (session.target === 'local') return ''
  const left = STAGE_IDS.filter(
    (id) => id !== 'generator' && !['stopped', 'failed'].includes(stages[id].state),
  )
  if (left.length === 0)
    return `Nothing runs on Azure any more. What stands there costs ≈ $${standingPrice(DEPLOYED).toFixed(2)}/h until azd down.\n`
  const names = left
    .map((id) => `${STAGE_NAMES[id]} (${stages[id].providerStatus || stages[id].state})`)
    .join(', ')
  return `Left on Azure, ≈ $${cost.perHour.toFixed(2)}/h: ${names}.\nStop it: rtstream-tui stop --target azure\n`
}
