/** `kill -9` while phones send, and a start on the same folder: they come back, and each reading counts once. */
import { afterAll, expect, it } from 'vitest'
import { openAudience } from '../support/audience.ts'
import { cli, temporaryFolder } from '../support/cli.ts'
import { joinRoom, type SimulatedPhone } from '../support/phones.ts'

/** Of the suite; the room's whole number, beside 1,000 events a second, with `RTSTREAM_PHONES=200`. */
const PHONES = Number(process.env.RTSTREAM_PHONES ?? 20)
const WAIT = { timeout: PHONES > 100 ? 150_000 : 60_000, interval: 200 }
const folder = temporaryFolder()
const phones: SimulatedPhone[] = []
afterAll(() => {
  for (const phone of phones) phone.close()
  folder.remove()
})

const LOAD = ['--stations', String(Math.max(200, PHONES * 5)), '--interval', '1s', '--dirty', '0.02']
const open = () => openAudience({ dataDir: folder.path, args: LOAD })

/** Rows of silver that phones sent: how often each eventId stands there. */
async function silverIds(): Promise<Map<string, number>> {
  const sql = "SELECT eventId, count(*)::INT AS n FROM silver WHERE deviceId LIKE 'phone-%' GROUP BY eventId"
  const { lines, stderr } = await cli([
    'sql',
    sql,
    '--json',
    '--max-rows',
    '100000',
    '--data-dir',
    folder.path,
  ])
  if (lines.length === 0) throw new Error(stderr)
  const rows = lines.map((line) => JSON.parse(line) as { eventId: string; n: number })
  return new Map(rows.map(({ eventId, n }) => [eventId, n]))
}

it('phones come back by themselves with their names; nothing acknowledged is lost, nothing stands twice', async () => {
  const before = await open()
  before.press('1')
  for (let number = 0; number < PHONES; number++) phones.push(await joinRoom(before.url, number))
  const names = phones.map(({ name }) => name)
  const sent: string[] = []
  const timer = setInterval(() => {
    for (const phone of phones) sent.push(phone.send())
  }, 1000)
  await expect.poll(() => phones.every(({ toGold }) => toGold.length >= 2), WAIT).toBe(true)
  before.terminal.signal('SIGKILL')
  await before.terminal.exit
  await before.close()
  // They go on sending while nobody is there.
  await expect
    .poll(() => phones.every(({ link, isThere }) => !isThere && link.kept.length >= 2), WAIT)
    .toBe(true)
  const after = await open()
  try {
    expect(after.url).toBe(before.url)
    await expect
      .poll(() => phones.every(({ isThere, link }) => isThere && link.kept.length < 8), WAIT)
      .toBe(true)
    clearInterval(timer)
    await expect.poll(() => phones.every(({ link }) => link.kept.length === 0), WAIT).toBe(true)
    expect(phones.map(({ name }) => name)).toEqual(names)
    expect(phones.flatMap(({ refused }) => refused)).toEqual([])
    // Over a new connection a phone is told how far a reading is now, not the steps in between.
    const isDone = ({ steps }: SimulatedPhone) =>
      [...steps.values()].every((all) => all.includes('gold') || all.includes('aggregate'))
    await expect.poll(() => phones.filter((phone) => !isDone(phone)).length, WAIT).toBe(0)
    const ids = await silverIds()
    expect(sent.filter((id) => ids.get(id) !== 1)).toEqual([])
    expect(ids.size).toBe(sent.length)
    after.press('l')
    await after.terminal.waitFor(/lost +0/, 30_000)
    // The audience's line counts what the hub acknowledged; a few that it took in the moment of the kill may count again.
    const line = /audience +([\d,]+)/.exec(after.terminal.text())?.[1]?.replaceAll(',', '')
    expect(Number(line)).toBeGreaterThanOrEqual(sent.length)
  } finally {
    clearInterval(timer)
    await after.close()
  }
}, 600_000)
