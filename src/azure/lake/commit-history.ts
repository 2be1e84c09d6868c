/** The newest commits of a Delta table, as far as they were read. */
import type { CommitMetadata } from '../../contract/tables.ts'
import { type Action, committedAtIn } from '../../delta/actions.ts'
import { statisticsOf } from '../../delta/statistics.ts'
import type { TableCommit } from '../../pipeline/ports/lake.ts'

const KEPT = 40

/** A bounded number, for the screen; older ones are dropped. */
export class CommitHistory {
  #commits: readonly TableCommit[] = []

  /** Oldest first: a recording keeps what is added at the end of a series. The same array as long as nothing was added. */
  get commits(): readonly TableCommit[] {
    return this.#commits
  }

  /** In any order; a version that is there already is ignored. */
  add(version: number, actions: readonly Action[], metadata: CommitMetadata | undefined): void {
    if (this.#commits.some((one) => one.version === version)) return
    const commit = describe(version, actions, metadata)
    this.#commits = [...this.#commits, commit].sort((a, b) => a.version - b.version).slice(-KEPT)
  }

  /** For a table that was made anew. */
  clear(): void {
    this.#commits = []
  }
}

function describe(
  version: number,
  actions: readonly Action[],
  metadata: CommitMetadata | undefined,
): TableCommit {
  const info = actions.find((action) => action.commitInfo)?.commitInfo
  const adds = actions.flatMap(({ add }) => add ?? [])
  const rows = adds.map((add) => statisticsOf(add)?.numRecords)
  return {
    version,
    operation: info?.operation ?? '',
    rows: rows.every((one) => typeof one === 'number')
      ? rows.reduce<number>((sum, one) => sum + (one ?? 0), 0)
      : undefined,
    addedFiles: adds.length,
    removedFiles: actions.filter(({ remove }) => remove).length,
    bytes: adds.reduce((sum, { size }) => sum + Number(size), 0),
    at: committedAtIn(actions),
    batchId: metadata?.batchId,
    durationMs: metadata?.durationMs,
    engine: info?.engineInfo,
  }
}
