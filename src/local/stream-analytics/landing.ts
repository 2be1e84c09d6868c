/** Lands one partition in bronze: windows of events become files, each placed whole and named by its sequence range. */
import { bronzeFileName, bronzeFolder } from '../../pipeline/contract/bronze.ts'
import { messageBody } from '../event-hubs/amqp-sections.ts'
import type { HubLog, StoredEvent } from '../event-hubs/log.ts'
import { bronzeLine } from './bronze-line.ts'

/** Where files are put; `AlreadyExists` by name when the path is taken. */
export interface Placer {
  place(container: string, path: string, data: Uint8Array): Promise<void>
}

export interface Landed {
  rows: number
  rejected: number
  bytes: number
  /** Sequence number behind the window. */
  next: number
  /** Enqueued time of the newest event (epoch ms). */
  enqueuedAt: number
  /** The first body that was no JSON object, cut short, for the log. */
  firstRejected: string | undefined
}

/** A window closes early at this many events or bytes, so that catching up needs little memory. */
const MAX_EVENTS = 20_000
const MAX_BYTES = 6_000_000

/**
 * Writes the next window of a partition.
 * @returns undefined when there is nothing to write.
 * @throws what the lake throws; nothing is written then, and the window comes again.
 */
export async function landWindow(
  log: HubLog,
  lake: Placer,
  partition: number,
  from: number,
  processedAt: number,
): Promise<Landed | undefined> {
  const events = sameMinute(log.read(partition, from, MAX_EVENTS, MAX_BYTES))
  const [first] = events
  const last = events.at(-1)
  if (!first || !last) return undefined
  const lines: string[] = []
  let firstRejected: string | undefined
  for (const { sequenceNumber, enqueuedAt, message } of events) {
    const body = messageBody(message)
    const line = bronzeLine(body, { partition, sequenceNumber, enqueuedAt, processedAt })
    if (line !== undefined) lines.push(line)
    else firstRejected ??= body.toString('utf8', 0, 80)
  }
  // A window of rejected events only still leaves a file, empty: its name is what says that they were seen.
  const data = Buffer.from(lines.length > 0 ? `${lines.join('\n')}\n` : '', 'utf8')
  const name = bronzeFileName({
    partition,
    firstSequenceNumber: first.sequenceNumber,
    lastSequenceNumber: last.sequenceNumber,
    rows: lines.length,
  })
  try {
    await lake.place('bronze', `${bronzeFolder(new Date(first.enqueuedAt))}/${name}`, data)
  } catch (error) {
    // The same range under the same name is the same window, written before a restart from an earlier time.
    if ((error as Error).name !== 'AlreadyExistsError') throw error
  }
  return {
    rows: lines.length,
    rejected: events.length - lines.length,
    bytes: data.length,
    next: last.sequenceNumber + 1,
    enqueuedAt: last.enqueuedAt,
    firstRejected,
  }
}

/** A window never spans minutes: its file lies in the folder of its minute. */
function sameMinute(events: StoredEvent[]): StoredEvent[] {
  const minute = (event: StoredEvent) => Math.floor(event.enqueuedAt / 60_000)
  const [first] = events
  if (!first) return events
  const end = events.findIndex((event) => minute(event) !== minute(first))
  return end < 0 ? events : events.slice(0, end)
}
