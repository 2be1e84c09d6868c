/** Lines of bronze: the records of an event as they were sent, and what Stream Analytics adds to each. */
import { bodyText, recordsIn } from './deserialization.ts'
import { flatObjectTest } from './flat-object.ts'
import { topLevelMembers } from './json-members.ts'

const ADDED = [
  'EventProcessedUtcTime',
  'PartitionId',
  'EventEnqueuedUtcTime',
  'SequenceNumber',
  'EventIndex',
] as const

export interface EventPlace {
  sequenceNumber: number
  /** Epoch milliseconds. */
  enqueuedAt: number
}

/** Makes the lines of one batch. */
export class LineWriter {
  readonly #constant: string
  #enqueuedAt = Number.NaN
  #enqueued = ''

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

  #line(record: string, event: object, added: string): string {
    let text = record
    // Our fields hold what the service knows: an event that has one of them loses it.
    if (ADDED.some((name) => Object.hasOwn(event, name))) text = withoutAdded(text)
    // Raw line breaks can only be white space between tokens: JSON allows none inside a string.
    const whole = text.trim().replace(/[\r\n]+/g, ' ')
    const open = whole.slice(0, -1).trimEnd()
    return `${open}${open === '{' ? '' : ','}${added}`
  }

  #added({ sequenceNumber, enqueuedAt }: EventPlace): string {
    // Events of one append share their time.
    if (enqueuedAt !== this.#enqueuedAt) {
      this.#enqueuedAt = enqueuedAt
      this.#enqueued = new Date(enqueuedAt).toISOString()
    }
    return `${this.#constant},"EventEnqueuedUtcTime":"${this.#enqueued}","SequenceNumber":${sequenceNumber}}`
  }
}

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
