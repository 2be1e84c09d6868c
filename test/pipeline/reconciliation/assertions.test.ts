import { describe, expect, it } from 'vitest'
import type { ArrivedRow } from '../../../src/pipeline/ports/lake.ts'
import { Assertions } from '../../../src/pipeline/reconciliation/assertions.ts'

const row = (changes: Partial<ArrivedRow> = {}): ArrivedRow => ({
  eventId: 'a',
  deviceId: 'station-00001',
  deviceSequenceNumber: 0,
  city: 'Oslo',
  temperature: 3,
  humidity: 70,
  timestamp: null,
  createdAt: 0,
  enqueuedAt: 0,
  committedAt: 1000,
  ...changes,
})
const numbers = (...all: number[]) =>
  all.map((deviceSequenceNumber, index) =>
    row({ eventId: `${index}`, deviceSequenceNumber, enqueuedAt: index }),
  )

describe('the assertions', () => {
  it('assume nothing before there is data', () => {
    const { percentiles, ...slice } = new Assertions().slice(undefined, 0)
    expect(percentiles).toBeUndefined()
    for (const { value, holds } of Object.values(slice))
      expect([value, holds]).toEqual([undefined, undefined])
  })

  it('measure the rate against the plan, over the last minute', () => {
    const assertions = new Assertions()
    for (let second = 0; second <= 5; second++) assertions.observeRate(100, second * 95, second * 1000)
    expect(assertions.slice(0, 0).rate).toEqual({
      value: 95,
      expectation: '≥ 90 % of 100/s',
      holds: undefined,
    })
    for (let second = 6; second <= 300; second++) assertions.observeRate(100, second * 95, second * 1000)
    expect(assertions.slice(0, 0).rate).toMatchObject({ value: 95, holds: true })
    for (let second = 301; second <= 361; second++)
      assertions.observeRate(100, 300 * 95 + (second - 300) * 60, second * 1000)
    expect(assertions.slice(0, 0).rate).toMatchObject({ value: 60, holds: false })
  })

  it.each([
    ['one station, every 10 s', 10],
    ['one station, every 25 s', 25],
    ['one station, every two minutes', 120],
    ['one station, every hour', 3600],
  ])('say nothing false of few readings that all come: %s', (_name, every) => {
    const assertions = new Assertions()
    for (let second = 0; second <= 300; second++) {
      assertions.observeRate(1 / every, Math.floor(second / every), second * 1000)
      expect(assertions.slice(0, 0).rate.holds).not.toBe(false)
    }
    expect(assertions.slice(0, 0).rate.holds).toBe(every < 60 ? true : undefined)
    expect(assertions.slice(0, 0).rate.expectation).not.toBe('≥ 90 % of 0/s')
  })

  it('miss a few readings that do not come', () => {
    const assertions = new Assertions()
    for (let second = 0; second <= 60; second++) assertions.observeRate(0.1, 0, second * 1000)
    expect(assertions.slice(0, 0).rate).toEqual({
      value: 0,
      expectation: '≥ 90 % of 0.1/s',
      holds: false,
    })
  })

  it('begin a new measurement with a new plan, and keep the last one when nothing is planned', () => {
    const assertions = new Assertions()
    for (let second = 0; second <= 20; second++) assertions.observeRate(100, second * 100, second * 1000)
    for (let second = 20; second <= 40; second++)
      assertions.observeRate(200, 2000 + (second - 20) * 200, second * 1000)
    expect(assertions.slice(0, 0).rate).toEqual({ value: 200, expectation: '≥ 90 % of 200/s', holds: true })
    assertions.observeRate(0, 9999, 50_000)
    expect(assertions.slice(0, 0).rate).toMatchObject({ value: 200 })
  })

  it('measure the latency of the last minute, its 95th percentile', () => {
    const assertions = new Assertions()
    const rows = Array.from({ length: 100 }, (_, index) =>
      row({ createdAt: 0, committedAt: 60_000 - (99 - index) }),
    )
    assertions.addGold(rows)
    assertions.addGold([row({ createdAt: null, committedAt: 60_000 })])
    expect(assertions.slice(0, 60_500).latencyP95).toEqual({
      value: 59_995,
      expectation: '≤ 15 s, last 60 s',
      holds: false,
    })
    assertions.addGold([row({ createdAt: 180_000, committedAt: 182_000 })])
    expect(assertions.slice(0, 182_500).latencyP95).toMatchObject({ value: 2000, holds: true })
    expect(assertions.slice(0, 999_000).latencyP95).toMatchObject({ value: undefined, holds: undefined })
  })

  it('find what a person would call one reading, also in a later batch', () => {
    const assertions = new Assertions()
    const derived = '00000000-0000-3000-8000-00000000000'
    const bare = (id: string, changes: Partial<ArrivedRow> = {}) =>
      row({ eventId: id, deviceId: null, deviceSequenceNumber: null, ...changes })
    assertions.addSilver([
      row({ eventId: 'a' }),
      row({ eventId: 'b' }),
      row({ eventId: 'c', deviceSequenceNumber: 1 }),
      bare('mine'),
      bare('another with the same content'),
      bare(`${derived}1`),
      bare(`${derived}2`, { timestamp: 1 }),
    ])
    expect(assertions.slice(0, 0).duplicates.value).toBe(1)
    assertions.addSilver([
      row({ eventId: 'd', deviceSequenceNumber: 1 }),
      bare('mine'),
      bare(`${derived}3`),
      bare(null as never),
      bare(`${derived}4`, { enqueuedAt: 600_000 }),
    ])
    expect(assertions.slice(0, 0).duplicates).toEqual({
      value: 5,
      expectation: 'none in silver',
      holds: false,
    })
  })

  it('know a hundred thousand ids apart, in bounded memory', () => {
    const assertions = new Assertions()
    const batch = (from: number) =>
      Array.from({ length: 1000 }, (_, index) => row({ eventId: `id ${from + index}`, deviceId: null }))
    for (let from = 0; from < 300_000; from += 1000) assertions.addSilver(batch(from))
    expect(assertions.slice(0, 0).duplicates.value).toBe(0)
    assertions.addSilver(batch(299_000))
    expect(assertions.slice(0, 0).duplicates.value).toBe(1000)
  })

  it('find a reading that came behind a later one of its station', () => {
    const assertions = new Assertions()
    assertions.addSilver(numbers(0, 1, 5, 3, 6))
    assertions.addSilver([
      row({ eventId: 'other', deviceId: 'station-00002', deviceSequenceNumber: 2, enqueuedAt: 9 }),
    ])
    expect(assertions.slice(0, 0).outOfSequence).toMatchObject({ value: 1, holds: false })
  })

  it('go by the order of the hub, not by that of rows within a batch', () => {
    const assertions = new Assertions()
    assertions.addSilver(numbers(0, 1, 2, 3).toReversed())
    expect(assertions.slice(0, 0).outOfSequence).toMatchObject({ value: 0, holds: true })
  })

  it('go by it across batches too: one that was read late was not taken late', () => {
    const assertions = new Assertions()
    const [zero, one, two, three] = numbers(0, 1, 3, 4)
    assertions.addSilver([zero, two] as ArrivedRow[])
    assertions.addSilver([one, three] as ArrivedRow[])
    expect(assertions.slice(0, 0).outOfSequence).toMatchObject({ value: 0, holds: true })
    // Taken by the hub after its successors, and before its predecessors.
    assertions.addSilver([row({ eventId: 'late', deviceSequenceNumber: 2, enqueuedAt: 9 })])
    assertions.addSilver([row({ eventId: 'early', deviceSequenceNumber: 5, enqueuedAt: 2 })])
    expect(assertions.slice(0, 0).outOfSequence).toMatchObject({ value: 2, holds: false })
  })

  it('take missing readings from the ledger', () => {
    expect(new Assertions().slice(0, 0).missing).toMatchObject({ value: 0, holds: true })
    expect(new Assertions().slice(7, 0).missing).toMatchObject({ value: 7, holds: false })
  })
})

