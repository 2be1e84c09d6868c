/** Everything that a target offers, local or Azure. */
import type { FaultInjector } from './faults.ts'
import type { ConsumerGroup, HubProducer, HubReader } from './hub.ts'
import type { LakeReader, TableAuditor } from './lake.ts'
import type { LakeQuery } from './query.ts'
import type { MetricsSource, StageId, StageService } from './stages.ts'
import type { Tracer } from './trace.ts'

/** Everything that a target offers. */
export interface Target {
  name: 'local' | 'azure'
  producer: HubProducer
  hub: HubReader
  stages: Record<Exclude<StageId, 'generator'>, StageService>
  metrics: MetricsSource
  lake: LakeReader
  auditor: TableAuditor
  /** Undefined: this target cannot be asked in SQL. */
  query?: LakeQuery | undefined
  /** Undefined: this target cannot follow single events. */
  tracer?: Tracer | undefined
  /** Who reads the hub. Undefined: this target does not tell. */
  consumerGroups?: (() => Promise<readonly ConsumerGroup[]>) | undefined
  /** Undefined: nothing here may be broken on purpose. */
  faults?: FaultInjector | undefined
  close(): Promise<void>
}
