/** What the benchmark measures, part by part. Each part runs a subject from its start to its end and gives its figures. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTerminal } from '../../test/support/terminal.ts'
import { day } from './day-part.ts'
import type { Figure, Part } from './figure.ts'
import { lake } from './lake-part.ts'
import { catchUp, engineLimit, eventHub, kafka, peers } from './own-process-parts.ts'
import { paint } from './paint-part.ts'
import { cpuSeconds, cpuShare, mainThreadCpuMs, pause, rssMegabytes } from './process-cost.ts'
import { binOf, finish, freshness, keyToPaint, quit, SIZE, startAll, withRoom } from './room.ts'
import { serve } from './serve-part.ts'
import { median, percentile, slope } from './statistics.ts'
import type { Subject } from './subject.ts'

const firstFrame: Part = async (subject) => {
  const [kept, cold] = [await timeToFrame(subject, true), await timeToFrame(subject, false)]
  return [
    { what: 'first frame, median of 10', value: kept.ms, unit: 'ms', wanted: '≤ 300' },
    { what: 'the same, CPU of the main thread until it is seen', value: kept.cpuMs, unit: 'ms' },
    {
      what: 'first frame, with no code compiled by an earlier start',
      value: cold.ms,
      unit: 'ms',
      wanted: '≤ 300',
    },
    { what: 'the same, CPU of the main thread until it is seen', value: cold.cpuMs, unit: 'ms' },
  ]
}

/** @param kept false: no compiled code from earlier starts, as right after an installation. */
async function timeToFrame(subject: Subject, kept: boolean): Promise<{ ms: number; cpuMs: number }> {
  const times: number[] = []
  const cpu: number[] = []
  const cache = mkdtempSync(join(tmpdir(), 'rtstream-bench-cache-'))
  for (let run = 0; run < 11; run++) {
    const dataDir = mkdtempSync(join(tmpdir(), 'rtstream-bench-'))
    const begun = performance.now()
    const terminal = openTerminal({
      ...SIZE,
      command: process.execPath,
      args: [binOf(subject), '--data-dir', dataDir],
      env: { NODE_COMPILE_CACHE: kept ? cache : join(cache, String(run)) },
    })
    await terminal.waitFor('rtstream', 60_000)
    times.push(performance.now() - begun)
    cpu.push(mainThreadCpuMs(terminal.pid))
    // In order, as a person does: compiled code is kept at the end.
    await quit(terminal)
    rmSync(dataDir, { recursive: true, force: true })
  }
  rmSync(cache, { recursive: true, force: true })
  // The first run warms the disk's cache.
  const median = (values: readonly number[]) => percentile(values.slice(1), 0.5)
  return { ms: median(times), cpuMs: median(cpu) }
}

const packageSize: Part = async ({ root }) => {
  const packed = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  )
  const { size, unpackedSize } = Object.values(packed)[0] as { size: number; unpackedSize: number }
  return [
    { what: 'packed package', value: size / 1e6, unit: 'MB' },
    { what: 'the same, unpacked', value: unpackedSize / 1e6, unit: 'MB' },
  ]
}

const idle: Part = (subject, seconds) =>
  withRoom(subject, [], async (terminal) => {
    await pause(10_000)
    const value = await cpuShare(terminal.pid, seconds(60))
    return [{ what: 'CPU, all stages stopped', value, unit: '% of a core', wanted: '≤ 1' }]
  })

const slow: Part = (subject, seconds) =>
  withRoom(subject, ['--stations', '100', '--interval', '10s'], async (terminal) => {
    await startAll(terminal)
    await pause(10_000)
    const what = 'CPU, 10 ev/s, all stages running'
    const first = await cpuShare(terminal.pid, seconds(60))
    // What V8 compiles at a start is a good part of the first minutes.
    await pause(seconds(110) * 1000)
    const fourth = await cpuShare(terminal.pid, seconds(60))
    return [
      { what: `${what}, minute 1`, value: first, unit: '% of a core' },
      { what: 'the same, minute 4', value: fourth, unit: '% of a core' },
    ]
  })

