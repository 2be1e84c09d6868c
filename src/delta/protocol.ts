/**
 * What a table requires of its readers:
 * https://github.com/delta-io/delta/blob/master/PROTOCOL.md#valid-feature-names-in-table-features A reader
 * that does not know a feature must not read the table: its rows would be wrong without any warning.
 */
import type { Protocol } from './actions.ts'

/** Reader features that our readers support. */
const READ = new Set([
  'columnMapping',
  'deletionVectors',
  'timestampNtz',
  'typeWidening',
  'typeWidening-preview',
  'v2Checkpoint',
  'vacuumProtocolCheck',
  // Column types that the contract's tables do not use: other columns are not read.
  'variantType',
  'variantType-preview',
  'variantShredding',
  'variantShredding-preview',
])

/** Only a catalog knows their newest commits; those not yet published in the log would be missing. */
const MANAGED = new Set(['catalogManaged', 'catalogOwned', 'catalogOwned-preview'])

/** Why this program must not read a table. */
export interface Unsupported {
  /** E.g. `needs the reader feature geospatial`. */
  problem: string
  /** What a person can do. */
  remedy: string
}

/** @returns why a table cannot be read; undefined if it can. */
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

/** Table features that not every current Delta reader supports, Synapse's Delta 3.2 above all. */
const UPGRADES = new Set(['columnMapping', 'deletionVectors', 'v2Checkpoint', 'typeWidening', 'rowTracking'])

/** Features added since a table was created, which other readers may lack; empty when there are none. */
export function upgradesOf(protocol: Protocol | undefined): string[] {
  if (!protocol) return []
  const { minReaderVersion, readerFeatures, writerFeatures } = protocol
  const named = new Set([...(readerFeatures ?? []), ...(writerFeatures ?? [])])
  if (minReaderVersion === 2) named.add('columnMapping')
  return [...named].filter((name) => UPGRADES.has(name) || (readerFeatures ?? []).includes(name)).sort()
}

/** Up to this writer version a table with reader version 1 has nothing that does not show in its metadata. */
const NEWEST_PLAIN_WRITER = 6

/**
 * What the engine takes part in: what writer versions 2 to 6 ask for (whether a table uses it stands in its metadata, and each batch is
 * held to that), a vacuum that looks at the protocol first, as each of the engine's does, domains, which its checkpoints carry on, with the
 * clustering that is kept in one (its files have statistics of every column), and what a feature leaves behind that was dropped:
 * checkpoints stay until the log before them goes, and none is made of an older version, which the engine's cleanup holds to.
 */
const OLDEST = new Set([
  ...[
    'appendOnly',
    'invariants',
    'checkConstraints',
    'changeDataFeed',
    'generatedColumns',
    'identityColumns',
  ],
  ...['allowColumnDefaults', 'vacuumProtocolCheck', 'domainMetadata', 'clustering', 'checkpointProtection'],
])

/** What Delta has no `DROP FEATURE` for. */
const LASTING = /^(?:timestampNtz|(?:variantType|variantShredding|geospatial)(?:-preview)?|icebergCompatV\d)$/

/**
 * Why the embedded engine refuses a table; undefined when it reads and writes it. The engine uses the oldest
 * protocol, which every reader supports, and does not support what others add for readers.
 */
export function beyondOldest(protocol: Protocol | undefined): Unsupported | undefined {
  if (!protocol || (protocol.minReaderVersion <= 1 && protocol.minWriterVersion <= NEWEST_PLAIN_WRITER))
    return undefined
  const { minReaderVersion, minWriterVersion, readerFeatures, writerFeatures } = protocol
  const named = [...(readerFeatures ?? []), ...(writerFeatures ?? [])]
  // With this version it has no name in the table.
  const features = [...new Set(minReaderVersion === 2 ? ['columnMapping', ...named] : named)]
  const added = features.filter((name) => !OLDEST.has(name))
  // By these versions all that is asked for is named.
  const isNamed = (minReaderVersion <= 1 || minReaderVersion === 3) && minWriterVersion === 7
  if (isNamed && added.length === 0) return undefined
  const list = added.length > 0 ? `, table feature${added.length > 1 ? 's' : ''} ${added.join(', ')}` : ''
  return {
    problem: `was upgraded by another writer (reader ${minReaderVersion}, writer ${minWriterVersion}${list})`,
    remedy: remedyOf(added),
  }
}

function remedyOf([first, ...others]: readonly string[]): string {
  const lasting = [first, ...others].find((name) => name !== undefined && LASTING.test(name))
  if (lasting !== undefined)
    return `Make the table anew without ${lasting}, which Delta cannot drop again, or use another data folder.`
  if (first === undefined) return 'Use another data folder.'
  return `Drop what was added with that writer (ALTER TABLE … DROP FEATURE ${first}), or use another data folder.`
}
