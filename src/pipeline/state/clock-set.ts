/** What the screen's times are after somebody has set the clock. Pure. */
import type { Clock } from '../runtime/clock.ts'
import type { AppState, LayerName, LayerSlice, StageSlice } from './state.ts'

/** All three clocks at one moment. */
export interface ClockReading {
  now: number
  monotonic: number
  sinceBoot: number
}

/** As they stand now. */
export const readClocks = (clock: Omit<Clock, 'after'>): ClockReading => ({
  now: clock.now(),
  monotonic: clock.monotonic(),
  sinceBoot: clock.sinceBoot(),
})

/** Less than this is the clocks' own drift, and the time since the start in whole seconds (ms). */
const SET_BY_MS = 2000

/** By how much somebody has set the clock in between (ms); 0: not at all. A machine that slept has not been set. */
export function setBy(before: ClockReading, after: ClockReading): number {
  const passed = Math.max(after.monotonic - before.monotonic, after.sinceBoot - before.sinceBoot)
  const by = after.now - before.now - passed
  return Math.abs(by) > SET_BY_MS ? by : 0
}

/**
 * The state with the times at which this process saw or did something as the clock has them now: ages stay what they are until
 * the next look. Times that services and tables tell stay as they are told.
 * @param by milliseconds.
 */
export function moved(state: AppState, by: number): AppState {
  const at = (time: number | undefined) => time && time + by
  const seen = <Slice extends { updatedAt: number | undefined }>(slice: Slice): Slice =>
    slice.updatedAt === undefined ? slice : { ...slice, updatedAt: slice.updatedAt + by }
  const stage = (one: StageSlice): StageSlice => ({
    ...seen(one),
    since: at(one.since),
    command: one.command && { ...one.command, startedAt: one.command.startedAt + by },
  })
  const { stages, generator, hub, job, lake, aggregate, session } = state
  return {
    ...state,
    generator: { ...generator, burstUntil: at(generator.burstUntil) },
    stages: mapped(stages, stage),
    hub: seen(hub),
    // Azure's metrics are of its own time.
    job: session.target === 'local' ? { ...job, metricsAt: at(job.metricsAt) } : job,
    lake: { ...lake, layers: mapped<LayerName, LayerSlice>(lake.layers, seen) },
    aggregate: seen(aggregate),
  }
}

const mapped = <Name extends string, Value>(
  values: Readonly<Record<Name, Value>>,
  change: (value: Value) => Value,
): Record<Name, Value> =>
  Object.fromEntries(Object.entries<Value>(values).map(([name, value]) => [name, change(value)])) as Record<
    Name,
    Value
  >