const fresh: Part = (subject, seconds) =>
  withRoom(subject, ['--stations', '1000', '--interval', '1s'], async (terminal) => {
    await startAll(terminal)
    await pause(seconds(25) * 1000)
    const cpu = await cpuShare(terminal.pid, seconds(30))
    const figures = [
      { what: 'created → gold p95 at 1,000 ev/s', value: await freshness(terminal), unit: 'ms' },
      { what: 'CPU, 1,000 ev/s', value: cpu, unit: '% of a core' },
      { what: 'RSS at 1,000 ev/s after a minute', value: rssMegabytes(terminal.pid), unit: 'MB' },
    ]
    await finish(terminal)
    return figures
  })

/** RSS is asked for so often (ms); what counts is the median of a minute, as it sways by some per cent from second to second. */
const SAMPLE_MS = 5000

/** @param minutes of samples, after half a minute that is not counted. */
const memoryOver =
  (minutes: number): Part =>
  (subject, seconds) =>
    withRoom(subject, ['--stations', '1000', '--interval', '1s'], async (terminal) => {
      await startAll(terminal)
      await pause(seconds(30) * 1000)
      const from = Math.min(10, minutes / 2)
      const found: { x: number; y: number }[] = []
      for (let minute = 1; minute <= minutes; minute++) {
        const samples: number[] = []
        for (const until = performance.now() + seconds(60) * 1000; performance.now() < until; ) {
          await pause(SAMPLE_MS)
          samples.push(rssMegabytes(terminal.pid))
        }
        found.push({ x: minute, y: median(samples) })
        console.log(`  ${subject.name}, minute ${minute}: ${found.at(-1)?.y.toFixed(1)} MB`)
      }
      const at = (minute: number) => found.find(({ x }) => x >= minute)?.y ?? Number.NaN
      const figures = [
        { what: `RSS at 1,000 ev/s, minute ${from}`, value: at(from), unit: 'MB' },
        { what: `the same, minute ${minutes}`, value: at(minutes), unit: 'MB' },
        { what: 'the same, largest minute', value: Math.max(...found.map(({ y }) => y)), unit: 'MB' },
        {
          what: `its slope from minute ${from}`,
          value: slope(found.filter(({ x }) => x >= from)),
          unit: 'MB a minute',
        },
        { what: 'created → gold p95 then', value: await freshness(terminal), unit: 'ms' },
      ]
      await finish(terminal)
      return figures
    })

/** RSS two minutes behind a burst of 20,000 ev/s for a minute, to what it was before. */
const burst: Part = (subject, seconds) =>
  withRoom(subject, ['--stations', '1250', '--interval', '1s'], async (terminal) => {
    await startAll(terminal)
    await pause(seconds(60) * 1000)
    const before = rssMegabytes(terminal.pid)
    // Doubled four times: 1,250 → 20,000.
    for (let step = 0; step < 4; step++) terminal.press('+')
    await pause(seconds(60) * 1000)
    const during = rssMegabytes(terminal.pid)
    for (let step = 0; step < 4; step++) terminal.press('-')
    await pause(seconds(120) * 1000)
    const after = rssMegabytes(terminal.pid)
    await finish(terminal)
    return [
      { what: 'RSS before a burst of 20,000 ev/s', value: before, unit: 'MB' },
      { what: 'RSS at its end', value: during, unit: 'MB' },
      { what: 'RSS two minutes later, to before', value: after / before, unit: '×', wanted: '≤ 1.15' },
    ]
  })

const fast: Part = (subject, seconds) =>
  withRoom(subject, ['--stations', '10000', '--interval', '1s'], async (terminal) => {
    await startAll(terminal)
    const begun = performance.now()
    const before = cpuSeconds(terminal.pid)
    const times = await keyToPaint(terminal, Math.max(10, seconds(100)))
    await pause(Math.max(0, seconds(40) * 1000 - (performance.now() - begun)))
    const done = await finish(terminal)
    return [
      { what: 'key to paint at 10,000 ev/s, p50', value: percentile(times, 0.5), unit: 'ms' },
      { what: 'the same, p99', value: percentile(times, 0.99), unit: 'ms' },
      {
        what: 'CPU of an event at 10,000 ev/s, screen on',
        value: ((done.cpuSeconds - before) * 1e6) / (done.balanced ? done.aggregated : Number.NaN),
        unit: 'µs',
      },
    ]
  })

