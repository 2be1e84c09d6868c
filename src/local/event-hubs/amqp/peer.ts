import type { Receiver, Sender } from 'rhea'
import type { Answers } from './answers.ts'
import type { Unfit } from './connection-limits.ts'
import type { Rejection } from './refusal.ts'

/** What the hub knows of the other end of a connection. */
export interface Peer {
  /** Epoch ms until which the peer's proof holds; 0: none yet. */
  authorizedUntil: number
  refusedTokens: number
  /** Links on which the peer waits for answers of `$cbs` and `$management`. */
  answers: Answers
  /** Its links to `$cbs`: at most one for each direction is open. */
  claims: Set<Sender | Receiver>
  /** Why the delivery under way must not be taken. */
  unfit(): Unfit | undefined
  /** Ends the connection: the peer is told the reason, and the log. */
  refuse(reason: string): void
  /** Ends the connection, as nothing that the log need hear of. */
  end(reason: Rejection): void
}
