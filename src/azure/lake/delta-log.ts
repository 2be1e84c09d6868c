/** The files of a Delta log: their names, and what stands in them. https://github.com/delta-io/delta/blob/master/PROTOCOL.md */
import { createHash } from 'node:crypto'
import type { CommitMetadata } from '../../contract/tables.ts'
import { ServiceError } from '../../pipeline/ports/errors.ts'

/** One line of a commit, or one row of a checkpoint, as far as it is used here. */
export interface Action {
  add?: {
    path: string
    size: number | bigint
    dataChange?: boolean
    modificationTime?: number | bigint
    stats?: string
    deletionVector?: { cardinality?: number | bigint } | null
  } | null
  remove?: { path: string; dataChange?: boolean } | null
  commitInfo?: { timestamp?: number; userMetadata?: string } | null
  protocol?: { minReaderVersion?: number } | null
}

/** @throws ServiceError for a commit that is no JSON, as one that is being written by a writer without atomic puts. */
export function parseCommit(name: string, text: Buffer): Action[] {
  try {
    return text
      .toString('utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line) as Action)
  } catch (cause) {
    throw new ServiceError('service', 'the data lake', `The commit ${name} is no whole JSON.`, { cause })
  }
}

export const digestOf = (text: Buffer) => createHash('sha1').update(text).digest('base64')

export const committedAtIn = (actions: readonly Action[]) =>
  actions.find((action) => action.commitInfo)?.commitInfo?.timestamp

interface Pointer {
  version: number
  parts?: number
  v2Checkpoint?: unknown
}

/** Undefined for one that is cut off or of no known form: it is a hint only. */
export function pointerIn(text: Buffer): Pointer | undefined {
  try {
    const pointer = JSON.parse(text.toString('utf8')) as Partial<Pointer> | null
    return Number.isSafeInteger(pointer?.version) ? (pointer as Pointer) : undefined
  } catch {
    return undefined
  }
}

interface Statistics {
  numRecords?: number
  maxValues?: Record<string, unknown>
}

export function statsOf(text: string | undefined): Statistics {
  if (!text) return {}
  try {
    return JSON.parse(text) as Statistics
  } catch {
    // Statistics are optional; without them the file counts as one of unknown rows.
    return {}
  }
}

/** Commits of other writers may carry any text there. */
export function commitMetadataIn(text: string | undefined): CommitMetadata | undefined {
  if (!text) return undefined
  try {
    const commitMetadata = JSON.parse(text) as Partial<CommitMetadata>
    return commitMetadata.totals && commitMetadata.batch ? (commitMetadata as CommitMetadata) : undefined
  } catch {
    return undefined
  }
}
