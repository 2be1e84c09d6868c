/** Whether the tables are as they were created: a feature added later may lock out other readers. */
import { TABLES } from '../../contract/tables.ts'
import { upgradesOf } from '../../delta/protocol.ts'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import type { LakeClient } from './data-lake.ts'
import { DeltaTable } from './delta-table.ts'

/** One table, for doctor. */
export interface TableState {
  /** `gold/weather` */
  title: string
  /** False when there is no table yet. */
  exists: boolean
  /** Table features added since it was created, which not every reader supports. */
  upgrades: readonly string[]
  /** Why this program cannot read it. */
  refusal: ServiceError | undefined
}

/** Reads the log of every table of the contract. @throws ServiceError when the lake itself cannot be read. */
export function tableStates(client: LakeClient, signal?: AbortSignal): Promise<TableState[]> {
  return Promise.all(
    Object.values(TABLES).map(async ({ container, path }) => {
      const table = new DeltaTable(client, container, path)
      let refusal: ServiceError | undefined
      try {
        await table.look(signal)
      } catch (error) {
        if (!(error instanceof ServiceError) || error.kind !== 'service') throw error
        refusal = error
      }
      return {
        title: `${container}/${path}`,
        exists: refusal !== undefined || table.snapshot().version >= 0,
        upgrades: upgradesOf(table.protocol),
        refusal,
      }
    }),
  )
}
