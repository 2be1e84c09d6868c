import { describe, expect, it } from 'vitest'
import { faultyProducer } from '../../../src/pipeline/faults/sender-faults.ts'
import {
  GeneratorService,
  type GeneratorServiceOptions,
} from '../../../src/pipeline/generator/generator-service.ts'
import { ServiceError } from '../../../src/pipeline/ports/errors.ts'
import type { HubProducer } from '../../../src/pipeline/ports/hub.ts'
import { Log, silentLogger } from '../../../src/pipeline/state/log.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { away, FakeHub, FakeStorage } from '../../support/fake-hub.ts'
import { isGapless, numbersByStation } from '../../support/numbers.ts'

function setUp(options: Partial<GeneratorServiceOptions> = {}, storage = new FakeStorage(), hub?: FakeHub) {
  const clock = new FakeClock()
  const fake = hub ?? new FakeHub(2, () => clock.now())
  const log = new Log(clock, silentLogger)
  const service = new GeneratorService({
    seed: 'service',
    stations: 100,
    intervalMs: 1000,
    dirty: 0,
    bufferLimit: 1000,
    producer: fake.producer(),
    hub: fake.reader(),
    storage: storage.open(),
    newRunId: () => 'run',
    clock,
    log,
    onChange: () => {},
    ...options,
  })
  const lines = () => log.entries.map((entry) => `${entry.level} ${entry.message}`)
  return { service, clock, hub: fake, storage, lines }
}

async function running(options: Partial<GeneratorServiceOptions> = {}) {
  const all = setUp(options)
  await all.service.start()
  await all.clock.until(() => all.service.facts().planned > 0)
  return all
}

function expectGapless(hub: FakeHub): void {
  for (const numbers of numbersByStation(hub).values())
    expect(isGapless(numbers), numbers.join(' ')).toBe(true)
}

