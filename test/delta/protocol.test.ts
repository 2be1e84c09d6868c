/** What the embedded engine says of tables that others have upgraded: what is still written on, and what to do about the rest. */
import { describe, expect, it } from 'vitest'
import { beyondOldest } from '../../src/delta/protocol.ts'

const named = (...features: string[]) => ({
  ...{ minReaderVersion: 3, minWriterVersion: 7, readerFeatures: features },
  writerFeatures: [...features, 'appendOnly', 'invariants'],
})

describe('a table that another writer has upgraded', () => {
  it.each([
    ['by a constraint, a feed or a generated column', { minReaderVersion: 1, minWriterVersion: 6 }],
    // As DROP FEATURE columnMapping leaves it.
    [
      'by a mapping that was dropped',
      {
        ...{ minReaderVersion: 1, minWriterVersion: 7 },
        writerFeatures: [
          ...['checkConstraints', 'generatedColumns', 'invariants', 'checkpointProtection', 'changeDataFeed'],
          'appendOnly',
        ],
      },
    ],
    [
      'by clustering',
      { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ['domainMetadata', 'clustering'] },
    ],
    ['by a default', { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ['allowColumnDefaults'] }],
  ])('%s is written on', (_, protocol) => {
    expect(beyondOldest(protocol)).toBeUndefined()
  })

  it.each([
    [
      'columns mapped without a name of it',
      { minReaderVersion: 2, minWriterVersion: 5 },
      /DROP FEATURE columnMapping/,
    ],
    [
      'the tracking of rows, not the domain that hangs on it',
      { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ['domainMetadata', 'rowTracking'] },
      /DROP FEATURE rowTracking\)/,
    ],
    ['deletion vectors', named('deletionVectors'), /DROP FEATURE deletionVectors\)/],
    [
      'what Delta cannot drop',
      named('deletionVectors', 'variantType'),
      /anew without variantType, which Delta cannot drop/,
    ],
    [
      'a version of which nothing is known',
      { minReaderVersion: 1, minWriterVersion: 8 },
      /^Use another data folder/,
    ],
  ])('says what to do about %s', (_, protocol, remedy) => {
    expect(beyondOldest(protocol)?.remedy).toMatch(remedy)
  })
})
