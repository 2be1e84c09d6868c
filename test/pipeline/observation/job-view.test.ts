import { describe, expect, it } from 'vitest'
import { JobView } from '../../../src/pipeline/observation/job-view.ts'
import type { BronzeSnapshot } from '../../../src/pipeline/ports/lake.ts'
import type { JobMetrics } from '../../../src/pipeline/ports/stages.ts'
import { initialState } from '../../../src/pipeline/state/initial-state.ts'

const { job: nothing, lake } = initialState({
  session: {},
  generator: { stations: 1, intervalMs: 1000, dirty: 0 },
  now: 0,
})
const metrics = (inputEvents: number, outputEvents = inputEvents, at = 0): JobMetrics => ({
  at: new Date(at),
  inputEvents,
  outputEvents,
  deserializationErrors: inputEvents - outputEvents,
  errors: 0,
  totalsSince: undefined,
  watermarkDelaySeconds: 1,
  backloggedInputEvents: 0,
  resourceUtilization: 2,
})
const bronze = (rows: number | undefined, rejected: number | undefined = 0): BronzeSnapshot => ({
  files: 1,
  bytes: 1,
  rows,
  rejected,
  extraRows: 0,
  skipped: 0,
  positions: new Map(),
  newestAt: undefined,
})
const layer = (rowsPerSecond: number | undefined) => ({ ...lake.layers.bronze, rowsPerSecond })

describe('the rates of the job by its metrics', () => {
  it('are not known after one look: that is no rate of 0', () => {
    const view = new JobView(10_000)
    const once = view.slice(nothing, metrics(500), 0, 0, true)
    expect(once).toMatchObject({ inputRate: undefined, outputRate: undefined })
    expect(view.slice(once, metrics(600, 550), 5000, 0, true)).toMatchObject({
      inputRate: 20,
      outputRate: 10,
    })
  })

  it('are not known while the service has no numbers', () => {
    const view = new JobView(10_000)
    view.slice(nothing, metrics(0), 0, 0, true)
    const known = view.slice(nothing, metrics(100), 5000, 0, true)
    expect(view.slice(known, undefined, 10_000, 0, true)).toMatchObject({
      inputRate: undefined,
      outputRate: undefined,
      watermarkDelaySeconds: 1,
    })
  })
})

describe('the gauges of the job', () => {
  const untold = { watermarkDelaySeconds: undefined, backlogged: undefined, resourceUtilization: undefined }
  const told = { watermarkDelaySeconds: 1, backlogged: 0, resourceUtilization: 2 }

  it('are not told of a job that does not work, nor kept as history, while its totals are', () => {
    const view = new JobView(10_000)
    const working = view.slice(nothing, metrics(5, 5, 60_000), 0, 0, true)
    expect(working).toMatchObject({ ...told, watermarkHistory: [1], utilizationHistory: [2] })
    const resting = view.slice(working, metrics(7, 6, 60_000), 2500, 0, false)
    expect(resting).toMatchObject({ ...untold, watermarkHistory: [1], utilizationHistory: [2] })
    expect(resting).toMatchObject({ deserializationErrors: 1, errors: 0 })
  })

  it('are told after a start when a newer minute has been measured: the one before it is of the run before', () => {
    const view = new JobView(10_000)
    const resting = view.slice(nothing, metrics(5, 5, 60_000), 0, 0, false)
    const started = view.slice(resting, metrics(5, 5, 60_000), 2500, 0, true)
    expect(started).toMatchObject({ ...untold, watermarkHistory: [] })
    expect(view.slice(started, metrics(5, 5, 120_000), 5000, 0, true)).toMatchObject(told)
  })
})

describe('the rates of the job by bronze', () => {
  it('count what came in with what was no JSON, and are those of its layer', () => {
    const view = new JobView(10_000)
    const first = view.withBronze(nothing, bronze(100), layer(0), 0)
    expect(first).toMatchObject({ inputRate: undefined, outputRate: undefined })
    expect(view.withBronze(first, bronze(118, 2), layer(9), 2000)).toMatchObject({
      inputRate: 10,
      outputRate: 9,
    })
  })

  it('hold whatever the slower metrics say', () => {
    const view = new JobView(10_000)
    view.withBronze(nothing, bronze(0), layer(undefined), 0)
    const live = view.withBronze(nothing, bronze(20), layer(10), 2000)
    const later = view.slice(live, metrics(20), 2500, 7, true)
    expect(later).toMatchObject({ inputRate: 10, outputRate: 10, watermarkDelaySeconds: 1, metricsAt: 7 })
    expect(view.slice(later, undefined, 7500, 7, true)).toMatchObject({ inputRate: 10, outputRate: 10 })
  })

  it('give way to the metrics where the names of the files do not tell', () => {
    const view = new JobView(10_000)
    view.slice(nothing, metrics(0), 0, 0, true)
    const known = view.slice(nothing, metrics(50), 5000, 0, true)
    expect(view.withBronze(known, bronze(undefined, undefined), layer(undefined), 6000)).toBe(known)
    expect(view.slice(known, metrics(100), 10_000, 0, true).inputRate).toBe(10)
  })
})
