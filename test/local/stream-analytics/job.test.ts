import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { JobConflictError } from '../../../src/local/stream-analytics/job.ts'
import { type ControlPlane, removeFolders, startControlPlane } from '../../support/control-plane.ts'
import { readBronze, sequenceNumbers, upTo } from '../../support/hub-events.ts'

const open: ControlPlane[] = []
async function start(options: Parameters<typeof startControlPlane>[0] = {}) {
  const plane = await startControlPlane(options)
  open.push(plane)
  return { ...plane, bronze: () => readBronze(join(plane.folder, 'lake/bronze')) }
}
async function closeAll() {
  await Promise.all(open.splice(0).map((plane) => plane.close()))
}
afterEach(closeAll)
afterAll(removeFolders)

/** A clock that the test sets. */
function handClock(start = '2026-11-24T02:07:30.000Z') {
  let time = Date.parse(start)
  return { now: () => time, set: (iso: string) => (time = Date.parse(iso)) }
}

const running = (plane: ControlPlane) => vi.waitFor(() => expect(plane.job.state).toBe('Running'))
const caughtUp = async (plane: Awaited<ReturnType<typeof start>>, partition: number, count: number) =>
  vi.waitFor(() => expect(sequenceNumbers(plane.bronze(), partition)).toEqual(upTo(count)))

