import { expect, it } from 'vitest'
import type { Metadata } from '../../../../src/delta/actions.ts'
import { intervalMs, keepingOf } from '../../../../src/local/engine/delta/table-properties.ts'

const DAY = 86_400_000
const withProperties = (configuration: Record<string, string>) => ({ configuration }) as unknown as Metadata

it.each([
  ['interval 1 week', 7 * DAY],
  ['INTERVAL 30 DAYS', 30 * DAY],
  ['7 days 12 hours', 7.5 * DAY],
  ['interval 168 hours', 7 * DAY],
  ['interval 60000 milliseconds', 60_000],
  ['interval 1 month', undefined],
  ['interval', undefined],
  ['a while', undefined],
])('%s is %s ms', (text, ms) => {
  expect(intervalMs(text)).toBe(ms)
})

it('what the engine itself has written is not another writer’s wish', () => {
  const own = {
    'delta.logRetentionDuration': 'interval 3600000 milliseconds',
    'delta.checkpointInterval': '10',
  }
  expect(keepingOf(withProperties(own))).toEqual({ filesMs: undefined, logMs: undefined })
  expect(keepingOf(undefined)).toEqual({ filesMs: undefined, logMs: undefined })
})

it('what another has set is told, and of the log that all of it stays', () => {
  const set = {
    'delta.deletedFileRetentionDuration': 'interval 2 days',
    'delta.logRetentionDuration': 'interval 3 days',
  }
  expect(keepingOf(withProperties(set))).toEqual({ filesMs: 2 * DAY, logMs: 3 * DAY })
  const kept = { ...set, 'delta.enableExpiredLogCleanup': 'false' }
  expect(keepingOf(withProperties(kept)).logMs).toBe(Number.POSITIVE_INFINITY)
})
