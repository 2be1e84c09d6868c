/** Bronze for the engines' benchmarks: `node test/bench/place-bronze.ts <folder> <readings>`. Prints the number of lines. */
import { placeGenerated } from '../notebooks/bronze-fixture.ts'

const [folder = '', readings = '1000000'] = process.argv.slice(2)
const lines = await placeGenerated(folder, {
  readings: Number(readings),
  stations: Math.max(100, Math.round(Number(readings) / 60)),
  dirty: 0.05,
  seed: 'bench',
  from: Date.parse('2026-03-01T12:00:00Z'),
})
console.log(JSON.stringify({ lines }))
