/**
 * The table state that results from a log's actions. Pure: the caller reads the log and passes its actions,
 * version by version.
 */
import { commitMetadataIn } from '../contract/tables.ts'
import type {
  Action,
  AddFile,
  CommitInfo,
  DomainMetadata,
  Metadata,
  Protocol,
  Transaction,
} from './actions.ts'
import { Tombstones } from './tombstones.ts'

/** The table as of one version; {@link applyActions} changes it in place. */
export interface TableState {
  /** −1 when there is no table. */
  version: number
  protocol: Protocol | undefined
  metaData: Metadata | undefined
  /** Active files by path, in the order in which the log added them. */
  files: Map<string, AddFile>
  /** In the order of their removal. */
  tombstones: Tombstones
  /** The newest of each `appId`. */
  transactions: Map<string, Transaction>
  /** By their names. */
  domains: Map<string, DomainMetadata>
  /** Newest `userMetadata` that is commit metadata: another writer's text is of its own commit alone. */
  userMetadata: string | undefined
  /** The newest RESTORE among the commits that were read. */
  restored: Restored | undefined
}

/** A commit that put the table back to what it was, but for its transactions: those stay. */
export interface Restored {
  /** Of the commit itself. */
  version: number
  /** Which version it went back to; undefined when the commit names a time instead. */
  to: number | undefined
}

/** The state before the first commit. */
export const emptyState = (): TableState => ({
  version: -1,
  protocol: undefined,
  metaData: undefined,
  files: new Map(),
  tombstones: new Tombstones(),
  transactions: new Map(),
  domains: new Map(),
  userMetadata: undefined,
  restored: undefined,
})

/**
 * Applies the actions of one version to the state; also those of compacted commits or of a checkpoint, with
 * the version at which they end. A file whose deletion vector changes is removed and added in one commit, in
 * any order.
 */
export function applyActions(state: TableState, version: number, actions: readonly Action[]): void {
  for (const { remove } of actions) {
    if (!remove) continue
    state.files.delete(remove.path)
    state.tombstones.add(remove, version)
  }
  for (const { protocol, metaData, add, txn, commitInfo, domainMetadata } of actions) {
    if (protocol) state.protocol = protocol
    if (metaData) state.metaData = metaData
    if (add) {
      state.tombstones.delete(add.path)
      state.files.set(add.path, add)
    }
    if (txn) state.transactions.set(txn.appId, txn)
    if (domainMetadata?.removed) state.domains.delete(domainMetadata.domain)
    else if (domainMetadata) state.domains.set(domainMetadata.domain, domainMetadata)
    if (commitMetadataIn(commitInfo?.userMetadata)) state.userMetadata = commitInfo?.userMetadata
  }
  state.restored = restoreIn(version, actions) ?? state.restored
  state.version = version
}

/** @returns undefined for a commit that is no RESTORE. */
export function restoreIn(version: number, actions: readonly Action[]): Restored | undefined {
  const info = actions.find(({ commitInfo }) => commitInfo?.operation === 'RESTORE')?.commitInfo
  return info && { version, to: restoredTo(info) }
}

/** Writers give it as text, as a number, or as null. */
function restoredTo({ operationParameters }: CommitInfo): number | undefined {
  const to: unknown = operationParameters?.version
  const version = typeof to === 'string' && to !== '' ? Number(to) : to
  return Number.isSafeInteger(version) ? (version as number) : undefined
}