describe('output batches', () => {
  it('writes one file per partition and output batch, named by what it covers, in the folder of its minute', async () => {
    const clock = handClock()
    const plane = await start({ clock })
    plane.job.start({ mode: 'JobStartTime' })
    await running(plane)
    plane.send(0, { n: 0 }, { n: 1 })
    plane.send(1, { n: 0 })
    await vi.waitFor(() => expect(plane.bronze()).toHaveLength(2))
    const [first, second] = plane.bronze()
    expect(first?.path).toBe('weather/2026/11/24/02-07/0_00000000000000-00000000000001_2.json')
    expect(second?.path).toBe('weather/2026/11/24/02-07/1_00000000000000-00000000000000_1.json')
    expect(JSON.parse(first?.lines[1] as string)).toEqual({
      n: 1,
      EventProcessedUtcTime: '2026-11-24T02:07:30.000Z',
      PartitionId: 0,
      EventEnqueuedUtcTime: '2026-11-24T02:07:30.000Z',
      SequenceNumber: 1,
    })
  })

  it.each([true, false])(
    'goes on behind what an earlier version wrote into `HH/mm` (checkpoint there: %s)',
    async (has) => {
      const clock = handClock()
      const first = await start({ clock })
      first.send(0, { n: 0 }, { n: 1 })
      first.job.start({ mode: 'CustomTime', time: 0 })
      await caughtUp(first, 0, 2)
      await closeAll()
      const day = join(first.folder, 'lake/bronze/weather/2026/11/24')
      mkdirSync(join(day, '02'))
      renameSync(join(day, '02-07'), join(day, '02/07'))
      // Of before the batch, as a crash behind it leaves it; or none.
      const file = join(first.folder, 'state/stream-analytics.json')
      const record = JSON.parse(readFileSync(file, 'utf8'))
      record.checkpoint = has ? { partitions: {}, rows: 0, rejected: 0 } : undefined
      writeFileSync(file, JSON.stringify(record))
      const next = await start({ clock, folder: first.folder })
      next.send(0, { n: 2 })
      next.job.start({ mode: 'CustomTime', time: 0 })
      await caughtUp(next, 0, 3)
      expect(
        next
          .bronze()
          .map(({ path }) => path)
          .sort(),
      ).toEqual([
        'weather/2026/11/24/02-07/0_00000000000002-00000000000002_1.json',
        'weather/2026/11/24/02/07/0_00000000000000-00000000000001_2.json',
      ])
    },
  )

  it('never spans a minute', async () => {
    const clock = handClock('2026-11-24T02:07:59.900Z')
    const plane = await start({ clock })
    plane.send(0, { n: 0 }, { n: 1 })
    clock.set('2026-11-24T02:08:00.000Z')
    plane.send(0, { n: 2 })
    clock.set('2026-11-24T02:08:00.100Z')
    plane.send(0, { n: 3 })
    plane.job.start({ mode: 'CustomTime', time: 0 })
    await caughtUp(plane, 0, 4)
    expect(plane.bronze().map(({ path }) => path)).toEqual([
      'weather/2026/11/24/02-07/0_00000000000000-00000000000001_2.json',
      'weather/2026/11/24/02-08/0_00000000000002-00000000000003_2.json',
    ])
  })

  it('catches up at once, in files of bounded size, the partitions side by side', async () => {
    const bounds = { maxEvents: 1000, maxBytes: 1e9 }
    const plane = await start({ tuning: { bounds, rollIntervalMs: 3_600_000 } })
    for (const partition of [0, 1])
      for (let batch = 0; batch < 50; batch++) plane.send(partition, ...upTo(100).map((n) => ({ n })))
    const order: string[] = []
    plane.lake.onPlaced((_, path) => order.push(path.split('/').at(-1)?.[0] as string))
    plane.job.start({ mode: 'CustomTime', time: 0 })
    await caughtUp(plane, 0, 5000)
    await caughtUp(plane, 1, 5000)
    expect(plane.bronze().every(({ rows }) => rows <= 1000)).toBe(true)
    expect(order.slice(0, 4)).toEqual(['0', '1', '0', '1'])
  })

  it('bounds files by bytes too', async () => {
    const plane = await start({ tuning: { bounds: { maxEvents: 1000, maxBytes: 5000 } } })
    plane.send(0, ...upTo(100).map((n) => ({ n, text: 'x'.repeat(480) })))
    plane.job.start({ mode: 'CustomTime', time: 0 })
    await caughtUp(plane, 0, 100)
    expect(plane.bronze().length).toBeGreaterThanOrEqual(10)
  })

  it('sets no timer while nothing comes in', async () => {
    const plane = await start()
    plane.job.start({ mode: 'JobStartTime' })
    await running(plane)
    const timers = vi.spyOn(globalThis, 'setTimeout')
    try {
      // A good many turns of the event loop, in which a poll would have shown.
      for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
      expect(timers).not.toHaveBeenCalled()
      plane.send(0, { n: 0 })
      expect(timers).toHaveBeenCalled()
    } finally {
      timers.mockRestore()
    }
  })

  it('writes the open output batch when it is stopped', async () => {
    const plane = await start({ tuning: { rollIntervalMs: 3_600_000 } })
    plane.job.start({ mode: 'JobStartTime' })
    await running(plane)
    plane.send(1, { n: 0 })
    plane.job.stop()
    await plane.job.settled()
    expect(sequenceNumbers(plane.bronze(), 1)).toEqual([0])
  })
})

describe('deserialization errors', () => {
  it('are counted by the name of the file, logged with a reason, and not written', async () => {
    const plane = await start()
    plane.job.start({ mode: 'JobStartTime' })
    await running(plane)
    plane.send(0, { n: 0 }, 'no JSON', '[1]', { n: 3 })
    await vi.waitFor(() => expect(plane.bronze()).toHaveLength(1))
    expect(plane.bronze()[0]).toMatchObject({ firstSequenceNumber: 0, lastSequenceNumber: 3, rows: 2 })
    expect(sequenceNumbers(plane.bronze(), 0)).toEqual([0, 3])
    expect(plane.logged.lines()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          partition: 0,
          sequenceNumber: 1,
          reason: expect.stringContaining('not JSON'),
        }),
        expect.objectContaining({
          partition: 0,
          sequenceNumber: 2,
          reason: expect.stringContaining('an array'),
        }),
      ]),
    )
    // The service's sentence (azure-docs, issue 71668).
    expect(plane.job.conditions.input).toMatchObject({
      code: 'InputDeserializerError.InvalidData',
      message: expect.stringMatching(
        /^Could not deserialize the input event\(s\) from resource 'Partition: \[\d\], Offset: \[\d+\], SequenceNumber: \[\d+\]' as Json\. Some possible reasons: /,
      ),
    })
  })

  it('leave an empty file when a output batch has nothing else', async () => {
    const plane = await start()
    plane.job.start({ mode: 'JobStartTime' })
    await running(plane)
    plane.send(0, 'one', 'two')
    await vi.waitFor(() => expect(plane.bronze()).toHaveLength(1))
    expect(plane.bronze()[0]).toMatchObject({ lastSequenceNumber: 1, rows: 0, lines: [] })
    expect(plane.job.lastOutputEventTime).toBeUndefined()
  })

  it('are logged a few times, however many there are', async () => {
    const plane = await start()
    plane.job.start({ mode: 'JobStartTime' })
    await running(plane)
    for (let batch = 0; batch < 10; batch++) {
      plane.send(0, ...upTo(100).map(() => 'junk'))
      await vi.waitFor(() => expect(plane.bronze().at(-1)?.lastSequenceNumber).toBe(100 * (batch + 1) - 1))
    }
    const warnings = plane.logged
      .lines()
      .filter(({ msg }) => msg === 'stream analytics: deserialization error')
    expect(warnings.length).toBeLessThanOrEqual(5)
  })
})

