/** How AMQP 1.0 (part 2, 2.6.3) refuses a link: the attach has no terminus for it, and the detach behind has the reason. */
import type { Receiver, Sender } from 'rhea'
import { partsOf } from './library.ts'

export interface Rejection {
  /** As AMQP or Event Hubs names it; clients decide by it whether they try again, and which error of theirs it is. */
  condition: string
  description: string
}

/** @param link that the peer has just opened, and the hub has not answered yet. */
export function refuseLink(link: Sender | Receiver, rejection: Rejection): void {
  const { attach } = partsOf(link).local
  // The terminus that would be the hub's own: where events come from, or go to.
  if (link.is_sender()) attach.source = null
  else attach.target = null
  link.close(rejection)
}
