/** What the job remembers from one process to the next. */
import type { Clock } from '../runtime/clock.ts'
import { hasKeys, readStateFile, writeJsonAtomically } from '../storage/state-file.ts'
import type { Checkpoint } from './progress.ts'

/** Where the output begins, as ARM names it. */
export type OutputStart =
  | { mode: 'JobStartTime' }
  | { mode: 'CustomTime' /** Epoch ms. */; time: number }
  | { mode: 'LastOutputEventTime' }

/** The state file of the job. */
export interface JobRecord {
  /** Epoch ms. */
  createdAt: number
  outputStart: OutputStart
  /** When the job last began to run (epoch ms); undefined: never, or before this was kept. */
  startedAt?: number | undefined
  /** Undefined until the job has run. */
  checkpoint: Checkpoint | undefined
}

/** The record of the file, or that of a job which was made just now. */
export function loadJobRecord(file: string, clock: Clock): JobRecord {
  const found = readStateFile<JobRecord>(file, (record) => hasKeys(record, ['createdAt', 'outputStart']))
  if (found) return found
  const record: JobRecord = {
    createdAt: clock.now(),
    outputStart: { mode: 'JobStartTime' },
    checkpoint: undefined,
  }
  saveJobRecord(file, record)
  return record
}

/** The file is there whole or as it was before. */
export const saveJobRecord = (file: string, record: JobRecord): void => writeJsonAtomically(file, record)
