/**
 * The embedded engine as a program of its own, over a lake: `embedded-engine.ts ROOT`. Prints `ready`, ends with its parent,
 * or when it is killed.
 */
import pino from 'pino'
import { LakeFolder } from '../../src/local/data-lake/store/folder.ts'
import { createLocalEngine } from '../../src/local/hosting/engine-factory.ts'

const root = process.argv[2] ?? ''
const clock = { now: () => Date.now() }
const { engine } = await createLocalEngine({
  engine: 'duckdb',
  lakeRoot: root,
  folder: new LakeFolder(root, { limitBytes: 10_000_000_000, clock }),
  clock,
  logger: pino({ level: 'silent' }),
  retentionMs: 3_600_000,
})
const runs = (['silver', 'gold', 'aggregate'] as const).map((name) => engine.run(name))
for (const run of runs)
  void run.ended.then(() => {
    if (run.error) console.error(run.error)
    process.exit(run.error ? 1 : 0)
  })
console.log('ready')
process.stdin.resume().once('end', () => process.exit())
