import { describe, expect, it } from 'vitest'
import { pushBounded, RateMeter, SecondSeries } from '../../../src/pipeline/runtime/rates.ts'

describe('a rate', () => {
  it('is nothing without two looks', () => {
    const meter = new RateMeter()
    expect(meter.rate).toBe(0)
    meter.observe(5000, 0)
    expect(meter.rate).toBe(0)
  })

  it('is exact for an even stream', () => {
    const meter = new RateMeter()
    for (let second = 0; second < 30; second++) meter.observe(7000 + second * 120, second * 1000)
    expect(meter.rate).toBeCloseTo(120)
  })

  it('is calm though batches and looks do not keep step', () => {
    const meter = new RateMeter()
    const rates: number[] = []
    // A batch of 1,150 every 1.15 s, looked at once a second.
    for (let second = 0; second < 60; second++) {
      meter.observe(Math.floor((second * 1000) / 1150) * 1150, second * 1000)
      if (second > 6) rates.push(meter.rate)
    }
    expect(Math.min(...rates)).toBeGreaterThan(780)
    expect(Math.max(...rates)).toBeLessThan(1220)
  })

  it('follows a burst within its span, and comes to rest', () => {
    const meter = new RateMeter()
    let count = 0
    const observe = (perSecond: number, from: number, seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        count += perSecond
        meter.observe(count, (from + second) * 1000)
      }
    }
    observe(100, 0, 20)
    observe(1000, 20, 6)
    expect(meter.rate).toBeCloseTo(1000)
    observe(0, 26, 6)
    expect(meter.rate).toBe(0)
  })

  it('begins anew when a counter falls', () => {
    const meter = new RateMeter()
    meter.observe(1000, 0)
    meter.observe(1100, 1000)
    meter.observe(10, 2000)
    expect(meter.rate).toBe(0)
    meter.observe(60, 3000)
    expect(meter.rate).toBe(50)
  })

  it('keeps no more than its span needs', () => {
    const meter = new RateMeter(5000)
    for (let index = 0; index < 100_000; index++) meter.observe(index, index * 1000)
    expect(meter.rate).toBeCloseTo(1)
  })
})

describe('a series of seconds', () => {
  it('holds what each second gained', () => {
    const series = new SecondSeries()
    for (const [count, at] of [
      [100, 0],
      [110, 1000],
      [130, 2000],
      [130, 3000],
    ] as const)
      series.observe(count, at)
    expect(series.values).toEqual([10, 20, 0])
  })

  it('fills a gap evenly', () => {
    const series = new SecondSeries()
    series.observe(0, 0)
    series.observe(10, 1000)
    series.observe(70, 4000)
    expect(series.values).toEqual([10, 20, 20, 20])
  })

  it('makes no spike of a look that comes late', () => {
    const series = new SecondSeries()
    // 100 a second, looked at in time, late by almost a second, and twice at once.
    for (const at of [0, 1002, 2950, 3001, 3004, 4900, 5000, 6001, 7999, 9000])
      series.observe(Math.floor(at / 10), at)
    expect(series.values).toHaveLength(9)
    for (const value of series.values) expect(Math.abs(value - 100)).toBeLessThan(1)
  })

  it('begins with the first gain', () => {
    const series = new SecondSeries()
    for (let second = 0; second < 100; second++) series.observe(7, second * 1000)
    expect(series.values).toEqual([])
  })

  it('is bounded', () => {
    const series = new SecondSeries()
    for (let second = 0; second < 5000; second++) series.observe(second, second * 1000)
    expect(series.values).toHaveLength(3600)
    series.observe(1e6, 1e9)
    expect(series.values).toHaveLength(3600)
  })
})

it('pushes into bounded lists without changing them', () => {
  const before = [1, 2, 3]
  expect(pushBounded(before, 4, 3)).toEqual([2, 3, 4])
  expect(pushBounded(before, 4, 9)).toEqual([1, 2, 3, 4])
  expect(before).toEqual([1, 2, 3])
})
