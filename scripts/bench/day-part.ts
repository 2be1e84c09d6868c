/**
 * A day that lies there already: the program runs for it with a fast clock, then with the real one over the same data folder, beside
 * a fresh one. What is measured is the second; it should be as on the first day.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Figure, Part } from './figure.ts'
import { cpuShare, pause, rssMegabytes } from './process-cost.ts'
import { binOf, finish, freshness, startAll, withRoom } from './room.ts'
import { root, type Subject } from './subject.ts'

const HOUR_MS = 3_600_000
/** How many times as fast the clock runs: much more, and the timeouts of the services' clients are over before an answer comes. */
const FACTOR = 30
const LOAD = ['--stations', '100', '--interval', '10s']

/** What is measured while it lives, in seconds; a short form takes no more than a minute and a half of it. */
const [SETTLE, LIVE, SHORT] = [600, 3000, 90]
/** Hours of a short form. */
const SHORT_HOURS = 2

/** @param hours of the clock, so many thirtieths of them in truth. */
function liveThrough(subject: Subject, dataDir: string, hours: number): string {
  const span = hours * HOUR_MS
  const lastsMs = span / FACTOR
  const clock = ['--import', join(root, 'test/bench/fast-clock.ts')]
  // How long a run lasts is measured by the system, whatever the clock says; the rest is for its start and end.
  const duration = ['--duration', `${Math.round((lastsMs * 0.9) / 1000)}s`]
  const args = [...clock, binOf(subject), 'run', ...LOAD, ...duration, '--data-dir', dataDir]
  try {
    return execFileSync(process.execPath, args, {
      encoding: 'utf8',
      maxBuffer: 1e8,
      timeout: lastsMs * 3,
      env: {
        ...process.env,
        RTSTREAM_BENCH_FACTOR: String(FACTOR),
        RTSTREAM_BENCH_SPAN: String(span),
        RTSTREAM_BENCH_BEGUN: String(Date.now()),
      },
    })
  } catch (error) {
    // At this speed a wait may be over too soon; what lies there counts.
    return String((error as { stdout?: string }).stdout ?? '')
  }
}

async function live(subject: Subject, dataDir: string, seconds: (full: number) => number): Promise<number[]> {
  return withRoom(subject, [...LOAD, '--data-dir', dataDir], async (terminal) => {
    await startAll(terminal)
    const span = seconds(LIVE)
    await pause(Math.min(seconds(SETTLE), span < LIVE ? SHORT / 3 : SETTLE) * 1000)
    const cpu = await cpuShare(terminal.pid, span < LIVE ? Math.min(span, SHORT) : span)
    const found = [cpu, rssMegabytes(terminal.pid), await freshness(terminal)]
    await finish(terminal)
    return found
  })
}

export const day: Part = async (subject, seconds) => {
  const [old, fresh] = ['old', 'fresh'].map((name) => mkdtempSync(join(tmpdir(), `rtstream-bench-${name}-`)))
  if (old === undefined || fresh === undefined) return []
  try {
    const hours = seconds(LIVE) < LIVE ? SHORT_HOURS : 24
    liveThrough(subject, old, hours)
    const files = readdirSync(old, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
    const [before, after] = [await live(subject, fresh, seconds), await live(subject, old, seconds)]
    const compared = (what: string, index: number, unit: string): Figure[] => [
      { what: `${what}, first day`, value: before[index] ?? Number.NaN, unit },
      { what: `${what}, over ${hours} h of files and commits`, value: after[index] ?? Number.NaN, unit },
      {
        what: `${what}, to the first day`,
        value: (after[index] ?? Number.NaN) / (before[index] ?? Number.NaN),
        unit: '×',
      },
    ]
    return [
      { what: `files after ${hours} h at 10 ev/s`, value: files.length, unit: 'files' },
      ...compared('CPU at 10 ev/s', 0, '% of a core'),
      ...compared('RSS', 1, 'MB'),
      ...compared('created → gold p95', 2, 'ms'),
    ]
  } finally {
    for (const folder of [old, fresh]) rmSync(folder, { recursive: true, force: true })
  }
}
