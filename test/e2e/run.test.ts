import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { BIN, cli, startCli, temporaryFolder } from '../support/cli.ts'
import { python } from '../support/python.ts'
import { readTable } from '../support/tables.ts'
import { openTerminal } from '../support/terminal.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

const DIRTY_RUN = [
  'run',
  '--duration',
  '5s',
  '--stations',
  '300',
  '--interval',
  '1s',
  '--dirty',
  '0.1',
  '--seed',
  '7',
]

/** The paths of the table “Every file of the lake”, but Spark's, which stand for any file. */
function documentedFiles(): RegExp[] {
  const contract = readFileSync(new URL('../../docs/data-contract.md', import.meta.url), 'utf8')
  const [, section = ''] = contract.split('## Every file of the lake')
  return section
    .split('\n')
    .filter((row) => row.startsWith('| `') && !row.includes('with Spark'))
    .flatMap((row) =>
      [...(row.split(' | ')[0] ?? '').matchAll(/`([^`]*[/.][^`]*)`/g)].map(([, path = '']) => path),
    )
    .map((path) =>
      path
        .replace(/[.]/g, '\\.')
        .replace('yyyy/MM/dd/HH-mm', '\\d{4}/\\d\\d/\\d\\d/\\d\\d-\\d\\d')
        .replaceAll('*', '[^/]+'),
    )
    .map((path) => new RegExp(`^${path}${path.endsWith('/') ? '' : '$'}`))
}

