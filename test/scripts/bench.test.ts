/** What the benchmark makes of its measurements. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { cpuSeconds, largestMegabytes, rssMegabytes } from '../../scripts/bench/process-cost.ts'
import { median, midmean, percentile, ratioOf, slope } from '../../scripts/bench/statistics.ts'
import { addRound, type PairedFigure, pairedTable, withSection } from '../../scripts/bench/tables.ts'

it('tells whole milliseconds finer than they are, without the odd ones', () => {
  expect(midmean([5, 6, 5, 6, 6, 5, 900, 0])).toBe(5.5)
  expect(midmean([7])).toBe(7)
  expect(midmean([])).toBeNaN()
})

it('takes the ratio pair by pair, so what slows both down falls out', () => {
  expect(ratioOf([])).toBeUndefined()
  expect(
    ratioOf([
      [100, 50],
      [400, 200],
      [10, 8],
      [Number.NaN, 3],
    ]),
  ).toEqual({ median: 0.5, least: 0.5, greatest: 0.8, pairs: 3 })
})

it('knows medians, percentiles and slopes', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([])]).toEqual([2, 2.5, Number.NaN])
  expect(percentile([5, 1, 4, 2, 3], 0.99)).toBe(5)
  expect(slope([1, 2, 3].map((x) => ({ x, y: 7 - 2 * x })))).toBeCloseTo(-2)
})

it('keeps apart what bears the same name, and shows what one side did not tell as unknown', () => {
  const all = new Map<string, PairedFigure>()
  const round = (factor: number) => [
    { what: 'first', value: 10 * factor, unit: 'ms' },
    { what: 'the same, p99', value: 20 * factor, unit: 'ms' },
    { what: 'second', value: 5, unit: 'ev/s', isRate: true },
    { what: 'the same, p99', value: 40 * factor, unit: 'ms' },
  ]
  addRound(all, 'part', round(1), round(0.5))
  addRound(all, 'part', [], round(0.25))
  const rows = pairedTable(all.values(), 'old', 'new').split('\n').slice(2)
  expect(rows).toEqual([
    '| first | 10 ms | 3.75 ms | 0.50 × (0.50 … 0.50, 1) |',
    '| the same, p99 | 20 ms | 7.5 ms | 0.50 × (0.50 … 0.50, 1) |',
    '| second ↑ | 5 ev/s | 5 ev/s | 1.00 × (1.00 … 1.00, 1) |',
    '| the same, p99 | 40 ms | 15 ms | 0.50 × (0.50 … 0.50, 1) |',
  ])
})

it('replaces its own section of the page and leaves the rest', () => {
  const page = '# Page\n<!-- bench: new sections go here -->\nold words\n'
  const once = withSection(page, 'a', 'one')
  expect(once).toContain('one\n<!-- /bench:a -->\n\n<!-- bench: new sections go here -->\nold words')
  expect(withSection(withSection(once, 'b', 'two'), 'a', 'three')).toBe(
    withSection(once, 'b', 'two').replace('one', 'three'),
  )
  expect(withSection('# Page\n', 'a', 'one')).toBe('# Page\n\n<!-- bench:a -->\none\n<!-- /bench:a -->\n')
})

it.skipIf(process.platform !== 'linux')(
  'counts what a process has started: its CPU, ended or not, and its memory',
  async () => {
    // Both end when nobody writes to them any more, however this test ends.
    const untilTold = "process.stdin.once('end', () => process.exit(0)).resume()"
    const busy = `while (process.cpuUsage().user < 250_000); console.log('done'); ${untilTold}`
    const code = `
      const { spawn, spawnSync } = require('node:child_process')
      spawnSync(process.execPath, ['-e', 'while (process.cpuUsage().user < 250_000);'])
      spawn(process.execPath, ['-e', ${JSON.stringify(busy)}], { stdio: 'inherit' })
      ${untilTold}`
    const parent = spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'pipe', 'inherit'] })
    try {
      await once(parent.stdout, 'data')
      const pid = parent.pid as number
      const own = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
      const resident = rssMegabytes(pid)
      expect(resident).toBeGreaterThan(own * 1.5)
      expect(largestMegabytes(pid)).toBeGreaterThanOrEqual(resident)
      const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
      expect(cpuSeconds(pid)).toBeGreaterThan(cpuSeconds(Number(child)) + 0.2)
    } finally {
      parent.stdin.end()
      await once(parent, 'exit')
    }
  },
)