const RATES = [10_000, 15_000, 20_000, 25_000, 30_000, 40_000, 50_000, 60_000]

/** Rates are raised until one no longer keeps created → gold p95 within 3 s, or its ledger does not balance. */
const highest: Part = async (subject, seconds) => {
  let best = 0
  for (const rate of RATES) {
    const { balanced, assertions } = headless(subject, rate, seconds(30))
    const held = balanced && assertions.latencyP95Ms <= 3000 && assertions.ratePerSecond >= rate * 0.95
    console.log(
      `  ${rate}/s: balanced ${balanced}, ${assertions?.ratePerSecond}/s, p95 ${assertions?.latencyP95Ms} ms`,
    )
    if (!held) break
    best = rate
  }
  return [{ what: 'highest rate, balanced and fresh within 3 s', value: best, unit: 'ev/s', isRate: true }]
}

function headless(subject: Subject, rate: number, seconds: number) {
  const dataDir = mkdtempSync(join(tmpdir(), 'rtstream-bench-'))
  const stations = ['--stations', String(rate), '--interval', '1s']
  const args = ['run', '--json', '--duration', `${seconds}s`, ...stations, '--data-dir', dataDir]
  const lastLine = (text: string) => JSON.parse(text.trim().split('\n').at(-1) || '{}')
  try {
    return lastLine(
      execFileSync(process.execPath, [binOf(subject), ...args], { encoding: 'utf8', maxBuffer: 1e8 }),
    )
  } catch (error) {
    return lastLine(String((error as { stdout?: string }).stdout ?? ''))
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** A poll must cost what is new in the lake, not what lies there. Of the working tree only. */
const lakePoll: Part = async (_subject, seconds) => {
  const { benchLakePoll } = await import('../../test/bench/lake-poll.bench.ts')
  const figures: Figure[] = []
  for (const files of [100, 10_000, 100_000]) {
    const { quiet, growing } = await benchLakePoll(files, seconds(60))
    const what = `poll of the lake at ${files.toLocaleString('en-US')} bronze files`
    figures.push({ what: `${what}, nothing new`, value: quiet.cpuMs, unit: 'ms CPU' })
    figures.push({ what: `${what}, 4 new files`, value: growing.cpuMs, unit: 'ms CPU' })
  }
  return figures
}

/** In the order in which they run. */
export const PARTS: Record<string, Part> = {
  firstFrame,
  serve,
  packageSize,
  idle,
  paint,
  fast,
  fresh,
  catchUp,
  engineLimit,
  peers,
  eventHub,
  kafka,
  highest,
  slow,
  medium: memoryOver(10),
  long: memoryOver(40),
  burst,
  lakePoll,
  lake,
  day,
}

/** Without `--only`: what fits into some 25 minutes a subject. */
export const USUAL = Object.keys(PARTS).filter(
  (name) => !['long', 'burst', 'peers', 'lake', 'day', 'kafka'].includes(name),
)

/** What measures the same in every commit, and short enough for several pairs. */
export const PAIRED = ['firstFrame', 'paint', 'fast', 'fresh', 'catchUp', 'eventHub']

/** The rows of the table in docs/benchmarks.md: `--only=table`. */
export const TABLE = [
  ...['firstFrame', 'fast', 'fresh', 'catchUp', 'engineLimit', 'peers', 'eventHub', 'highest'],
  ...['slow', 'medium', 'burst', 'lake', 'day'],
]

/** Measured against something else than another commit: for one subject only. */
export const ALONE: ReadonlySet<string> = new Set(['engineLimit', 'lakePoll', 'lake', 'day', 'kafka'])
