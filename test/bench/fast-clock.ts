/**
 * Loaded before the program (`node --import`), in its threads too: time runs RTSTREAM_BENCH_FACTOR times as fast until
 * RTSTREAM_BENCH_SPAN milliseconds of it have come to the present, and as usual from there on. What waits for real work still waits.
 */
const factor = Number(process.env.RTSTREAM_BENCH_FACTOR)
const span = Number(process.env.RTSTREAM_BENCH_SPAN)
const begun = Number(process.env.RTSTREAM_BENCH_BEGUN)
const RealDate = Date
const realNow = Date.now
const realPerformance = performance.now.bind(performance)

const present = begun + span / factor
const isOver = () => realNow() >= present
const now = () => (isOver() ? realNow() : present - (present - realNow()) * factor)

class FastDate extends RealDate {
  constructor(...given: unknown[]) {
    if (given.length === 0) super(now())
    else super(...(given as [number]))
  }
  static override now = () => Math.floor(now())
}
globalThis.Date = FastDate as DateConstructor
const startedAt = now() - realPerformance()
performance.now = () => now() - startedAt

const { setTimeout: realTimeout, setInterval: realInterval } = globalThis
const faster = <Timer extends typeof realTimeout | typeof realInterval>(timer: Timer): Timer =>
  Object.assign(
    (work: () => void, ms = 0, ...given: unknown[]) =>
      timer(work, isOver() ? ms : ms / factor, ...(given as [])),
    timer,
  ) as unknown as Timer
globalThis.setTimeout = faster(realTimeout)
globalThis.setInterval = faster(realInterval)
