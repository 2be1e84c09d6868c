/**
 * Fills the SDK's batches. The SDK encodes each event, and then the whole batch again for the wire: at
 * thousands of events a second that is most of the cost of sending. All our events are plain bodies, so the
 * envelope can be written in one go: each event is the same few bytes, a length, and the body. The SDK does
 * the rest (links, credit, retries, settlement).
 *
 * Only this file knows the inside of an `EventDataBatch`. The first batch is compared with the SDK's own
 * encoding, byte for byte; if they differ, the SDK encodes.
 */
import type { EventDataBatch } from '@azure/event-hubs'
import type { OutgoingEvent } from '../../pipeline/ports/hub.ts'

/** Parts of a batch that are missing in its types. */
interface BatchInternals {
  _encodedMessages: Buffer[]
  _sizeInBytes: number
  _count: number
  _generateMessage(): Buffer
}

/** A data section: its descriptor, the constructor of a short or long binary, the length. */
const DATA_SECTION = Buffer.from([0x00, 0x53, 0x75])
/**
 * The SDK's prefix of every event and batch: an empty header, empty message annotations, empty properties.
 */
const FRONT = Buffer.from([
  ...[0, 0x53, 0x70, 0x45],
  ...[0, 0x53, 0x72, 0xd1, 0, 0, 0, 4, 0, 0, 0, 0],
  ...[0, 0x53, 0x73, 0x45],
])
const LONGEST_SHORT_BINARY = 255

const sectionHead = (length: number) => DATA_SECTION.length + (length <= LONGEST_SHORT_BINARY ? 2 : 5)
const messageSize = (body: Uint8Array) => FRONT.length + sectionHead(body.length) + body.length
const eventSize = (body: Uint8Array) => sectionHead(messageSize(body)) + messageSize(body)

/** How many events are compared with the SDK's own encoding. */
const COMPARED = 2

/** For one producer: the comparison with the SDK's encoding is made once, and its result holds for all batches. */
export class BatchFiller {
  /** Undefined until the first comparison. */
  #isDirect: boolean | undefined

  /** Whether batches are encoded here; undefined before the first one. */
  get isDirect(): boolean | undefined {
    return this.#isDirect
  }

  /** @returns index of the first event that did not fit. */
  fill(batch: EventDataBatch, events: readonly OutgoingEvent[], from: number): number {
    this.#isDirect ??= writesTheSame(batch, events.slice(from, from + COMPARED))
    return this.#isDirect ? fillDirectly(batch, events, from) : fillBySdk(batch, events, from)
  }
}

function fillBySdk(batch: EventDataBatch, events: readonly OutgoingEvent[], from: number): number {
  // Events added by the comparison.
  let next = from + batch.count
  for (; next < events.length; next++) if (!batch.tryAdd({ body: bufferOf(events[next]) })) break
  return next
}

function fillDirectly(batch: EventDataBatch, events: readonly OutgoingEvent[], from: number): number {
  let size = FRONT.length
  let next = from
  for (; next < events.length; next++) {
    const grown = size + eventSize((events[next] as OutgoingEvent).body)
    if (grown > batch.maxSizeInBytes) break
    size = grown
  }
  if (next === from) return next
  const envelope = encode(events, from, next, size)
  const internals = batch as unknown as BatchInternals
  internals._count = next - from
  internals._sizeInBytes = size
  internals._generateMessage = () => envelope
  return next
}

/** The envelope of some events. @param size its length. */
function encode(events: readonly OutgoingEvent[], from: number, to: number, size: number): Buffer {
  const envelope = Buffer.allocUnsafe(size)
  let at = write(envelope, 0, FRONT)
  for (let index = from; index < to; index++) {
    const { body } = events[index] as OutgoingEvent
    at = writeHead(envelope, at, messageSize(body))
    at = write(envelope, at, FRONT)
    at = writeHead(envelope, at, body.length)
    at = write(envelope, at, body)
  }
  return envelope
}

function writeHead(target: Buffer, at: number, length: number): number {
  target.set(DATA_SECTION, at)
  const behind = at + DATA_SECTION.length
  if (length <= LONGEST_SHORT_BINARY) {
    target[behind] = 0xa0
    target[behind + 1] = length
    return behind + 2
  }
  target[behind] = 0xb0
  target.writeUInt32BE(length, behind + 1)
  return behind + 5
}

function write(target: Buffer, at: number, bytes: Uint8Array): number {
  target.set(bytes, at)
  return at + bytes.length
}

/**
 * Lets the SDK encode some events into the given batch, and compares.
 * @returns undefined when none fitted.
 */
function writesTheSame(batch: EventDataBatch, events: readonly OutgoingEvent[]): boolean | undefined {
  const internals = batch as unknown as Partial<BatchInternals>
  for (const event of events) if (!batch.tryAdd({ body: bufferOf(event) })) break
  if (batch.count === 0) return undefined
  if (typeof internals._generateMessage !== 'function') return false
  if (internals._count !== batch.count || internals._sizeInBytes !== batch.sizeInBytes) return false
  const size = events.slice(0, batch.count).reduce((sum, { body }) => sum + eventSize(body), FRONT.length)
  return (
    size === batch.sizeInBytes && internals._generateMessage().equals(encode(events, 0, batch.count, size))
  )
}

function bufferOf(event: OutgoingEvent | undefined): Buffer {
  const { buffer, byteOffset, byteLength } = (event as OutgoingEvent).body
  return Buffer.from(buffer, byteOffset, byteLength)
}
