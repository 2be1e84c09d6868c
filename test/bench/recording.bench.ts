/**
 * What recording costs: `node test/bench/recording.bench.ts [pairs] [seconds]`, on Linux (it reads /proc), of the built program.
 * Runs of 1,000 events a second with and without `--record` in turns; the CPU of the whole process, after a warm-up.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cpuShare } from '../../scripts/bench/process-cost.ts'
import { startCli } from '../support/cli.ts'

const [pairs = 5, seconds = 40] = process.argv.slice(2).map(Number)
const WARM_UP_S = 10
const folder = mkdtempSync(join(tmpdir(), 'rtstream-recording-bench-'))
const file = join(folder, 'bench.rtrec')

/** @returns percent of a core. */
async function run(more: readonly string[]): Promise<number> {
  const room = startCli([
    ...['run', '--ephemeral', '--stations', '1000', '--interval', '1s'],
    ...['--duration', `${WARM_UP_S + seconds + 10}s`, ...more],
  ])
  await room.line((line) => Number(/^ *(\d+) s /.exec(line)?.[1] ?? 0) >= WARM_UP_S)
  const share = await cpuShare(room.child.pid as number, seconds)
  room.child.kill('SIGINT')
  const code = await room.exit
  if (code !== 0) throw new Error(`a run ended with ${code}: ${room.stderr()}`)
  return share
}

const extra: number[] = []
try {
  console.log('| pair | without | with a recording | more |\n|---|---|---|---|')
  for (let pair = 1; pair <= pairs; pair++) {
    // Each of the two is first in every other pair.
    const isFirst = pair % 2 === 0
    const early = isFirst ? await run(['--record', file]) : undefined
    const without = await run([])
    const recorded = early ?? (await run(['--record', file]))
    extra.push(recorded - without)
    const percent = (value: number) => `${value.toFixed(1)} %`
    console.log(
      `| ${pair} | ${percent(without)} | ${percent(recorded)} | ${(recorded - without).toFixed(1)} points |`,
    )
  }
  const median = extra.toSorted((a, b) => a - b)[Math.floor(extra.length / 2)] ?? Number.NaN
  console.log(`Median: ${median.toFixed(1)} points of a core. The last file: ${statSync(file).size} bytes.`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exit(0)
