/** The generator killed at every single one of its dealings with hub and disk: no reading lost, none twice. */
import { describe, expect, it } from 'vitest'
import { GeneratorService } from '../../../src/pipeline/generator/generator-service.ts'
import { pause } from '../../../src/pipeline/runtime/clock.ts'
import { Log, silentLogger } from '../../../src/pipeline/state/log.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeHub, FakeStorage, Life } from '../../support/fake-hub.ts'
import { isGapless, numbersByStation } from '../../support/numbers.ts'

/** Long enough for forty dealings with hub and disk, at half a second from one look at what is due to the next (ms). */
const WHOLE_MS = 5500

const STATIONS = 5

function birth(hub: FakeHub, storage: FakeStorage, life: Life, dirty: number) {
  // Each life has its own clock: the timers of a dead process never fire again.
  const clock = new FakeClock()
  const reader = hub.reader(life)
  const service = new GeneratorService({
    seed: 'crash',
    stations: STATIONS,
    intervalMs: 300,
    dirty,
    producer: hub.producer(life),
    hub: reader,
    storage: storage.open(life),
    newRunId: () => 'run',
    clock,
    log: new Log(clock, silentLogger),
    onChange: () => {},
  })
  /** The session's poll of the hub, once a second. */
  const watch = () =>
    clock.after(1000, () => {
      void reader.partitions().then((partitions) => service.sawPartitions(partitions))
      watch()
    })
  watch()
  return { service, clock }
}

async function live(
  hub: FakeHub,
  storage: FakeStorage,
  life: Life,
  dirty = 0,
  ms = 3000,
  acknowledgeAfterMs = 0,
): Promise<void> {
  const { service, clock } = birth(hub, storage, life, dirty)
  hub.acknowledging = () => pause(clock, acknowledgeAfterMs)
  await service.start()
  for (let elapsed = 0; elapsed < ms && !life.isOver; elapsed += 100) await clock.advance(100)
  if (life.isOver) return
  await service.stop()
  await clock.advance(200 + 2 * acknowledgeAfterMs)
  let isClosed = false
  void service.close().then(() => {
    isClosed = true
  })
  await clock.until(() => isClosed || life.isOver)
}

function expectGapless(hub: FakeHub): void {
  const byStation = numbersByStation(hub)
  expect(byStation.size).toBe(STATIONS)
  for (const [station, numbers] of byStation)
    expect(isGapless(numbers), `station ${station}: ${numbers.join(' ')}`).toBe(true)
}

describe('a generator that is killed', () => {
  it('goes on exactly, wherever it was killed', async () => {
    const whole = new Life()
    await live(new FakeHub(2), new FakeStorage(), whole, 0, WHOLE_MS)
    expect(whole.passed).toBeGreaterThan(40)
    for (let point = 0; point <= whole.passed; point++) {
      const hub = new FakeHub(2)
      const storage = new FakeStorage()
      const life = new Life(point)
      await live(hub, storage, life, 0, WHOLE_MS)
      const before = hub.size
      await live(hub, storage, new Life(), 0, 800)
      expect(hub.size).toBeGreaterThan(before)
      expectGapless(hub)
    }
  })

  it('goes on exactly, wherever it was killed after an orderly stop', async () => {
    for (let point = 0; point <= 40; point++) {
      const hub = new FakeHub(2)
      const storage = new FakeStorage()
      await live(hub, storage, new Life(), 0, 1500)
      await live(hub, storage, new Life(point))
      await live(hub, storage, new Life(), 0, 800)
      expectGapless(hub)
    }
  })

  it('goes on exactly when it is killed again and again, also while it recovers', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const hub = new FakeHub(3)
      const storage = new FakeStorage()
      for (let life = 0; life < 8; life++) await live(hub, storage, new Life((seed * 37 + life * 53) % 71))
      await live(hub, storage, new Life())
      expectGapless(hub)
    }
  })

  it('goes on exactly when the hub is seen to hold what it has not yet acknowledged', async () => {
    for (let point = 0; point <= 50; point++) {
      const hub = new FakeHub(2)
      const storage = new FakeStorage()
      await live(hub, storage, new Life(point), 0, 6000, 1700)
      await live(hub, storage, new Life(), 0, 1000)
      expectGapless(hub)
    }
  })

  it('makes what did not reach the hub again with the same ids', async () => {
    const hub = new FakeHub(1)
    const storage = new FakeStorage()
    await live(hub, storage, new Life(14))
    await live(hub, storage, new Life(31))
    await live(hub, storage, new Life())
    const once = new FakeHub(1)
    await live(once, new FakeStorage(), new Life(), 0, 9000)
    const ids = (bodies: string[]) => bodies.map((body) => JSON.parse(body).eventId as string)
    const reference = new Set(ids(once.bodies))
    expect(ids(hub.bodies).every((id) => reference.has(id))).toBe(true)
    expect(new Set(ids(hub.bodies)).size).toBe(hub.size)
  })

  it('counts corrupted readings in their place', async () => {
    for (const point of [9, 17, 26, 38, 51]) {
      const hub = new FakeHub(2)
      const storage = new FakeStorage()
      await live(hub, storage, new Life(point), 1)
      await live(hub, storage, new Life(), 1)
      for (const numbers of numbersByStation(hub).values()) {
        // Copies of earlier readings stand between; without them every number comes once and in order.
        const first = numbers.filter((number, index) => numbers.indexOf(number) === index)
        expect(isGapless(first), numbers.join(' ')).toBe(true)
      }
    }
  })
})
