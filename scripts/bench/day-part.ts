/**
 * A day that lies there already: `test/bench/make-day.ts` makes its files and commits in minutes, then the program runs over them,
 * beside another one over the first two hours of a day. Both should be alike. In an hour less nothing is old enough to be deleted.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CommitMetadata } from '../../src/contract/tables.ts'
import type { Figure, Part } from './figure.ts'
import { cpuShare, pause, rssMegabytes } from './process-cost.ts'
import { binOf, finish, freshness, startAll, withRoom } from './room.ts'
import { midmean } from './statistics.ts'
import { root, type Subject } from './subject.ts'

const LOAD = ['--stations', '100', '--interval', '10s']

/** What is waited for and measured while it lives, in seconds; `--scale` shortens both. */
const [SETTLE, LIVE] = [600, 3000]
/** What lies there when the first day is measured: its first hour knows no retention. */
const EARLY_HOURS = 2
/** Hours of a trial of a few minutes. */
const TRIAL_HOURS = 3
const TABLES = ['silver/weather', 'gold/weather', 'gold/weather_aggregated'] as const

interface Made {
  events: number
  files: number
  batches: Record<string, number>
}

/** @throws Error when the day could not be made. */
function makeDay(dataDir: string, hours: number): Made {
  const text = execFileSync(
    process.execPath,
    [join(root, 'test/bench/make-day.ts'), dataDir, String(hours)],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  return JSON.parse(text.trim().split('\n').at(-1) ?? '') as Made
}

/** The program takes over: it reads its generator's numbers back from the hub, and keeps them. */
function takeOver(subject: Subject, dataDir: string): void {
  execFileSync(
    process.execPath,
    [binOf(subject), 'run', ...LOAD, '--duration', '10s', '--data-dir', dataDir],
    { stdio: 'ignore' },
  )
}

/** Time of the batches that a table was committed by since a time (ms); commits tell it in whole ones, of which a batch has few. */
function batchTime(dataDir: string, table: string, since: number): number {
  const log = join(dataDir, 'lake', table, '_delta_log')
  const times: number[] = []
  for (const name of readdirSync(log).filter((one) => /^\d{20}\.json$/.test(one))) {
    const [first = '{}'] = readFileSync(join(log, name), 'utf8').split('\n')
    const { commitInfo } = JSON.parse(first) as {
      commitInfo?: { timestamp: number; operation: string; userMetadata?: string }
    }
    if (!commitInfo?.userMetadata || commitInfo.timestamp < since || commitInfo.operation === 'OPTIMIZE')
      continue
    times.push((JSON.parse(commitInfo.userMetadata) as CommitMetadata).durationMs)
  }
  return midmean(times)
}

async function live(subject: Subject, dataDir: string, seconds: (full: number) => number): Promise<number[]> {
  const measured = await withRoom(subject, [...LOAD, '--data-dir', dataDir], async (terminal) => {
    await startAll(terminal)
    await pause(seconds(SETTLE) * 1000)
    const since = Date.now()
    const cpu = await cpuShare(terminal.pid, seconds(LIVE))
    const found = [cpu, rssMegabytes(terminal.pid), await freshness(terminal)]
    const times = TABLES.map((table) => batchTime(dataDir, table, since))
    await finish(terminal)
    return [...found, ...times]
  })
  return measured
}

/**
 * Both run at the same time, so that whatever else the machine does slows both. Named by `RTSTREAM_BENCH_DAY`, a
 * folder that was made before is used.
 */
export const day: Part = async (subject, seconds) => {
  const [old, early] = ['old', 'early'].map((name) => mkdtempSync(join(tmpdir(), `rtstream-bench-${name}-`)))
  if (old === undefined || early === undefined) return []
  // Made before, by hand: a session that is cut short need not make it again.
  const given = process.env.RTSTREAM_BENCH_DAY
  try {
    const isTrial = seconds(LIVE) < LIVE / 8
    const hours = isTrial ? TRIAL_HOURS : 24
    const made = given === undefined ? makeDay(old, hours) : undefined
    makeDay(early, EARLY_HOURS)
    for (const folder of [given ?? old, early]) takeOver(subject, folder)
    // At the same time: what else the machine does slows both.
    const [before = [], after = []] = await Promise.all(
      [early, given ?? old].map((folder) => live(subject, folder, seconds)),
    )
    const compared = (what: string, index: number, unit: string): Figure[] => [
      { what: `${what}, first day`, value: before[index] ?? Number.NaN, unit },
      { what: `${what}, after a day`, value: after[index] ?? Number.NaN, unit },
      {
        what: `${what}, to the first day`,
        value: (after[index] ?? Number.NaN) / (before[index] ?? Number.NaN),
        unit: '×',
      },
    ]
    return [
      ...(made ? [{ what: `files after ${hours} h at 10 ev/s`, value: made.files, unit: 'files' }] : []),
      { what: 'seconds live, each', value: seconds(LIVE), unit: 's' },
      ...compared('CPU at 10 ev/s', 0, '% of a core'),
      ...compared('RSS', 1, 'MB'),
      ...compared('created → gold p95', 2, 'ms'),
      ...TABLES.flatMap((table, index) =>
        compared(`batch of ${table}, mean of the middle half`, 3 + index, 'ms'),
      ),
    ]
  } finally {
    for (const folder of [old, early]) rmSync(folder, { recursive: true, force: true })
  }
}
