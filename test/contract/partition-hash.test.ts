import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { partitionOf } from '../../src/contract/partition-hash.ts'

/** The SDK's own function, which its buffered producer uses; it exports it to nobody. */
const { mapPartitionKeyToId } = (await import(
  new URL(
    'impl/partitionKeyToIdMapper.js',
    pathToFileURL(
      fileURLToPath(import.meta.resolve('@azure/event-hubs')).replace(/dist[\\/].*$/, 'dist/esm/'),
    ),
  ).href
)) as { mapPartitionKeyToId(key: string, partitions: number): number }

const keys = [
  '',
  'a',
  'seattle',
  // Every length around the hash's blocks of 12 bytes.
  ...Array.from({ length: 40 }, (_, length) => 'abcdefghijklmnopqrstuvwxyz0123456789-._~'.slice(0, length)),
  ...Array.from({ length: 2000 }, (_, station) => `station-${String(station).padStart(5, '0')}`),
  'Zürich',
  '東京',
  '🌦'.repeat(7),
]

it.each([1, 2, 3, 4, 7, 32, 1024])('puts a key where the SDK puts it, of %i partitions', (partitions) => {
  expect(keys.map((key) => partitionOf(key, partitions))).toEqual(
    keys.map((key) => mapPartitionKeyToId(key, partitions)),
  )
})

it('spreads stations over all partitions', () => {
  const counts = [0, 0, 0, 0]
  for (let station = 0; station < 10_000; station++)
    (counts[partitionOf(`station-${String(station).padStart(5, '0')}`, 4)] as number)++
  for (const count of counts) expect(count).toBeGreaterThan(2000)
})
