import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { smallSparkOptions, sparkOrReason } from '../notebooks/spark.ts'
import { cli, type RunningCli, startCli, temporaryFolder } from '../support/cli.ts'

// Spark's own options are not what is tested here, and take longer.
vi.stubEnv('SPARK_SUBMIT_OPTS', smallSparkOptions())

const folder = temporaryFolder()
let running: RunningCli | undefined
afterEach(() => {
  running?.child.kill('SIGKILL')
})
afterAll(() => folder.remove())

it('says what is missing when there is no Spark', async () => {
  const { code, stderr } = await cli(['run', '--engine', 'spark', '--data-dir', join(folder.path, 'none')], {
    env: { JAVA_HOME: '/nowhere' },
  })
  expect(code).not.toBe(0)
  expect(stderr).toMatch(/--engine spark needs Java 17 \(found: none\)\.\nInstall it/)
  expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2)
})

describe.skipIf(sparkOrReason('run --engine spark') !== undefined)('run --engine spark', () => {
  it('closes the ledger over the notebooks, and leaves no file beside the data folder', async () => {
    const data = join(folder.path, 'data')
    running = startCli(
      [
        'run',
        '--engine',
        'spark',
        '--stations',
        '50',
        '--interval',
        '1s',
        '--dirty',
        '0.1',
        '--duration',
        '10s',
        '--json',
        '--data-dir',
        data,
      ],
      { cwd: folder.path },
    )
    const code = await running.exit
    const summary = JSON.parse(running.lines.at(-1) ?? '{}')
    expect({ code, summary, stderr: running.stderr() }).toMatchObject({
      code: 0,
      summary: { balanced: true },
    })
    const { ledger, assertions } = summary
    // What the generator made while Spark was starting is no part of the rate.
    expect(assertions.ratePerSecond).toBeLessThan(100)
    expect(ledger.silver).toBeGreaterThan(100)
    expect(ledger).toMatchObject({ gold: ledger.silver, aggregated: ledger.silver, lost: 0 })
    expect(ledger.bronze).toBe(ledger.silver + ledger.quarantined + ledger.duplicates)
    expect(readdirSync(folder.path).sort()).toEqual(['data', 'none'])
    expect(existsSync(join(data, 'lock.json'))).toBe(false)
  }, 600_000)
})
