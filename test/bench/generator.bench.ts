/** How many readings a second one core makes: `node test/bench/generator.bench.ts [stations] [seconds of stream]`. */
import { Generator } from '../../src/pipeline/generator/generator.ts'
import { drawStations } from '../../src/pipeline/generator/stations.ts'

const TICK_MS = 100

/** @returns readings made, and milliseconds of CPU per 1,000 of them. */
export async function benchGenerator(stations: number, seconds: number, dirty: number) {
  const sites = await drawStations('bench')
  const generator = new Generator({ seed: 'bench', run: 'bench', stations, intervalMs: 10_000, dirty }, sites)
  let made = 0
  let bytes = 0
  const run = (ticks: number) => {
    for (let tick = 0; tick < ticks; tick++) {
      const { events } = generator.make(TICK_MS, Date.UTC(2026, 10, 24) + tick * TICK_MS, 1_000_000)
      made += events.length
      for (const event of events) bytes += event.body.length
    }
  }
  run(20)
  made = 0
  bytes = 0
  const begun = process.cpuUsage()
  run((seconds * 1000) / TICK_MS)
  const { user, system } = process.cpuUsage(begun)
  const cpuMs = (user + system) / 1000
  return { made, bytesEach: bytes / made, cpuMs, perSecond: (made / cpuMs) * 1000 }
}

if (import.meta.main) {
  const stations = Number(process.argv[2] ?? 100_000)
  const seconds = Number(process.argv[3] ?? 30)
  for (const dirty of [0, 0.05]) {
    const { made, bytesEach, cpuMs, perSecond } = await benchGenerator(stations, seconds, dirty)
    const share = (cpuMs / (seconds * 1000)) * 100
    console.log(
      `${stations} stations, dirty ${dirty}: ${made} readings of ${bytesEach.toFixed(0)} bytes, ${Math.round(perSecond)}/s on one core, ${share.toFixed(1)} % of a core at the planned rate`,
    )
  }
}
