/** How AMQP 1.0 (part 2, 2.6.3) refuses a link: the attach has no terminus for it, and the detach behind has the reason. */
import type { Receiver, Sender } from 'rhea'
import { partsOf } from './library.ts'

/** Why something is refused. */
export interface Rejection {
  /** As AMQP or Event Hubs names it; clients decide by it whether they try again, and which error of theirs it is. */
  condition: string
  description: string
  /** The attach repeats neither terminus: Azure's SDK for Go waits for the reason of a refused `$cbs` only then. */
  isBare?: boolean
}

/** @param link that the peer has just opened, and the hub has not answered yet. */
export function refuseLink(link: Sender | Receiver, { isBare, ...reason }: Rejection): void {
  const { attach } = partsOf(link).local
  // The terminus that would be the hub's own: where events come from, or go to.
  if (link.is_sender() || isBare) attach.source = null
  if (link.is_receiver() || isBare) attach.target = null
  link.close(reason)
}
