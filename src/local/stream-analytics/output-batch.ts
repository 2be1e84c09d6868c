/** Lands one partition in bronze: a batch of events becomes a file, placed whole and named by its sequence range. */
import { bronzeFileName, bronzeFolder } from '../../contract/bronze-layout.ts'
import { LineWriter } from '../../contract/bronze-line.ts'
import { rejectionReason } from '../../contract/deserialization.ts'
import { LineBytes } from '../../contract/line-bytes.ts'
import { messageBody } from '../event-hubs/amqp/sections.ts'
import type { HubLog, StoredEvent } from '../event-hubs/log/log.ts'

/** Where files are put: all or nothing, never over another. */
export interface Placer {
  /** @throws an error named `AlreadyExistsError` when the path is taken, `LakeFullError` when there is no room. */
  place(
    container: string,
    path: string,
    data: Uint8Array,
    options: { makesContainer: boolean },
  ): Promise<void>
}

/** A batch whose file stands in bronze; sequence numbers are inclusive. */
export interface LandedBatch {
  /** The file, relative to the container. */
  path: string
  first: number
  last: number
  rows: number
  rejected: number
  /** Enqueued time of the batch's newest event (epoch ms). */
  enqueuedAt: number
  /** Why the first few bodies gave no row. */
  rejections: readonly { sequenceNumber: number; reason: string }[]
}

/** Whichever is reached first closes the batch. */
export interface OutputBatchBounds {
  maxEvents: number
  maxBytes: number
}

/** A batch closes early at this many events or bytes, so that catching up needs little memory and no long turn. */
export const OUTPUT_BATCH_BOUNDS: OutputBatchBounds = { maxEvents: 5000, maxBytes: 2_000_000 }

const REASONS_PER_WINDOW = 3
/** About what the service adds to a line. */
const ADDED_BYTES = 160

/**
 * Writes the next batch of a partition.
 * @param from sequence number of the first event that bronze does not hold.
 * @param processedAt epoch ms.
 * @returns undefined when there is nothing to write.
 * @throws what the lake throws; nothing is written then, and the batch comes again.
 */
export async function landBatch(
  source: { log: HubLog; partition: number; from: number },
  lake: Placer,
  processedAt: number,
  bounds: OutputBatchBounds = OUTPUT_BATCH_BOUNDS,
): Promise<LandedBatch | undefined> {
  const { log, partition, from } = source
  const events = sameMinute(log.read(partition, from, bounds.maxEvents, bounds.maxBytes))
  const [first] = events
  const last = events.at(-1)
  if (!first || !last) return undefined
  const writer = new LineWriter(partition, processedAt)
  const size = events.reduce((sum, { message }) => sum + message.length + ADDED_BYTES, 0)
  const file = new LineBytes(size)
  const rejections: { sequenceNumber: number; reason: string }[] = []
  let [rows, rejected] = [0, 0]
  for (const event of events) {
    const body = messageBody(event.message)
    const added = writer.add(file, body, event)
    if (added !== undefined) {
      rows += added
      continue
    }
    rejected++
    if (rejections.length < REASONS_PER_WINDOW)
      rejections.push({ sequenceNumber: event.sequenceNumber, reason: rejectionReason(body) })
  }
  const name = bronzeFileName({
    partition,
    firstSequenceNumber: first.sequenceNumber,
    lastSequenceNumber: last.sequenceNumber,
    rows,
    rejected,
  })
  const path = `${bronzeFolder(new Date(first.enqueuedAt))}/${name}`
  // A batch of rejected events only leaves an empty file: its name is what says that they were seen.
  try {
    // The job's role is for its one container (infra), and so does not let it make one: deleted, that stays away until somebody makes it.
    await lake.place('bronze', path, file.bytes, { makesContainer: false })
  } catch (error) {
    // The same range with the same rows is this batch: it has been written already, so there is nothing to do.
    if ((error as Error).name !== 'AlreadyExistsError') throw error
  }
  return {
    path,
    first: first.sequenceNumber,
    last: last.sequenceNumber,
    rows,
    rejected,
    enqueuedAt: last.enqueuedAt,
    rejections,
  }
}

/** A batch never spans minutes: its file lies in the folder of its minute. */
function sameMinute(events: StoredEvent[]): StoredEvent[] {
  const minute = (event: StoredEvent) => Math.floor(event.enqueuedAt / 60_000)
  const [first] = events
  if (!first) return events
  const end = events.findIndex((event) => minute(event) !== minute(first))
  return end < 0 ? events : events.slice(0, end)
}
