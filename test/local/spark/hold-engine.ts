/** Runs the gold notebook on the lake `hold-engine.ts ROOT`, prints each state that it comes to; closes on SIGTERM. */
import pino from 'pino'
import { createSparkEngine } from '../../../src/local/spark/spark-engine.ts'

const logger = pino({ level: 'silent' })
const engine = await createSparkEngine({
  lakeRoot: process.argv[2] ?? '',
  clock: { now: Date.now },
  logger,
  retentionMs: 3_600_000,
  folder: { recount: async () => {} },
})
const run = engine.run('gold')
let said = ''
const looking = setInterval(() => {
  if (run.state !== said) console.log(run.state)
  said = run.state
}, 20)
process.once('SIGTERM', async () => {
  await engine.close()
  clearInterval(looking)
  console.log('closed')
})
