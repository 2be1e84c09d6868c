import { describe, expect, it } from 'vitest'
import { eventIds } from '../../../src/pipeline/generator/event-id.ts'
import type { GeneratorState } from '../../../src/pipeline/generator/generator-state.ts'
import {
  READ_BACK_LIMIT,
  recoverSequences,
  StationNumbers,
} from '../../../src/pipeline/generator/sequence-recovery.ts'
import { deviceIdOf } from '../../../src/pipeline/generator/stations.ts'
import { MAX_STATIONS } from '../../../src/pipeline/state/actions.ts'
import { FakeHub } from '../../support/fake-hub.ts'

const SEED = 'seed'
const RUN = 'run'

function put(hub: FakeHub, station: number, number: number, eventId: string | null = null): void {
  const id = eventId ?? eventIds(SEED, RUN)(station, number)
  const deviceId = deviceIdOf(station)
  const body = `${id ? `{"eventId":"${id}",` : '{'}"deviceId":"${deviceId}","deviceSequenceNumber":${number},"city":"Oslo"}`
  hub.append({ body: Buffer.from(body), partitionKey: deviceId })
}

const saved = (changes: Partial<GeneratorState> = {}): GeneratorState => ({
  run: RUN,
  clean: false,
  acknowledged: 0,
  positions: {},
  numbers: Float64Array.of(3, 5),
  ...changes,
})

const recover = (state: GeneratorState | undefined, hub: FakeHub) =>
  recoverSequences(state, hub.reader(), { seed: SEED, newRunId: () => 'new run' })

describe('finding the numbers again', () => {
  it('takes the saved ones after an orderly stop, and reads nothing', async () => {
    const hub = new FakeHub(1)
    put(hub, 0, 3)
    const recovered = await recover(saved({ clean: true }), hub)
    expect([...recovered.numbers.snapshot()]).toEqual([3, 5])
    expect(recovered).toMatchObject({ run: RUN, found: 0, warning: undefined, positions: { 0: 0 } })
  })

  it('counts after a crash what the hub had taken meanwhile', async () => {
    const hub = new FakeHub(1)
    for (const number of [3, 4, 5]) put(hub, 0, number)
    put(hub, 7, 0)
    const { numbers, found } = await recover(saved(), hub)
    expect([numbers.next(0), numbers.next(1), numbers.next(7)]).toEqual([6, 5, 1])
    expect(found).toBe(4)
  })

  it('knows its own from those of other clients who use its names', async () => {
    const hub = new FakeHub(1)
    put(hub, 0, 3, '00000000-0000-4000-8000-000000000000')
    put(hub, 0, 900, '')
    put(hub, 1, 99_999_999, 'abc')
    hub.append({ body: Buffer.from('not JSON at all'), partitionKey: 'x' })
    hub.append({ body: Buffer.from('{"deviceId":"sensor","deviceSequenceNumber":4}'), partitionKey: 'x' })
    const { numbers, found } = await recover(saved(), hub)
    expect([numbers.next(0), numbers.next(1)]).toEqual([3, 5])
    expect(found).toBe(0)
  })

  it('passes over a station number beyond the most that there can be: it would cost memory', async () => {
    const hub = new FakeHub(1)
    put(hub, MAX_STATIONS, 0)
    put(hub, 2_000_000_000, 0)
    put(hub, MAX_STATIONS - 1, 0)
    const { numbers, found } = await recover(undefined, hub)
    expect(found).toBe(1)
    expect(numbers.snapshot().length).toBeLessThanOrEqual(MAX_STATIONS)
  })

  it('takes a corrupted reading without id for its own when it is the very next', async () => {
    const hub = new FakeHub(1)
    put(hub, 0, 3, '')
    hub.append({ body: Buffer.from('station-00000;4;21 C'), partitionKey: 'station-00000' })
    expect((await recover(saved(), hub)).numbers.next(0)).toBe(5)
  })

  it('goes by the highest numbers in the hub when no state is left, and says so', async () => {
    const hub = new FakeHub(1)
    for (const number of [40, 41, 42]) put(hub, 0, number)
    const { numbers, run, warning } = await recover(undefined, hub)
    expect(numbers.next(0)).toBe(43)
    expect(run).toBe('new run')
    expect(warning).toMatch(/state of the generator is missing/)
  })

  it('begins in peace on a new folder', async () => {
    expect(await recover(undefined, new FakeHub(2))).toMatchObject({ found: 0, warning: undefined })
  })

  it('says when events expired before they could be read back', async () => {
    const hub = new FakeHub(1)
    for (let number = 3; number < 9; number++) put(hub, 0, number)
    hub.expired[0] = 4
    const { numbers, warning } = await recover(saved({ positions: { 0: -1 } }), hub)
    expect(numbers.next(0)).toBe(9)
    expect(warning).toMatch(/4 events expired/)
  })

  it('reads a hub that was made anew from its beginning', async () => {
    const hub = new FakeHub(1)
    put(hub, 0, 3)
    const { numbers, warning } = await recover(saved({ positions: { 0: 5000 } }), hub)
    expect(numbers.next(0)).toBe(4)
    expect(warning).toBeUndefined()
  })

  it('reads back no more than its bound when it knows no beginning', async () => {
    const asked: number[] = []
    const last = READ_BACK_LIMIT * 3
    const { warning } = await recoverSequences(
      undefined,
      {
        partitions: async () => [
          {
            id: '0',
            beginningSequenceNumber: 10,
            lastEnqueuedSequenceNumber: last,
            lastEnqueuedAt: undefined,
            isEmpty: false,
          },
        ],
        async *readAfter(positions) {
          asked.push(positions.get('0') ?? -2)
          yield [
            {
              partitionId: '0',
              sequenceNumber: last,
              enqueuedAt: new Date(0),
              body: Buffer.from('{"deviceId":"station-00000","deviceSequenceNumber":4,"city":""}'),
            },
          ]
        },
        close: async () => {},
      },
      { seed: SEED, newRunId: () => 'new run' },
    )
    expect(asked).toEqual([last - READ_BACK_LIMIT])
    expect(warning).toMatch(/begin at 0\. [\d,]+ older events were not looked at\.$/)
  })

  it('without a state, and with none of its readings among those looked at, says that older ones may have been its own', async () => {
    const last = 2 * READ_BACK_LIMIT
    const { found, warning } = await recoverSequences(
      undefined,
      {
        partitions: async () => [
          {
            id: '0',
            beginningSequenceNumber: last - READ_BACK_LIMIT,
            lastEnqueuedSequenceNumber: last,
            lastEnqueuedAt: undefined,
            isEmpty: false,
          },
        ],
        async *readAfter() {},
        close: async () => {},
      },
      { seed: SEED, newRunId: () => 'new run' },
    )
    expect(found).toBe(0)
    expect(warning).toMatch(/^The state of the generator is missing: .* 1 older event was not looked at\.$/)
  })
})

it('a lower number never sets a station back', () => {
  const numbers = new StationNumbers()
  numbers.take(3, 7)
  numbers.take(3, 2)
  expect(numbers.next(3)).toBe(8)
})
