import { describe, expect, it } from 'vitest'
import { StationSchedule } from '../../../src/pipeline/generator/schedule.ts'

/** Stations reported in each of `ticks` equal parts of one round. */
function round(schedule: StationSchedule, ticks: number): number[][] {
  return Array.from({ length: ticks }, () => {
    const reported: number[] = []
    schedule.advance(1 / ticks, (station) => reported.push(station) > 0)
    return reported
  })
}

const sorted = (stations: readonly number[]) => stations.toSorted((a, b) => a - b)
const upTo = (count: number) => Array.from({ length: count }, (_, station) => station)

describe('the schedule of stations', () => {
  it.each([1, 2, 3, 7, 100, 1000, 4096])('lets each of %i stations report once per interval', (count) => {
    const schedule = new StationSchedule(count, 0.37)
    for (let turn = 0; turn < 3; turn++) expect(sorted(round(schedule, 10).flat())).toEqual(upTo(count))
  })

  it.each([100, 1000, 5000])('spreads %i stations evenly over the interval', (count) => {
    const loads = round(new StationSchedule(count, 0.1), 50).map((reported) => reported.length)
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(4)
  })

  it('passes over several rounds in one step', () => {
    const reported: number[] = []
    new StationSchedule(4).advance(2.5, (station) => reported.push(station) > 0)
    expect(reported).toHaveLength(10)
  })

  it('neither skips nor repeats a station when others come and go', () => {
    const schedule = new StationSchedule(50)
    const seen = new Map<number, number>()
    let now = 0
    const gaps: number[] = []
    for (let step = 0; step < 2000; step++) {
      if (step % 170 === 100) schedule.resize([50, 100, 400, 77][Math.floor(step / 170) % 4] as number)
      schedule.advance(0.01, (station) => {
        const last = seen.get(station)
        if (last !== undefined && station < 50) gaps.push(now - last)
        seen.set(station, now)
        return true
      })
      now++
    }
    expect(Math.max(...gaps)).toBeLessThanOrEqual(101)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(99)
  })

  it('stands still when there is no room, and goes on with the station that had to wait', () => {
    const free = new StationSchedule(30)
    const expected: number[] = []
    free.advance(2, (station) => expected.push(station) > 0)
    const held = new StationSchedule(30)
    const reported: number[] = []
    for (let step = 0; step < 40; step++) {
      let room = step % 3
      const isWhole = held.advance(0.1, (station) => {
        if (room-- <= 0) return false
        reported.push(station)
        return true
      })
      if (step % 3 === 0 && step > 0) expect(isWhole).toBe(false)
      if (step === 20) held.resize(30)
    }
    expect(reported).toEqual(expected.slice(0, reported.length))
    expect(reported.length).toBeGreaterThan(30)
  })
})
