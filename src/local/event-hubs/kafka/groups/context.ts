/** What requests about consumer groups need. */
import type { Coordinator } from './coordinator.ts'

export interface GroupContext {
  coordinator: Coordinator
  hubName: string
  partitionCount: number
  clientId: string
  /** Aborted when the connection is gone. */
  signal: AbortSignal
}
