/** Lines of bronze: the records of an event as they were sent, and what Stream Analytics adds to each. */
import { bodyText, recordsIn } from './deserialization.ts'
import { flatObjectTest } from './flat-object.ts'
import { topLevelMembers } from './json-members.ts'
import type { LineBytes } from './line-bytes.ts'

const ADDED = [
  'EventProcessedUtcTime',
  'PartitionId',
  'EventEnqueuedUtcTime',
  'SequenceNumber',
  'EventIndex',
] as const

/** What the hub knows of an event; both go into its lines in bronze. */
export interface EventPlace {
  sequenceNumber: number
  /** Epoch milliseconds. */
  enqueuedAt: number
}

/** Makes the lines of one batch. */
export class LineWriter {
  readonly #constant: string
  #enqueuedAt = Number.NaN
  /** What the service adds, up to the sequence number. */
  #upToNumber = ''
  /** The same, as it stands behind the last member of a plain body. */
  #front = Buffer.alloc(0)

  /** @param processedAt epoch milliseconds. */
  constructor(partition: number, processedAt: number) {
    this.#constant = `"EventProcessedUtcTime":"${new Date(processedAt).toISOString()}","PartitionId":${partition}`
  }

  /**
   * An object gives one line; an array of objects, or one object per line, gives one line per object. Each
   * record's text is kept exactly (a huge number stays as it was), with our fields inserted at its end.
   * @returns the lines without line breaks; undefined for any other body: a deserialization error.
   */
  lines(body: Uint8Array, place: EventPlace): string[] | undefined {
    const flat = flatText(body)
    if (flat !== undefined) return [`${flat.slice(0, -1)},${this.#added(place)}`]
    const records = recordsIn(body)
    if (!records) return undefined
    const added = this.#added(place)
    const [only] = records
    if (records.length === 1 && only && !only.isInArray) return [this.#line(only.text, only.event, added)]
    // The place in the event, since two records of one event may have the same text.
    return records.map(({ text, event }, index) =>
      this.#line(text, event, `${added.slice(0, -1)},"EventIndex":${index}}`),
    )
  }

  /**
   * Adds the lines that {@link lines} gives, each with a line end.
   * @returns how many; undefined for a deserialization error, and then nothing is added.
   */
  add(file: LineBytes, body: Uint8Array, place: EventPlace): number | undefined {
    // A byte-order mark would stay.
    if (body[0] === OPEN && flatText(body) !== undefined) {
      this.#follow(place)
      file.add(body.subarray(0, -1))
      file.add(this.#front)
      file.addText(`${place.sequenceNumber}}`)
      file.endLine()
      return 1
    }
    const lines = this.lines(body, place)
    for (const line of lines ?? []) {
      file.addText(line)
      file.endLine()
    }
    return lines?.length
  }

  #line(record: string, event: object, added: string): string {
    let text = record
    // Our fields hold what the service knows: an event that has one of them loses it.
    if (ADDED.some((name) => Object.hasOwn(event, name))) text = withoutAdded(text)
    // Raw line breaks can only be white space between tokens: JSON allows none inside a string.
    const whole = text.trim().replace(/[\r\n]+/g, ' ')
    const open = whole.slice(0, -1).trimEnd()
    return `${open}${open === '{' ? '' : ','}${added}`
  }

  #added(place: EventPlace): string {
    this.#follow(place)
    return `${this.#upToNumber}${place.sequenceNumber}}`
  }

  /** Events of one append share their time. */
  #follow({ enqueuedAt }: EventPlace): void {
    if (enqueuedAt === this.#enqueuedAt) return
    this.#enqueuedAt = enqueuedAt
    this.#upToNumber = `${this.#constant},"EventEnqueuedUtcTime":"${new Date(enqueuedAt).toISOString()}","SequenceNumber":`
    this.#front = Buffer.from(`,${this.#upToNumber}`)
  }
}

const OPEN = '{'.charCodeAt(0)

/** One look at each body finds both: five searches for the names took longer than all else. */
const isFlatWithoutOurs = flatObjectTest(ADDED)

/** Whether a body only needs our fields at its end: seen from its form, without parsing it. */
function flatText(body: Uint8Array): string | undefined {
  try {
    const text = bodyText(body)
    return isFlatWithoutOurs(text) ? text : undefined
  } catch {
    return undefined
  }
}

function withoutAdded(text: string): string {
  const kept = topLevelMembers(text).filter(({ name }) => !(ADDED as readonly string[]).includes(name))
  return `{${kept.map((member) => member.text).join(',')}}`
}
