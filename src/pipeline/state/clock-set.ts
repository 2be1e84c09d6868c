/** What the screen's times are after somebody has set the clock. Pure. */
import type { Clock } from '../runtime/clock.ts'
import type { AppState, LayerName, LayerSlice, StageSlice } from './state.ts'

/** Less than this is the clocks' own drift, and the time since the start in whole seconds (ms). */
const SET_BY_MS = 2000

/** Looks at the clocks, and tells when somebody has set the wall clock. */
export class ClockWatch {
  readonly #clock: Omit<Clock, 'after'>
  #monotonic: number
  /** How long the machine has slept since it was started (ms). */
  #asleep: number
  /** Epoch milliseconds, as of the newest look. */
  now: number

  constructor(clock: Omit<Clock, 'after'>) {
    this.#clock = clock
    this.now = clock.now()
    this.#monotonic = clock.monotonic()
    this.#asleep = clock.sinceBoot() - this.#monotonic
  }

  /** By how much somebody has set the clock since the look before (ms); 0: not at all. A machine that slept has not been set. */
  look(): number {
    const [now, monotonic] = [this.#clock.now(), this.#clock.monotonic()]
    const ahead = now - this.now - (monotonic - this.#monotonic)
    this.now = now
    this.#monotonic = monotonic
    if (Math.abs(ahead) <= SET_BY_MS) return 0
    // Asked only now: the system reads a file for it, and the state changes often.
    const asleep = this.#clock.sinceBoot() - monotonic
    const by = ahead - (asleep - this.#asleep)
    this.#asleep = asleep
    return Math.abs(by) > SET_BY_MS ? by : 0
  }
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
