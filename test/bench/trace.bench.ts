/**
 * What it costs to find one event's line in bronze, however many files bronze has: `node test/bench/trace.bench.ts [files…]`.
 * Over the real local server and the SDK, for events at the beginning, in the middle and at the end.
 */
import { searchBronze } from '../../src/azure/trace/bronze-search.ts'
import { BronzeOfFiles, LINES_PER_FILE } from '../support/bronze-of-files.ts'
import { lakeClient } from '../support/lake-client.ts'
import { startLake } from '../support/lake-server.ts'

const LOOKS = 30
const sizes = process.argv.slice(2).map(Number)
const lake = await startLake()
const bronze = new BronzeOfFiles(lake.root)
try {
  console.log(
    '| files of bronze | files read | names listed | median of a look-up | slowest |\n|---|---|---|---|---|',
  )
  for (const count of sizes.length > 0 ? sizes : [100, 10_000, 100_000]) {
    bronze.growTo(count)
    const times: number[] = []
    let [read, listed] = [0, 0]
    for (let look = 0; look < LOOKS; look++) {
      const client = lakeClient(lake)
      const file = Math.floor(((count - 1) * look) / (LOOKS - 1))
      const begun = performance.now()
      const { step } = await searchBronze(client, bronze.event(file * LINES_PER_FILE + 3))
      times.push(performance.now() - begun)
      if (step.facts?.line !== 4) throw new Error(`the line of file ${file} was not found`)
      read = Math.max(read, client.asked.filter((what) => what.startsWith('read ')).length)
      listed = Math.max(listed, client.listed)
    }
    // The first looks open connections.
    const settled = times.slice(3).sort((a, b) => a - b)
    const ms = (value: number | undefined) => `${(value ?? Number.NaN).toFixed(1)} ms`
    const median = settled[Math.floor(settled.length / 2)]
    console.log(
      `| ${count.toLocaleString('en-US')} | ${read} | ${listed} | ${ms(median)} | ${ms(settled.at(-1))} |`,
    )
  }
} finally {
  await lake.close()
}
process.exit(0)
