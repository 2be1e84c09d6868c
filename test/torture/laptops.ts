/**
 * A client that sleeps while the services run on in another process: a laptop that is shut beside Azure. What the hub has stored and the
 * client has not heard of is sent again.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { settingsFor } from '../support/azure-settings.ts'
import { type RunningCli, startCli } from '../support/cli.ts'
import { startCuttableLink } from '../support/cuttable-link.ts'
import {
  between,
  countedOtherwise,
  ended,
  LOAD,
  type Part,
  pause,
  summaryOf,
  type TortureOptions,
} from './program.ts'
import { serve } from './served.ts'

/** Longer than the SDK waits for an acknowledgement and for its one retry. */
const ASLEEP_MS = [6000, 14_000] as const
/** How late an acknowledgement comes (ms): a sleep that begins while one is under way hides it. */
const WAY_MS = 150
/** How far the clock goes on while every second client sleeps (ms): beyond the time in which silver drops copies. */
const NIGHT_MS = 11 * 60_000

export async function laptops(count: number, { random, folder, say }: TortureOptions): Promise<Part> {
  const broken: string[] = []
  let twice = 0
  for (let sleep = 0; sleep < count; sleep++) {
    const data = join(folder, `laptop-${sleep}`)
    const clock = join(folder, `laptop-clock-${sleep}`)
    const preload = join(import.meta.dirname, 'set-clock.cjs')
    writeFileSync(clock, '0')
    const clocked = { TORTURE_CLOCK: clock, NODE_OPTIONS: `--require=${preload}` }
    const served = await serve(data, { env: clocked })
    const asleep = { for: between(random, ...ASLEEP_MS), isNight: sleep % 2 === 1 }
    const words = `asleep for ${(asleep.for / 1000).toFixed(1)} s${asleep.isNight ? ' and eleven minutes of the clock' : ''}`
    const problems: string[] = []
    let client: RunningCli | undefined
    const hub = new URL(served.endpoints.eventHubsConnectionString.replace(/^Endpoint=|;.*$/g, ''))
    const link = await startCuttableLink(Number(hub.port), 'localhost', WAY_MS)
    try {
      const eventHubsConnectionString = served.endpoints.eventHubsConnectionString.replace(
        hub.host,
        `localhost:${link.port}`,
      )
      const endpoints = { ...served.endpoints, eventHubsConnectionString }
      const env = { ...clocked, ...settingsFor({ endpoints }, join(folder, `bin-${sleep}`)) }
      const target = ['--target', 'azure', '--accept-costs', '--data-dir', join(folder, `client-${sleep}`)]
      client = startCli(['run', '--duration', '25s', ...target, ...LOAD], { env })
      await client.line((line) => JSON.parse(line).ledger?.silver > 0)
      // In the middle of a send, often enough: a second has four.
      await pause(between(random, 0, 2000))
      client.child.kill('SIGSTOP')
      await pause(1000)
      if (asleep.isNight) writeFileSync(clock, String(NIGHT_MS))
      await pause(asleep.for - 1000)
      client.child.kill('SIGCONT')
      const code = await ended(client)
      if (code !== 0) problems.push(`exit code ${code}, ${client.stderr().trim().split('\n').join(' ¶ ')}`)
    } finally {
      client?.child.kill('SIGKILL')
      await link.close()
      const ending = await served.stop()
      if (ending !== 0) problems.push(`serve ended with ${ending}`)
    }
    const summary = summaryOf(client)
    if (summary) problems.push(...countedOtherwise(data, summary))
    twice += summary?.ledger.enqueuedTwice ?? 0
    broken.push(...problems.map((problem) => `${words}: ${problem}`))
    say(`${words}: ${problems.join('; ') || `balanced, ${summary?.ledger.enqueuedTwice} enqueued twice`}`)
  }
  return {
    name: 'client asleep while the services run on in another process',
    tried: `${count} sleeps, every second over eleven minutes of the clock`,
    broken,
    notes: `${twice} events enqueued twice by retries, none twice in silver`,
  }
}