describe('run', () => {
  it('prints a JSON object per second and a summary whose ledger matches the tables', async () => {
    const data = join(folder.path, 'dirty')
    const { code, lines, stderr } = await cli([...DIRTY_RUN, '--json', '--data-dir', data])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const objects = lines.map((line) => JSON.parse(line))
    expect(objects.filter((one) => one.type === 'progress').length).toBeGreaterThanOrEqual(5)
    const summary = objects.at(-1)
    expect(Object.keys(summary)).toEqual([
      'type',
      'target',
      'durationSeconds',
      'ledger',
      'verdict',
      'balanced',
      'assertions',
      'checks',
    ])
    expect(summary.verdict).toBe('balanced')
    const { ledger, assertions } = summary
    expect(summary).toMatchObject({ type: 'summary', target: 'local', balanced: true })
    expect(ledger.acknowledged).toBeGreaterThan(1000)
    expect(ledger.enqueued).toBe(ledger.acknowledged)
    expect(ledger.enqueued).toBe(ledger.bronze + ledger.rejected)
    expect(ledger.bronze).toBe(ledger.silver + ledger.quarantined + ledger.duplicates)
    for (const name of ['rejected', 'quarantined', 'duplicates'])
      expect(ledger[name], name).toBeGreaterThan(0)
    expect(ledger).toMatchObject({ gold: ledger.silver, aggregated: ledger.silver, lost: 0 })
    expect(assertions).toMatchObject({ duplicates: 0, outOfSequence: 0, missing: 0 })
    // Whatever the other stages took to start: 300 stations, once a second.
    expect(assertions.ratePerSecond).toBeGreaterThan(200)
    expect(assertions.ratePerSecond).toBeLessThan(400)
    expect(assertions.latencyP95Ms).toBeGreaterThan(0)

    const count = async (table: string, what = 'count(*)') =>
      (await readTable(data, table, `SELECT ${what} AS n FROM rows`))[0]?.n
    expect(await count('silver/weather')).toBe(ledger.silver)
    expect(await count('silver/weather_quarantine')).toBe(ledger.quarantined)
    expect(await count('gold/weather')).toBe(ledger.gold)
    expect(await count('gold/weather_by_minute', 'sum(readings)')).toBe(ledger.gold)
    expect(await count('gold/weather_aggregated', 'sum(readings)')).toBe(ledger.aggregated)
  }, 60_000)

  it('goes on where it stopped on the same folder', async () => {
    const data = join(folder.path, 'dirty')
    const { code, lines } = await cli([...DIRTY_RUN, '--json', '--data-dir', data])
    expect(code).toBe(0)
    const { ledger } = JSON.parse(lines.at(-1) ?? '{}')
    const [row] = await readTable(
      data,
      'silver/weather',
      `SELECT count(*) AS rows, count(DISTINCT eventId) AS ids, count(DISTINCT (deviceId, deviceSequenceNumber)) AS numbers FROM rows`,
    )
    expect(row).toEqual({ rows: ledger.silver, ids: ledger.silver, numbers: ledger.silver })
    const files = readdirSync(join(data, 'lake'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(join(data, 'lake'), join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    expect(files.length).toBeGreaterThan(20)
    const documented = documentedFiles()
    expect(files.filter((file) => !documented.some((pattern) => pattern.test(file)))).toEqual([])
  }, 60_000)

  it('prints for a person without --json, removes an ephemeral folder, and leaves no secret in the log', async () => {
    const { code, lines } = await cli(['run', '--duration', '2s', '--data-dir', join(folder.path, 'plain')])
    expect(code).toBe(0)
    expect(lines.join('\n')).toMatch(/✓ balanced[\s\S]*acknowledged[\s\S]*The data lies in/)
    // Into a pipe no table that is drawn over itself: a line each time.
    expect(lines.join('\n')).not.toMatch(/\x1b|\r|^stage +state/m)
    expect(lines.findIndex((line) => line.startsWith('The ledger after'))).toBeGreaterThan(1)
    const temporary = await cli(['run', '--duration', '1s', '--ephemeral'], { env: { TMPDIR: folder.path } })
    expect(temporary.code).toBe(0)
    expect(readdirSync(folder.path).filter((name) => name.startsWith('rtstream-tui-'))).toEqual([])
  }, 60_000)

  it('shows a table in place on a terminal, and the summary below it', async () => {
    const args = [BIN, 'run', '--duration', '2s', '--ephemeral']
    const terminal = openTerminal({ command: process.execPath, args, columns: 80, rows: 30 })
    try {
      await terminal.waitFor(/silver +● RUNNING[\s\S]*ledger /, 30_000)
      expect((await terminal.exit).code).toBe(0)
      const shown = terminal.text()
      expect(shown.match(/^stage +state/gm)).toHaveLength(1)
      expect(shown).toMatch(/aggregate [\s\S]*The ledger after [\d.]+ s: ✓ balanced/)
      // Each of the five with its limit, the percentile with its time; a loaded machine may miss one.
      expect(shown).toMatch(
        /^[✓✗–] rate .*\(.*\d.*\)\n^[✓✗] created→gold p95 [\d,]+ ms \(≤ 15 s, p95 of this run\)\n^✓ duplicates 0 {2}✓ out of sequence 0 {2}✓ missing 0$/m,
      )
    } finally {
      await terminal.close()
    }
  }, 60_000)

  it('ends early on SIGINT with the ledger closed', async () => {
    const running = startCli([
      'run',
      '--duration',
      '300s',
      '--json',
      '--data-dir',
      join(folder.path, 'early'),
    ])
    await running.line((line) => JSON.parse(line).ledger?.gold > 0)
    running.child.kill('SIGINT')
    expect(await running.exit).toBe(0)
    expect(JSON.parse(running.lines.at(-1) ?? '{}')).toMatchObject({ type: 'summary', balanced: true })
  }, 60_000)
})

describe("another client's events", () => {
  const data = join(folder.path, 'foreign')

  it('in the four-field form flow through to the aggregate, sent and read with the Python SDKs', async () => {
    const running = startCli([
      'run',
      '--duration',
      '300s',
      '--json',
      '--stations',
      '1',
      '--interval',
      '1s',
      '--consumer-groups',
      'alerts',
      '--data-dir',
      data,
    ])
    await running.line((line) => line.includes('"progress"'))
    const shown = await cli(['endpoints', '--json', '--data-dir', data])
    expect(shown.code).toBe(0)
    const endpoints = JSON.parse(shown.lines.join('\n'))
    // One client and one batch for each reading.
    python(
      `
import json, sys
from azure.eventhub import EventHubProducerClient, EventData
for n in range(8):
    client = EventHubProducerClient.from_connection_string(sys.argv[1], eventhub_name=sys.argv[2])
    with client:
        batch = client.create_batch()
        batch.add(EventData(json.dumps({"temperature": n, "humidity": 50, "city": "Atlantis", "timestamp": "1987-06-05 04:03:02"})))
        client.send_batch(batch)
`,
      [endpoints.eventHubsConnectionString, endpoints.eventHub],
    )
    const plain = await cli(['endpoints', '--data-dir', data])
    expect(plain.lines.join('\n')).toContain(endpoints.token)
    // Everything else that a client must name, and an address for each service.
    for (const name of ['subscription', 'resourceGroup', 'streamAnalyticsJob', 'synapsePipeline'])
      expect(plain.lines.join('\n')).toContain(endpoints[name])
    for (const name of ['management', 'databricks', 'synapse'])
      expect(endpoints[name]).toMatch(/^https:\/\/localhost:\d+/)
    expect(endpoints.databricksJobs).toEqual(['rtstream-silver', 'rtstream-gold'])
    expect(plain.lines.join('\n')).toMatch(/consumer groups +\$Default, stream-analytics, monitor, alerts\n/)
    // Readings of the run's own station flow as well: all that the hub held once it had the other eight.
    let held = Number.POSITIVE_INFINITY
    await running.line((line) => {
      const { ledger } = JSON.parse(line)
      if (ledger?.enqueued - ledger?.acknowledged >= 8) held = Math.min(held, ledger.enqueued)
      return ledger?.aggregated >= held
    })
    const listed = python(
      `
import sys
from azure.storage.filedatalake import DataLakeServiceClient
lake = DataLakeServiceClient.from_connection_string(sys.argv[1])
text = "".join(
    lake.get_file_client("bronze", path.name).download_file().readall().decode()
    for path in lake.get_file_system_client("bronze").get_paths("weather") if path.name.endswith(".json"))
print(text.count("Atlantis"))
`,
      [endpoints.lakeConnectionString],
    )
    expect(Number(listed)).toBe(8)
    running.child.kill('SIGINT')
    expect(await running.exit).toBe(0)
    const summary = JSON.parse(running.lines.at(-1) ?? '{}')
    expect(summary).toMatchObject({ balanced: true, ledger: { lost: 0 } })
    expect(summary.ledger.enqueued - summary.ledger.acknowledged).toBe(8)
    const rows = await readTable(
      data,
      'gold/weather_aggregated',
      `SELECT city, date::VARCHAR AS date, hour, avg_temperature, readings FROM rows WHERE city = 'Atlantis'`,
    )
    expect(rows).toEqual([
      { city: 'Atlantis', date: '1987-06-05', hour: 4, avg_temperature: 3.5, readings: 8 },
    ])
    const log = readFileSync(join(data, 'logs/rtstream-tui.log'), 'utf8')
    for (const secret of [endpoints.token, endpoints.accountKey]) expect(log).not.toContain(secret)
    expect(existsSync(join(data, 'local/control.sock'))).toBe(false)
  }, 120_000)
})
