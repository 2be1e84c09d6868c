/**
 * What recording costs: `node test/bench/recording.bench.ts [pairs] [seconds]`, on Linux (it reads /proc), of the built program.
 *
 * First alone, which no other work on the machine can hide: a session of 1,000 events a second is recorded once, and its states go
 * through the recorder again in a process that does nothing else, whose whole CPU is counted: comparing, writing, packing,
 * the file. Then whole: runs with and without `--record` in turns, after a warm-up.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createStore } from 'zustand/vanilla'
import { cpuShare } from '../../scripts/bench/process-cost.ts'
import type { AppState } from '../../src/pipeline/state/state.ts'
import { record } from '../../src/recording/recorder.ts'
import { openRecording } from '../../src/recording/recording.ts'
import { startCli } from '../support/cli.ts'
import { FakeClock } from '../support/fake-clock.ts'

const [pairs = 5, seconds = 40] = process.argv.slice(2).map(Number)
const WARM_UP_S = 10
const ROUNDS = 15
const folder = mkdtempSync(join(tmpdir(), 'rtstream-recording-bench-'))
const file = join(folder, 'bench.rtrec')
const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const start = (duration: number, more: readonly string[]) =>
  startCli([
    ...['run', '--ephemeral', '--stations', '1000', '--interval', '1s'],
    ...['--duration', `${duration}s`, ...more],
  ])

/** @returns states of a real session after its warm-up, and how long they lasted (ms). */
async function realStates(): Promise<{ states: AppState[]; lasted: number }> {
  const room = start(WARM_UP_S + seconds, ['--record', file, '--overwrite'])
  const code = await room.exit
  if (code !== 0) throw new Error(`the run ended with ${code}: ${room.stderr()}`)
  const all = [...(await openRecording(file)).states()]
  const kept = all.filter(({ time }) => time >= WARM_UP_S * 1000 && time < (WARM_UP_S + seconds) * 1000)
  return {
    states: kept.map(({ state }) => state),
    lasted: (kept.at(-1)?.time ?? 0) - (kept[0]?.time ?? 0),
  }
}

/** @returns CPU of the whole process (ms), and bytes of the file. */
async function alone(states: readonly AppState[]): Promise<{ cpu: number; bytes: number }> {
  const [first] = states as [AppState]
  const clock = new FakeClock(first.now)
  const store = createStore<AppState>()(() => first)
  const again = join(folder, 'again.rtrec')
  const before = process.cpuUsage()
  const recorder = record({ store, file: again, clock, onProblem: (problem) => console.error(problem) })
  for (const state of states.slice(1)) {
    await clock.advance(Math.max(0, state.now - store.getState().now))
    store.setState(state, true)
  }
  await recorder.close()
  const { user, system } = process.cpuUsage(before)
  const { length } = await openRecording(again)
  if (length < 0.9 * states.length) throw new Error(`${length} of ${states.length} states were recorded`)
  return { cpu: (user + system) / 1000, bytes: statSync(again).size }
}

/** @returns percent of a core. */
async function run(more: readonly string[]): Promise<number> {
  const room = start(WARM_UP_S + seconds + 10, more)
  await room.line((line) => Number(/^ *(\d+) s /.exec(line)?.[1] ?? 0) >= WARM_UP_S)
  const share = await cpuShare(room.child.pid as number, seconds)
  room.child.kill('SIGINT')
  const code = await room.exit
  if (code !== 0) throw new Error(`a run ended with ${code}: ${room.stderr()}`)
  return share
}

try {
  const { states, lasted } = await realStates()
  const rounds: { cpu: number; bytes: number }[] = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await alone(states))
  const cpus = rounds.map(({ cpu }) => (cpu / lasted) * 100)
  const percent = (value: number) => `${value.toFixed(2)} %`
  console.log(
    `Alone, ${states.length} states of ${Math.round(lasted / 1000)} s: median ${percent(median(cpus))} of a core, ` +
      `${percent(Math.min(...cpus))} to ${percent(Math.max(...cpus))} in ${ROUNDS} rounds, the first (cold) ${percent(cpus[0] as number)}; ` +
      `${Math.round((((rounds[0]?.bytes ?? 0) / lasted) * 60_000) / 1000)} kB a minute.`,
  )
  const extra: number[] = []
  if (pairs > 0) console.log('\n| pair | without | with a recording | more |\n|---|---|---|---|')
  for (let pair = 1; pair <= pairs; pair++) {
    // Each of the two is first in every other pair.
    const isFirst = pair % 2 === 0
    const early = isFirst ? await run(['--record', file, '--overwrite']) : undefined
    const without = await run([])
    const recorded = early ?? (await run(['--record', file, '--overwrite']))
    extra.push(recorded - without)
    console.log(
      `| ${pair} | ${percent(without)} | ${percent(recorded)} | ${(recorded - without).toFixed(1)} points |`,
    )
  }
  if (pairs > 0) console.log(`Median: ${median(extra).toFixed(1)} points of a core.`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exit(0)