describe('output start modes', () => {
  it('JobStartTime leaves out what was enqueued before', async () => {
    const plane = await start()
    plane.send(0, { n: 0 }, { n: 1 })
    plane.job.start({ mode: 'JobStartTime' })
    await running(plane)
    plane.send(0, { n: 2 })
    await vi.waitFor(() => expect(sequenceNumbers(plane.bronze(), 0)).toEqual([2]))
  })

  it('CustomTime begins with the first event of that time', async () => {
    const clock = handClock('2026-11-24T02:00:00Z')
    const plane = await start({ clock })
    for (const time of ['02:00:00', '02:01:00', '02:02:00', '02:03:00']) {
      clock.set(`2026-11-24T${time}Z`)
      plane.send(0, { time })
    }
    plane.job.start({ mode: 'CustomTime', time: Date.parse('2026-11-24T02:01:30Z') })
    await vi.waitFor(() => expect(sequenceNumbers(plane.bronze(), 0)).toEqual([2, 3]))
  })

  it('LastOutputEventTime goes on where the job stopped, and is refused before there was output', async () => {
    const plane = await start()
    expect(() => plane.job.start({ mode: 'LastOutputEventTime' })).toThrow(JobConflictError)
    plane.job.start({ mode: 'JobStartTime' })
    await running(plane)
    plane.send(0, { n: 0 })
    await caughtUp(plane, 0, 1)
    plane.job.stop()
    await plane.job.settled()
    plane.send(0, { n: 1 }, { n: 2 })
    plane.job.start({ mode: 'LastOutputEventTime' })
    await caughtUp(plane, 0, 3)
  })

  it('what JobStartTime left out can be asked for later, as long as nothing behind it was written', async () => {
    const clock = handClock('2026-11-24T02:00:00Z')
    const plane = await start({ clock })
    const again = async (mode: Parameters<typeof plane.job.start>[0]) => {
      plane.job.stop()
      await plane.job.settled()
      plane.job.start(mode)
      await plane.job.settled()
    }
    plane.send(0, { n: 0 })
    plane.send(1, { n: 0 })
    clock.set('2026-11-24T02:01:00Z')
    plane.job.start({ mode: 'JobStartTime' })
    await running(plane)
    plane.send(0, { n: 1 })
    await vi.waitFor(() => expect(sequenceNumbers(plane.bronze(), 0)).toEqual([1]))
    // Nobody reads these: the job is told to begin behind them, and then ends without output.
    plane.job.stop()
    await plane.job.settled()
    clock.set('2026-11-24T02:02:00Z')
    plane.send(0, { n: 2 })
    plane.send(1, { n: 1 })
    await again({ mode: 'JobStartTime' })
    // The last output was before them. What the first start left out stays out.
    await again({ mode: 'LastOutputEventTime' })
    await vi.waitFor(() => expect(sequenceNumbers(plane.bronze(), 0)).toEqual([1, 2]))
    await vi.waitFor(() => expect(sequenceNumbers(plane.bronze(), 1)).toEqual([1]))
  })

  it('CustomTime goes back behind a JobStartTime that had no output, in this process or the next', async () => {
    const first = await start()
    first.send(0, { n: 0 })
    first.job.start({ mode: 'JobStartTime' })
    await running(first)
    await closeAll()
    const second = await start({ folder: first.folder })
    second.job.start({ mode: 'CustomTime', time: 0 })
    await caughtUp(second, 0, 1)
  })

  it('never writes again what bronze holds, whatever the start asks for', async () => {
    const plane = await start()
    plane.send(0, { n: 0 }, { n: 1 })
    plane.job.start({ mode: 'CustomTime', time: 0 })
    await caughtUp(plane, 0, 2)
    plane.job.stop()
    await plane.job.settled()
    plane.send(0, { n: 2 })
    plane.job.start({ mode: 'CustomTime', time: 0 })
    await caughtUp(plane, 0, 3)
  })
})

