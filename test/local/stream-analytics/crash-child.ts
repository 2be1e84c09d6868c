/**
 * Fills a hub and lands it in bronze until it is killed. Arguments: the folder, and where to kill itself, if it is to:
 * `before` or `after` the nth file (`before:3`). Prints the path of each file that was placed.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import { LakeFolder } from '../../../src/local/data-lake/store/folder.ts'
import { HubLog } from '../../../src/local/event-hubs/log/log.ts'
import { systemClock } from '../../../src/local/runtime/clock.ts'
import { StreamAnalyticsJob } from '../../../src/local/stream-analytics/job.ts'
import { encodeEvent, isJunk } from '../../support/hub-events.ts'

const [folder = '', death = 'never:0'] = process.argv.slice(2)
const [when, nth] = death.split(':')

const log = HubLog.open(join(folder, 'hub'), {
  partitions: 2,
  retention: { ms: 3_600_000, bytes: 1e9 },
  clock: systemClock,
})
const lake = new LakeFolder(join(folder, 'lake'), { limitBytes: 1e9, clock: systemClock })
mkdirSync(join(lake.root, 'bronze'), { recursive: true })
const place = lake.place.bind(lake)
let placed = 0
lake.place = async (...file) => {
  placed++
  if (when === 'before' && placed === Number(nth)) process.kill(process.pid, 'SIGKILL')
  await place(...file)
  if (when === 'after' && placed === Number(nth)) process.kill(process.pid, 'SIGKILL')
}
lake.onPlaced((_, path) => process.stdout.write(`${path}\n`))

const job = new StreamAnalyticsJob({
  log,
  lake,
  bronzeRoot: join(folder, 'lake/bronze'),
  stateFile: join(folder, 'state/job.json'),
  clock: systemClock,
  logger: pino({ level: 'silent' }),
  tuning: { rollIntervalMs: 5, transitionMs: 0, bounds: { maxEvents: 500, maxBytes: 1e6 } },
})
job.start(
  job.lastOutputEventTime === undefined ? { mode: 'CustomTime', time: 0 } : { mode: 'LastOutputEventTime' },
)

setInterval(() => {
  for (const partition of [0, 1]) {
    const next = log.properties(partition).lastEnqueuedSequenceNumber + 1
    // Some are no JSON: they must be neither lost nor counted twice.
    const bodies = Array.from({ length: 50 }, (_, index) =>
      isJunk(next + index) ? 'junk' : { n: next + index },
    )
    log.append(partition, bodies.map(encodeEvent))
  }
}, 2)
