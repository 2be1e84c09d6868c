/**
 * What a table asks of its readers: https://github.com/delta-io/delta/blob/master/PROTOCOL.md#valid-feature-names-in-table-features
 * A reader that does not know a feature must not read the table: its rows would be wrong without a word.
 */
import type { Protocol } from './actions.ts'

/** Reader features that the readers here follow. */
const READ = new Set([
  'columnMapping',
  'deletionVectors',
  'timestampNtz',
  'typeWidening',
  'typeWidening-preview',
  'v2Checkpoint',
  'vacuumProtocolCheck',
  // Kinds of columns that no table of the contract has: what stands beside the contract's columns is not looked at.
  'variantType',
  'variantType-preview',
  'variantShredding',
  'variantShredding-preview',
])

/** Their newest commits are known to a catalog alone; what is not published in the log yet would be missing. */
const MANAGED = new Set(['catalogManaged', 'catalogOwned', 'catalogOwned-preview'])

export interface Unsupported {
  /** E.g. `needs the reader feature geospatial`. */
  problem: string
  /** What a person can do. */
  remedy: string
}

/** @returns why a table cannot be read; undefined when it can. */
export function unreadable(protocol: Protocol | undefined): Unsupported | undefined {
  if (!protocol) return undefined
  const { minReaderVersion, readerFeatures } = protocol
  if (minReaderVersion > 3)
    return {
      problem: `needs Delta reader version ${minReaderVersion}, which this program does not know`,
      remedy: 'Update this program, or write the table with an older version of the protocol.',
    }
  const managed = [...(readerFeatures ?? []), ...(protocol.writerFeatures ?? [])].find((name) =>
    MANAGED.has(name),
  )
  if (managed !== undefined)
    return {
      problem: `is managed by a catalog (table feature ${managed}): its newest commits are known to that catalog alone`,
      remedy: `Let the notebooks make their tables by path, in an external location; or drop the feature: ALTER TABLE … DROP FEATURE ${managed}.`,
    }
  const unknown = (readerFeatures ?? []).filter((name) => !READ.has(name))
  if (unknown.length === 0) return undefined
  const names = unknown.join(', ')
  return {
    problem: `needs the reader feature${unknown.length > 1 ? 's' : ''} ${names}, which this program does not know`,
    remedy: `Update this program, or drop the feature: ALTER TABLE … DROP FEATURE ${unknown[0]}.`,
  }
}

/** Table features beyond what every Delta reader of today follows, Synapse's Delta 3.2 above all. */
const UPGRADES = new Set(['columnMapping', 'deletionVectors', 'v2Checkpoint', 'typeWidening', 'rowTracking'])

/** Features that a table of the contract was not made with and other readers may lack; empty: it is as it was made. */
export function upgradesOf(protocol: Protocol | undefined): string[] {
  if (!protocol) return []
  const { minReaderVersion, readerFeatures, writerFeatures } = protocol
  const named = new Set([...(readerFeatures ?? []), ...(writerFeatures ?? [])])
  if (minReaderVersion === 2) named.add('columnMapping')
  return [...named].filter((name) => UPGRADES.has(name) || (readerFeatures ?? []).includes(name)).sort()
}

/**
 * Why the embedded engine leaves a table alone; undefined when it reads and writes it. It keeps to the oldest protocol, which
 * every reader follows, and takes no part in features that others have added.
 */
export function beyondOldest(protocol: Protocol | undefined): Unsupported | undefined {
  if (!protocol || (protocol.minReaderVersion <= 1 && protocol.minWriterVersion <= 2)) return undefined
  const { minReaderVersion, minWriterVersion, readerFeatures, writerFeatures } = protocol
  const features = [...new Set([...(readerFeatures ?? []), ...(writerFeatures ?? [])])]
  const added = features.filter((name) => name !== 'appendOnly' && name !== 'invariants')
  const named = added.length > 0 ? `, table feature${added.length > 1 ? 's' : ''} ${added.join(', ')}` : ''
  return {
    problem: `was upgraded by another writer (reader ${minReaderVersion}, writer ${minWriterVersion}${named})`,
    remedy:
      added.length > 0
        ? `Drop what was added with that writer (ALTER TABLE … DROP FEATURE ${added[0]}), or use another data folder.`
        : 'Use another data folder.',
  }
}
