import { beforeEach, describe, expect, it } from 'vitest'
import { JobMeter } from '../../../src/local/stream-analytics/job-meter.ts'

const MINUTE = 60_000
const start = Date.parse('2026-11-24T02:00:00Z')
let now: number
let meter: JobMeter
beforeEach(() => {
  now = start
  meter = new JobMeter({ now: () => now }, start, { InputEvents: 100 })
})

const gauges = (delay: number) => ({
  OutputWatermarkDelaySeconds: delay,
  InputEventsSourcesBacklogged: 0,
  ResourceUtilization: 0,
  ProcessCPUUsagePercentage: 0,
})

describe('counts', () => {
  it('stand in their minute, the present one included', () => {
    meter.count({ InputEvents: 5 })
    now += MINUTE
    meter.count({ InputEvents: 7 })
    meter.count({ InputEvents: 1 })
    expect(meter.points('InputEvents', start, now, MINUTE)).toMatchObject([
      { start, total: 5 },
      { start: start + MINUTE, total: 8 },
    ])
  })

  it('over the whole span are exact from the job’s creation on, also beyond the minutes that are kept', () => {
    for (let minute = 0; minute < 3000; minute++) {
      meter.count({ InputEvents: 1 })
      now += MINUTE
    }
    const whole = (from: number) => meter.points('InputEvents', from, now, Number.POSITIVE_INFINITY)
    expect(whole(start)).toMatchObject([{ start, total: 3100 }])
    expect(whole(start - 1000 * MINUTE)[0]?.total).toBe(3100)
    expect(whole(now - 10 * MINUTE)[0]?.total).toBe(10)
  })

  it('gather in longer intervals', () => {
    for (let minute = 0; minute < 10; minute++) {
      meter.count({ OutputEvents: minute })
      now += MINUTE
    }
    expect(meter.points('OutputEvents', start, now, 5 * MINUTE)).toMatchObject([{ total: 10 }, { total: 35 }])
  })

  // By an example of the documentation, whose one point of PT1H over 17:27:41 to 18:27:41 is that of 17:27:00.
  it('gather in intervals that begin where the span does, to the minute', () => {
    for (let minute = 0; minute < 120; minute++) {
      meter.count({ OutputEvents: 1 })
      now += MINUTE
    }
    const from = start + 27 * MINUTE + 41_000
    expect(meter.points('OutputEvents', from, from + 60 * MINUTE, 60 * MINUTE)).toMatchObject([
      { start: start + 27 * MINUTE, total: 60 },
    ])
    expect(meter.points('OutputEvents', from, now, 60 * MINUTE)).toMatchObject([{ total: 60 }, { total: 33 }])
  })

  // By a report: one minute's points over 11:05:00 to 11:10:00 are five, and four where it ends at 11:09:59.
  it('stand in one of two spans side by side', () => {
    for (let minute = 0; minute < 60; minute++) {
      meter.count({ InputEvents: 1 })
      now += MINUTE
    }
    const span = (from: number, to: number) =>
      meter.points('InputEvents', start + from * 1000, start + to * 1000, MINUTE).map((point) => point.start)
    expect(span(300, 600)).toHaveLength(5)
    expect(span(300, 599)).toHaveLength(4)
    const both = [...span(270, 390), ...span(390, 510)]
    expect(both).toEqual([4, 5, 6, 7].map((minute) => start + minute * MINUTE))
  })

  it('of the minute that is under way are in a span up to now, and up to a moment ago', () => {
    now += 20_000
    meter.count({ InputEvents: 1 })
    expect(meter.points('InputEvents', start, now, MINUTE)).toHaveLength(1)
    now += MINUTE
    expect(meter.points('InputEvents', start, now - MINUTE, MINUTE)).toHaveLength(1)
  })

  it('are none where the job did nothing', () => {
    expect(meter.points('InputEvents', start, now, MINUTE)).toEqual([])
    meter.count({ InputEvents: 1 })
    now += 10 * MINUTE
    meter.count({ InputEvents: 1 })
    expect(meter.points('InputEvents', start, now, MINUTE)).toHaveLength(2)
  })

  it('have intervals also where there are none, as far back as minutes are kept, and up to now', () => {
    const minutes = (from: number, to: number, interval = MINUTE) =>
      meter.starts(from, to, interval).map((at) => (at - start) / MINUTE)
    expect(minutes(start - 60 * MINUTE, now)).toEqual([])
    meter.count({ InputEvents: 1 })
    now += 4 * MINUTE + 20_000
    meter.count({ InputEvents: 1 })
    expect(minutes(start - 60 * MINUTE, now + 60 * MINUTE)).toEqual([0, 1, 2, 3, 4])
    expect(minutes(start + 2 * MINUTE, start + 4 * MINUTE - 1)).toEqual([2, 3])
    // The one in which the first minute lies begins before it.
    expect(minutes(start - 7 * MINUTE, now, 5 * MINUTE)).toEqual([-2, 3])
    expect(minutes(now - 1e12, now).length).toBe(5)
  })

  it('go on in the present minute when the clock is set back: nothing lies ahead, and the sum stays', () => {
    for (let minute = 0; minute < 3; minute++) {
      meter.count({ InputEvents: 1 })
      meter.sample(gauges(minute))
      now += MINUTE
    }
    now = start - 5 * MINUTE
    meter.count({ InputEvents: 1 })
    expect(meter.points('InputEvents', now - MINUTE, now, MINUTE)).toMatchObject([{ start: now, total: 4 }])
    expect(meter.points('OutputWatermarkDelaySeconds', now - MINUTE, now, MINUTE)).toMatchObject([
      { start: now, average: 2 },
    ])
    now += MINUTE
    meter.count({ InputEvents: 1 })
    expect(meter.points('InputEvents', now - 9 * MINUTE, now, MINUTE).map(({ total }) => total)).toEqual([
      4, 1,
    ])
  })
})

describe('gauges', () => {
  it('of the present minute speak of now, those of minutes that are over of all of it', () => {
    for (const delay of [1, 9, 2]) meter.sample(gauges(delay))
    const [present] = meter.points('OutputWatermarkDelaySeconds', start, now, MINUTE)
    expect(present).toMatchObject({ average: 2, maximum: 9, minimum: 1, count: 3 })
    now += MINUTE
    const [over] = meter.points('OutputWatermarkDelaySeconds', start, now, MINUTE)
    expect(over).toMatchObject({ average: 4, maximum: 9, minimum: 1 })
  })
})
