/** What the reader of lines keeps of the line before: the very first has none. */
import { expect, it, vi } from 'vitest'

const LINE =
  '{"eventId":"a","deviceId":"station-00001","deviceSequenceNumber":0,"city":"Oslo","temperature":7,"humidity":70,"timestamp":"",' +
  '"createdAt":"2026-03-01T12:00:00.000Z","EventProcessedUtcTime":"2026-03-01T12:00:01.0000000Z","PartitionId":0,' +
  '"EventEnqueuedUtcTime":"2026-03-01T12:00:00.500Z","SequenceNumber":0}'

it('an empty timestamp in the first line of a process is quarantined, as in any other', async () => {
  // Another test may have read lines before.
  vi.resetModules()
  const { noLines, readLines } = await import('../../../../src/local/engine/live/lines.ts')
  const lines = noLines()
  expect(readLines(LINE, lines)).toBe(true)
  expect(lines.refused.reasons).toEqual([['timestamp does not parse']])
  expect(lines.valid.timestamp).toEqual([])
})
