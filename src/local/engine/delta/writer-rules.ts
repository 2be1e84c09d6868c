/** What another writer may have asked of everyone who writes to a table: https://github.com/delta-io/delta/blob/master/PROTOCOL.md#writer-version-requirements */
import type { AddFile, Metadata } from '../../../delta/actions.ts'
import { fieldsOf } from '../../../delta/schema.ts'
import { statisticsOf } from '../../../delta/statistics.ts'

/** What of a commit the rules look at. */
export interface RuledChange {
  add: readonly AddFile[]
  remove?: readonly string[]
  /** Rules are about rows, not about where they lie. */
  dataChange: boolean
}

/** @returns what the change must not do, and what a person can do; undefined: it may. */
export function brokenRule(metaData: Metadata | undefined, change: RuledChange): string | undefined {
  if (!change.dataChange) return undefined
  const removes = (change.remove?.length ?? 0) > 0
  if (removes && isSet(metaData, 'delta.appendOnly'))
    return 'only rows may be added to it, and this batch rewrites some: set its property delta.appendOnly to false.'
  if (removes && isSet(metaData, 'delta.enableChangeDataFeed'))
    return 'its change data feed would lack what this batch rewrites: set its property delta.enableChangeDataFeed to false.'
  if (change.add.length === 0) return undefined
  const [constraint] = Object.keys(metaData?.configuration ?? {}).flatMap(
    (name) => CONSTRAINT.exec(name)?.[1] ?? [],
  )
  if (constraint !== undefined)
    return `the embedded engine cannot check its constraint ${constraint}: ALTER TABLE … DROP CONSTRAINT ${constraint}.`
  for (const { name, nullable, metadata } of fieldsOf(metaData)) {
    if (metadata?.['delta.invariants'] !== undefined)
      return `its column ${name} has an invariant, which the embedded engine cannot check: drop it.`
    if (Object.keys(metadata ?? {}).some((one) => FILLED_IN.test(one)))
      return `the embedded engine cannot fill in its column ${name}: make the table anew with a plain one.`
    if (metadata?.CURRENT_DEFAULT !== undefined && change.add.some((file) => lacks(file, name)))
      return `the embedded engine cannot fill in the default of its column ${name}: ALTER TABLE … ALTER COLUMN ${name} DROP DEFAULT.`
    if (nullable === false && change.add.some((file) => hasNulls(file, name)))
      return `its column ${name} must not be null, and rows of this batch have none: ALTER TABLE … ALTER COLUMN ${name} DROP NOT NULL.`
  }
  return undefined
}

const isSet = (metaData: Metadata | undefined, property: string): boolean =>
  metaData?.configuration?.[property]?.toLowerCase() === 'true'

const CONSTRAINT = /^delta\.constraints\.(.+)$/i
/** Generated columns, and those of an identity. */
const FILLED_IN = /^delta\.(?:generationExpression|identity\.)/

const lacks = (file: AddFile, column: string): boolean =>
  statisticsOf(file)?.nullCount?.[column] === undefined

/** A column that our file has no statistics of is one that it has not. */
const hasNulls = (file: AddFile, column: string): boolean =>
  (statisticsOf(file)?.nullCount?.[column] ?? 1) > 0
