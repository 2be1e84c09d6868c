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

  it('are none where the job did nothing', () => {
    expect(meter.points('InputEvents', start, now, MINUTE)).toEqual([])
    meter.count({ InputEvents: 1 })
    now += 10 * MINUTE
    meter.count({ InputEvents: 1 })
    expect(meter.points('InputEvents', start, now, MINUTE)).toHaveLength(2)
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
