/** The clock is set while the program runs and between two runs; the process is stopped and goes on. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { between, ended, mustBalance, type Part, pause, pick, run, type TortureOptions } from './program.ts'

const MINUTE = 60_000
const STEPS = [2, 120, 1440].flatMap((minutes) => [minutes * MINUTE, -minutes * MINUTE])

/** Each step is made and taken back once, so the clock never leaves the days around now. */
export async function clockSteps(count: number, { random, folder, say }: TortureOptions): Promise<Part> {
  const data = join(folder, 'clock')
  const clock = join(folder, 'clock-offset')
  const preload = join(import.meta.dirname, 'set-clock.cjs')
  const options = { env: { TORTURE_CLOCK: clock, NODE_OPTIONS: `--require=${preload}` } }
  let offset = 0
  const step = (by: number) => {
    offset += by
    writeFileSync(clock, String(offset))
  }
  step(0)
  const broken: string[] = []
  for (let round = 0; round < count; round++) {
    const by = round < STEPS.length ? (STEPS[round] as number) : pick(random, STEPS)
    const running = run(data, '7s', options)
    await running.line((line) => JSON.parse(line).ledger?.silver > 0)
    step(by)
    await pause(between(random, 500, 3000))
    step(-by)
    const code = await ended(running)
    if (code !== 0)
      broken.push(
        `${by / MINUTE} min while running: exit code ${code}, ${running.stderr().trim().split('\n')[0]}`,
      )
    // Between two runs, and back before the next.
    step(by)
    const problems = await mustBalance(data, options)
    broken.push(...problems.map((problem) => `${by / MINUTE} min between runs: ${problem}`))
    step(-by)
    say(`clock by ${by / MINUTE} min: ${problems.join('; ') || `balanced, exit code ${code} while running`}`)
  }
  return {
    name: 'clock set while running (there and back) and between runs',
    tried: `${count} of ±2 min, ±2 h, ±1 day`,
    broken,
  }
}

export async function stops(
  count: number,
  longMs: number,
  { random, folder, say }: TortureOptions,
): Promise<Part> {
  const data = join(folder, 'stops')
  const broken: string[] = []
  for (let stop = 0; stop < count; stop++) {
    const running = run(data, '6s')
    await pause(between(random, 200, 5000))
    const ms = stop === 0 ? longMs : between(random, 500, 5000)
    running.child.kill('SIGSTOP')
    await pause(ms)
    running.child.kill('SIGCONT')
    const code = await ended(running)
    if (code !== 0)
      broken.push(
        `stopped for ${Math.round(ms)} ms: exit code ${code}, ${running.stderr().trim().split('\n')[0]}`,
      )
    say(`stopped for ${(ms / 1000).toFixed(1)} s: exit code ${code}`)
  }
  broken.push(...(await mustBalance(data)))
  return {
    name: 'process stopped and gone on (SIGSTOP, SIGCONT)',
    tried: `${count} stops, the longest of ${longMs / 1000} s`,
    broken,
  }
}
