/** A process that appends to a log until it is killed, and prints after each append what has been acknowledged. */
import { HubLog } from '../../../../src/local/event-hubs/log/log.ts'

const [folder = ''] = process.argv.slice(2)
const log = HubLog.open(folder, {
  partitions: 2,
  retention: { ms: 3_600_000, bytes: 1e9 },
  clock: { now: () => Date.now() },
})
for (;;) {
  const next = log.properties(0).lastEnqueuedSequenceNumber + 1
  const messages = Array.from({ length: 20 }, (_, index) => Buffer.from(`event ${next + index}`))
  const { firstSequenceNumber } = log.append(0, messages)
  // Written at once, whatever becomes of the process a moment later.
  await new Promise((resolve) => process.stdout.write(`${firstSequenceNumber + 19}\n`, resolve))
}
