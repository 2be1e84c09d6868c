import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { messageBody } from '../../src/local/event-hubs/amqp/sections.ts'
import { HubLog } from '../../src/local/event-hubs/log/log.ts'
import { startCli, temporaryFolder } from '../support/cli.ts'
import { readTable } from '../support/tables.ts'

/** Small deterministic generator (mulberry32), so that a failing series of kills can be run again. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const KILLS = 6
/** Other moments in every run of this test; `RTSTREAM_TEST_SEED` brings those of an earlier one back. */
const SEED = Number(process.env.RTSTREAM_TEST_SEED ?? Date.now() % 1_000_000)
const LOAD = ['--stations', '2000', '--interval', '1s', '--dirty', '0.02', '--json']

/** What the hub holds of bodies that are no JSON: `station-00042;17;21 C`. */
function rejectedReadings(hub: string): { device: string; number: number }[] {
  const retention = { ms: 86_400_000, bytes: 1e9 }
  const log = HubLog.open(hub, { partitions: 4, retention, clock: { now: () => Date.now() } })
  try {
    return Array.from({ length: log.partitionCount }, (_, partition) => log.read(partition, 0, 1e7, 1e9))
      .flat()
      .map(({ message }) => messageBody(message).toString())
      .filter((body) => !body.startsWith('{'))
      .map((body) => body.split(';'))
      .map(([device = '', number]) => ({ device, number: Number(number) }))
  } finally {
    log.close()
  }
}

describe(`kill -9 under load, started again on the same folder (seed ${SEED})`, () => {
  const folder = temporaryFolder()
  const random = seededRandom(SEED)
  const summaries: { balanced: boolean; ledger: Record<string, number> }[] = []

  beforeAll(async () => {
    let target = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const victim = startCli(['run', '--duration', '120s', '--data-dir', folder.path, ...LOAD])
      target += 1000 + Math.floor(random() * 7000)
      await victim.line((line) => JSON.parse(line).ledger?.enqueued >= target)
      // The moment within the second after the progress line is random too.
      await new Promise((resolve) => setTimeout(resolve, random() * 1000))
      victim.child.kill('SIGKILL')
      await victim.exit
      const survivor = startCli(['run', '--duration', '1s', '--data-dir', folder.path, ...LOAD])
      await survivor.exit
      const summary = JSON.parse(survivor.lines.at(-1) ?? '{}')
      summaries.push({ ...summary, stderr: survivor.stderr() })
      target = summary.ledger?.enqueued ?? target
    }
  }, 600_000)
  afterAll(() => folder.remove())

  it('balances the ledger every time', () => {
    expect(summaries).toHaveLength(KILLS)
    for (const summary of summaries) {
      expect(summary).toMatchObject({ balanced: true, ledger: { lost: 0 } })
      expect(summary.ledger.aggregated).toBe(summary.ledger.silver)
    }
  })

  it('leaves no eventId twice in silver', async () => {
    const [row] = await readTable(
      folder.path,
      'silver/weather',
      'SELECT count(*) AS rows, count(DISTINCT eventId) AS ids FROM rows',
    )
    expect(row?.rows).toBeGreaterThan(10_000)
    expect(row?.ids).toBe(row?.rows)
  })

  it('leaves no deviceSequenceNumber out', async () => {
    // Corrupted readings keep their number: those in quarantine are found in their raw text, rejected ones in the hub.
    const rejected = rejectedReadings(join(folder.path, 'hub'))
    expect(rejected).toHaveLength(summaries.at(-1)?.ledger.rejected ?? 0)
    const silver = await readTable(
      folder.path,
      'silver/weather',
      'SELECT deviceId AS device, deviceSequenceNumber AS number FROM rows',
    )
    const quarantined = await readTable(
      folder.path,
      'silver/weather_quarantine',
      "SELECT raw->>'deviceId' AS device, (raw->>'deviceSequenceNumber')::BIGINT AS number FROM rows",
    )
    const numbers = new Map<string, Set<number>>()
    for (const { device, number } of [...silver, ...quarantined, ...rejected] as {
      device: string
      number: number
    }[])
      numbers.set(device, (numbers.get(device) ?? new Set()).add(number))
    expect(numbers.size).toBe(2000)
    let gaps = 0
    for (const set of numbers.values()) gaps += Math.max(...set) + 1 - set.size
    expect(gaps).toBe(0)
  })
})
