/**
 * Measures the built program in a real pty at 120×40 and prints a table; `--write` puts it into docs/benchmarks.md with
 * the machine and the date. `--quick` shortens every span, for trying the script itself. Runs on Linux (it reads /proc).
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openTerminal, type Terminal } from '../test/support/terminal.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = join(root, 'dist/bin.cjs')
const isQuick = process.argv.includes('--quick')
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length)

interface Row {
  what: string
  wanted: string
  measured: string
}
const rows: Row[] = []
const report = (what: string, wanted: string, measured: string) => {
  rows.push({ what, wanted, measured })
  console.log(`${what}: ${measured}   (wanted: ${wanted})`)
}

const seconds = (full: number) => (isQuick ? Math.max(5, Math.round(full / 10)) : full)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** User and system time of all threads so far, in seconds (proc_pid_stat(5), fields 14 and 15, 100 ticks a second). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}
const rssMegabytes = (pid: number) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000

async function cpuShare(pid: number, forSeconds: number): Promise<string> {
  const before = cpuSeconds(pid)
  const begun = performance.now()
  await pause(forSeconds * 1000)
  return `${(((cpuSeconds(pid) - before) / ((performance.now() - begun) / 1000)) * 100).toFixed(1)} %`
}

async function withRoom(
  args: readonly string[],
  use: (terminal: Terminal, dataDir: string) => Promise<void>,
): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'rtstream-bench-'))
  const terminal = openTerminal({
    command: process.execPath,
    args: [bin, '--data-dir', dataDir, ...args],
    columns: 120,
    rows: 40,
  })
  try {
    await terminal.waitFor(/○ aggregate/)
    await use(terminal, dataDir)
  } finally {
    await terminal.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** All stages run once the service words of the last ones are there. */
async function startAll(terminal: Terminal): Promise<void> {
  terminal.press('a')
  await terminal.waitFor(/● generator.*● stream analytics.*● silver.*● gold.*● aggregate/, 60_000)
}

/** Stops the generator, waits for the ledger, quits; the summary that is printed then. */
async function finish(terminal: Terminal): Promise<string> {
  terminal.press('1')
  await terminal.waitFor('balanced', 60_000)
  terminal.press('q')
  await terminal.exit
  return terminal.text()
}

const percentile = (values: readonly number[], share: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.ceil(values.length * share) - 1)] ??
  Number.NaN

/** Time from a key to the frame that shows what it did: the help opens and closes. */
async function keyToPaint(terminal: Terminal, count: number): Promise<number[]> {
  const times: number[] = []
  for (let index = 0; index < count; index++) {
    const begun = performance.now()
    terminal.press('?')
    await terminal.waitFor('esc closes')
    times.push(performance.now() - begun)
    terminal.press('?')
    await terminal.waitFor((screen) => !screen.join('').includes('esc closes'))
    await pause(40 + (index % 7) * 17)
  }
  return times
}

/** @param kept false: no compiled code from earlier starts, as right after an installation. */
async function firstFrame(kept: boolean): Promise<void> {
  const times: number[] = []
  const cache = mkdtempSync(join(tmpdir(), 'rtstream-bench-cache-'))
  for (let run = 0; run < 11; run++) {
    const dataDir = mkdtempSync(join(tmpdir(), 'rtstream-bench-'))
    const begun = performance.now()
    const terminal = openTerminal({
      command: process.execPath,
      args: [bin, '--data-dir', dataDir],
      columns: 120,
      rows: 40,
      env: { NODE_COMPILE_CACHE: kept ? cache : join(cache, String(run)) },
    })
    await terminal.waitFor('rtstream')
    times.push(performance.now() - begun)
    // In order, as a person does: compiled code is kept at the end.
    terminal.press('q')
    await terminal.exit
    rmSync(dataDir, { recursive: true, force: true })
  }
  rmSync(cache, { recursive: true, force: true })
  // The first run warms the disk's cache.
  const median = `${percentile(times.slice(1), 0.5).toFixed(0)} ms`
  const what = kept ? 'first frame, median of 10' : 'the same, with no code compiled by an earlier start'
  report(what, '≤ 300 ms', median)
}