describe('the limits', () => {
  const rateAt = (share: number) => {
    const assertions = new Assertions()
    for (let second = 0; second <= 20; second++)
      assertions.observeRate(100, second * 100 * share, second * 1000)
    return assertions.slice(0, 0).rate
  }
  const p95At = (latencyMs: number) => {
    const assertions = new Assertions()
    assertions.addGold([row({ createdAt: 0, committedAt: latencyMs })])
    return assertions.slice(0, latencyMs).latencyP95
  }

  it('are those that their texts name', () => {
    expect(rateAt(0.9)).toMatchObject({ expectation: '≥ 90 % of 100/s', holds: true })
    expect(rateAt(0.89)).toMatchObject({ holds: false })
    expect(p95At(15_000)).toMatchObject({ expectation: '≤ 15 s, last 60 s', holds: true })
    expect(p95At(15_001)).toMatchObject({ holds: false })
  })

  it('write large rates as people read them', () => {
    const assertions = new Assertions()
    for (const at of [0, 20_000]) assertions.observeRate(200_000, at * 100, at)
    expect(assertions.slice(0, 0).rate.expectation).toBe('≥ 90 % of 200,000/s')
  })

  it('leave old latencies out', () => {
    const assertions = new Assertions()
    assertions.addGold([row({ createdAt: 0, committedAt: 50_000 })])
    expect(assertions.slice(0, 111_000).latencyP95.value).toBeUndefined()
  })

  it('bound the stations that are remembered, those longest unseen first', () => {
    const assertions = new Assertions()
    const station = (index: number, number: number, enqueuedAt: number) =>
      row({ eventId: null, deviceId: `s${index}`, deviceSequenceNumber: number, enqueuedAt })
    assertions.addSilver(Array.from({ length: 200_001 }, (_, index) => station(index, 5, index)))
    // The first one was forgotten, so a lower number of it is no news; the second one's is.
    assertions.addSilver([station(0, 1, 1e6)])
    expect(assertions.slice(0, 0).outOfSequence.value).toBe(0)
    assertions.addSilver([station(2, 1, 1e6)])
    expect(assertions.slice(0, 0).outOfSequence.value).toBe(1)
  })
})
