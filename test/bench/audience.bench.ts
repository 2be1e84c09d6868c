/**
 * A full room on the built program, in a real pty: 200 phones send one reading a second each for a minute, beside 1,000 events
 * a second of the generator. Says how long a reading takes to gold, whether each stands once, and what keys cost meanwhile:
 *   node scripts/build.ts --quiet && node test/bench/audience.bench.ts [--phones 200] [--seconds 60] [--write]
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { AudienceStep } from '../../src/contract/audience-step.ts'
import { openAudience } from '../support/audience.ts'
import { cli, temporaryFolder } from '../support/cli.ts'
import { joinRoom, type SimulatedPhone } from '../support/phones.ts'
import type { Terminal } from '../support/terminal.ts'

const { values } = parseArgs({
  options: {
    phones: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '60' },
    write: { type: 'boolean', default: false },
  },
})
const [COUNT, SECONDS] = [Number(values.phones), Number(values.seconds)]
const KEYS = 40
const page = join(import.meta.dirname, '../../docs/audience.md')

const rank = (sorted: readonly number[], share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? 0
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const load = () => loadavg()[0]?.toFixed(1)

/** From a key to the screen that it brings, both ways (ms): presenter mode on and off. */
async function keyToPaint(terminal: Terminal): Promise<number[]> {
  const times: number[] = []
  for (let key = 0; key < KEYS; key++) {
    const isOn = key % 2 === 0
    const pressed = performance.now()
    terminal.press('v')
    await terminal.waitFor((screen) => screen.join('\n').includes('in quarantine') === isOn, 30_000)
    times.push(performance.now() - pressed)
    await pause(50)
  }
  return times.sort((a, b) => a - b)
}

async function until(what: string, holds: () => boolean, patienceMs = 120_000): Promise<void> {
  const end = performance.now() + patienceMs
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${patienceMs / 1000} s: ${what}`)
    await pause(200)
  }
}

const folder = temporaryFolder()
const phones: SimulatedPhone[] = []
const room = await openAudience({ dataDir: folder.path, args: ['--stations', '1000', '--interval', '1s'] })
try {
  room.press('1')
  await room.terminal.waitFor(/● gen/, 60_000)
  // Away from the room's page: the strip and the panels are what is painted.
  room.press('escape')
  await pause(5000)
  const alone = await keyToPaint(room.terminal)
  const startLoad = load()
  for (let number = 0; number < COUNT; number++) phones.push(await joinRoom(room.url, number))
  const sent: string[] = []
  let crowded: Promise<number[]> | undefined
  for (let second = 0; second < SECONDS; second++) {
    const next = performance.now() + 1000
    // Spread over the second, as people are.
    for (const [index, phone] of phones.entries()) {
      sent.push(phone.send())
      if (index % 20 === 19) await pause(Math.max(0, (next - performance.now()) / (COUNT / 20)))
    }
    await pause(Math.max(0, next - performance.now()))
    if (second === Math.floor(SECONDS / 2)) crowded = keyToPaint(room.terminal)
  }
  const during = (await crowded) ?? []
  const gold = ({ steps }: SimulatedPhone) =>
    [...steps.values()].every((all) => all.includes('gold') || all.includes('aggregate'))
  await until('every reading in gold', () => phones.every(gold))
  room.press('1')
  await room.terminal.waitFor(/balanced/, 120_000)
  const sql = "SELECT eventId, count(*)::INT AS n FROM gold WHERE deviceId LIKE 'phone-%' GROUP BY eventId"
  const { lines } = await cli(['sql', sql, '--json', '--max-rows', '1000000', '--data-dir', folder.path])
  const ids = new Map(
    lines
      .map((line) => JSON.parse(line) as { eventId: string; n: number })
      .map((row) => [row.eventId, row.n]),
  )
  const toGold = phones.flatMap((phone) => phone.toGold).sort((a, b) => a - b)
  const timesOf = (step: AudienceStep) =>
    phones.flatMap((phone) => [...(phone.timesTo.get(step) ?? [])]).sort((a, b) => a - b)
  const wrong = sent.filter((id) => ids.get(id) !== 1).length
  const refused = phones.reduce((sum, phone) => sum + phone.refused.length, 0)
  const ms = (value: number) => `${Math.round(value)} ms`
  const text = [
    `Made by \`node test/bench/audience.bench.ts\` on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}, load ${startLoad} at its beginning and ${load()} at its end.`,
    '',
    `| ${COUNT} phones, one reading a second each for ${SECONDS} s, beside 1,000 events a second | |`,
    '|---|---|',
    `| readings sent, refused, missing or twice in gold | ${sent.length.toLocaleString('en-US')}, ${refused}, ${wrong} |`,
    `| sent → in gold, seen by the phone: median, p95, longest | ${ms(rank(toGold, 0.5))}, ${ms(rank(toGold, 0.95))}, ${ms(toGold.at(-1) ?? 0)} |`,
    ...(['hub', 'bronze', 'silver', 'aggregate'] as const).map(
      (step) =>
        `| sent → ${step}: median, p95 | ${ms(rank(timesOf(step), 0.5))}, ${ms(rank(timesOf(step), 0.95))} |`,
    ),
    `| key → paint, before the phones came: median, p95 | ${ms(rank(alone, 0.5))}, ${ms(rank(alone, 0.95))} |`,
    `| key → paint, while they were there: median, p95 | ${ms(rank(during, 0.5))}, ${ms(rank(during, 0.95))} |`,
    '| ledger | balanced |',
  ].join('\n')
  console.log(text)
  if (values.write) writeFileSync(page, withSection(readFileSync(page, 'utf8'), text))
  process.exitCode = wrong + refused > 0 ? 1 : 0
} finally {
  for (const phone of phones) phone.close()
  await room.close()
  folder.remove()
}

function withSection(document: string, text: string): string {
  const [start, end] = ['<!-- measured -->', '<!-- end -->']
  const [before, after] = [document.indexOf(start), document.indexOf(end)]
  if (before < 0 || after < 0) throw new Error(`${page} has no place for it: ${start} … ${end}`)
  return `${document.slice(0, before + start.length)}\n${text}\n${document.slice(after)}`
}
