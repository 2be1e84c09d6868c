/** Where an event is in bronze: the file (by the event's position), and the line in it. */
import {
  BRONZE,
  bronzeFolder,
  formerBronzeFolder,
  isHidden,
  parseBronzeFileName,
} from '../../contract/bronze-layout.ts'
import { BRONZE_TOTALS } from '../../contract/bronze-totals.ts'
import { rejectionReason } from '../../contract/deserialization.ts'
import type { BronzeStep } from '../../pipeline/ports/trace.ts'
import { totalsIn } from '../lake/bronze-watch.ts'
import type { LakeClient, ListedPath } from '../lake/data-lake.ts'
import type { HubEvent } from './hub-search.ts'

/** Limits (files, bytes) for reading files whose names do not give their sequence numbers. */
const MOST_FOREIGN_FILES = 64
const MOST_FOREIGN_BYTES = 256_000_000

/** What the later steps need to know about bronze. */
export interface BronzePlace {
  step: BronzeStep
  /** Bytes of the line, as silver keeps them in quarantine; undefined when there is no line. */
  line: string | undefined
  /** The events' own ids in the same file: these events reach silver together. */
  neighbours: ReadonlySet<string>
}

const nothing = (step: BronzeStep): BronzePlace => ({ step, line: undefined, neighbours: new Set() })

/** Lists the folders of the minute in which the hub took the event, and reads the file that has its sequence number. */
export async function searchBronze(
  client: LakeClient,
  event: HubEvent,
  signal?: AbortSignal,
): Promise<BronzePlace> {
  const files: ListedPath[] = []
  const minute = new Date(event.enqueuedAt)
  for (const folder of [bronzeFolder(minute), formerBronzeFolder(minute)])
    for await (const file of client.list(BRONZE.container, folder, { recursive: false, signal }))
      if (!file.isDirectory) files.push(file)
  const ours = files.flatMap((file) => {
    const name = parseBronzeFileName(file.path)
    return name && String(name.partition) === event.partition ? [{ file, name }] : []
  })
  const { sequenceNumber } = event
  const named = ours.find(
    ({ name }) => name.firstSequenceNumber <= sequenceNumber && sequenceNumber <= name.lastSequenceNumber,
  )
  if (named) return inNamedFile(client, event, named.file, signal)
  const foreign = files.filter(({ path }) => parseBronzeFileName(path) === undefined && !isHidden(path))
  const found = await inForeignFiles(client, event, foreign, signal)
  if (found) return found
  // Files of a partition come in sequence order: a later file means that this event was left out.
  if (ours.some(({ name }) => name.firstSequenceNumber > sequenceNumber))
    return nothing({
      step: 'bronze',
      state: 'never',
      note: 'the job began behind this event, and left it out',
    })
  if (await isSummedUp(client, event, signal))
    return nothing({
      step: 'bronze',
      state: 'gone',
      note: 'retention has deleted the file, which silver had read',
    })
  return nothing({ step: 'bronze', state: 'waiting' })
}

async function inNamedFile(
  client: LakeClient,
  event: HubEvent,
  file: ListedPath,
  signal: AbortSignal | undefined,
): Promise<BronzePlace> {
  const data = await client.read(BRONZE.container, file.path, signal)
  if (!data)
    return nothing({ step: 'bronze', state: 'gone', note: 'retention deletes the file at this moment' })
  const found = lineIn(data, event)
  if (found) return place(file, found)
  const step: BronzeStep = {
    step: 'bronze',
    state: 'done',
    at: file.modifiedAt.getTime(),
    facts: {
      outcome: 'rejected',
      file: file.path,
      fileBytes: file.bytes,
      lines: linesOf(data).length,
      reason: rejectionReason(event.body),
    },
  }
  return nothing(step)
}

async function inForeignFiles(
  client: LakeClient,
  event: HubEvent,
  files: readonly ListedPath[],
  signal: AbortSignal | undefined,
): Promise<BronzePlace | undefined> {
  let bytes = 0
  for (const file of files.slice(0, MOST_FOREIGN_FILES)) {
    bytes += file.bytes
    if (bytes > MOST_FOREIGN_BYTES) return undefined
    const data = await client.read(BRONZE.container, file.path, signal)
    const found = data && lineIn(data, event)
    if (found) return place(file, found)
  }
  return undefined
}

interface FoundLine {
  /** From 1. */
  line: number
  lines: number
  text: string
  processedAt: number | undefined
  neighbours: Set<string>
}

function place(file: ListedPath, found: FoundLine): BronzePlace {
  const { line, lines, text, processedAt, neighbours } = found
  const step: BronzeStep = {
    step: 'bronze',
    state: 'done',
    at: processedAt ?? file.modifiedAt.getTime(),
    bytes: Buffer.byteLength(text),
    facts: { outcome: 'line', file: file.path, fileBytes: file.bytes, line, lines, text },
  }
  return { step, line: text, neighbours }
}

const linesOf = (data: Buffer): string[] => {
  const lines = data.toString('utf8').split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

interface Added {
  eventId?: unknown
  PartitionId?: unknown
  SequenceNumber?: unknown
  EventProcessedUtcTime?: unknown
}

function lineIn(data: Buffer, { partition, sequenceNumber }: HubEvent): FoundLine | undefined {
  // Cheap, and enough to rule out nearly every file that does not hold it.
  if (!data.includes(`"SequenceNumber":${sequenceNumber}`)) return undefined
  const lines = linesOf(data)
  let found: FoundLine | undefined
  const neighbours = new Set<string>()
  for (const [index, text] of lines.entries()) {
    const added = parse(text)
    if (typeof added?.eventId === 'string') neighbours.add(added.eventId)
    if (added?.SequenceNumber !== sequenceNumber || String(added.PartitionId) !== partition) continue
    const processedAt = Date.parse(String(added.EventProcessedUtcTime))
    found = {
      line: index + 1,
      lines: lines.length,
      text: text.replace(/\r$/, ''),
      processedAt: Number.isNaN(processedAt) ? undefined : processedAt,
      neighbours,
    }
  }
  return found
}

function parse(text: string): Added | undefined {
  try {
    return JSON.parse(text) as Added
  } catch {
    return undefined
  }
}

/** Retention adds a file to the totals before it deletes the file. */
async function isSummedUp(
  client: LakeClient,
  { partition, sequenceNumber }: HubEvent,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const text = await client.read(BRONZE.container, BRONZE_TOTALS, signal)
  if (!text) return false
  const totals = totalsIn(text.toString('utf8'))
  return (totals.get(Number(partition))?.nextSequenceNumber ?? 0) > sequenceNumber
}