function packageSize(): void {
  const packed = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  )
  const { size, unpackedSize } = Object.values(packed)[0] as { size: number; unpackedSize: number }
  report(
    'packed package',
    '–',
    `${(size / 1e6).toFixed(1)} MB, unpacked ${(unpackedSize / 1e6).toFixed(1)} MB`,
  )
}

async function idle(): Promise<void> {
  await withRoom([], async (terminal) => {
    await pause(10_000)
    report('CPU, all stages stopped', '≤ 1 % of a core', await cpuShare(terminal.pid, seconds(60)))
  })
}

async function slow(): Promise<void> {
  await withRoom(['--stations', '100', '--interval', '10s'], async (terminal) => {
    await startAll(terminal)
    await pause(10_000)
    const what = 'CPU, 10 ev/s, all stages running'
    report(`${what}, their first minute`, '≤ 6 % of a core', await cpuShare(terminal.pid, seconds(60)))
    // What V8 compiles at a start is a good part of the first minutes.
    await pause(seconds(110) * 1000)
    report('the same, after three minutes', '≤ 6 % of a core', await cpuShare(terminal.pid, seconds(60)))
  })
}

async function medium(): Promise<void> {
  await withRoom(['--stations', '1000', '--interval', '1s'], async (terminal) => {
    await startAll(terminal)
    await pause(seconds(30) * 1000)
    const samples: { minute: number; rss: number }[] = []
    const begun = performance.now()
    const cpu = cpuShare(terminal.pid, seconds(600))
    for (let minute = 0; minute <= 10; minute++) {
      samples.push({ minute: (performance.now() - begun) / 60_000, rss: rssMegabytes(terminal.pid) })
      if (minute < 10) await pause(seconds(60) * 1000)
    }
    report('CPU, 1,000 ev/s, all stages running', '–', await cpu)
    const rss = samples.map((sample) => sample.rss)
    report('RSS at 1,000 ev/s, largest of eleven', '≤ 350 MB', `${Math.max(...rss).toFixed(0)} MB`)
    report('its slope', 'flat', `${slope(samples).toFixed(1)} MB a minute`)
    await terminal.waitFor(/created→gold \d/)
    const latency = /created→gold ([\d.]+ \w+)/.exec(terminal.text())?.[1]
    report('created → gold p95 at 1,000 ev/s', '≤ 3 s', latency ?? 'not shown')
    await finish(terminal)
  })
}

