/** Batches of the jobs that read a Delta table: which files they take, and the SQL of the readings in them. */
import type { AddFile } from '../../../delta/actions.ts'
import { rowsIn } from '../delta/parquet-file.ts'
import type { DeltaPosition, DeltaSource } from '../query/delta-source.ts'
import type { BatchPlan } from '../query/query.ts'
import { type SlotSpan, spanOf } from './time-bucket-range.ts'
import type { UpsertTable } from './upsert-rows.ts'

/** What a batch takes, as its checkpoint keeps it: the same files give the same rows when it runs again. */
export interface DeltaInput {
  /** Relative to the folder of the table that is read, in the order of the rows. */
  files: string[]
  /** Of the upsert table that the readings go into, where the files' statistics tell it. */
  span?: SlotSpan
}

/** The input of a plan. @param bucketsIn those of the upsert table that the readings go into. */
export function deltaInput(files: readonly AddFile[], bucketsIn: UpsertTable['bucketsIn']): DeltaInput {
  const span = spanOf(files, bucketsIn)
  return { files: files.map(({ path }) => path), ...(span && { span }) }
}

/** The next batch; undefined when nothing new has rows. */
export async function planOf(
  source: DeltaSource,
  bucketsIn: UpsertTable['bucketsIn'],
): Promise<BatchPlan<DeltaInput, DeltaPosition> | undefined> {
  const plan = await source.plan()
  if (!plan) return undefined
  const { files, position, more } = plan
  return { input: deltaInput(files, bucketsIn), position, empty: false, more }
}

/** SQL of all rows in the batch's files. */
export const readingsOf = (source: DeltaSource, { files }: DeltaInput): string =>
  `SELECT * FROM ${rowsIn(files.map((file) => source.pathOf(file)))}`

/** Runs a batch; when it fails since a file is gone, its error says where that went. */
export async function sayingWhatIsGone<T>(
  source: DeltaSource,
  { files }: DeltaInput,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw (await source.gone(files)) ?? error
  }
}