describe('the generator as a stage', () => {
  it('sends the planned rate, evenly', async () => {
    const { clock, hub } = await running()
    const before = hub.size
    for (let second = 1; second <= 10; second++) {
      await clock.advance(1000)
      expect(Math.abs(hub.size - before - second * 100)).toBeLessThanOrEqual(12)
    }
  })

  it('slows down when the buffer is full: postpones readings, skips none, and says so', async () => {
    const { service, clock, hub } = await running()
    await clock.advance(2000)
    hub.failure = away()
    await clock.advance(20_000)
    expect(service.facts()).toMatchObject({ backPressure: true, buffered: 1000 })
    expect(await service.status()).toMatchObject({
      state: 'degraded',
      providerStatus: 'waiting for the hub',
      detail: 'Event Hubs does not answer (ECONNREFUSED). 1,000 readings wait, no more are made meanwhile',
    })
    const before = hub.size
    hub.failure = undefined
    await clock.advance(2000)
    expect(service.facts()).toMatchObject({ backPressure: false })
    expect(await service.status()).toMatchObject({ state: 'running' })
    // The thousand that waited, and two seconds' worth: the twenty seconds are not made up for.
    expect(hub.size - before).toBeLessThan(1000 + 220)
    expectGapless(hub)
  })

  it('does not take a blink of the hub for trouble', async () => {
    const { service, clock, hub } = await running()
    hub.failure = away()
    await clock.advance(400)
    expect(await service.status()).toMatchObject({ state: 'running' })
  })

  it('does not make up for a sleep of the machine', async () => {
    const { clock, hub } = await running({ bufferLimit: 100_000 })
    const before = hub.size
    // One timer that fires an hour late.
    ;(clock as unknown as { monotonic: () => number }).monotonic = () => 3_600_000
    await clock.advance(100)
    expect(hub.size - before).toBeLessThanOrEqual(210)
  })

  it('waits at its start for a hub that is away, and says so', async () => {
    const { service, clock, hub } = setUp()
    hub.failure = away()
    await service.start()
    await clock.advance(5000)
    expect(await service.status()).toMatchObject({
      state: 'starting',
      detail: expect.stringContaining('does not answer'),
    })
    hub.failure = undefined
    await clock.advance(1500)
    expect(await service.status()).toMatchObject({ state: 'running', detail: undefined })
  })

  it('opens the way to the hub before it makes readings, and sends without it too', async () => {
    const fake = new FakeHub(2, () => 0)
    const opening = Promise.withResolvers<void>()
    const inner: HubProducer = { ...fake.producer(), open: () => opening.promise }
    // As a session does: the sender's faults stand in between.
    const { service, clock } = setUp({ producer: faultyProducer(inner, () => false) }, undefined, fake)
    await service.start()
    await clock.advance(3000)
    expect(await service.status()).toMatchObject({ state: 'starting' })
    opening.reject(away())
    await clock.until(() => service.facts().planned > 0)
    await clock.advance(1000)
    expect(fake.size).toBeGreaterThan(0)
  })

  it('can be stopped while it waits for the hub', async () => {
    const { service, clock, hub } = setUp()
    hub.failure = away()
    await service.start()
    await clock.advance(2000)
    await service.stop()
    await clock.advance(1000)
    expect(await service.status()).toMatchObject({ state: 'stopped' })
    hub.failure = undefined
    await clock.advance(5000)
    expect(hub.size).toBe(0)
  })

  it('fails when it may not send, keeps what it made, and goes on when started again', async () => {
    const { service, clock, hub, lines } = await running()
    await clock.advance(1000)
    hub.failure = new ServiceError('authorization', 'Event Hubs', 'No permission to send.', {
      hint: 'Assign a role.',
    })
    await clock.advance(1000)
    expect(await service.status()).toMatchObject({
      state: 'failed',
      detail: 'No permission to send. — Assign a role.',
    })
    expect(lines().at(-1)).toBe('error No permission to send. — Assign a role.')
    const { sends } = hub
    await clock.advance(30_000)
    expect(hub.sends).toBe(sends)
    hub.failure = undefined
    await service.start()
    await clock.advance(2000)
    expect(await service.status()).toMatchObject({ state: 'running' })
    expectGapless(hub)
  })

  it('says of what waits when it is stopped that a hub which refuses it gets it at the next start', async () => {
    const { service, clock, hub } = await running()
    hub.failure = away()
    await clock.advance(1000)
    await service.stop()
    hub.failure = new ServiceError('authorization', 'Event Hubs', 'No permission to send.')
    await clock.advance(1000)
    hub.failure = undefined
    await clock.advance(30_000)
    expect(service.facts().buffered).toBeGreaterThan(0)
    expect(await service.status()).toMatchObject({
      state: 'stopped',
      detail: expect.stringMatching(/^\d+ readings wait for the hub, to be sent at the next start$/),
    })
    await service.start()
    await clock.advance(2000)
    expectGapless(hub)
  })

  it('is stopped when the hub has taken what was made', async () => {
    const { service, clock, hub, storage } = await running()
    let release = () => {}
    hub.acknowledging = () => new Promise((resolve) => (release = resolve))
    await clock.advance(500)
    await service.stop()
    await clock.advance(500)
    expect(await service.status()).toMatchObject({ state: 'stopping' })
    hub.acknowledging = async () => {}
    release()
    await clock.advance(500)
    expect(await service.status()).toMatchObject({ state: 'stopped', detail: undefined })
    expect(service.facts()).toMatchObject({ buffered: 0, planned: 0 })
    expect(storage.state?.clean).toBe(true)
    expect(storage.state?.acknowledged).toBe(hub.size)
  })

  it('stops though the hub is away; what waits is sent when it is back', async () => {
    const { service, clock, hub, storage } = await running()
    hub.failure = away()
    await clock.advance(1000)
    await service.stop()
    await clock.advance(11_000)
    expect(await service.status()).toMatchObject({
      state: 'stopped',
      detail: expect.stringMatching(/readings wait for the hub/),
    })
    expect(storage.state?.clean).toBe(false)
    hub.failure = undefined
    await clock.advance(2000)
    expect(service.facts().buffered).toBe(0)
    expect(await service.status()).toMatchObject({ state: 'stopped', detail: undefined })
    expect(storage.state?.clean).toBe(true)
    expectGapless(hub)
  })

  it('runs on when it is started again while it stops', async () => {
    const { service, clock, hub } = await running()
    hub.failure = away()
    await clock.advance(300)
    await service.stop()
    await clock.advance(300)
    await service.start()
    hub.failure = undefined
    await clock.advance(3000)
    expect(await service.status()).toMatchObject({ state: 'running' })
    expectGapless(hub)
  })

  it('saves about once a second, and only when something was acknowledged', async () => {
    const { service, clock, storage } = await running()
    const before = storage.saves
    await clock.advance(10_000)
    expect(storage.saves - before).toBeGreaterThanOrEqual(8)
    expect(storage.saves - before).toBeLessThanOrEqual(11)
    await service.stop()
    await clock.advance(2000)
    const after = storage.saves
    await clock.advance(60_000)
    expect(storage.saves).toBe(after)
  })

  it('saves less often while few readings are acknowledged: what a crash leaves is read back', async () => {
    const { clock, storage } = await running({ intervalMs: 10_000 })
    const before = storage.saves
    await clock.advance(20_000)
    expect(storage.saves - before).toBeGreaterThanOrEqual(3)
    expect(storage.saves - before).toBeLessThanOrEqual(4)
  })

  it('sends few readings once a second, as many in each, however the seconds are looked at', async () => {
    const { service, clock, hub } = await running({ intervalMs: 10_000 })
    await clock.advance(5000 - (clock.monotonic() % 1000))
    const seconds: number[] = []
    const { sends } = hub
    for (let second = 0; second < 20; second++) {
      const before = service.facts().acknowledged
      await clock.advance(1000)
      seconds.push(service.facts().acknowledged - before)
    }
    expect(Math.min(...seconds)).toBeGreaterThanOrEqual(9)
    expect(Math.max(...seconds)).toBeLessThanOrEqual(11)
    expect(hub.sends - sends).toBe(20)
    expectGapless(hub)
  })

  it('does not bunch the readings of stations that report more often than that', async () => {
    const { clock, hub } = await running({ stations: 1, intervalMs: 100 })
    const { sends } = hub
    await clock.advance(2000)
    expect(hub.sends - sends).toBeGreaterThanOrEqual(19)
  })

  it('keeps to a new number of stations, and to a burst, from the key on', async () => {
    const { service, clock, hub } = await running({ stations: 10 })
    await clock.advance(5000 - (clock.monotonic() % 1000) + 600)
    service.setStations(500)
    const before = hub.size
    await clock.advance(600)
    expect(hub.size - before).toBeGreaterThan(200)
    expect(hub.size - before).toBeLessThan(350)
    service.setStations(10)
    await clock.advance(2000)
    service.burst(10, 3300)
    const calm = hub.size
    await clock.advance(10_000)
    // 100 a second for 3.3 seconds, then 10.
    expect(Math.abs(hub.size - calm - (330 + 67))).toBeLessThanOrEqual(15)
    expectGapless(hub)
  })

  it('goes on though its numbers cannot be saved, and says so once', async () => {
    const { service, clock, hub, storage, lines } = await running()
    storage.failure = new Error('no space left on device')
    await clock.advance(5000)
    const complaint = 'warn Its numbers could not be saved: no space left on device'
    expect(lines().filter((line) => line === complaint)).toHaveLength(1)
    expect(await service.status()).toMatchObject({ state: 'running' })
    storage.failure = undefined
    await clock.advance(2000)
    expect(lines()).toContain('info Its numbers are saved again.')
    expectGapless(hub)
  })

  it('goes on behind what the hub holds when its state is lost, and says so', async () => {
    const { service, clock, hub } = await running()
    await clock.advance(3000)
    await service.stop()
    await clock.advance(1000)
    const again = setUp({}, new FakeStorage(), hub)
    await again.service.start()
    await again.clock.advance(3000)
    expectGapless(hub)
    expect(again.lines()).toContainEqual(expect.stringMatching(/^warn The state of the generator is missing/))
  })

  it('has an baseline of what the hub held, or should have held', async () => {
    const hub = new FakeHub(2)
    for (let index = 0; index < 7; index++) hub.append({ body: Buffer.from('{}'), partitionKey: `k${index}` })
    const fresh = setUp({}, new FakeStorage(), hub)
    expect(fresh.service.acknowledgedInAll).toBeUndefined()
    await fresh.service.sawPartitions(await hub.reader().partitions())
    expect(fresh.service.acknowledgedInAll).toBe(7)

    const storage = new FakeStorage()
    const state = { run: 'run', clean: true, positions: {}, numbers: new Float64Array(0) }
    storage.state = { ...state, acknowledged: 12 }
    const lossy = setUp({}, storage, hub)
    await lossy.service.sawPartitions(await hub.reader().partitions())
    expect(lossy.service.acknowledgedInAll).toBe(12)

    const renewed = setUp({}, storage, new FakeHub(2))
    await renewed.service.sawPartitions(await renewed.hub.reader().partitions())
    expect(renewed.service.acknowledgedInAll).toBe(0)
    expect(renewed.lines()).toContainEqual(expect.stringMatching(/^warn The hub is empty/))
  })
})
