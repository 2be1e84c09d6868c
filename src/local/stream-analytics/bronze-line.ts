/** One line of bronze: the event as it was sent, and what Stream Analytics adds to it. */
import { topLevelMembers } from './json-members.ts'

const ADDED = ['EventProcessedUtcTime', 'PartitionId', 'EventEnqueuedUtcTime', 'SequenceNumber'] as const

/** Drops a byte-order mark, refuses what is no UTF-8. */
const UTF8 = new TextDecoder('utf-8', { fatal: true })

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
   * The event's own text is kept to the letter (a huge number stays what it was), with our fields spliced in at its end.
   * @returns the line without its end; undefined when the body is no JSON object: a deserialization error.
   */
  line(body: Uint8Array, place: EventPlace): string | undefined {
    let text: string
    let event: unknown
    try {
      text = UTF8.decode(body)
      event = JSON.parse(text)
    } catch {
      return undefined
    }
    if (!isObject(event)) return undefined
    // Our fields stand for what the service knows: an event that brings one of them loses it.
    if (ADDED.some((name) => Object.hasOwn(event, name))) text = withoutAdded(text)
    // Raw line breaks can only be white space between tokens: JSON allows none inside a string.
    const whole = text.trim().replace(/[\r\n]+/g, ' ')
    const open = whole.slice(0, -1).trimEnd()
    return `${open}${open === '{' ? '' : ','}${this.#added(place)}}`
  }

  #added({ sequenceNumber, enqueuedAt }: EventPlace): string {
    // Events of one append share their time.
    if (enqueuedAt !== this.#enqueuedAt) {
      this.#enqueuedAt = enqueuedAt
      this.#enqueued = new Date(enqueuedAt).toISOString()
    }
    return `${this.#constant},"EventEnqueuedUtcTime":"${this.#enqueued}","SequenceNumber":${sequenceNumber}`
  }
}

/** Why a body gave no line, for the log. */
export function rejectionReason(body: Uint8Array): string {
  let text: string
  try {
    text = UTF8.decode(body)
  } catch {
    return 'the body is not UTF-8'
  }
  if (text.trim() === '') return 'the body is empty'
  try {
    const value: unknown = JSON.parse(text)
    return `the body is JSON, but ${kindOf(value)}, no object`
  } catch (error) {
    return `the body is not JSON: ${(error as Error).message.slice(0, 120)}`
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function withoutAdded(text: string): string {
  const kept = topLevelMembers(text).filter(({ name }) => !(ADDED as readonly string[]).includes(name))
  return `{${kept.map((member) => member.text).join(',')}}`
}
