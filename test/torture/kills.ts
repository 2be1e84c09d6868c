/** `kill -9` at random moments: while it starts, runs, drains and ends. */
import { join } from 'node:path'
import { between, ended, mustBalance, type Part, pause, run, type TortureOptions } from './program.ts'

/** After so many kills in a row the folder is counted. */
const KILLS_PER_COUNT = 5

export async function kills(count: number, { random, folder, say }: TortureOptions): Promise<Part> {
  const data = join(folder, 'kills')
  const broken: string[] = []
  for (let kill = 1; kill <= count; kill++) {
    const moment = random()
    // A short run drains from its second second on.
    const victim = run(data, moment < 0.25 ? '1s' : '120s')
    await pause(moment < 0.5 ? between(random, 50, 3000) : between(random, 1500, 7000))
    victim.child.kill('SIGKILL')
    await ended(victim)
    if (kill % KILLS_PER_COUNT !== 0 && kill !== count) continue
    const problems = await mustBalance(data)
    say(`kill ${kill}: ${problems.join('; ') || 'balanced'}`)
    broken.push(...problems.map((problem) => `after kill ${kill}: ${problem}`))
  }
  return { name: '`kill -9` at random moments', tried: `${count} kills`, broken }
}