/** Least squares. */
function slope(samples: readonly { minute: number; rss: number }[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const x = mean(samples.map(({ minute }) => minute))
  const y = mean(samples.map(({ rss }) => rss))
  const covariance = samples.reduce((sum, { minute, rss }) => sum + (minute - x) * (rss - y), 0)
  return covariance / samples.reduce((sum, { minute }) => sum + (minute - x) ** 2, 0)
}

async function fast(): Promise<void> {
  await withRoom(['--stations', '10000', '--interval', '1s'], async (terminal) => {
    await startAll(terminal)
    const begun = performance.now()
    const cpu = cpuShare(terminal.pid, seconds(55))
    const times = await keyToPaint(terminal, isQuick ? 10 : 150)
    report(
      'key to paint at 10,000 ev/s, p50 / p99',
      'p99 ≤ 100 ms',
      `${percentile(times, 0.5).toFixed(0)} / ${percentile(times, 0.99).toFixed(0)} ms`,
    )
    report('CPU, 10,000 ev/s', '–', await cpu)
    await pause(Math.max(0, seconds(60) * 1000 - (performance.now() - begun)))
    const text = await finish(terminal)
    const aggregated = /aggregated\s+([\d,]+)/.exec(text)?.[1]
    report(
      '10,000 ev/s for 60 s through to gold',
      'balanced',
      `${text.includes('✓ balanced') ? 'balanced' : 'NOT balanced'}, ${aggregated} readings`,
    )
  })
}

/** Rates are raised until one no longer keeps created → gold p95 within 5 s, or its ledger does not balance. */
async function highest(): Promise<void> {
  let best = 'none'
  for (const rate of [10_000, 15_000, 20_000, 25_000, 30_000]) {
    const dataDir = mkdtempSync(join(tmpdir(), 'rtstream-bench-'))
    const args = [
      'run',
      '--json',
      '--duration',
      `${seconds(30)}s`,
      '--stations',
      String(rate),
      '--interval',
      '1s',
      '--data-dir',
      dataDir,
    ]
    let last = '{}'
    try {
      last =
        execFileSync(process.execPath, [bin, ...args], { encoding: 'utf8', maxBuffer: 1e8 })
          .trim()
          .split('\n')
          .at(-1) ?? '{}'
    } catch (error) {
      last =
        String((error as { stdout?: string }).stdout ?? '')
          .trim()
          .split('\n')
          .at(-1) ?? '{}'
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
    const { balanced, assertions } = JSON.parse(last)
    const held = balanced && assertions.latencyP95Ms <= 5000 && assertions.ratePerSecond >= rate * 0.95
    console.log(
      `  ${rate}/s: balanced ${balanced}, ${assertions?.ratePerSecond}/s, p95 ${assertions?.latencyP95Ms} ms`,
    )
    if (!held) break
    best = `${rate.toLocaleString('en-US')} ev/s (p95 ${assertions.latencyP95Ms} ms)`
  }
  report('highest rate, balanced and fresh within 5 s', '–', best)
}

/** A poll must cost what is new in the lake, not what lies there. */
async function lakePoll(): Promise<void> {
  const { benchLakePoll } = await import('../test/bench/lake-poll.bench.ts')
  for (const files of [100, 10_000, 100_000]) {
    const { quiet, growing } = await benchLakePoll(files, isQuick ? 10 : 60)
    report(
      `poll of the lake at ${files.toLocaleString('en-US')} bronze files, nothing new / 4 new files`,
      'the same at each size',
      `${quiet.cpuMs.toFixed(1)} / ${growing.cpuMs.toFixed(1)} ms CPU, ${quiet.requests.toFixed(1)} / ${growing.requests.toFixed(1)} requests`,
    )
  }
}

const parts: Record<string, () => Promise<void> | void> = {
  firstFrame: async () => {
    await firstFrame(true)
    await firstFrame(false)
  },
  packageSize,
  idle,
  slow,
  fast,
  highest,
  medium,
  lakePoll,
}
for (const [name, part] of Object.entries(parts))
  if (only === undefined || only.split(',').includes(name)) await part()

const table = [
  '| what | wanted | measured |',
  '|---|---|---|',
  ...rows.map((row) => `| ${row.what} | ${row.wanted} | ${row.measured} |`),
].join('\n')
const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 1e9)} GB, Node ${process.versions.node}, ${process.platform}`
console.log(`\n${table}`)
if (process.argv.includes('--write')) {
  const text = `# Benchmarks\n\nMade by \`npm run bench -- ${process.argv.slice(2).join(' ')}\` on ${new Date().toISOString().slice(0, 10)}: ${machine}.\nLocal target, screen on at 120×40 in a real pty, unless said otherwise. CPU is of one core, all threads of the process.${isQuick ? ' Spans shortened with `--quick`: a first orientation, not the last word.' : ''}\n\n${table}\n`
  const file = join(root, 'docs/benchmarks.md')
  // The sections behind the table were measured by other commands.
  const before = readFileSync(file, 'utf8')
  const sections = before.indexOf('\n## ')
  writeFileSync(file, sections < 0 ? text : text + before.slice(sections))
}