describe('states', () => {
  it('goes from Created over Starting to Running, and over Stopping to Stopped', async () => {
    const plane = await start()
    expect(plane.job.state).toBe('Created')
    plane.job.start({ mode: 'JobStartTime' })
    expect(plane.job.state).toBe('Starting')
    expect(() => plane.job.start({ mode: 'JobStartTime' })).toThrow(/is Starting/)
    await plane.job.settled()
    expect(plane.job.state).toBe('Running')
    plane.job.stop()
    expect(plane.job.state).toBe('Stopping')
    expect(() => plane.job.start({ mode: 'JobStartTime' })).toThrow(/is Stopping/)
    await plane.job.settled()
    expect(plane.job.state).toBe('Stopped')
  })

  it('can be stopped while it starts', async () => {
    const plane = await start()
    plane.job.start({ mode: 'JobStartTime' })
    plane.job.stop()
    await plane.job.settled()
    expect(plane.job.state).toBe('Stopped')
    plane.send(0, { n: 0 })
    expect(plane.bronze()).toEqual([])
  })

  it('a hub whose file was lost fails the job, which names the file and advises nothing that loses rows', async () => {
    const first = await start()
    first.send(0, { n: 0 }, { n: 1 })
    first.job.start({ mode: 'CustomTime', time: 0 })
    await caughtUp(first, 0, 2)
    await closeAll()
    rmSync(join(first.folder, 'hub'), { recursive: true })
    const next = await start({ folder: first.folder })
    next.job.start({ mode: 'CustomTime', time: 0 })
    await vi.waitFor(() => expect(next.job.state).toBe('Failed'))
    const said = next.job.conditions.output?.message ?? next.job.conditions.input?.message
    expect(said).toMatch(/Bronze holds partition 0 up to sequence number 1, .*hub\/log\.db .*Put it back/)
    expect(said).not.toMatch(/delete|remove this/i)
  })

  it('a full lake fails the job, nothing is lost, and starting again goes on', async () => {
    const plane = await start({ lakeLimit: 20_000 })
    plane.job.start({ mode: 'JobStartTime' })
    await running(plane)
    plane.send(0, { n: 0 })
    await caughtUp(plane, 0, 1)
    plane.send(0, { n: 1, text: 'x'.repeat(30_000) })
    await vi.waitFor(() => expect(plane.job.state).toBe('Failed'))
    expect(plane.job.conditions.output).toMatchObject({
      code: 'OutputFull',
      message: expect.stringMatching(/limit of 20000 bytes.*--lake-limit/),
    })
    expect(sequenceNumbers(plane.bronze(), 0)).toEqual([0])
    await closeAll()
    // Room was made; another process goes on.
    const again = await start({ folder: plane.folder })
    again.job.start({ mode: 'LastOutputEventTime' })
    await caughtUp(again, 0, 2)
    expect(again.job.state).toBe('Running')
    expect(again.job.conditions.output).toBeUndefined()
  })

  it('is Degraded while a write fails for a reason that may pass, and recovers', async () => {
    const plane = await start({ tuning: { retryDelaysMs: [10, 10, 10, 10, 5_000] } })
    plane.job.start({ mode: 'JobStartTime' })
    await running(plane)
    const place = plane.lake.place.bind(plane.lake)
    let failures = 3
    plane.lake.place = async (...args) => {
      if (failures-- > 0) throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' })
      return place(...args)
    }
    plane.send(0, { n: 0 })
    await vi.waitFor(() => expect(plane.job.state).toBe('Degraded'))
    expect(plane.job.conditions.output?.message).toContain('i/o error')
    await caughtUp(plane, 0, 1)
    await vi.waitFor(() => expect(plane.job.state).toBe('Running'))
    expect(plane.job.conditions.output).toBeUndefined()
  })

  it('makes no container that was deleted again, and writes what waits once it is there', async () => {
    const plane = await start({ tuning: { retryDelaysMs: Array(1000).fill(10) } })
    plane.job.start({ mode: 'JobStartTime' })
    await running(plane)
    rmSync(join(plane.lake.root, 'bronze'), { recursive: true })
    plane.send(0, { n: 0 })
    await vi.waitFor(() => expect(plane.job.state).toBe('Degraded'))
    expect(plane.job.conditions.output?.message).toContain('The container bronze does not exist')
    expect(existsSync(join(plane.lake.root, 'bronze'))).toBe(false)
    mkdirSync(join(plane.lake.root, 'bronze'))
    await caughtUp(plane, 0, 1)
    await vi.waitFor(() => expect(plane.job.state).toBe('Running'))
  })

  it('fails when the write goes on failing', async () => {
    const plane = await start({ tuning: { retryDelaysMs: [5, 5] } })
    plane.job.start({ mode: 'JobStartTime' })
    await running(plane)
    plane.lake.place = async () => {
      throw new Error('EACCES: permission denied')
    }
    plane.send(0, { n: 0 })
    await vi.waitFor(() => expect(plane.job.state).toBe('Failed'))
    expect(plane.job.conditions.output?.message).toContain('permission denied')
  })
})

