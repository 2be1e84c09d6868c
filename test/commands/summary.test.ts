import { expect, it } from 'vitest'
import { type RunSummary, summaryText } from '../../src/commands/summary.ts'

it('fits a window of 80 columns, with numbers of a long day', () => {
  const many = 864_000_000
  const names = [
    'acknowledged',
    'enqueued',
    'bronze',
    'rejected',
    'silver',
    'quarantined',
    'duplicates',
    'gold',
    'aggregated',
    'lost',
  ]
  const summary: RunSummary = {
    type: 'summary',
    target: 'local',
    durationSeconds: 86_400,
    ledger: Object.fromEntries(names.map((name) => [name, many])) as RunSummary['ledger'],
    balanced: false,
    assertions: {
      ratePerSecond: 10_000.5,
      latencyP95Ms: 123_456,
      duplicates: 1_234_567,
      outOfSequence: 1_234_567,
      missing: many,
    },
  }
  const lines = summaryText(summary, { dataDir: undefined, ephemeral: false, logFile: undefined }).split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  expect(lines.join(' ')).toMatch(/p95 123,456 ms.*out of sequence 1,234,567, missing 864,000,000/)
})