describe('from one process to the next', () => {
  it('goes on behind the newest file, with or without its checkpoint', async () => {
    const first = await start()
    first.job.start({ mode: 'JobStartTime' })
    await running(first)
    first.send(0, { n: 0 }, 'junk')
    await vi.waitFor(() => expect(first.bronze()).toHaveLength(1))
    await closeAll()
    rmSync(join(first.folder, 'state/stream-analytics.json'))
    const second = await start({ folder: first.folder })
    expect(second.job.state).toBe('Stopped')
    expect(second.job.lastOutputEventTime).toBeDefined()
    second.send(0, { n: 2 })
    second.job.start({ mode: 'LastOutputEventTime' })
    await vi.waitFor(() => expect(sequenceNumbers(second.bronze(), 0)).toEqual([0, 2]))
    expect(second.bronze().map(({ firstSequenceNumber }) => firstSequenceNumber)).toEqual([0, 2])
  })

  it('reads everything again when the lake was removed, though the checkpoint says otherwise', async () => {
    const first = await start()
    first.send(0, { n: 0 }, { n: 1 })
    first.job.start({ mode: 'CustomTime', time: 0 })
    await caughtUp(first, 0, 2)
    await closeAll()
    rmSync(join(first.folder, 'lake'), { recursive: true })
    const second = await start({ folder: first.folder })
    second.job.start({ mode: 'CustomTime', time: 0 })
    await caughtUp(second, 0, 2)
  })

  it('looks only behind its checkpoint: files that it knows are not listed', async () => {
    const clock = handClock('2026-11-24T02:00:00Z')
    const first = await start({ clock })
    first.send(0, { n: 0 })
    first.job.start({ mode: 'CustomTime', time: 0 })
    await caughtUp(first, 0, 1)
    clock.set('2026-11-24T03:00:00Z')
    first.send(0, { n: 1 })
    await caughtUp(first, 0, 2)
    await closeAll()
    // A folder that nobody may list would be noticed by whoever did.
    const old = join(first.folder, 'lake/bronze/weather/2026/11/24/02-00')
    rmSync(old, { recursive: true })
    writeFileSync(old, 'no folder any more')
    const second = await start({ folder: first.folder, clock })
    expect(second.job.meter.points('OutputEvents', 0, clock.now(), Number.POSITIVE_INFINITY)).toMatchObject([
      { total: 2 },
    ])
    second.send(0, { n: 2 })
    second.job.start({ mode: 'LastOutputEventTime' })
    await vi.waitFor(() => expect(second.bronze().at(-1)?.firstSequenceNumber).toBe(2))
  })

  /** One event of partition 0 is written; two more come while the job is stopped, and are past the hub's retention now. */
  async function withTwoThatExpire() {
    const clock = handClock('2026-11-24T02:00:00Z')
    const plane = await start({ clock, hubRetention: { ms: 60_000, bytes: 1e9 } })
    plane.job.start({ mode: 'JobStartTime' })
    await running(plane)
    plane.send(0, { n: 0 })
    await caughtUp(plane, 0, 1)
    plane.job.stop()
    await plane.job.settled()
    plane.send(0, { n: 1 }, { n: 2 })
    clock.set('2026-11-24T02:10:00Z')
    return plane
  }

  it('skips what expired in the hub, says how much, and the names leave the gap', async () => {
    const plane = await withTwoThatExpire()
    plane.send(0, { n: 3 })
    // The sweep of this append lets go of the two.
    expect(plane.log.properties(0).beginSequenceNumber).toBe(3)
    plane.job.start({ mode: 'LastOutputEventTime' })
    await vi.waitFor(() => expect(sequenceNumbers(plane.bronze(), 0)).toEqual([0, 3]))
    expect(plane.logged.lines()).toEqual(
      expect.arrayContaining([expect.objectContaining({ partition: 0, events: 2, level: 40 })]),
    )
    expect(plane.job.conditions.input?.message).toContain('2 events of partition 0 expired')
  })

  it('a partition of which all has expired keeps no other from being written, and goes on with its next event', async () => {
    const plane = await withTwoThatExpire()
    plane.send(1, { n: 3 })
    expect(plane.log.properties(0)).toMatchObject({ beginSequenceNumber: 3, lastEnqueuedSequenceNumber: 2 })
    // A turn without end would let no test fail.
    const read = plane.log.read.bind(plane.log)
    let reads = 0
    vi.spyOn(plane.log, 'read').mockImplementation((...args) => {
      if (++reads > 1000) throw new Error('read without end')
      return read(...args)
    })
    plane.job.start({ mode: 'LastOutputEventTime' })
    await vi.waitFor(() => expect(sequenceNumbers(plane.bronze(), 1)).toEqual([0]))
    expect(plane.job.conditions.input?.message).toContain('2 events of partition 0 expired')
    plane.send(0, { n: 4 })
    await vi.waitFor(() => expect(sequenceNumbers(plane.bronze(), 0)).toEqual([0, 3]))
  })

  it('refuses to go on when the hub was removed and bronze was not', async () => {
    const first = await start()
    first.send(0, { n: 0 }, { n: 1 })
    first.job.start({ mode: 'CustomTime', time: 0 })
    await caughtUp(first, 0, 2)
    await closeAll()
    rmSync(join(first.folder, 'hub'), { recursive: true })
    const second = await start({ folder: first.folder })
    second.job.start({ mode: 'LastOutputEventTime' })
    await second.job.settled()
    expect(second.job.state).toBe('Failed')
    expect(second.job.conditions.input?.message).toMatch(/up to sequence number 1, but the event hub/)
  })

  it('leaves no half-written state file behind', async () => {
    const plane = await start()
    plane.job.start({ mode: 'JobStartTime' })
    await running(plane)
    await closeAll()
    expect(readdirSync(join(plane.folder, 'state')).filter((name) => name.endsWith('.new'))).toEqual([])
  })
})
